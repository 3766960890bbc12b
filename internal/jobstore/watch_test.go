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

// nextChange returns the next change, and false at the end of a watch.
func nextChange(t *testing.T, changes <-chan job.Record) (job.Record, bool) {
	t.Helper()
	select {
	case r, ok := <-changes:
		return r, ok
	case <-time.After(20 * time.Second):
		t.Fatal("no change and no end")
		return job.Record{}, false
	}
}

func (e *env) mustWatch(ctx context.Context, t *testing.T, id job.ID) <-chan job.Record {
	t.Helper()
	changes, err := e.WatchRecord(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	return changes
}

func TestWatchRecord(t *testing.T) {
	// No reload: it would overtake the messages, and skip the changes in between.
	onEachRedisWith(t, time.Hour, func(t *testing.T, e *env) {
		e.runHub(t)
		ctx := t.Context()
		r := e.createJob(t)
		other := e.createJob(t)
		one, two := e.mustWatch(ctx, t, r.ID), e.mustWatch(ctx, t, r.ID)
		wanted := []job.State{job.Queued}
		seen := func(changes <-chan job.Record, states ...job.State) {
			t.Helper()
			for _, want := range states {
				got, ok := nextChange(t, changes)
				if !ok || got.State != want || got.ID != r.ID {
					t.Fatalf("change: got %+v, %v, want %s", got, ok, want)
				}
			}
		}
		seen(one, wanted...)
		// Each change arrives, however soon the next one follows.
		fence := e.mustBegin(t, r.ID, 1)
		why := *job.FailureOf(fault.New(fault.Timeout))
		if err := e.ScheduleRetry(ctx, r.ID, fence, why, start.Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		e.mustBegin(t, other.ID, 1)
		seen(one, job.Processing, job.Retrying)
		fence = e.mustBegin(t, r.ID, 2)
		if err := e.CompleteJob(ctx, r.ID, fence, stored); err != nil {
			t.Fatal(err)
		}
		seen(one, job.Processing, job.Done)
		seen(two, job.Queued, job.Processing, job.Retrying, job.Processing)
		last, ok := nextChange(t, two)
		if diff := cmp.Diff(e.mustLoad(t, r.ID), last); diff != "" || !ok {
			t.Errorf("last change (-record +change):\n%s", diff)
		}
		for _, changes := range []<-chan job.Record{one, two} {
			if r, ok := nextChange(t, changes); ok {
				t.Errorf("after the end: got %+v, want no change", r)
			}
		}
		// A watch of an ended job delivers the record and ends.
		late := e.mustWatch(ctx, t, r.ID)
		seen(late, job.Done)
		if _, ok := nextChange(t, late); ok {
			t.Error("the watch of a done job: got it open, want it closed")
		}
	})
}

func TestAWatchEnds(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		e.runHub(t)
		deleted, left := e.createJob(t), e.createJob(t)
		one := e.mustWatch(t.Context(), t, deleted.ID)
		nextChange(t, one)
		if err := e.DeleteJob(t.Context(), deleted.ID); err != nil {
			t.Fatal(err)
		}
		if r, ok := nextChange(t, one); ok {
			t.Errorf("after the deletion: got %+v, want no change", r)
		}
		ctx, cancel := context.WithCancel(t.Context())
		two := e.mustWatch(ctx, t, left.ID)
		nextChange(t, two)
		cancel()
		if r, ok := nextChange(t, two); ok {
			t.Errorf("after the watcher left: got %+v, want no change", r)
		}
	})
}

func TestWatchesEndWithTheHub(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- e.Run(ctx) }()
		r := e.createJob(t)
		changes := e.mustWatch(t.Context(), t, r.ID)
		nextChange(t, changes)
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if _, ok := nextChange(t, changes); ok {
			t.Error("the watch after the end of Run: got it open, want it closed")
		}
		_, err := e.WatchRecord(t.Context(), r.ID)
		wantCode(t, err, fault.QueueUnavailable)
	})
}

// A reload corrects a lost message, which here was never sent.
func TestALostMessage(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		e.runHub(t)
		r := e.createJob(t)
		changes := e.mustWatch(t.Context(), t, r.ID)
		nextChange(t, changes)
		key := "job:timeline:" + string(r.ID)
		if err := e.redis.HSet(t.Context(), key, "state", "processing", "version", 2).Err(); err != nil {
			t.Fatal(err)
		}
		if got, ok := nextChange(t, changes); !ok || got.State != job.Processing {
			t.Errorf("change: got %+v, %v, want processing", got, ok)
		}
		if err := e.redis.Del(t.Context(), key).Err(); err != nil { // it has expired
			t.Fatal(err)
		}
		if got, ok := nextChange(t, changes); ok {
			t.Errorf("the watch of an expired job: got %+v, want it closed", got)
		}
	})
}

// rereads counts the round trips in which watched records are read again.
type rereads struct{ n atomic.Int64 }

func (h *rereads) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (h *rereads) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (h *rereads) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		defer h.n.Add(1)
		return next(ctx, cmds)
	}
}

// A record that is read again unchanged is not delivered.
func TestEachChangeIsDeliveredOnce(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		again := &rereads{}
		e.redis.AddHook(again)
		e.runHub(t)
		r := e.createJob(t)
		changes := e.mustWatch(t.Context(), t, r.ID)
		wait := func() {
			t.Helper()
			n := again.n.Load()
			testenv.Eventually(t, "the records are read again", func() bool { return again.n.Load() >= n+3 })
		}
		wait()
		fence := e.mustBegin(t, r.ID, 1)
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
	server := testenv.StartRedis(t)
	e := openStore(t, server.URL(1))
	e.runHub(t)
	r := e.createJob(t)
	changes := e.mustWatch(t.Context(), t, r.ID)
	nextChange(t, changes)
	server.Kill()
	server.Restart(t)
	testenv.Eventually(t, "an attempt begins", func() bool {
		_, _, err := e.BeginAttempt(t.Context(), r.ID, 1)
		return err == nil
	})
	if got, ok := nextChange(t, changes); !ok || got.State != job.Processing {
		t.Errorf("change: got %+v, %v, want processing", got, ok)
	}
}

// A watcher that does not read delays no other, and still gets the newest change.
func TestASlowWatcher(t *testing.T) {
	onEachRedisWith(t, time.Hour, func(t *testing.T, e *env) {
		e.runHub(t)
		r := e.createJob(t)
		slow, quick := e.mustWatch(t.Context(), t, r.ID), e.mustWatch(t.Context(), t, r.ID)
		nextChange(t, quick)
		for range 50 {
			fence := e.mustBegin(t, r.ID, 1)
			nextChange(t, quick)
			if err := e.RequeueJob(t.Context(), r.ID, fence); err != nil {
				t.Fatal(err)
			}
			nextChange(t, quick)
		}
		if err := e.FailJob(t.Context(), r.ID, e.mustBegin(t, r.ID, 1), job.Failure{Code: fault.Internal}); err != nil {
			t.Fatal(err)
		}
		nextChange(t, quick)
		nextChange(t, quick)
		var last job.Record
		n := 0
		for change := range slow {
			if change.Version <= last.Version {
				t.Errorf("version: got %d after %d, want a later one", change.Version, last.Version)
			}
			last = change
			n++
		}
		if last.State != job.Failed || n > 16 {
			t.Errorf("got %d changes, the last %s, want at most 16, the last failed", n, last.State)
		}
	})
}
