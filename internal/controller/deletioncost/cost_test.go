package deletioncost

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/trackmydegree/trackmydegree/internal/controller/fleet"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func ago(seconds ...int) (began []time.Time) {
	for _, s := range seconds {
		began = append(began, noon.Add(-time.Duration(s)*time.Second))
	}
	return began
}

func TestCostOf(t *testing.T) {
	t.Parallel()
	for want, began := range map[int][]time.Time{
		0:         nil,
		10:        ago(19),
		30:        ago(39),
		50:        ago(79),
		60:        ago(79, 4),
		1_000_000: ago(2_000_000),
	} {
		if got := costOf(began, noon); got != want {
			t.Errorf("%v: %d, want %d", began, got, want)
		}
	}
}

// However many jobs and however old: who runs more, or for longer, never costs less; who is idle costs least.
func TestCostsFollowTheWork(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		runs := rapid.SliceOfN(rapid.IntRange(0, 100_000), 0, 8).Draw(t, "runs")
		began := ago(runs...)
		cost := costOf(began, noon)
		if (cost == 0) != (len(runs) == 0) {
			t.Fatalf("%d for %d runs", cost, len(runs))
		}
		if later := costOf(began, noon.Add(time.Duration(rapid.IntRange(0, 10_000).Draw(t, "later"))*time.Second)); later < cost {
			t.Fatalf("%d, later %d", cost, later)
		}
		if more := costOf(append(began, noon), noon); more <= cost && cost < most {
			t.Fatalf("%d, with one more job %d", cost, more)
		}
	})
}

// The clock of a worker may be ahead of this one.
func TestARunOfTheFuture(t *testing.T) {
	t.Parallel()
	if got := costOf(ago(-30), noon); got != perRun {
		t.Errorf("%d", got)
	}
}

func view(at time.Time, hosts map[string][]time.Time) fleet.View {
	var workers []fleet.Worker
	for host, began := range hosts {
		w := fleet.Worker{Host: host}
		for _, since := range began {
			w.Running = append(w.Running, fleet.Run{Since: since})
		}
		workers = append(workers, w)
	}
	return fleet.NewView(at, workers)
}

// A cost rises at once, falls after a calm, and expires.
func TestLedger(t *testing.T) {
	t.Parallel()
	var l ledger
	at := func(second int, v func(now time.Time) fleet.View, cost int, changed ...string) {
		t.Helper()
		now := noon.Add(time.Duration(second) * time.Second)
		got := l.update(v(now), now)
		slices.Sort(got)
		if diff := cmp.Diff(changed, got); diff != "" {
			t.Errorf("second %d: %s", second, diff)
		}
		if got, ok := l.of("a"); got != cost || !ok {
			t.Errorf("second %d: %d (%v), want %d", second, got, ok, cost)
		}
	}
	running := func(now time.Time) fleet.View { return view(now, map[string][]time.Time{"a": {noon}, "idle": nil}) }
	idle := func(now time.Time) fleet.View { return view(now, map[string][]time.Time{"a": nil, "idle": nil}) }
	expired := func(now time.Time) fleet.View { return fleet.View{Knowledge: fleet.Expired, At: now} }

	if _, ok := l.of("a"); ok {
		t.Error("a ledger that has seen nothing knows a cost")
	}
	at(0, running, 10, "a")
	at(1, running, 10)
	at(20, running, 30, "a")
	at(21, idle, 30)
	at(23, running, 30) // the next job, at once: the calm is over
	at(24, idle, 30)
	at(28, idle, 30)
	at(29, idle, 0, "a")
	at(30, idle, 0)
	at(40, running, 50, "a")
	at(41, expired, 0, "a")
	at(42, expired, 0)
	at(43, running, 50, "a")
}
