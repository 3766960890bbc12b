package jobstore_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

var stored = job.Stored{Full: []byte("\x1f\x8bfull\x00\xff"), Slim: []byte("\x1f\x8bslim\x00\xfe")}

func code(t *testing.T, err error, want fault.Code) {
	t.Helper()
	if got := fault.CodeOf(err); got != want {
		t.Errorf("%v: code %q, want %q", err, got, want)
	}
}

func TestALifeOfAJob(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		want := job.Record{
			ID: newID(), Kind: job.Form, Owner: "ünïcode \"owner\" <1>", Priority: job.High, State: job.Queued,
			Version: 1, CreatedAt: start, UpdatedAt: start,
		}
		same := func(step string) {
			t.Helper()
			if diff := cmp.Diff(want, e.get(t, want.ID)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", step, diff)
			}
		}
		if err := e.Create(ctx, want, []byte(`{"degree":"x"}`)); err != nil {
			t.Fatal(err)
		}
		same("created")

		e.clock.Advance(time.Second)
		got, input, err := e.BeginAttempt(ctx, want.ID, 1)
		if err != nil || string(input) != `{"degree":"x"}` {
			t.Fatalf("begin: input %q, %v", input, err)
		}
		want.State, want.Attempt, want.Fence, want.Version, want.UpdatedAt = job.Processing, 1, 1, 2, e.clock.Now()
		same("begun")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Begin answers another record (-want +got):\n%s", diff)
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
		if fence := e.begin(t, want.ID, 2); fence != 2 {
			t.Errorf("the second attempt has fence %d", fence)
		}
		want.State, want.Attempt, want.Fence, want.Error, want.RetryAt, want.Version, want.UpdatedAt =
			job.Processing, 2, 2, nil, time.Time{}, 4, e.clock.Now()
		same("begun again")

		if err := e.RequeueJob(ctx, want.ID, 2); err != nil {
			t.Fatal(err)
		}
		want.State, want.Version = job.Queued, 5
		same("requeued")

		e.begin(t, want.ID, 2)
		if err := e.CompleteJob(ctx, want.ID, 3, stored); err != nil {
			t.Fatal(err)
		}
		want.State, want.Fence, want.Version, want.FinishedAt = job.Done, 3, 7, e.clock.Now()
		same("done")
		for slim, packed := range map[bool][]byte{false: stored.Full, true: stored.Slim} {
			r, b, err := e.LoadWithResult(ctx, want.ID, slim)
			if err != nil || !cmp.Equal(r, want) || string(b) != string(packed) {
				t.Errorf("fetch slim=%v: %+v, %q, %v", slim, r, b, err)
			}
		}
		if n := e.redis.HExists(ctx, "job:timeline:"+string(want.ID), "input").Val(); n {
			t.Error("the input is kept after the job has ended")
		}
		// A delivery after the end gets the record as it is.
		if r, _, err := e.BeginAttempt(ctx, want.ID, 3); err != nil || !cmp.Equal(r, want) {
			t.Errorf("a final record is begun again: %+v, %v", r, err)
		}
		same("done and delivered again")
	})
}

func TestAFailedJob(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		r := e.create(t)
		fence := e.begin(t, r.ID, 1)
		why := job.FailureOf(fault.New(fault.Encrypted))
		if err := e.FailJob(t.Context(), r.ID, fence, *why); err != nil {
			t.Fatal(err)
		}
		got, b, err := e.LoadResult(t.Context(), r.ID)
		if err != nil || got.State != job.Failed || !cmp.Equal(got.Error, why) || got.FinishedAt.IsZero() || b != nil {
			t.Errorf("%+v, %q, %v", got, b, err)
		}
		_, err = e.ReplaceResult(t.Context(), r.ID, got.Version, stored)
		code(t, err, fault.Conflict)
	})
}

