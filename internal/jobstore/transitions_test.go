package jobstore_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

func TestALifeOfAJob(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		want := job.Record{
			ID: newID(), Kind: job.Form, Owner: "ünïcode \"owner\" <1>", Priority: job.High, State: job.Queued,
			Version: 1, CreatedAt: start, UpdatedAt: start,
		}
		same := func(step string) {
			t.Helper()
			if diff := cmp.Diff(want, e.mustLoad(t, want.ID)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", step, diff)
			}
		}
		if err := e.createRecord(ctx, want, []byte(`{"degree":"x"}`)); err != nil {
			t.Fatal(err)
		}
		same("created")

		e.clock.Advance(time.Second)
		got, input, err := e.BeginAttempt(ctx, want.ID, 1)
		if err != nil || string(input) != `{"degree":"x"}` {
			t.Fatalf("BeginAttempt: got the input %q, %v, want the form", input, err)
		}
		want.State, want.Attempt, want.Fence, want.Version, want.UpdatedAt = job.Processing, 1, 1, 2, e.clock.Now()
		same("begun")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("record of BeginAttempt (-want +got):\n%s", diff)
		}

		e.clock.Advance(time.Second)
		why := job.Failure{Code: fault.ParserUnavailable, Message: "Nö.", Fields: []fault.Field{{Path: "a/0", Message: "b"}}, Closest: []string{"c"}}
		at := e.clock.Now().Add(2 * time.Second)
		if err := e.ScheduleRetry(ctx, want.ID, 1, why, at); err != nil {
			t.Fatal(err)
		}
		want.State, want.Error, want.RetryAt, want.Version, want.UpdatedAt = job.Retrying, &why, at, 3, e.clock.Now()
		same("retrying")

		e.clock.Advance(time.Second)
		if fence := e.mustBegin(t, want.ID, 2); fence != 2 {
			t.Errorf("fence of the second attempt: got %d, want 2", fence)
		}
		want.State, want.Attempt, want.Fence, want.Error, want.RetryAt, want.Version, want.UpdatedAt =
			job.Processing, 2, 2, nil, time.Time{}, 4, e.clock.Now()
		same("begun again")

		if err := e.RequeueJob(ctx, want.ID, 2); err != nil {
			t.Fatal(err)
		}
		want.State, want.Version = job.Queued, 5
		same("requeued")

		e.mustBegin(t, want.ID, 2)
		if err := e.CompleteJob(ctx, want.ID, 3, stored); err != nil {
			t.Fatal(err)
		}
		want.State, want.Fence, want.Version, want.FinishedAt = job.Done, 3, 7, e.clock.Now()
		same("done")
		for slim, packed := range map[bool][]byte{false: stored.Full, true: stored.Slim} {
			r, b, err := e.LoadWithResult(ctx, want.ID, slim)
			if err != nil || !cmp.Equal(r, want) || string(b) != string(packed) {
				t.Errorf("LoadWithResult, slim %v: got %+v, %q, %v, want %q", slim, r, b, err, packed)
			}
		}
		if n := e.redis.HExists(ctx, "job:timeline:"+string(want.ID), "input").Val(); n {
			t.Error("input after the end of the job: got one, want none")
		}
		// A delivery after the end returns the record unchanged.
		if r, _, err := e.BeginAttempt(ctx, want.ID, 3); err != nil || !cmp.Equal(r, want) {
			t.Errorf("BeginAttempt of a final record: got %+v, %v, want it unchanged", r, err)
		}
		same("done and delivered again")
	})
}

func TestAFailedJob(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		r := e.createJob(t)
		fence := e.mustBegin(t, r.ID, 1)
		why := job.FailureOf(fault.New(fault.Encrypted))
		if err := e.FailJob(t.Context(), r.ID, fence, *why); err != nil {
			t.Fatal(err)
		}
		got, b, err := e.LoadResult(t.Context(), r.ID)
		if err != nil || got.State != job.Failed || !cmp.Equal(got.Error, why) || got.FinishedAt.IsZero() || b != nil {
			t.Errorf("got %+v, %q, %v, want a failed job with its reason and no result", got, b, err)
		}
		_, err = e.ReplaceResult(t.Context(), r.ID, got.Version, stored)
		wantCode(t, err, fault.Conflict)
	})
}

func TestReplaceResult(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		r := e.createJob(t)
		_, err := e.ReplaceResult(ctx, r.ID, 1, stored)
		wantCode(t, err, fault.Conflict)
		fence := e.mustBegin(t, r.ID, 1)
		if err := e.CompleteJob(ctx, r.ID, fence, stored); err != nil {
			t.Fatal(err)
		}
		edited := job.Stored{Full: []byte("edited"), Slim: []byte("ed")}
		version, err := e.ReplaceResult(ctx, r.ID, 3, edited)
		if err != nil || version != 4 {
			t.Fatalf("ReplaceResult: got version %d, %v, want 4", version, err)
		}
		_, err = e.ReplaceResult(ctx, r.ID, 3, stored)
		wantCode(t, err, fault.PreconditionFailed)
		got, b, err := e.LoadResult(ctx, r.ID)
		if err != nil || got.Version != 4 || got.State != job.Done || string(b) != "edited" {
			t.Errorf("got %+v, %q, %v, want the edited result at version 4", got, b, err)
		}
		// A repeated write of the last attempt succeeds and changes nothing.
		if err := e.CompleteJob(ctx, r.ID, fence, stored); err != nil {
			t.Errorf("repeated CompleteJob: got %v, want nil", err)
		}
		if _, b, _ := e.LoadWithResult(ctx, r.ID, true); string(b) != "ed" {
			t.Errorf("slim view: got %q, want that of the edit", b)
		}
	})
}

// Of two workers with one delivery only the newest attempt writes.
func TestFencing(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		r := e.createJob(t)
		old := e.mustBegin(t, r.ID, 1)
		e.mustBegin(t, r.ID, 2)
		before := e.mustLoad(t, r.ID)
		why := *job.FailureOf(fault.New(fault.Internal))
		for name, write := range map[string]func() error{
			"finish":  func() error { return e.CompleteJob(ctx, r.ID, old, stored) },
			"retry":   func() error { return e.ScheduleRetry(ctx, r.ID, old, why, start) },
			"fail":    func() error { return e.FailJob(ctx, r.ID, old, why) },
			"requeue": func() error { return e.RequeueJob(ctx, r.ID, old) },
		} {
			if err := write(); !errors.Is(err, job.ErrSuperseded) {
				t.Errorf("%s behind a newer fence: got %v, want %v", name, err, job.ErrSuperseded)
			}
		}
		if diff := cmp.Diff(before, e.mustLoad(t, r.ID)); diff != "" {
			t.Errorf("record after a stale attempt (-before +after):\n%s", diff)
		}
		if n := e.redis.Exists(ctx, "job:timeline:"+string(r.ID)+":result").Val(); n != 0 {
			t.Error("result of a stale attempt: got one, want none")
		}
	})
}
