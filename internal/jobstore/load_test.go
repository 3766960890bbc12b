package jobstore_test

import (
	"context"
	"errors"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

func TestAnUnknownJob(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx, id := t.Context(), newID()
		_, err := e.LoadRecord(ctx, id)
		wantCode(t, err, fault.JobNotFound)
		_, _, err = e.LoadWithResult(ctx, id, false)
		wantCode(t, err, fault.JobNotFound)
		_, _, err = e.BeginAttempt(ctx, id, 1)
		wantCode(t, err, fault.JobNotFound)
		_, err = e.ReplaceResult(ctx, id, 1, stored)
		wantCode(t, err, fault.JobNotFound)
		_, err = e.WatchRecord(ctx, id)
		wantCode(t, err, fault.JobNotFound)
		if err := e.CompleteJob(ctx, id, 0, stored); !errors.Is(err, job.ErrSuperseded) {
			t.Errorf("CompleteJob: got %v, want %v", err, job.ErrSuperseded)
		}
		if err := e.DeleteJob(ctx, id); err != nil {
			t.Errorf("Delete: got %v, want nil", err)
		}
		if n := e.redis.DBSize(ctx).Val(); n != 0 {
			t.Errorf("keys: got %d, want 0", n)
		}
	})
}

// A Redis that is out of memory accepts no changes. Reads and deletions work.
func TestARedisThatIsOutOfMemory(t *testing.T) {
	t.Parallel()
	e, ctx := openStore(t, testenv.StartRedis(t).URL(1)), t.Context()
	done := e.createJob(t)
	if err := e.CompleteJob(ctx, done.ID, e.mustBegin(t, done.ID, 1), stored); err != nil {
		t.Fatal(err)
	}
	waiting := e.createJob(t)
	if err := e.redis.ConfigSet(ctx, "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	for slim, want := range map[bool][]byte{false: stored.Full, true: stored.Slim} {
		r, b, err := e.LoadWithResult(ctx, done.ID, slim)
		if err != nil || r.State != job.Done || string(b) != string(want) {
			t.Errorf("LoadWithResult, slim %v: got %q of a job that is %s, %v, want %q", slim, b, r.State, err, want)
		}
	}
	if r, b, err := e.LoadWithResult(ctx, waiting.ID, false); err != nil || r.State != job.Queued || b != nil {
		t.Errorf("LoadWithResult of a queued job: got %q of a job that is %s, %v, want no result", b, r.State, err)
	}
	if _, _, err := e.LoadWithResult(ctx, "unknown", false); fault.CodeOf(err) != fault.JobNotFound {
		t.Errorf("LoadWithResult of an unknown job: got %v, want %s", err, fault.JobNotFound)
	}
	if _, _, err := e.BeginAttempt(ctx, waiting.ID, 1); fault.CodeOf(err) != fault.QueueUnavailable {
		t.Errorf("BeginAttempt: got %v, want %s", err, fault.QueueUnavailable)
	}
	if err := e.DeleteJob(ctx, done.ID); err != nil {
		t.Errorf("Delete: got %v, want nil", err)
	}
}

// roundTrips counts the round trips to Redis.
type roundTrips struct{ n int }

func (h *roundTrips) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h *roundTrips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		h.n++
		return next(ctx, cmd)
	}
}

func (h *roundTrips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		h.n++
		return next(ctx, cmds)
	}
}

func TestReadsAreOneRoundTrip(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		r := e.createJob(t)
		fence := e.mustBegin(t, r.ID, 1)
		if err := e.CompleteJob(t.Context(), r.ID, fence, stored); err != nil {
			t.Fatal(err)
		}
		trips := &roundTrips{}
		e.redis.AddHook(trips)
		e.mustLoad(t, r.ID)
		if trips.n != 1 {
			t.Errorf("round trips of LoadRecord: got %d, want 1", trips.n)
		}
		if _, _, err := e.LoadWithResult(t.Context(), r.ID, false); err != nil || trips.n != 2 {
			t.Errorf("round trips of LoadWithResult: got %d, %v, want 1", trips.n-1, err)
		}
	})
}
