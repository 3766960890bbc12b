//go:build chaos

package chaos

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"
)

var (
	seedFlag   = flag.Uint64("seed", 0, "seed of the schedule; 0 takes one of the clock")
	lengthFlag = flag.Duration("duration", 2*time.Minute, "how long faults happen")
	everyFlag  = flag.Duration("every", 2500*time.Millisecond, "a fault this often, on average")
	faultsFlag = flag.String("faults", "", "kinds of faults, separated by commas, a piece of the name each; all when empty")
	rateFlag   = flag.Float64("rate", 5, "submissions a second")
	settleFlag = flag.Duration("settle", 90*time.Second, "how long all may take to be over, once the faults are")
	jsonFlag   = flag.String("json", "", "file for the figures")
)

func TestChaos(t *testing.T) {
	kinds, err := MatchKinds(*faultsFlag)
	if err != nil {
		t.Fatal(err)
	}
	seed := *seedFlag
	if seed == 0 {
		seed = uint64(time.Now().UnixNano()) % 1_000_000
	}
	w := newWorld(t, shape{workers: 3, concurrency: 2, children: 6})
	if !w.disk {
		kinds = slices.DeleteFunc(kinds, func(k Kind) bool { return k == FillDisk || k == ReadOnlyDisk })
	}
	plan := PlanFaults(seed, *lengthFlag, *everyFlag, kinds)
	l, err := newLoad(w)
	if err != nil {
		t.Fatal(err)
	}
	before := w.measureRoles()
	calm, err := l.learnOutcomes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.setParserDistance(250 * time.Millisecond)
	w.logEvent("the calm system has answered; seed %d, %d faults in %v", seed, len(plan), *lengthFlag)

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var watching sync.WaitGroup
	watching.Go(func() { l.ledger.countResultWrites(ctx, w.redis) })
	watching.Go(func() { l.pollJobs(ctx) })
	loading, done := context.WithCancel(ctx)
	defer done()
	var users sync.WaitGroup
	users.Go(func() { l.runUsers(loading, seed, *rateFlag) })
	began := time.Now()
	c := &chaos{w: w, ledger: l.ledger}
	c.runPlan(plan)
	if rest := *lengthFlag - time.Since(began); rest > 0 {
		<-time.After(rest)
	}
	done()
	users.Wait()
	if err := w.allReady(); err != nil {
		l.ledger.addViolation("%v", err)
	}
	w.logEvent("the faults are over; %d jobs have not ended yet", l.ledger.countOpen())
	settled, left, err := l.waitUntilSettled(t.Context(), *settleFlag)
	if err != nil {
		t.Errorf("find the leftovers: %v", err)
	}
	stop()
	watching.Wait()

	r := &report{
		Seed: seed, Length: *lengthFlag, Faults: map[Kind]int{}, Settled: settled, leftovers: left,
		Calm: newSpread(calm), Recovery: newSpread(l.measureRecoveries(c.kills)), outcome: l.verifyOutcomes(t.Context(), c.kills),
	}
	for _, f := range plan {
		r.Faults[f.Kind]++
	}
	var ends []time.Duration
	for _, e := range l.ledger.listEntries() {
		if e.final != nil && e.final.FinishedAt != nil {
			ends = append(ends, e.final.FinishedAt.Sub(e.sent))
		}
	}
	r.Ends = newSpread(ends)
	c.classifyRequests(r, l.tally)
	r.Never = slices.Concat(l.ledger.violations, l.tally.violations)
	for _, d := range w.deaths {
		// A role exits at its start if it cannot write to the disk.
		if c.hadFault(d.at, d.at, "disk") && d.how == "exit status 1" {
			r.Refused++
			continue
		}
		r.Never = append(r.Never, fmt.Sprintf("ended unexpectedly at %.2fs: %v", d.at.Sub(w.began).Seconds(), d))
	}
	for i, was := range before {
		now := w.measureRoles()[i]
		r.Roles = append(r.Roles, fmt.Sprintf("%s %.0f→%.0f · %.0f→%.0f MiB", was.name, was.goroutines, now.goroutines, was.memory, now.memory))
	}
	r.printTable(os.Stdout)
	if *jsonFlag != "" {
		if err := r.saveJSON(*jsonFlag); err != nil {
			t.Error(err)
		}
	}
	if r.hasFailed() {
		t.Errorf("seed %d: something that was accepted, or that was left, is not as it must be; see above", seed)
	}
}

// classifyRequests separates slow requests that a fault of their link or API explains from the others.
func (c *chaos) classifyRequests(r *report, t *tally) {
	r.Requests = t.listCounts()
	explained := func(s sample) bool { return c.hadFault(s.began, s.began.Add(s.took), s.via, "client>"+s.via) }
	for _, s := range t.late {
		if !explained(s) {
			r.Hung++
			c.ledger.addViolation("hung: %s to %s at %.2fs had no answer after %v", s.route, s.via, s.began.Sub(c.w.began).Seconds(), requestTimeout)
		}
	}
	var busy []time.Duration
	for _, s := range t.busy {
		if !explained(s) {
			busy = append(busy, s.took)
			if s.took > 2*time.Second {
				r.BusyLate++
			}
		}
	}
	r.Busy = newSpread(busy)
}

// roleUsage is the resources of a role.
type roleUsage struct {
	name               string
	goroutines, memory float64
}

func (w *world) measureRoles() []roleUsage {
	var all []roleUsage
	for _, name := range w.order {
		if w.metrics[name] != "" {
			all = append(all, roleUsage{name, w.readGauge(name, "go_goroutines"), w.readGauge(name, "process_resident_memory_bytes") / (1 << 20)})
		}
	}
	return all
}
