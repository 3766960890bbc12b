package canary

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

// StatusKey is the key of the ConfigMap that holds the Status as JSON.
const StatusKey = "status"

// Condition is the type of the only condition.
const Condition = "AutoscalingVerified"

// Status is the state of the canary's runs. It has its own ConfigMap: the ScaledObject's status belongs to KEDA and
// its annotations to Helm, and a change of either makes KEDA reconcile the object.
type Status struct {
	Conditions []metav1.Condition `json:"conditions,omitempty"`
	Last       *Report            `json:"last,omitempty"`
	Run        *Run               `json:"run,omitempty"` // under way
}

// Report is the result of a run. Seconds holds the time from the submission until the metric was seen, a worker was
// ready, and the job was done.
type Report struct {
	At      time.Time          `json:"at"`
	Outcome Outcome            `json:"outcome"`
	Seconds map[string]float64 `json:"seconds,omitempty"`
}

// Run is a run that is under way.
type Run struct {
	ID       job.ID               `json:"id"`
	Priority job.Priority         `json:"priority"`
	Sent     time.Time            `json:"sent"`
	Due      time.Time            `json:"due"`
	Steps    map[string]time.Time `json:"steps,omitempty"` // when each was seen
	// Trouble and Message are the reason why the last check did not see the next step.
	Trouble Outcome `json:"trouble,omitempty"`
	Message string  `json:"message,omitempty"`
}

// The steps of a run.
const (
	stepMetric = "metric"
	stepWorker = "worker"
	stepResult = "result"
)

func (r *Run) hasReached(step string) bool { _, ok := r.Steps[step]; return ok }

func (r *Run) markReached(step string, at time.Time) {
	if r.Steps == nil {
		r.Steps = map[string]time.Time{}
	}
	r.Steps[step] = at
}

func (r *Run) lastFinding() finding { return finding{r.Trouble, r.Message} }

// recordFinding stores a finding, and reports whether it is new.
func (r *Run) recordFinding(f finding) bool {
	if r.lastFinding() == f {
		return false
	}
	r.Trouble, r.Message = f.outcome, f.message
	return true
}

// loadStatus reads the status. A status that cannot be decoded counts as none.
func (c *Canary) loadStatus(ctx context.Context) (*corev1.ConfigMap, *Status, error) {
	m := &corev1.ConfigMap{}
	if err := c.deps.Reader.Get(ctx, client.ObjectKey{Namespace: c.deps.Namespace, Name: c.deps.ConfigMap}, m); err != nil {
		return nil, nil, fmt.Errorf("canary: status: %w", err)
	}
	s := &Status{}
	if text := m.Data[StatusKey]; text != "" && json.Unmarshal([]byte(text), s) != nil {
		s = &Status{}
	}
	return m, s, nil
}

// storeStatus writes the status; a conflict when another process has changed it.
func (c *Canary) storeStatus(ctx context.Context, m *corev1.ConfigMap, s *Status) error {
	text, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("canary: status: %w", err)
	}
	before := m.DeepCopy()
	if m.Data == nil {
		m.Data = map[string]string{}
	}
	m.Data[StatusKey] = string(text)
	if err := c.deps.Client.Patch(ctx, m, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})); err != nil {
		return fmt.Errorf("canary: status: %w", err)
	}
	return nil
}

// setCondition sets the condition, and reports whether it changed.
func (s *Status) setCondition(o Outcome, message string, at time.Time) bool {
	condition := metav1.Condition{
		Type: Condition, Status: o.conditionStatus(), Reason: string(o), Message: message, LastTransitionTime: metav1.NewTime(at),
	}
	before := meta.FindStatusCondition(s.Conditions, Condition)
	changed := before == nil || before.Status != condition.Status || before.Reason != condition.Reason
	meta.SetStatusCondition(&s.Conditions, condition)
	return changed
}
