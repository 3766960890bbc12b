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
	// perRun is the fixed cost of a job, in seconds: it waits for another worker, and its owner waits as well.
	perRun = 10
	// firstStep is the first step of a run's time, in seconds. Each further step doubles the time: a job of a minute
	// is written twice, one of an hour eight times.
	firstStep = 30
	// A write takes more than a millisecond of processor time here, and as much at the API server. The budget bounds
	// the average rate and the burst: up to a hundred workers are marked busy at once. In a large fleet of short jobs
	// this keeps the controller small, and the costs of long jobs are written first.
	writesPerSecond = 2
	writesAtOnce    = 100
	// most keeps the sum of many old runs well below the maximum of an annotation (32 bits).
	most = 1_000_000
)

// costOf returns the seconds of work that would be repeated if the host ended now: the elapsed time, in steps, and
// perRun for each job.
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

// ledger holds the written cost of each host: what it runs at two consecutive looks, within the budget of writes.
// Most jobs end within a second, so a single look writes no cost. A job that ends costs nothing from the next look
// on, because an idle worker must never cost more than one that has just begun a job. When the fleet is not known, no
// host has a cost.
type ledger struct {
	budget *rate.Limiter

	mu    sync.Mutex
	hosts map[string]int         // without the idle ones
	last  map[string][]time.Time // the result of the last look; nil before the first one, after which the next look is taken at once
	known fleet.Knowledge
	late  int // hosts whose changed cost is not written yet, because of the budget
}

func newLedger() *ledger {
	return &ledger{budget: rate.NewLimiter(writesPerSecond, writesAtOnce), hosts: map[string]int{}}
}

// applyView applies a view and returns the hosts whose cost has changed.
func (l *ledger) applyView(v fleet.View, now time.Time) (changed []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known = v.Knowledge
	if v.Knowledge != fleet.Known {
		// The last known state may be wrong by now, and a wrong cost makes Kubernetes delete a busy pod.
		changed = slices.Collect(maps.Keys(l.hosts))
		clear(l.hosts)
		l.last, l.late = nil, 0
		return changed // all of them, without regard to the budget
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

// admitChanges applies the changed costs within the budget, and returns their hosts: the greatest changes first,
// which are those of long jobs. The other hosts keep their cost until a later look.
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
	// The random order of a map decides among equals, so no host waits for ever.
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

// countWaiting returns the number of hosts whose changed cost is not written yet.
func (l *ledger) countWaiting() float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return float64(l.late)
}

// hostCost returns the cost of a host, 0 for an idle or unknown one.
func (l *ledger) hostCost(host string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.hosts[host]
}

// isReady reports whether the first look is done, or has been awaited for too long.
func (l *ledger) isReady() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.known != fleet.Pending
}
