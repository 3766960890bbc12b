package handover_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/trackmydegree/trackmydegree/internal/controller/handover"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// recovery is one call of the queue.
type recovery struct {
	Host    string
	Before  time.Time
	Crashed bool
}

// queue records the calls, and requeues this many jobs at each.
type queue struct {
	mu    sync.Mutex
	calls []recovery
	jobs  int
	err   error
}

func (q *queue) RequeueJobsOf(_ context.Context, host string, before time.Time, crashed bool) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err != nil {
		return 0, q.err
	}
	q.calls = append(q.calls, recovery{host, before, crashed})
	return q.jobs, nil
}

type fixture struct {
	*handover.Reconciler
	t         *testing.T
	client    client.Client
	namespace string
	queue     *queue
	events    *events.FakeRecorder
	clock     *clocktesting.FakeClock
	metrics   *prometheus.Registry
}

func newFixture(t *testing.T, change func(*handover.Deps)) *fixture {
	f := &fixture{
		t: t, client: server.NewClient(t), namespace: server.CreateNamespace(t), queue: &queue{jobs: 2}, events: events.NewFakeRecorder(10),
		clock: clocktesting.NewFakeClock(time.Now()), metrics: prometheus.NewPedanticRegistry(),
	}
	d := handover.Deps{
		Client: f.client, Reader: f.client, Queue: f.queue, Container: "worker", Clock: f.clock, Events: f.events,
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), Registerer: f.metrics,
	}
	if change != nil {
		change(&d)
	}
	f.Reconciler = testenv.Must(handover.New(d))
	return f
}

func (f *fixture) reconcile(name string) error {
	f.t.Helper()
	_, err := f.Reconcile(f.t.Context(), ctrl.Request{NamespacedName: types.NamespacedName{Namespace: f.namespace, Name: name}})
	return err
}

// calls reconciles a pod twice, because events may be repeated, and returns the calls of the queue.
func (f *fixture) calls(name string) []recovery {
	f.t.Helper()
	f.queue.calls = nil
	for range 2 {
		if err := f.reconcile(name); err != nil {
			f.t.Fatal(err)
		}
	}
	return f.queue.calls
}

func (f *fixture) event() string {
	select {
	case e := <-f.events.Events:
		return e
	default:
		return ""
	}
}

func TestADeletedPodIsHandedOver(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	pod := server.CreatePod(t, f.namespace, "w1", func(*corev1.Pod) {})
	if calls := f.calls("w1"); calls != nil {
		t.Errorf("a pod that runs: %+v", calls)
	}
	if err := f.client.Delete(t.Context(), pod, client.GracePeriodSeconds(0)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]recovery{{Host: "w1"}}, f.calls("w1")[:1]); diff != "" {
		t.Error(diff)
	}
	if e := f.event(); !strings.Contains(e, "Normal JobsHandedOver 2 jobs") || !strings.Contains(e, "gone") {
		t.Errorf("event %q", e)
	}
}

func TestAnOOMKilledWorkerThatRunsAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	ended := metav1.NewTime(f.clock.Now().Add(-2 * time.Second).Truncate(time.Second))
	began := metav1.NewTime(ended.Add(time.Second))
	terminated := corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: "OOMKilled", ExitCode: 137, FinishedAt: ended}}
	pod := server.CreatePod(t, f.namespace, "w1", func(p *corev1.Pod) { p.Status.ContainerStatuses[0].State = terminated })
	if diff := cmp.Diff([]recovery{{"w1", ended.Time, true}}, f.calls("w1")); diff != "" {
		t.Errorf("it ended: %s", diff)
	}
	if e := f.event(); !strings.Contains(e, "Warning JobsHandedOver") {
		t.Errorf("event %q", e)
	}
	pod.Status.ContainerStatuses[0].State = corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: began}}
	pod.Status.ContainerStatuses[0].LastTerminationState = terminated
	pod.Status.ContainerStatuses[0].RestartCount = 1
	if err := f.client.Status().Update(t.Context(), pod); err != nil {
		t.Fatal(err)
	}
	f.queue.jobs = 0
	if diff := cmp.Diff([]recovery{{"w1", began.Time, true}}, f.calls("w1")); diff != "" {
		t.Errorf("it runs again: %s", diff)
	}
	if e := f.event(); e != "" {
		t.Errorf("event about nothing: %q", e)
	}
	if n := counter(t, f.metrics, "tmd_controller_handed_over_jobs_total", "oom_killed"); n != 2 {
		t.Errorf("%v jobs are counted, want 2", n)
	}
}

// A pod without its labels, for example for debugging, is missing from the cache and still runs.
func TestAPodThatLostItsLabelsIsNotGone(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(d *handover.Deps) { d.Client = forgetful{d.Client} })
	server.CreatePod(t, f.namespace, "w1", func(*corev1.Pod) {})
	if calls := f.calls("w1"); calls != nil {
		t.Errorf("%+v", calls)
	}
	if calls := f.calls("w2"); len(calls) == 0 {
		t.Error("a pod that is gone is not handed over")
	}
}

func TestRedisAway(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	f.queue.err = errors.New("redis is unavailable")
	if err := f.reconcile("w1"); err == nil {
		t.Fatal("what failed is not tried again")
	}
	f.queue.err = nil
	if calls := f.calls("w1"); len(calls) == 0 {
		t.Error("what failed is forgotten")
	}
	if n := counter(t, f.metrics, "tmd_controller_handover_failures_total", ""); n != 1 {
		t.Errorf("%v failures are counted", n)
	}
}

func TestADryRunHandsNothingOver(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(d *handover.Deps) { d.DryRun = true })
	if calls := f.calls("w1"); calls != nil {
		t.Errorf("%+v", calls)
	}
}

// A truncated name is the host name of several pods.
func TestALongNameIsLeftToTheLeases(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	if calls := f.calls(strings.Repeat("w", 64)); calls != nil {
		t.Errorf("%+v", calls)
	}
}

// forgetful is an empty cache.
type forgetful struct{ client.Client }

func (forgetful) Get(_ context.Context, key client.ObjectKey, _ client.Object, _ ...client.GetOption) error {
	return apierrors.NewNotFound(schema.GroupResource{Resource: "pods"}, key.Name)
}

func counter(t *testing.T, registry *prometheus.Registry, name, label string) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && (label == "" || m.GetLabel()[0].GetValue() == label) {
				return m.GetCounter().GetValue()
			}
		}
	}
	t.Fatalf("no metric %s %s", name, label)
	return 0
}
