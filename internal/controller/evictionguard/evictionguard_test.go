package evictionguard_test

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/trackmydegree/trackmydegree/internal/controller/evictionguard"
	"github.com/trackmydegree/trackmydegree/internal/controller/fleet"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

const guard = 5 * time.Minute

type fixture struct {
	*evictionguard.Reconciler
	t         *testing.T
	client    client.Client
	namespace string
	clock     *clocktesting.FakeClock
	events    *events.FakeRecorder
	view      fleet.View
}

func (f *fixture) LatestView() fleet.View { return f.view }

func (f *fixture) NewSource(string, func(fleet.View) []string) source.Source { return nil }

func newFixture(t *testing.T, dryRun bool) *fixture {
	f := &fixture{
		t: t, client: server.NewClient(t), namespace: server.CreateNamespace(t), events: events.NewFakeRecorder(10),
		clock: clocktesting.NewFakeClock(time.Now().Truncate(time.Second)),
	}
	f.start(dryRun)
	return f
}

// start creates a reconciler without state, like that of a new leader.
func (f *fixture) start(dryRun bool) {
	f.Reconciler = testenv.Must(evictionguard.New(evictionguard.Deps{
		Client: f.client, Fleet: f, Namespace: f.namespace, After: 5 * time.Second, Max: guard, DryRun: dryRun, Clock: f.clock,
		Events: f.events, Logger: slog.New(slog.NewTextHandler(f.t.Output(), nil)), Registerer: prometheus.NewPedanticRegistry(),
	}))
}

// running shows w1 with jobs of these ages, and reconciles the pods that changed.
func (f *fixture) running(since ...time.Duration) []string {
	f.t.Helper()
	w := fleet.Worker{Host: "w1"}
	for _, d := range since {
		w.Running = append(w.Running, fleet.Run{Since: f.clock.Now().Add(-d)})
	}
	f.view = fleet.NewView(f.clock.Now(), []fleet.Worker{w})
	due := f.Due(f.view)
	for _, host := range due {
		f.reconcile(host)
	}
	return due
}

func (f *fixture) reconcile(name string) ctrl.Result {
	f.t.Helper()
	result, err := f.Reconcile(f.t.Context(), ctrl.Request{NamespacedName: types.NamespacedName{Namespace: f.namespace, Name: name}})
	if err != nil {
		f.t.Fatal(err)
	}
	return result
}

func (f *fixture) is(guarded bool, when string) {
	f.t.Helper()
	var pod corev1.Pod
	if err := f.client.Get(f.t.Context(), types.NamespacedName{Namespace: f.namespace, Name: "w1"}, &pod); err != nil {
		f.t.Fatal(err)
	}
	if got := pod.Labels[evictionguard.Label] == "true"; got != guarded {
		f.t.Errorf("%s: guarded %v, want %v (%v)", when, got, guarded, pod.Annotations)
	}
}

func TestALongJobGuardsItsPod(t *testing.T) {
	t.Parallel()
	f := newFixture(t, false)
	server.CreatePod(t, f.namespace, "w1", func(*corev1.Pod) {})
	if due := f.running(4 * time.Second); due != nil {
		t.Errorf("%v are due for a short job", due)
	}
	f.is(false, "a short job")
	if due := f.running(5*time.Second, time.Second); !slices.Equal(due, []string{"w1"}) {
		t.Errorf("%v are due", due)
	}
	f.is(true, "a long job")
	f.clock.Step(time.Second)
	if due := f.running(6*time.Second, 2*time.Second); due != nil {
		t.Errorf("%v are due again", due)
	}
	if r := f.reconcile("w1"); r.RequeueAfter != guard-time.Second {
		t.Errorf("the end of the guard is awaited for %v", r.RequeueAfter)
	}
	f.running(time.Second)
	f.is(false, "the long job has ended")
}

// One long job follows another: the guard still ends, also across changes of leaders.
func TestAGuardHasAnEnd(t *testing.T) {
	t.Parallel()
	f := newFixture(t, false)
	server.CreatePod(t, f.namespace, "w1", func(*corev1.Pod) {})
	f.running(6 * time.Second)
	f.clock.Step(guard - time.Second)
	f.start(false)
	f.running(8 * time.Second)
	f.is(true, "within the guard")
	f.clock.Step(time.Second)
	f.reconcile("w1")
	f.is(false, "after the guard")
	select {
	case e := <-f.events.Events:
		if !strings.Contains(e, "Warning GuardExpired") {
			t.Errorf("event %q", e)
		}
	default:
		t.Error("no event")
	}
	f.start(false)
	f.running(9 * time.Second)
	f.is(false, "a new leader, the same job")
	f.running()
	f.running(7 * time.Second)
	f.is(true, "the next job, after a pause")
}

// While Redis is unavailable the job may still run: its guard stays until it expires. No new one is set.
func TestTheFleetIsNotSeen(t *testing.T) {
	t.Parallel()
	f := newFixture(t, false)
	server.CreatePod(t, f.namespace, "w1", func(*corev1.Pod) {})
	f.view = fleet.View{}
	if r := f.reconcile("w1"); r.RequeueAfter == 0 {
		t.Error("a pod that is looked at too early is forgotten")
	}
	f.running(6 * time.Second)
	f.view = fleet.View{Knowledge: fleet.Expired}
	if due := f.Due(f.view); due != nil {
		t.Errorf("%v are due", due)
	}
	f.reconcile("w1")
	f.is(true, "the fleet is not seen")
	f.clock.Step(guard)
	f.reconcile("w1")
	f.is(false, "the fleet is not seen, and the guard is over")
}

func TestADryRunGuardsNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t, true)
	server.CreatePod(t, f.namespace, "w1", func(*corev1.Pod) {})
	f.running(6 * time.Second)
	f.is(false, "dry run")
}
