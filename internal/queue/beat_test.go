package queue

import (
	"context"
	"errors"
	"os/exec"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

// begin has a worker take a new task and claim it.
func (b *books) begin(w *fake, p job.Priority) (*attempted, *run) {
	b.t.Helper()
	b.enqueue(p)
	a := b.take(w, queues[p])
	r, _, err := b.claim(w, a)
	if err != nil {
		b.t.Fatal(err)
	}
	return a, r
}

func (b *books) beat(w *fake) {
	b.t.Helper()
	if err := w.beats.beat(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
}

// The keys are for operators and the controller as well: the names and forms are a contract.
func TestWhatABeatTells(t *testing.T) {
	onBooks(t, func(t *testing.T, b *books) {
		w := b.worker("pod-1")
		b.clock.Advance(3 * time.Second)
		first, _ := b.begin(w, job.Normal)
		b.clock.Advance(time.Second)
		second, _ := b.begin(w, job.High)
		b.beat(w)

		ctx, id := t.Context(), w.beats.id
		started := w.beats.started.UTC().Truncate(time.Millisecond)
		want := Worker{ID: id, Host: "pod-1", PID: w.beats.pid, Started: started, Running: []Run{
			{Task: first.task, Queue: Normal, Since: started.Add(3 * time.Second)},
			{Task: second.task, Queue: High, Since: started.Add(4 * time.Second)},
		}}
		got, err := b.client.ListWorkers(ctx)
		if diff := cmp.Diff([]Worker{want}, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		if ttl := b.redis.PTTL(ctx, workerKey+id).Val(); ttl <= 0 || ttl > 4*time.Second {
			t.Errorf("the key lives for %s", ttl)
		}
		if diff := cmp.Diff(map[string]string{string(first.task): id, string(second.task): id}, b.redis.HGetAll(ctx, holdersKey).Val()); diff != "" {
			t.Errorf("holders (-want +got):\n%s", diff)
		}

		b.settle(w, first, "done", "")
		w.beats.drain()
		b.beat(w)
		want.Running, want.Draining = want.Running[1:], true
		if got, err = b.client.ListWorkers(ctx); err != nil || !cmp.Equal([]Worker{want}, got) {
			t.Errorf("%v, %s", err, cmp.Diff([]Worker{want}, got))
		}
		w.say(ctx)
		if got, err = b.client.ListWorkers(ctx); err != nil || len(got) != 0 || b.redis.SCard(ctx, workersKey).Val() != 0 {
			t.Errorf("after its end: %+v, %v", got, err)
		}
		if d := b.where(second.task); !slices.Equal(d, []string{"pending"}) || b.crashes(High, second.task) != 0 {
			t.Errorf("what it ran is in %v, with %d crashes", d, b.crashes(High, second.task))
		}
	})
}

// A worker that was cut off finds out at its next beat, and its handler is told to stop.
func TestALostTask(t *testing.T) {
	onBooks(t, func(t *testing.T, b *books) {
		old, other := b.worker("a"), b.worker("b")
		a, r := b.begin(old, job.Normal)
		b.redis.Del(t.Context(), workerKey+old.beats.id)
		b.reapNow(other)
		if got := b.crashes(Normal, a.task); got != 1 {
			t.Errorf("%d crashes", got)
		}
		again := b.take(other, Normal)
		if _, n, err := b.claim(other, again); err != nil || n != 1 {
			t.Errorf("%d crashes, %v", n, err)
		}
		b.beat(old)
		if !errors.Is(a.lost, job.ErrSuperseded) || old.beats.end(r) {
			t.Errorf("the handler is told %v, lost: %v", a.lost, r.lost)
		}
		if answer := b.settle(old, a, "done", ""); answer != notHeld || !slices.Equal(b.where(a.task), []string{"active"}) {
			t.Errorf("%q, the task is in %v", answer, b.where(a.task))
		}
		if _, _, err := b.claim(old, a); !errors.Is(err, errElsewhere) {
			t.Errorf("a late claim: %v", err)
		}
		if answer := b.settle(other, again, "done", ""); answer != "" || len(b.where(a.task)) != 0 {
			t.Errorf("%q, the task is in %v", answer, b.where(a.task))
		}
	})
}

// A worker that was paused takes its own task again while the old run of it still goes on.
func TestATaskComesBackToItsOldWorker(t *testing.T) {
	onBooks(t, func(t *testing.T, b *books) {
		w, other := b.worker("a"), b.worker("b")
		a, r := b.begin(w, job.Normal)
		b.redis.Del(t.Context(), workerKey+w.beats.id)
		b.reapNow(other)
		again := b.take(w, Normal)
		if _, _, err := b.claim(w, again); !errors.Is(err, errHere) {
			t.Fatalf("%v", err)
		}
		// The new delivery is left where it is; so would be the old run's end.
		b.settle(w, again, "retry", errLeft.Error())
		if answer := b.settle(w, a, "done", ""); answer != notHeld || !slices.Equal(b.where(a.task), []string{"active"}) {
			t.Errorf("%q, the task is in %v", answer, b.where(a.task))
		}
		b.beat(w)
		if w.beats.end(r) {
			t.Error("the old run does not know")
		}
		// Nobody has claimed it, so it is an orphan in time.
		b.reapNow(other)
		if d := b.where(a.task); !slices.Equal(d, []string{"active"}) {
			t.Errorf("taken back at once, to %v", d)
		}
		b.clock.Advance(claiming + time.Second)
		b.reapNow(other)
		if d := b.where(a.task); !slices.Equal(d, []string{"pending"}) || b.crashes(Normal, a.task) != 1 {
			t.Errorf("in %v with %d crashes", d, b.crashes(Normal, a.task))
		}
	})
}

// The end of a run that Redis missed: the worker lives, but does not run the task any more. That is no crash.
func TestACompletionThatRedisMissed(t *testing.T) {
	onBooks(t, func(t *testing.T, b *books) {
		w, other := b.worker("a"), b.worker("b")
		a, r := b.begin(w, job.Normal)
		w.beats.end(r)
		b.clock.Advance(settling - time.Second)
		b.beat(w)
		b.reapNow(other)
		if d := b.where(a.task); !slices.Equal(d, []string{"active"}) {
			t.Errorf("while it may still be settled: %v", d)
		}
		b.clock.Advance(time.Second)
		b.beat(w)
		b.reapNow(other)
		if d := b.where(a.task); !slices.Equal(d, []string{"pending"}) || b.crashes(Normal, a.task) != 0 {
			t.Errorf("in %v with %d crashes", d, b.crashes(Normal, a.task))
		}
	})
}

// A beat that was held up on its way does not undo a later one.
func TestABeatThatComesLate(t *testing.T) {
	onBooks(t, func(t *testing.T, b *books) {
		w := b.worker("a")
		b.beat(w)
		late := w.beats.state(b.clock.Now(), nil)
		a, _ := b.begin(w, job.Normal)
		if err := beatScript.Run(t.Context(), b.redis, []string{workerKey + w.beats.id, workersKey, holdersKey}, late...).Err(); err != nil {
			t.Fatal(err)
		}
		if !b.redis.HExists(t.Context(), workerKey+w.beats.id, taskField+string(a.task)).Val() {
			t.Error("the claim is gone")
		}
	})
}

// After an outage of Redis everybody's key is gone and nobody is dead. Who has not beaten steadily for longer than a key
// lasts does not judge.
func TestWhoJudges(t *testing.T) {
	onBooks(t, func(t *testing.T, b *books) {
		w := b.worker("a")
		steady := func(until time.Duration) (since time.Duration) {
			for ; since <= until && !w.beats.trusted(); since += beatEvery {
				b.beat(w)
				b.clock.Advance(beatEvery)
			}
			return since
		}
		if got := steady(time.Minute); got != beatTTL+beatEvery {
			t.Errorf("from its start: after %s", got)
		}
		b.clock.Advance(gap) // paused
		if w.beats.trusted() {
			t.Error("a worker that was paused judges")
		}
		if got := steady(time.Minute); got != beatTTL+beatEvery {
			t.Errorf("after a pause: after %s", got)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := w.beats.beat(ctx); err == nil || w.beats.trusted() {
			t.Errorf("after a beat that failed (%v) it judges", err)
		}
		if got := steady(time.Minute); got != beatTTL+beatEvery {
			t.Errorf("after a beat that failed: after %s", got)
		}
		w.beats.judge(b.clock.Now(), quick+time.Millisecond, nil)
		if w.beats.trusted() {
			t.Error("after a slow beat it judges")
		}
	})
}

func TestRecover(t *testing.T) {
	onBooks(t, func(t *testing.T, b *books) {
		ctx := t.Context()
		first, second, other := b.worker("pod-1"), b.worker("pod-1"), b.worker("pod-10")
		one, _ := b.begin(first, job.High)
		two, _ := b.begin(second, job.Low)
		three, _ := b.begin(other, job.Low)
		got, err := b.client.RequeueOrphans(ctx, "pod-1", time.Time{}, true)
		if err != nil || !cmp.Equal(got, []job.ID{one.task, two.task}) {
			t.Errorf("%v, %v", got, err)
		}
		for a, state := range map[*attempted]string{one: "pending", two: "pending", three: "active"} {
			crashes := 0
			if state == "pending" {
				crashes = 1
			}
			if d := b.where(a.task); !slices.Equal(d, []string{state}) || b.crashes(a.queue, a.task) != crashes {
				t.Errorf("in %v with %d crashes, want %s", d, b.crashes(a.queue, a.task), state)
			}
		}
		workers, err := b.client.ListWorkers(ctx)
		if err != nil || len(workers) != 1 || workers[0].Host != "pod-10" {
			t.Errorf("%+v, %v", workers, err)
		}
		// In front of what waits.
		b.enqueue(job.High)
		if next := b.take(other, High); next.task != one.task {
			t.Error("it waits behind others")
		}
		// It lived after all.
		b.beat(first)
		if !errors.Is(one.lost, job.ErrSuperseded) {
			t.Errorf("it is told %v", one.lost)
		}
		if got, err := b.client.RequeueOrphans(ctx, "pod-1", time.Time{}, false); err != nil || len(got) != 0 {
			t.Errorf("again: %v, %v", got, err)
		}
	})
}

// The wait is Redis' own clock's, and counts from when the task was put into the queue, or back.
func TestTheOldestPending(t *testing.T) {
	onBooks(t, func(t *testing.T, b *books) {
		ctx := t.Context()
		w := b.worker("a")
		back, _ := b.begin(w, job.Normal)
		old := b.enqueue(job.Normal)
		b.enqueue(job.Normal)
		long := time.Now().Add(-90 * time.Second).UnixNano()
		if err := b.redis.HSet(ctx, key(Normal, "t:"+string(old)), "pending_since", long).Err(); err != nil {
			t.Fatal(err)
		}
		// One that was taken back is in front, and has not waited.
		if _, err := b.client.RequeueOrphans(ctx, "a", time.Time{}, false); err != nil {
			t.Fatal(err)
		}
		if next := b.redis.LIndex(ctx, key(Normal, "pending"), -1).Val(); next != string(back.task) {
			t.Errorf("next is %s", next)
		}
		depths, err := b.client.ReadDepths(ctx)
		if err != nil {
			t.Fatal(err)
		}
		waits := map[string]time.Duration{}
		for _, d := range depths {
			waits[d.Queue] = d.OldestPending.Truncate(time.Minute)
		}
		if diff := cmp.Diff(map[string]time.Duration{High: 0, Normal: time.Minute, Low: 0}, waits); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// asynq remembers for itself that its list of queues is written; a Redis that lost everything has to be told again, or no
// tool sees the queues.
func TestTheListOfQueues(t *testing.T) {
	onBooks(t, func(t *testing.T, b *books) {
		b.enqueue(job.Normal)
		if err := b.redis.FlushDB(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		b.reapNow(b.worker("a"))
		got, err := b.inspector.Queues()
		slices.Sort(got)
		if diff := cmp.Diff([]string{Normal, High, Low}, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
}

func TestAnotherAsynq(t *testing.T) {
	t.Parallel()
	module := func(path, version string, replaced bool) *debug.Module {
		m := &debug.Module{Path: path, Version: version}
		if replaced {
			m.Replace = &debug.Module{Path: "./fork"}
		}
		return m
	}
	for _, c := range []struct {
		module *debug.Module
		ok     bool
	}{
		{module(asynqModule, asynqVersion, false), true},
		{module(asynqModule, "v0.27.0", false), false},
		{module(asynqModule, asynqVersion, true), false},
		{module("example.org/other", "v1.0.0", false), true},
	} {
		if err := supports([]*debug.Module{c.module}); (err == nil) != c.ok {
			t.Errorf("%+v: %v", c.module, err)
		}
	}
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Version}}", asynqModule).Output()
	if got := strings.TrimSpace(string(out)); err != nil || got != asynqVersion {
		t.Errorf("the module requires asynq %s, %v; this package is made for %s", got, err, asynqVersion)
	}
}