func TestWhatIsNotThere(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		ctx, id := t.Context(), newID()
		_, err := e.LoadRecord(ctx, id)
		code(t, err, fault.JobNotFound)
		_, _, err = e.LoadWithResult(ctx, id, false)
		code(t, err, fault.JobNotFound)
		_, _, err = e.BeginAttempt(ctx, id, 1)
		code(t, err, fault.JobNotFound)
		_, err = e.ReplaceResult(ctx, id, 1, stored)
		code(t, err, fault.JobNotFound)
		_, err = e.WatchRecord(ctx, id)
		code(t, err, fault.JobNotFound)
		if err := e.CompleteJob(ctx, id, 0, stored); !errors.Is(err, job.ErrSuperseded) {
			t.Errorf("finish of nothing: %v", err)
		}
		if err := e.Delete(ctx, id); err != nil {
			t.Errorf("delete of nothing: %v", err)
		}
		if n := e.redis.DBSize(ctx).Val(); n != 0 {
			t.Errorf("%d keys were made", n)
		}
	})
}

// An answer that was lost makes go-redis send the script again.
func TestEachScriptMayRunTwice(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		twice := func(name string, f func() error) {
			t.Helper()
			if err := f(); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			before := e.redis.Keys(ctx, "*").Val()
			versions := e.versions(t)
			if err := f(); err != nil {
				t.Errorf("%s again: %v", name, err)
			}
			if diff := cmp.Diff(versions, e.versions(t)); diff != "" {
				t.Errorf("%s again changes records:\n%s", name, diff)
			}
			if after := e.redis.Keys(ctx, "*").Val(); len(after) != len(before) {
				t.Errorf("%s again changes keys: %v, %v", name, before, after)
			}
		}
		r := job.Record{ID: newID(), Kind: job.File, Owner: "o", State: job.Queued, CreatedAt: start, UpdatedAt: start}
		why := *job.FailureOf(fault.New(fault.Timeout))
		twice("claim", func() error {
			_, claimed, err := e.ClaimKey(ctx, "k", r.ID)
			if !claimed {
				t.Error("not claimed")
			}
			return err
		})
		twice("create", func() error { return e.Create(ctx, r, []byte("x")) })
		fence := e.begin(t, r.ID, 1)
		twice("retry", func() error { return e.ScheduleRetry(ctx, r.ID, fence, why, start.Add(time.Second)) })
		fence = e.begin(t, r.ID, 2)
		twice("requeue", func() error { return e.RequeueJob(ctx, r.ID, fence) })
		fence = e.begin(t, r.ID, 2)
		twice("finish", func() error { return e.CompleteJob(ctx, r.ID, fence, stored) })

		other := e.create(t)
		fence = e.begin(t, other.ID, 1)
		twice("fail", func() error { return e.FailJob(ctx, other.ID, fence, why) })
		twice("release", func() error { return e.ReleaseKey(ctx, "other", other.ID) })
		twice("delete", func() error { return e.Delete(ctx, r.ID) })
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
	conform(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		e.redis.AddHook(stutter{})
		first, claimed, err := e.ClaimKey(ctx, "k", "first")
		if first != "first" || !claimed || err != nil {
			t.Errorf("claim: %s, %v, %v", first, claimed, err)
		}
		r := e.create(t)
		if err := e.CompleteJob(ctx, r.ID, e.begin(t, r.ID, 1), stored); err != nil {
			t.Errorf("finish: %v", err)
		}
		for range 2 {
			before := e.get(t, r.ID).Version
			after, err := e.ReplaceResult(ctx, r.ID, before, job.Stored{Full: []byte("edited"), Slim: []byte("ed")})
			if err != nil || after != before+1 || e.get(t, r.ID).Version != after {
				t.Errorf("replace at %d: %d, %v", before, after, err)
			}
		}
		if err := e.Delete(ctx, r.ID); err != nil {
			t.Errorf("delete: %v", err)
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

func TestAnIDIsTakenOnce(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		r := e.create(t)
		stranger := r
		stranger.Owner = "somebody else"
		code(t, e.Create(t.Context(), stranger, nil), fault.Conflict)
		if got := e.get(t, r.ID); got.Owner != r.Owner {
			t.Errorf("the record went to %q", got.Owner)
		}
	})
}

func TestEdits(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		r := e.create(t)
		_, err := e.ReplaceResult(ctx, r.ID, 1, stored)
		code(t, err, fault.Conflict)
		fence := e.begin(t, r.ID, 1)
		if err := e.CompleteJob(ctx, r.ID, fence, stored); err != nil {
			t.Fatal(err)
		}
		edited := job.Stored{Full: []byte("edited"), Slim: []byte("ed")}
		version, err := e.ReplaceResult(ctx, r.ID, 3, edited)
		if err != nil || version != 4 {
			t.Fatalf("replace: version %d, %v", version, err)
		}
		_, err = e.ReplaceResult(ctx, r.ID, 3, stored)
		code(t, err, fault.PreconditionFailed)
		got, b, err := e.LoadResult(ctx, r.ID)
		if err != nil || got.Version != 4 || got.State != job.Done || string(b) != "edited" {
			t.Errorf("%+v, %q, %v", got, b, err)
		}
		// The worker of the last attempt is not told that it lost, and writes nothing over the edit.
		if err := e.CompleteJob(ctx, r.ID, fence, stored); err != nil {
			t.Error(err)
		}
		if _, b, _ := e.LoadWithResult(ctx, r.ID, true); string(b) != "ed" {
			t.Errorf("the edit was lost: %q", b)
		}
	})
}

