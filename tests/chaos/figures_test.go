//go:build chaos

package chaos

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"
)

var killsFlag = flag.Int("kills", 50, "workers that TestRecovery kills")

// startCalmLoad starts a world and its load, and learns the outcomes in an undisturbed system.
func startCalmLoad(t *testing.T, s shape) (*world, *load) {
	t.Helper()
	w := newWorld(t, s)
	l, err := newLoad(w)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.learnOutcomes(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w, l
}

// TestRecovery measures the time from SIGKILL of a worker until its jobs run again elsewhere. The worker restarts only
// after that, as if its node were lost. The distance of the parser makes jobs slow; two thirds of the slots are in
// use, so that a job finds a free one at once.
func TestRecovery(t *testing.T) {
	w, l := startCalmLoad(t, shape{workers: 3, concurrency: 2, children: 6})
	w.setParserDistance(600 * time.Millisecond)
	const (
		jobs     = 4
		patience = 3 * time.Minute
	)
	r := rand.New(rand.NewPCG(*seedFlag, 0))
	var times []time.Duration
	var kills []kill
	for n := range *killsFlag {
		entries := make([]*entry, jobs)
		for i := range entries {
			a, e := l.submitWork(t.Context(), l.users[0], l.menu.good[r.IntN(len(l.menu.good))], apis[0], "", "", fmt.Sprint(r.Uint64()), false)
			if e == nil {
				t.Fatalf("not accepted: %v", a)
			}
			entries[i] = e
		}
		// until polls all jobs until the condition holds for each.
		until := func(what string, holds func(e *entry) bool) {
			for deadline := time.Now().Add(patience); ; <-time.After(20 * time.Millisecond) {
				all := true
				for _, e := range entries {
					if e.final == nil {
						l.pollStatus(t.Context(), e, apis[0])
					}
					all = all && holds(e)
				}
				if all {
					return
				}
				if time.Now().After(deadline) {
					for _, e := range entries {
						t.Log(l.describeJob(e))
					}
					t.Fatalf("kill %d: not within %v: %s", n+1, patience, what)
				}
			}
		}
		until("all jobs run", func(e *entry) bool { return len(e.attempts) > 0 })
		victim := workers[r.IntN(len(workers))]
		k := kill{victim, time.Now()}
		w.processes[victim].kill()
		until("all jobs have ended", func(e *entry) bool { return e.final != nil })
		kills = append(kills, k)
		for _, e := range entries {
			for _, b := range e.attempts[1:] {
				if b.at.After(k.at) {
					times = append(times, b.at.Sub(k.at))
					break
				}
			}
		}
		w.startProcess(victim)
		if err := w.allReady(); err != nil {
			t.Fatal(err)
		}
		w.logEvent("kill %d, of %s: so far %v", n+1, victim, newSpread(times))
	}
	o := l.verifyOutcomes(t.Context(), kills)
	for _, f := range slices.Concat(o.Findings, l.ledger.violations) {
		t.Error(f)
	}
	for _, d := range w.deaths {
		t.Error(d)
	}
	fmt.Fprintf(os.Stdout, "\n| what | seed %d |\n| --- | --- |\n| workers killed | %d |\n| SIGKILL to the job running again | %v |\n| lost · doubled | %d · %d |\n",
		*seedFlag, *killsFlag, newSpread(times), o.Lost, o.Doubled)
}

// TestHostile measures readable documents during bursts of thirty hostile ones: one burst, then one every five
// seconds.
func TestHostile(t *testing.T) {
	const (
		hostile = 30
		rate    = 3.0 // good documents a second
		phase   = 40 * time.Second
	)
	w, l := startCalmLoad(t, shape{workers: 3, concurrency: 2, children: 6})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var watching sync.WaitGroup
	watching.Go(func() { l.pollJobs(ctx) })
	bad := slices.DeleteFunc(slices.Concat(l.menu.hostile, l.menu.costly), func(w *work) bool { return w.code == "" }) // without those that are readable after all
	send := func(user *client, w *work, n uint64) *entry {
		a, e := l.submitWork(ctx, user, w, apis[n%2], "", "", fmt.Sprint(user.owner, n, rand.Uint64()), false)
		if e == nil {
			t.Errorf("not accepted: %v", a)
		}
		return e
	}
	took := func(e *entry) time.Duration {
		if e == nil || e.final == nil {
			return 0
		}
		return e.final.FinishedAt.Sub(e.sent)
	}
	// run submits readable documents for one phase, during the given number of bursts. It returns their times and how
	// long each burst took, after all jobs have ended.
	run := func(bursts int) (good, over []time.Duration) {
		var thirties [][]*entry
		var sending sync.WaitGroup
		sending.Go(func() {
			for range bursts {
				var burst []*entry
				for n := range uint64(hostile) {
					burst = append(burst, send(l.users[1], bad[n%uint64(len(bad))], n))
				}
				thirties = append(thirties, burst)
				<-time.After(phase / time.Duration(bursts))
			}
		})
		r := rand.New(rand.NewPCG(*seedFlag, 1))
		var entries []*entry
		for end := time.Now().Add(phase); time.Now().Before(end); {
			entries = append(entries, send(l.users[0], l.menu.good[r.IntN(len(l.menu.good))], r.Uint64()))
			<-time.After(time.Duration(r.ExpFloat64() / rate * float64(time.Second)))
		}
		sending.Wait()
		if _, left, err := l.waitUntilSettled(ctx, 2*time.Minute); err != nil || !left.isEmpty() {
			t.Errorf("left: %+v %v", left, err)
		}
		for _, e := range entries {
			good = append(good, took(e))
		}
		for _, burst := range thirties {
			var last time.Duration
			for _, e := range burst {
				last = max(last, took(e))
			}
			over = append(over, last)
		}
		return good, over
	}
	lives := func() (pids []int) {
		for _, name := range w.order {
			pids = append(pids, w.processes[name].pid())
		}
		return pids
	}
	quiet, _ := run(0)
	before, calm := lives(), newSpread(quiet)
	fmt.Fprintf(os.Stdout, "\n| good documents, seed %d | upload to end | p95 ÷ p95 of calm | a burst is over after |\n| --- | --- | --- | --- |\n| calm | %v | | |\n", *seedFlag, calm)
	for _, bursts := range []int{1, int(phase / (5 * time.Second))} {
		good, over := run(bursts)
		s := newSpread(good)
		fmt.Fprintf(os.Stdout, "| with %d hostile ones at once, %d times in %v | %v | %.1f | %v |\n", hostile, bursts, phase, s, s.P95.Seconds()/calm.P95.Seconds(), newSpread(over))
	}
	stop()
	watching.Wait()
	if !slices.Equal(before, lives()) || len(w.deaths) > 0 {
		t.Errorf("something was started again: %v", w.deaths)
	}
	o := l.verifyOutcomes(t.Context(), nil)
	for _, f := range slices.Concat(o.Findings, l.ledger.violations) {
		t.Error(f)
	}
}
