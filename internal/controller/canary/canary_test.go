package canary_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/trackmydegree/trackmydegree/internal/controller/canary"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

func quantity(s string) *resource.Quantity {
	q := resource.MustParse(s)
	return &q
}

func TestAutoscalingIsProven(t *testing.T) {
	t.Parallel()
	m := newMine(t)
	if m.gauge("tmd_canary_verified", "") != -1 {
		t.Error("verified before any run")
	}
	m.step()
	if due := m.jobs.dues["canary-1"]; !due.Equal(m.now.Add(30 * time.Second)) {
		t.Errorf("due at %s", due)
	}
	m.pass(2 * time.Second) // not counted yet
	m.metric.value = 1
	m.pass(time.Second)
	m.restart() // a new controller continues the run
	m.workers(1)
	m.pass(10 * time.Second)
	m.jobs.set(job.Processing, "")
	m.metric.value = 0 // a worker runs it
	m.pass(20 * time.Second)
	m.jobs.set(job.Done, "")
	m.pass(time.Second)
	s := m.ended(canary.Proven)
	if diff := cmp.Diff(map[string]float64{"metric": 3, "worker": 4, "result": 34}, s.Last.Seconds); diff != "" {
		t.Error(diff)
	}
	if s.Conditions[0].Status != metav1.ConditionTrue || m.gauge("tmd_canary_verified", "") != 1 || m.gauge("tmd_canary_runs_total", "Proven") != 1 ||
		m.gauge("tmd_canary_step_seconds", "result") != 34 || m.gauge("tmd_canary_last_proven_timestamp_seconds", "") != float64(m.now.Add(-34*time.Second).Unix()) {
		t.Errorf("%+v", s)
	}
	if !slices.Contains(m.metric.asked, "s0-composite scaledobject.keda.sh/name=tmd-worker") {
		t.Errorf("asked for %q", m.metric.asked)
	}
	if diff := cmp.Diff([]string{"tmd-worker Normal AutoscalingVerified: Proven: The metric followed, a worker was there, and the job was done."}, m.events.said); diff != "" {
		t.Error(diff)
	}
	// The next run starts a quarter of an hour after this one started, in another queue, and writes no Event.
	if wait := m.step(); wait != 15*time.Minute-34*time.Second {
		t.Errorf("again after %s", wait)
	}
	m.restart()
	m.step()
	if m.gauge("tmd_canary_verified", "") != 1 {
		t.Error("a controller that starts does not know how the last run ended")
	}
	m.metric.value = 1
	for range 4 {
		m.now = m.now.Add(15 * time.Minute)
		m.step()
		m.jobs.set(job.Done, "")
		m.pass(time.Second)
		m.ended(canary.Proven)
	}
	if diff := cmp.Diff([]job.Priority{job.Normal, job.Normal, job.High, job.Low, job.Normal}, m.jobs.queues); diff != "" {
		t.Error(diff)
	}
	if len(m.events.said) != 1 {
		t.Errorf("%q", m.events.said)
	}
}