// Two workers with one delivery: only the newest attempt writes.
func TestFencing(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		r := e.create(t)
		old := e.begin(t, r.ID, 1)
		e.begin(t, r.ID, 2)
		before := e.get(t, r.ID)
		why := *job.FailureOf(fault.New(fault.Internal))
		for name, write := range map[string]func() error{
			"finish":  func() error { return e.CompleteJob(ctx, r.ID, old, stored) },
			"retry":   func() error { return e.ScheduleRetry(ctx, r.ID, old, why, start) },
			"fail":    func() error { return e.FailJob(ctx, r.ID, old, why) },
			"requeue": func() error { return e.RequeueJob(ctx, r.ID, old) },
		} {
			if err := write(); !errors.Is(err, job.ErrSuperseded) {
				t.Errorf("%s behind the fence: %v", name, err)
			}
		}
		if diff := cmp.Diff(before, e.get(t, r.ID)); diff != "" {
			t.Errorf("a stale attempt changed the record:\n%s", diff)
		}
		if n := e.redis.Exists(ctx, "job:timeline:"+string(r.ID)+":result").Val(); n != 0 {
			t.Error("a stale attempt wrote its result")
		}
	})
}

func TestAllKeysOfAJobEndTogether(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		r := job.Record{ID: newID(), Kind: job.File, Owner: "o", State: job.Queued, CreatedAt: start, UpdatedAt: start}
		if _, _, err := e.ClaimKey(ctx, "k", r.ID); err != nil {
			t.Fatal(err)
		}
		if err := e.Create(ctx, r, nil); err != nil {
			t.Fatal(err)
		}
		fence := e.begin(t, r.ID, 1)
		if err := e.CompleteJob(ctx, r.ID, fence, stored); err != nil {
			t.Fatal(err)
		}
		all := e.redis.Keys(ctx, "*").Val()
		if len(all) != 5 {
			t.Errorf("keys %v", all)
		}
		for _, key := range all {
			if ttl := e.redis.TTL(ctx, key).Val(); ttl < 24*time.Hour-10*time.Second || ttl > 24*time.Hour {
				t.Errorf("%s lives for %s", key, ttl)
			}
			// As if 23 hours had passed.
			e.redis.Expire(ctx, key, time.Hour)
		}
		if _, err := e.ReplaceResult(ctx, r.ID, 3, stored); err != nil {
			t.Fatal(err)
		}
		for _, key := range all {
			ttl := e.redis.TTL(ctx, key).Val()
			if strings.HasPrefix(key, "job:timeline:") && ttl < 24*time.Hour-10*time.Second {
				t.Errorf("%s was not renewed: %s", key, ttl)
			}
		}
		if err := e.Delete(ctx, r.ID); err != nil {
			t.Fatal(err)
		}
		if left := e.redis.Keys(ctx, "*").Val(); len(left) != 0 {
			t.Errorf("left after the deletion: %v", left)
		}
	})
}

