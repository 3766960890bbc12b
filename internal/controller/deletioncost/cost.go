package deletioncost

import (
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/trackmydegree/trackmydegree/internal/controller/fleet"
)

const (
	// perRun is what a job costs by itself, in seconds: it waits for another worker, and somebody waits for it.
	perRun = 10
	// firstStep is the first step of a run's time, in seconds. Each further one is as long as all before it: a job of a
	// minute is written down twice, one of an hour eight times.
	firstStep = 30
	// A write takes more than a millisecond of a processor here, and as much at the API server. So many a second are
	// written in the long run, and so many at once: of up to a hundred workers each is told at once that it has work.
	// In a large fleet of short jobs this keeps the controller small, and the costs of long jobs go first.
	writesPerSecond = 2
	writesAtOnce    = 100
	// most keeps the sum of many old runs far from what an annotation may hold (32 bits).
	most = 1_000_000
)

// costOf is how many seconds of work would be done again if the host ended now, in steps: what has run, and perRun
// for each job.
func costOf(began []time.Time, now time.Time) int {
	cost := 0
	for _, since := range began {
		cost += perRun + roundCost(int(now.Sub(since).Seconds()))
	}
	return min(cost, most)
}

// roundCost rounds seconds down to 0, 30, 60, 120, …
func roundCost(seconds int) int {
	if seconds < firstStep {
		return 0
	}
	step := firstStep
	for step*2 <= seconds {
		step *= 2
	}
	return step
}

// ledger is what each host costs, as it is written down: what it runs at two looks, one after the other, as far as
// the budget of writes allows. Most jobs are over within a second, and a cost for each would be work for nothing;
// what ends costs nothing from the next look on, as an idle worker must never look busier than one that has just
// begun. Without knowledge nobody has a cost.
type ledger struct {
	budget *rate.Limiter

	mu    sync.Mutex
	hosts map[string]int         // idle ones are not in it
	last  map[string][]time.Time // what the last look saw; nil when there was none, and the next is believed at once
	known fleet.Knowledge
	late  int // hosts whose cost is another, and waits for the budget
}

func newLedger() *ledger {
	return &ledger{budget: rate.NewLimiter(writesPerSecond, writesAtOnce), hosts: map[string]int{}}
}

// applyView takes a view in and returns the hosts whose cost has changed.
func (l *ledger) applyView(v fleet.View, now time.Time) (changed []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known = v.Knowledge
	if v.Knowledge != fleet.Known {
		// What was true when Redis was last seen may be the opposite by now, and a wrong cost sends Kubernetes to a
		// busy pod.
		changed = slices.Collect(maps.Keys(l.hosts))
		clear(l.hosts)
		l.last, l.late = nil, 0
		return changed // all of them, whatever it takes
	}
	first := l.last == nil
	busy, costs := map[string][]time.Time{}, map[string]int{}
	for host, began := range v.BusyHosts {
		busy[host] = began
		again := slices.DeleteFunc(slices.Clone(began), func(since time.Time) bool {
			return !first && !slices.ContainsFunc(l.last[host], since.Equal)
		})
		if cost := costOf(again, now); cost > 0 {
			costs[host] = cost
		}
	}
	l.last = busy
	return l.admitChanges(costs, now)
}

// admitChanges takes over the costs that have changed as far as the budget allows, and returns their hosts: those of
// the greatest changes first, which are those of long jobs. The others keep what they had, until a later look.
func (l *ledger) admitChanges(costs map[string]int, now time.Time) (changed []string) {
	type change struct {
		host     string
		cost, by int
	}
	var changes []change
	for host, cost := range costs {
		if by := cost - l.hosts[host]; by != 0 {
			changes = append(changes, change{host, cost, max(by, -by)})
		}
	}
	for host, before := range l.hosts {
		if _, ok := costs[host]; !ok {
			changes = append(changes, change{host, 0, before})
		}
	}
	// Among equals it is the order of a map that decides: nobody waits for ever.
	slices.SortStableFunc(changes, func(a, b change) int { return b.by - a.by })
	for _, c := range changes {
		if !l.budget.AllowN(now, 1) {
			break
		}
		changed = append(changed, c.host)
		if c.cost == 0 {
			delete(l.hosts, c.host)
			continue
		}
		l.hosts[c.host] = c.cost
	}
	l.late = len(changes) - len(changed)
	return changed
}

// countWaiting is how many hosts have another cost than is written down.
func (l *ledger) countWaiting() float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return float64(l.late)
}

// hostCost returns the cost of a host, 0 for one that is idle or that nothing is known of.
func (l *ledger) hostCost(host string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.hosts[host]
}

// isReady reports whether there has been a first look, or too long a wait for it.
func (l *ledger) isReady() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.known != fleet.Pending
}