// Each way in which autoscaling fails has its own outcome, within one run.
func TestWhatIsBrokenIsNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		breaks func(m *mine)
		want   canary.Outcome
		says   string
		most   time.Duration
	}{
		{"a key that is not counted", func(m *mine) {
			so := m.newScaledObject()
			if err := m.Delete(m.t.Context(), so); err != nil {
				m.t.Fatal(err)
			}
			m.scaledObject("asynq:{q}:pending", "asynq:{Q}:scheduled")
		}, canary.WrongKeys, "asynq:{q}:scheduled", 0},
		{"no ScaledObject", func(m *mine) {
			if err := m.Delete(m.t.Context(), m.newScaledObject()); err != nil {
				m.t.Fatal(err)
			}
		}, canary.ScalerNotReady, "There is no ScaledObject tmd-worker", 0},
		{"a ScaledObject that KEDA refuses", func(m *mine) {
			m.kedaSays(map[string]any{"type": "Ready", "status": "False", "message": "no such trigger."})
		}, canary.ScalerNotReady, "not ready: no such trigger.", 31 * time.Second},
		{"a scaler in fallback, whose metric is a fixed number", func(m *mine) {
			m.kedaSays(map[string]any{"type": "Ready", "status": "True"}, map[string]any{"type": "Fallback", "status": "True"})
		}, canary.ScalerInFallback, "fallback", 31 * time.Second},
		{"no HorizontalPodAutoscaler", func(m *mine) {
			if err := m.Delete(m.t.Context(), &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: m.named("keda-hpa")}); err != nil {
				m.t.Fatal(err)
			}
		}, canary.ScalerNotReady, "is gone", 31 * time.Second},
		{"an unavailable metrics server", func(m *mine) { m.metric.err = errDown }, canary.MetricUnavailable, "s0-composite cannot be read", 31 * time.Second},
		{"a wrong database", func(m *mine) { m.metric.value = 0 }, canary.MetricBlind, "says that there is none", 31 * time.Second},
		{"no worker comes", func(m *mine) { m.workers(0) }, canary.NoWorker, "no worker of tmd-worker is ready", 212 * time.Second},
		{"an autoscaler that cannot compute", func(m *mine) {
			h := &autoscalingv2.HorizontalPodAutoscaler{}
			if err := m.Get(m.t.Context(), client.ObjectKey{Namespace: m.namespace, Name: "keda-hpa"}, h); err != nil {
				m.t.Fatal(err)
			}
			h.Status.Conditions = []autoscalingv2.HorizontalPodAutoscalerCondition{{
				Type: autoscalingv2.ScalingActive, Status: corev1.ConditionFalse, Reason: "FailedGetExternalMetric", LastTransitionTime: metav1.Now(),
			}}
			if err := m.Status().Update(m.t.Context(), h); err != nil {
				m.t.Fatal(err)
			}
		}, canary.NoWorker, "FailedGetExternalMetric", 212 * time.Second},
		{"no Deployment", func(m *mine) {
			if err := m.Delete(m.t.Context(), &appsv1.Deployment{ObjectMeta: m.named("tmd-worker")}); err != nil {
				m.t.Fatal(err)
			}
		}, canary.NoWorker, "", 212 * time.Second},
		{"a worker that takes nothing", func(*mine) {}, canary.NotDone, "not done within 3m0s", 212 * time.Second},
		{"Redis is unavailable", func(m *mine) { m.jobs.err = fault.New(fault.QueueUnavailable) }, canary.NotSubmitted, "queue_unavailable", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := newMine(t)
			m.workers(1)
			m.metric.value = 1
			c.breaks(m)
			began := m.now
			m.step()
			for m.status().Run != nil {
				if m.now.Sub(began) > c.most {
					t.Fatalf("still looking after %s: %+v", c.most, m.status().Run)
				}
				m.pass(time.Second)
			}
			m.jobs.err = nil
			s := m.ended(c.want)
			if got := s.Conditions[0]; got.Status != metav1.ConditionFalse || !strings.Contains(got.Message, c.says) {
				t.Errorf("%+v", got)
			}
			if m.gauge("tmd_canary_verified", "") != 0 || m.gauge("tmd_canary_runs_total", string(c.want)) != 1 {
				t.Error("the metrics say otherwise")
			}
			if len(m.events.said) != 1 || !strings.Contains(m.events.said[0], " Warning AutoscalingNotVerified: "+string(c.want)) {
				t.Errorf("%q", m.events.said)
			}
		})
	}
}

