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

// Condition is the type of the one condition.
const Condition = "AutoscalingVerified"

// Status is what is known of the canary's runs. It is in a ConfigMap of its own: the ScaledObject's status is KEDA's,
// its annotations are Helm's, and a change of either makes KEDA begin anew with it.
type Status struct {
	Conditions []metav1.Condition `json:"conditions,omitempty"`
	Last       *Report            `json:"last,omitempty"`
	Run        *Run               `json:"run,omitempty"` // under way
}

// Report is how a run ended. Seconds tells how long after the submission the metric was seen, a worker was ready, and
// the job was done.
type Report struct {
	At      time.Time          `json:"at"`
	Outcome Outcome            `json:"outcome"`
	Seconds map[string]float64 `json:"seconds,omitempty"`
}

// Run is one under way.
type Run struct {
	ID       job.ID               `json:"id"`
	Priority job.Priority         `json:"priority"`
	Sent     time.Time            `json:"sent"`
	Due      time.Time            `json:"due"`
	Steps    map[string]time.Time `json:"steps,omitempty"` // when each was seen
	// Trouble and Message are what kept the next step from being seen at the last look.
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

// recordFinding keeps what was found, and says whether it is new.
func (r *Run) recordFinding(f finding) bool {
	if r.lastFinding() == f {
		return false
	}
	r.Trouble, r.Message = f.outcome, f.message
	return true
}

// loadStatus reads the status. What somebody spoilt is as if there had been no run.
func (c *Canary) loadStatus(ctx context.Context) (*corev1.ConfigMap, *Status, error) {
	m := &corev1.ConfigMap{}
	if err := c.Reader.Get(ctx, client.ObjectKey{Namespace: c.Namespace, Name: c.ConfigMap}, m); err != nil {
		return nil, nil, fmt.Errorf("canary: status: %w", err)
	}
	s := &Status{}
	if text := m.Data[StatusKey]; text != "" && json.Unmarshal([]byte(text), s) != nil {
		s = &Status{}
	}
	return m, s, nil
}

// storeStatus writes the status, unless somebody else has meanwhile.
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
	if err := c.Client.Patch(ctx, m, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})); err != nil {
		return fmt.Errorf("canary: status: %w", err)
	}
	return nil
}

// setCondition sets the condition, and says whether it changed.
func (s *Status) setCondition(o Outcome, message string, at time.Time) bool {
	condition := metav1.Condition{
		Type: Condition, Status: o.conditionStatus(), Reason: string(o), Message: message, LastTransitionTime: metav1.NewTime(at),
	}
	before := meta.FindStatusCondition(s.Conditions, Condition)
	changed := before == nil || before.Status != condition.Status || before.Reason != condition.Reason
	meta.SetStatusCondition(&s.Conditions, condition)
	return changed
}