func TestClaims(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		first, second := newID(), newID()
		claim := func(key string, id, holder job.ID, claimed bool) {
			t.Helper()
			got, ok, err := e.ClaimKey(ctx, key, id)
			if err != nil || got != holder || ok != claimed {
				t.Errorf("claim of %s: %s, %v, %v; want %s, %v", id, got, ok, err, holder, claimed)
			}
		}
		claim("k", first, first, true)
		// No record yet: the first request is under way.
		_, _, err := e.ClaimKey(ctx, "k", second)
		code(t, err, fault.Conflict)
		if ttl := e.redis.TTL(ctx, "job:timeline:"+string(first)+":claim").Val(); ttl <= 0 || ttl > 10*time.Minute {
			t.Errorf("the claim of a submission that may have died lasts %s", ttl)
		}
		r := job.Record{ID: first, Kind: job.File, Owner: "ann", State: job.Queued, CreatedAt: start, UpdatedAt: start}
		if err := e.Create(ctx, r, nil); err != nil {
			t.Fatal(err)
		}
		claim("k", second, first, false)
		claim("another", second, second, true)
		if err := e.ReleaseKey(ctx, "k", second); err != nil { // not its holder
			t.Fatal(err)
		}
		claim("k", second, first, false)
		if err := e.Delete(ctx, first); err != nil {
			t.Fatal(err)
		}
		claim("k", "fourth", "fourth", true)
		if err := e.ReleaseKey(ctx, "k", "fourth"); err != nil {
			t.Fatal(err)
		}
		claim("k", "fifth", "fifth", true)
	})
}

func TestADeadRedis(t *testing.T) {
	t.Parallel()
	server := testenv.Redis(t)
	e := open(t, server.URL(1))
	r := e.create(t)
	server.Kill()
	ctx := t.Context()
	_, err := e.LoadRecord(ctx, r.ID)
	code(t, err, fault.QueueUnavailable)
	_, _, err = e.LoadWithResult(ctx, r.ID, true)
	code(t, err, fault.QueueUnavailable)
	code(t, e.CompleteJob(ctx, r.ID, 1, stored), fault.QueueUnavailable)
	code(t, e.Ping(ctx), fault.QueueUnavailable)
	_, err = e.WatchRecord(ctx, r.ID)
	code(t, err, fault.QueueUnavailable)

	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := e.LoadRecord(gone, r.ID); !errors.Is(err, context.Canceled) || fault.CodeOf(err) == fault.QueueUnavailable {
		t.Errorf("a caller who gave up: %v", err)
	}

	server.Restart(t)
	testenv.Eventually(t, "the record is back", func() bool {
		got, err := e.LoadRecord(ctx, r.ID)
		return err == nil && got.State == job.Queued
	})
}

// roundTrips counts what goes over the wire.
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
	conform(t, func(t *testing.T, e *env) {
		r := e.create(t)
		fence := e.begin(t, r.ID, 1)
		if err := e.CompleteJob(t.Context(), r.ID, fence, stored); err != nil {
			t.Fatal(err)
		}
		trips := &roundTrips{}
		e.redis.AddHook(trips)
		e.get(t, r.ID)
		if trips.n != 1 {
			t.Errorf("Get takes %d round trips", trips.n)
		}
		if _, _, err := e.LoadWithResult(t.Context(), r.ID, false); err != nil || trips.n != 2 {
			t.Errorf("Fetch takes %d round trips, %v", trips.n-1, err)
		}
	})
}