func TestAJobThatFails(t *testing.T) {
	t.Parallel()
	m := newMine(t)
	m.workers(1)
	m.metric.value = 1
	m.step()
	m.pass(2 * time.Second)
	m.jobs.set(job.Failed, fault.DatabaseUnavailable)
	m.pass(time.Second)
	s := m.ended(canary.JobFailed)
	if !strings.Contains(s.Conditions[0].Message, "database_unavailable") {
		t.Errorf("%+v", s.Conditions)
	}
	// The first success after it writes an Event.
	m.now = m.now.Add(15 * time.Minute)
	m.step()
	m.jobs.set(job.Done, "")
	m.pass(time.Second)
	m.ended(canary.Proven)
	if len(m.events.said) != 2 || !strings.Contains(m.events.said[1], "Normal AutoscalingVerified") {
		t.Errorf("%q", m.events.said)
	}
}

// A run while the ScaledObject is paused proves nothing.
func TestPaused(t *testing.T) {
	t.Parallel()
	m := newMine(t)
	so := m.newScaledObject()
	if err := m.Get(t.Context(), client.ObjectKeyFromObject(so), so); err != nil {
		t.Fatal(err)
	}
	so.SetAnnotations(map[string]string{"autoscaling.keda.sh/paused-replicas": "3"})
	if err := m.Update(t.Context(), so); err != nil {
		t.Fatal(err)
	}
	if wait := m.step(); wait != 15*time.Minute {
		t.Errorf("again after %s", wait)
	}
	if s := m.ended(canary.Paused); s.Conditions[0].Status != metav1.ConditionUnknown || len(m.events.said)+len(m.jobs.queues) > 0 || m.gauge("tmd_canary_verified", "") != -1 {
		t.Errorf("%+v, %q", s, m.events.said)
	}
}

// Without KEDA the HorizontalPodAutoscaler of the chart is tested.
func TestWithoutKEDA(t *testing.T) {
	t.Parallel()
	m := newMine(t)
	m.deps.ScaledObject, m.deps.HPA = "", "keda-hpa"
	m.restart()
	m.workers(1)
	m.step()
	m.metric.value = 1
	m.pass(time.Second)
	m.jobs.set(job.Done, "")
	m.pass(time.Second)
	if s := m.ended(canary.Proven); len(s.Last.Seconds) != 3 || len(m.metric.asked) == 0 {
		t.Errorf("%+v", s.Last)
	}
	m.deps.HPA = "gone"
	m.restart()
	m.now = m.now.Add(15 * time.Minute)
	m.step()
	m.pass(time.Second)
	m.pass(31 * time.Second)
	if s := m.ended(canary.ScalerNotReady); !strings.Contains(s.Conditions[0].Message, "gone is gone. Upgrade the release.") {
		t.Errorf("%+v", s.Conditions)
	}
}

// Without an autoscaler only the path through the queue is tested.
func TestWithoutAnAutoscaler(t *testing.T) {
	t.Parallel()
	m := newMine(t)
	m.deps.ScaledObject = ""
	m.restart()
	m.workers(1)
	m.step()
	m.pass(time.Second)
	m.jobs.set(job.Done, "")
	m.pass(time.Second)
	if s := m.ended(canary.Proven); len(s.Last.Seconds) != 2 || len(m.metric.asked) > 0 {
		t.Errorf("%+v", s.Last)
	}
}

// A controller may end after it has stored a run, and before it has submitted the job.
func TestACrashBeforeTheJobIsHandedOver(t *testing.T) {
	t.Parallel()
	m := newMine(t)
	m.workers(1)
	m.metric.value = 1
	m.step()
	clear(m.jobs.records)
	m.restart()
	m.pass(time.Second)
	if len(m.jobs.queues) != 2 || m.jobs.records["canary-1"].State != job.Queued {
		t.Fatalf("%v", m.jobs.records)
	}
	m.pass(time.Second)
	m.jobs.set(job.Done, "")
	m.pass(time.Second)
	m.ended(canary.Proven)
}

func TestADryRunSendsNothing(t *testing.T) {
	t.Parallel()
	m := newMine(t)
	m.deps.DryRun = true
	m.restart()
	if wait := m.step(); wait != 15*time.Minute || len(m.jobs.queues) > 0 {
		t.Errorf("%s, %v", wait, m.jobs.queues)
	}
}
