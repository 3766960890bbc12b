package fleet_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"k8s.io/client-go/util/workqueue"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/trackmydegree/trackmydegree/internal/controller/fleet"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// stub returns its fields, and counts the calls.
type stub struct {
	workers []fleet.Worker
	err     error
	looks   atomic.Int64
}

func (s *stub) Workers(context.Context) ([]fleet.Worker, error) {
	s.looks.Add(1)
	return s.workers, s.err
}

func watch(t *testing.T, s *stub) (*fleet.Watch, *clocktesting.FakeClock, *prometheus.Registry) {
	t.Helper()
	clock := clocktesting.NewFakeClock(noon)
	registry := prometheus.NewPedanticRegistry()
	return testenv.Must(fleet.New(fleet.Deps{
		Workers: s, Clock: clock, Interval: time.Second, Expiry: 15 * time.Second,
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), Registerer: registry,
	})), clock, registry
}

func TestAViewHoldsWhatAHostRuns(t *testing.T) {
	t.Parallel()
	later, sooner := noon.Add(-time.Second), noon.Add(-time.Minute)
	v := fleet.NewView(noon, []fleet.Worker{
		{ID: "a:1:x", Host: "a", Running: []fleet.Run{{Since: later}}},
		{ID: "a:9:y", Host: "a", Running: []fleet.Run{{Since: sooner}}}, // the process before it, which still drains
		{ID: "b:1:z", Host: "b"},
	})
	if diff := cmp.Diff([]time.Time{sooner, later}, v.JobsOf("a")); diff != "" {
		t.Error(diff)
	}
	var busy []string
	for host := range v.BusyHosts {
		busy = append(busy, host)
	}
	if len(v.JobsOf("b"))+len(v.JobsOf("nobody")) != 0 || !slices.Equal(busy, []string{"a"}) {
		t.Errorf("busy: %v", busy)
	}
}

func TestKnowledgeExpires(t *testing.T) {
	t.Parallel()
	s := &stub{err: errors.New("redis is unavailable")}
	w, clock, registry := watch(t, s)
	is := func(want fleet.Knowledge, when string) {
		t.Helper()
		w.PollOnce(t.Context())
		if got := w.LatestView().Knowledge; got != want {
			t.Errorf("%s: %v, want %v", when, got, want)
		}
	}
	is(fleet.Pending, "the first look fails")
	clock.Step(15 * time.Second)
	is(fleet.Expired, "every look has failed")
	s.err, s.workers = nil, []fleet.Worker{{Host: "a", Running: make([]fleet.Run, 1)}, {Host: "b"}, {Host: "c", Draining: true}}
	is(fleet.Known, "a look succeeds")
	s.err = errors.New("redis is unavailable")
	clock.Step(14 * time.Second)
	is(fleet.Known, "not seen for less than the expiry")
	clock.Step(time.Second)
	is(fleet.Expired, "not seen for the expiry")
	if got := len(w.LatestView().JobsOf("a")); got != 0 {
		t.Errorf("%d runs are remembered", got)
	}
	for _, state := range []string{"busy", "idle", "draining"} {
		if n := metric(t, registry, "tmd_controller_fleet_workers", state); n != 1 {
			t.Errorf("%v workers are %s", n, state)
		}
	}
	if age := metric(t, registry, "tmd_controller_fleet_age_seconds", ""); age != 15 {
		t.Errorf("the view is %v s old", age)
	}
}

func metric(t *testing.T, registry *prometheus.Registry, name, label string) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && (label == "" || m.GetLabel()[0].GetValue() == label) {
				return m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	t.Fatalf("no metric %s %s", name, label)
	return 0
}

func TestAWatchLooksAtEachTickAndWakesWhoIsDue(t *testing.T) {
	t.Parallel()
	s := &stub{workers: []fleet.Worker{{Host: "a"}}}
	w, clock, registry := watch(t, s)
	queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
	defer queue.ShutDown()
	if err := w.NewSource("degrees", func(fleet.View) []string { return []string{"a"} }).Start(t.Context(), queue); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- w.Start(ctx) }()
	testenv.Eventually(t, "the first look", func() bool { return s.looks.Load() == 1 && clock.HasWaiters() })
	clock.Step(999 * time.Millisecond)
	clock.Step(time.Millisecond)
	testenv.Eventually(t, "the second look", func() bool { return s.looks.Load() == 2 })
	if got, _ := queue.Get(); got.String() != "degrees/a" {
		t.Errorf("woken for %s", got)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if n := metric(t, registry, "tmd_controller_fleet_looks_total", "seen"); n != 2 {
		t.Errorf("%v looks are counted", n)
	}
}
