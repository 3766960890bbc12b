package deletioncost

import (
	"fmt"
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
		10:        ago(29),
		40:        ago(59),
		70:        ago(119),
		80:        ago(119, 4),
		1_000_000: ago(2_000_000),
	} {
		if got := costOf(began, noon); got != want {
			t.Errorf("%v: %d, want %d", began, got, want)
		}
	}
}

// A host with more or longer jobs never costs less, and an idle host costs least.
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

// The clock of a worker may be ahead.
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

// A job that two looks saw has a cost until a look no longer sees it. Costs expire, and the first look after that
// counts at once.
func TestLedger(t *testing.T) {
	t.Parallel()
	l := newLedger()
	at := func(second int, v func(now time.Time) fleet.View, cost int, changed ...string) {
		t.Helper()
		now := noon.Add(time.Duration(second) * time.Second)
		got := l.applyView(v(now), now)
		slices.Sort(got)
		if diff := cmp.Diff(changed, got); diff != "" {
			t.Errorf("second %d: %s", second, diff)
		}
		if got := l.hostCost("a"); got != cost || !l.isReady() {
			t.Errorf("second %d: %d, want %d", second, got, cost)
		}
	}
	running := func(now time.Time) fleet.View { return view(now, map[string][]time.Time{"a": {noon}, "idle": nil}) }
	idle := func(now time.Time) fleet.View { return view(now, map[string][]time.Time{"a": nil, "idle": nil}) }
	expired := func(now time.Time) fleet.View { return fleet.View{Knowledge: fleet.Expired, At: now} }

	short := func(now time.Time) fleet.View { return view(now, map[string][]time.Time{"a": {now}, "idle": nil}) }

	if l.isReady() {
		t.Error("a ledger that has seen nothing knows what to write")
	}
	at(0, running, 10, "a") // the previous leader may have seen it before
	at(1, running, 10)
	at(30, running, 40, "a")
	at(31, idle, 0, "a") // at once: the next job may begin on another host
	at(32, short, 0)
	at(33, short, 0) // each look sees another job
	at(34, idle, 0)
	at(60, running, 0)
	at(61, running, 70, "a")
	at(62, expired, 0, "a")
	at(63, expired, 0)
	at(64, running, 70, "a")
}

// A worker that has just ended a long job never costs more than one that has begun a job since.
func TestTheIdleGoFirst(t *testing.T) {
	t.Parallel()
	l := newLedger()
	now := noon
	l.applyView(view(now, map[string][]time.Time{"old": ago(600)}), now)
	now = now.Add(time.Second)
	begun := now
	for range 2 {
		l.applyView(view(now, map[string][]time.Time{"young": {begun}}), now)
		if l.hostCost("old") > 0 {
			t.Errorf("the idle one costs %d", l.hostCost("old"))
		}
		now = now.Add(time.Second)
	}
	if l.hostCost("young") != perRun {
		t.Errorf("the busy one costs %d", l.hostCost("young"))
	}
}

// In a large fleet of short jobs the long ones come first, and every host's turn comes. When the fleet is no longer
// known, all costs are removed at once.
func TestBudget(t *testing.T) {
	t.Parallel()
	l := newLedger()
	hosts := map[string][]time.Time{}
	for n := range 3 * writesAtOnce {
		hosts[fmt.Sprint("short-", n)] = ago(1)
	}
	hosts["long"] = ago(600)
	now := noon
	look := func(v fleet.View) []string {
		now = now.Add(time.Second)
		return l.applyView(v, now)
	}
	first := look(view(now, hosts))
	if len(first) != writesAtOnce || !slices.Contains(first, "long") {
		t.Errorf("%d at the first look, the long one among them: %v", len(first), slices.Contains(first, "long"))
	}
	costs := func() (n int) {
		for host := range hosts {
			if l.hostCost(host) > 0 {
				n++
			}
		}
		return n
	}
	if n := costs(); n != writesAtOnce || l.countWaiting() != float64(len(hosts)-n) {
		t.Errorf("%d have a cost, %v wait", n, l.countWaiting())
	}
	if got := look(view(now, hosts)); len(got) != writesPerSecond {
		t.Errorf("%d at the second look", len(got))
	}
	// The long one ends while others continue: its cost is removed as if there were no others.
	delete(hosts, "long")
	if look(view(now, hosts)); l.hostCost("long") != 0 {
		t.Error("the long one has ended, and waits for its turn")
	}
	for looks := 0; costs() < len(hosts); looks++ {
		if looks > len(hosts) {
			t.Fatalf("%d have a cost after %d looks", costs(), looks)
		}
		look(view(now, hosts))
	}
	if got := look(fleet.View{Knowledge: fleet.Expired, At: now}); len(got) != len(hosts) || costs() != 0 || l.countWaiting() != 0 {
		t.Errorf("%d of %d go, %d are left", len(got), len(hosts), costs())
	}
}
