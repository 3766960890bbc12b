package jobstore_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// next returns the next change, and false at the end of a watch.
func next(t *testing.T, changes <-chan job.Record) (job.Record, bool) {
	t.Helper()
	select {
	case r, ok := <-changes:
		return r, ok
	case <-time.After(20 * time.Second):
		t.Fatal("no change and no end")
		return job.Record{}, false
	}
}

func (e *env) watch(ctx context.Context, t *testing.T, id job.ID) <-chan job.Record {
	t.Helper()
	changes, err := e.WatchRecord(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	return changes
}

func TestWatch(t *testing.T) {
	// Nothing is read again: that would be ahead of the messages, and skip what lies between.
	conformWith(t, time.Hour, func(t *testing.T, e *env) {
		e.running(t)
		ctx := t.Context()
		r := e.create(t)
		other := e.create(t)
		one, two := e.watch(ctx, t, r.ID), e.watch(ctx, t, r.ID)
		wanted := []job.State{job.Queued}
		seen := func(changes <-chan job.Record, states ...job.State) {
			t.Helper()
			for _, want := range states {
				got, ok := next(t, changes)
				if !ok || got.State != want || got.ID != r.ID {
					t.Fatalf("change %+v, %v; want %s", got, ok, want)
				}
			}
		}
		seen(one, wanted...)
		// Each change arrives while it is made, however fast the next follows.
		fence := e.begin(t, r.ID, 1)
		why := *job.FailureOf(fault.New(fault.Timeout))
		if err := e.ScheduleRetry(ctx, r.ID, fence, why, start.Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		e.begin(t, other.ID, 1)
		seen(one, job.Processing, job.Retrying)
		fence = e.begin(t, r.ID, 2)
		if err := e.CompleteJob(ctx, r.ID, fence, stored); err != nil {
			t.Fatal(err)
		}
		seen(one, job.Processing, job.Done)
		seen(two, job.Queued, job.Processing, job.Retrying, job.Processing)
		last, ok := next(t, two)
		if diff := cmp.Diff(e.get(t, r.ID), last); diff != "" || !ok {
			t.Errorf("the last change is not the record (-record +change):\n%s", diff)
		}
		for _, changes := range []<-chan job.Record{one, two} {
			if r, ok := next(t, changes); ok {
				t.Errorf("a change after the end: %+v", r)
			}
		}
		// A job that has ended tells so and ends.
		late := e.watch(ctx, t, r.ID)
		seen(late, job.Done)
		if _, ok := next(t, late); ok {
			t.Error("the watch of a done job goes on")
		}
	})
}

func TestAWatchEnds(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		e.running(t)
		deleted, left := e.create(t), e.create(t)
		one := e.watch(t.Context(), t, deleted.ID)
		next(t, one)
		if err := e.Delete(t.Context(), deleted.ID); err != nil {
			t.Fatal(err)
		}
		if r, ok := next(t, one); ok {
			t.Errorf("a deleted job changes: %+v", r)
		}
		ctx, cancel := context.WithCancel(t.Context())
		two := e.watch(ctx, t, left.ID)
		next(t, two)
		cancel()
		if r, ok := next(t, two); ok {
			t.Errorf("a change after the watcher left: %+v", r)
		}
	})
}

func TestWatchesEndWithTheHub(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- e.Run(ctx) }()
		r := e.create(t)
		changes := e.watch(t.Context(), t, r.ID)
		next(t, changes)
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if _, ok := next(t, changes); ok {
			t.Error("the watch goes on")
		}
		_, err := e.WatchRecord(t.Context(), r.ID)
		code(t, err, fault.QueueUnavailable)
	})
}

// A message that was lost, here because it was never sent, is made up for by reading the record again.
func TestALostMessage(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		e.running(t)
		r := e.create(t)
		changes := e.watch(t.Context(), t, r.ID)
		next(t, changes)
		key := "job:timeline:" + string(r.ID)
		if err := e.redis.HSet(t.Context(), key, "state", "processing", "version", 2).Err(); err != nil {
			t.Fatal(err)
		}
		if got, ok := next(t, changes); !ok || got.State != job.Processing {
			t.Errorf("%+v, %v", got, ok)
		}
		if err := e.redis.Del(t.Context(), key).Err(); err != nil { // it expired
			t.Fatal(err)
		}
		if got, ok := next(t, changes); ok {
			t.Errorf("the watch of an expired job goes on: %+v", got)
		}
	})
}

// rereads counts the round trips that read watched records again.
type rereads struct{ n atomic.Int64 }

func (h *rereads) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (h *rereads) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (h *rereads) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		defer h.n.Add(1)
		return next(ctx, cmds)
	}
}

// A record that is read again unchanged is no change.
func TestEachChangeIsHandedOverOnce(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		again := &rereads{}
		e.redis.AddHook(again)
		e.running(t)
		r := e.create(t)
		changes := e.watch(t.Context(), t, r.ID)
		wait := func() {
			t.Helper()
			n := again.n.Load()
			testenv.Eventually(t, "the records are read again", func() bool { return again.n.Load() >= n+3 })
		}
		wait()
		fence := e.begin(t, r.ID, 1)
		wait()
		if err := e.FailJob(t.Context(), r.ID, fence, job.Failure{Code: fault.Corrupt}); err != nil {
			t.Fatal(err)
		}
		var seen []job.State
		for change := range changes {
			seen = append(seen, change.State)
		}
		if diff := cmp.Diff([]job.State{job.Queued, job.Processing, job.Failed}, seen); diff != "" {
			t.Errorf("changes (-want +got):\n%s", diff)
		}
	})
}

func TestAWatchOutlivesRedis(t *testing.T) {
	t.Parallel()
	server := testenv.Redis(t)
	e := open(t, server.URL(1))
	e.running(t)
	r := e.create(t)
	changes := e.watch(t.Context(), t, r.ID)
	next(t, changes)
	server.Kill()
	server.Restart(t)
	testenv.Eventually(t, "an attempt begins", func() bool {
		_, _, err := e.BeginAttempt(t.Context(), r.ID, 1)
		return err == nil
	})
	if got, ok := next(t, changes); !ok || got.State != job.Processing {
		t.Errorf("%+v, %v", got, ok)
	}
}

// Who does not read holds up nobody, and still gets the newest.
func TestASlowWatcher(t *testing.T) {
	conformWith(t, time.Hour, func(t *testing.T, e *env) {
		e.running(t)
		r := e.create(t)
		slow, quick := e.watch(t.Context(), t, r.ID), e.watch(t.Context(), t, r.ID)
		next(t, quick)
		for range 50 {
			fence := e.begin(t, r.ID, 1)
			next(t, quick)
			if err := e.RequeueJob(t.Context(), r.ID, fence); err != nil {
				t.Fatal(err)
			}
			next(t, quick)
		}
		if err := e.FailJob(t.Context(), r.ID, e.begin(t, r.ID, 1), job.Failure{Code: fault.Internal}); err != nil {
			t.Fatal(err)
		}
		next(t, quick)
		next(t, quick)
		var last job.Record
		n := 0
		for change := range slow {
			if change.Version <= last.Version {
				t.Errorf("version %d after %d", change.Version, last.Version)
			}
			last = change
			n++
		}
		if last.State != job.Failed || n > 16 {
			t.Errorf("%d changes, the last %s", n, last.State)
		}
	})
}
