package deletioncost_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/trackmydegree/trackmydegree/internal/controller/deletioncost"
	"github.com/trackmydegree/trackmydegree/internal/controller/fleet"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

type fixture struct {
	*deletioncost.Reconciler
	t         *testing.T
	client    client.Client
	namespace string
	clock     *clocktesting.FakeClock
}

func newFixture(t *testing.T, dryRun bool) *fixture {
	f := &fixture{t: t, client: server.NewClient(t), namespace: server.CreateNamespace(t), clock: clocktesting.NewFakeClock(time.Now())}
	f.Reconciler = testenv.Must(deletioncost.New(deletioncost.Deps{
		Client: f.client, Fleet: struct{ deletioncost.Fleet }{}, Namespace: f.namespace, DryRun: dryRun, Clock: f.clock,
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), Registerer: prometheus.NewPedanticRegistry(),
	}))
	return f
}

// see applies a view and reconciles the pods that changed.
func (f *fixture) see(v fleet.View) []string {
	f.t.Helper()
	hosts := f.Due(v)
	for _, host := range hosts {
		f.reconcile(host)
	}
	return hosts
}

func (f *fixture) reconcile(name string) ctrl.Result {
	f.t.Helper()
	result, err := f.Reconcile(f.t.Context(), ctrl.Request{NamespacedName: types.NamespacedName{Namespace: f.namespace, Name: name}})
	if err != nil {
		f.t.Fatal(err)
	}
	return result
}

// busy is a view in which a host has been running a job for some seconds.
func (f *fixture) busy(host string, seconds int) fleet.View {
	return fleet.NewView(f.clock.Now(), []fleet.Worker{
		{Host: host, Running: []fleet.Run{{Since: f.clock.Now().Add(-time.Duration(seconds) * time.Second)}}},
	})
}

func (f *fixture) cost(name string) string {
	f.t.Helper()
	var pod corev1.Pod
	if err := f.client.Get(context.WithoutCancel(f.t.Context()), types.NamespacedName{Namespace: f.namespace, Name: name}, &pod); err != nil {
		f.t.Fatal(err)
	}
	return pod.Annotations[deletioncost.Annotation]
}

func (f *fixture) costs(name, want, when string) {
	f.t.Helper()
	if got := f.cost(name); got != want {
		f.t.Errorf("%s: the cost is %q, want %q", when, got, want)
	}
}

func TestABusyPodCostsMore(t *testing.T) {
	t.Parallel()
	f := newFixture(t, false)
	server.CreatePod(t, f.namespace, "w1", func(*corev1.Pod) {})
	f.see(f.busy("w1", 6))
	f.costs("w1", "10", "six seconds of a job")
	f.clock.Step(29 * time.Second)
	f.see(f.busy("w1", 35))
	f.costs("w1", "40", "35 seconds of the same job")
	f.see(fleet.NewView(f.clock.Now(), []fleet.Worker{{Host: "w1"}}))
	f.costs("w1", "", "idle")
	if hosts := f.see(f.busy("w1", 25)); len(hosts) != 0 {
		t.Errorf("%v are due for a job that is seen for the first time", hosts)
	}
	f.see(f.busy("w1", 25))
	f.costs("w1", "10", "a job that is seen again")
	f.see(fleet.View{Knowledge: fleet.Expired})
	f.costs("w1", "", "the fleet is not seen")
	if hosts := f.see(f.busy("nobody's", 1)); len(hosts) != 1 {
		t.Errorf("%v are due", hosts)
	}
}

// A new leader finds the annotations of the one before it, and has not seen the fleet yet.
func TestANewLeaderBeginsAnew(t *testing.T) {
	t.Parallel()
	before := newFixture(t, false)
	server.CreatePod(t, before.namespace, "w1", func(*corev1.Pod) {})
	server.CreatePod(t, before.namespace, "w2", func(*corev1.Pod) {})
	before.see(before.busy("w1", 6))

	after := newFixture(t, false)
	after.namespace = before.namespace
	for _, pod := range []string{"w1", "w2"} {
		if r := after.reconcile(pod); r.RequeueAfter == 0 {
			t.Error("a pod that is looked at too early is forgotten")
		}
	}
	after.costs("w1", "10", "before the first look")
	after.see(after.busy("w2", 6))
	after.reconcile("w1")
	after.reconcile("w2")
	after.costs("w1", "", "idle by now")
	after.costs("w2", "10", "busy by now")
}

func TestPodsThatEndAreLeftAlone(t *testing.T) {
	t.Parallel()
	f := newFixture(t, false)
	server.CreatePod(t, f.namespace, "failed", func(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed })
	deleted := server.CreatePod(t, f.namespace, "deleted", func(*corev1.Pod) {})
	deleted.Finalizers = []string{"trackmydegree.io/test"} // no kubelet ends it
	if err := f.client.Update(t.Context(), deleted); err != nil {
		t.Fatal(err)
	}
	if err := f.client.Delete(t.Context(), deleted); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		patch := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))
		_ = f.client.Patch(context.WithoutCancel(t.Context()), &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: f.namespace, Name: "deleted"}}, patch)
	})
	for _, pod := range []string{"failed", "deleted"} {
		f.see(f.busy(pod, 6))
		f.costs(pod, "", pod)
	}
}

func TestADryRunWritesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t, true)
	server.CreatePod(t, f.namespace, "w1", func(*corev1.Pod) {})
	if hosts := f.see(f.busy("w1", 6)); len(hosts) != 1 {
		t.Errorf("%v are due", hosts)
	}
	f.costs("w1", "", "dry run")
}
