package jobstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/submit"
)

// go-redis sends a script again when its answer was lost.
func TestEachScriptMayRunTwice(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		twice := func(name string, f func() error) {
			t.Helper()
			if err := f(); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			before := e.redis.Keys(ctx, "*").Val()
			versions := e.versions(t)
			if err := f(); err != nil {
				t.Errorf("%s again: got %v, want nil", name, err)
			}
			if diff := cmp.Diff(versions, e.versions(t)); diff != "" {
				t.Errorf("versions after %s again (-want +got):\n%s", name, diff)
			}
			if after := e.redis.Keys(ctx, "*").Val(); len(after) != len(before) {
				t.Errorf("keys after %s again: got %v, want %v", name, after, before)
			}
		}
		r := job.Record{ID: newID(), Kind: job.File, Owner: "o", State: job.Queued, CreatedAt: start, UpdatedAt: start}
		why := *job.FailureOf(fault.New(fault.Timeout))
		twice("claim", func() error {
			_, claimed, err := e.ClaimKey(ctx, "k", r.ID)
			if !claimed {
				t.Error("ClaimKey: got false, want true")
			}
			return err
		})
		twice("create", func() error { return e.createRecord(ctx, r, []byte("x")) })
		fence := e.mustBegin(t, r.ID, 1)
		twice("retry", func() error { return e.ScheduleRetry(ctx, r.ID, fence, why, start.Add(time.Second)) })
		fence = e.mustBegin(t, r.ID, 2)
		twice("requeue", func() error { return e.RequeueJob(ctx, r.ID, fence) })
		fence = e.mustBegin(t, r.ID, 2)
		twice("finish", func() error { return e.CompleteJob(ctx, r.ID, fence, stored) })

		other := e.createJob(t)
		fence = e.mustBegin(t, other.ID, 1)
		twice("fail", func() error { return e.FailJob(ctx, other.ID, fence, why) })
		twice("release", func() error { return e.ReleaseKey(ctx, "other", other.ID) })
		answered := e.createJob(t)
		fence = e.mustBegin(t, answered.ID, 1)
		kept := job.KeptFacts{Sealed: []byte("x"), Until: start.Add(time.Hour), Reading: []byte("y")}
		twice("fail answerably", func() error { return e.FailAnswerable(ctx, answered.ID, fence, why, kept) })
		twice("answer", func() error {
			_, _, err := e.AnswerJob(ctx, submit.Answer{ID: answered.ID, Owner: "owner-1", Degree: "D"}, 5)
			return err
		})
		twice("delete", func() error { return e.DeleteJob(ctx, r.ID) })
	})
}

// stutter sends each command twice and answers with the second answer, as go-redis does when the first is lost.
type stutter struct{}

func (stutter) DialHook(next redis.DialHook) redis.DialHook { return next }

func (stutter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		_ = next(ctx, cmd)
		return next(ctx, cmd)
	}
}

func (stutter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func TestEachAnswerIsLostOnce(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		e.redis.AddHook(stutter{})
		first, claimed, err := e.ClaimKey(ctx, "k", "first")
		if first != "first" || !claimed || err != nil {
			t.Errorf("ClaimKey: got %s, %v, %v, want first, true", first, claimed, err)
		}
		r := e.createJob(t)
		if err := e.CompleteJob(ctx, r.ID, e.mustBegin(t, r.ID, 1), stored); err != nil {
			t.Errorf("CompleteJob: got %v, want nil", err)
		}
		for range 2 {
			before := e.mustLoad(t, r.ID).Version
			after, err := e.ReplaceResult(ctx, r.ID, before, job.Stored{Full: []byte("edited"), Slim: []byte("ed")})
			if err != nil || after != before+1 || e.mustLoad(t, r.ID).Version != after {
				t.Errorf("ReplaceResult at version %d: got %d, %v, want %d", before, after, err, before+1)
			}
		}
		if err := e.DeleteJob(ctx, r.ID); err != nil {
			t.Errorf("Delete: got %v, want nil", err)
		}
	})
}

func (e *env) versions(t *testing.T) map[string]string {
	t.Helper()
	versions := map[string]string{}
	for _, key := range e.redis.Keys(t.Context(), "job:timeline:????????-????-????-????-????????????").Val() {
		versions[key] = e.redis.HGet(t.Context(), key, "version").Val()
	}
	return versions
}
