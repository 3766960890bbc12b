package jobstore_test

import (
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/submit"
)

// newRecord returns a new record of an owner.
func (e *env) newRecord(owner string) job.Record {
	now := e.clock.Now()
	return job.Record{ID: newID(), Kind: job.File, Owner: owner, State: job.Queued, Version: 1, CreatedAt: now, UpdatedAt: now}
}

// mustAdmit stores a new record of an owner on terms.
func (e *env) mustAdmit(t testing.TB, owner string, terms submit.AdmissionPolicy) (mine, given job.ID) {
	t.Helper()
	r := e.newRecord(owner)
	given, err := e.AdmitJob(t.Context(), r, nil, terms)
	if err != nil {
		t.Fatal(err)
	}
	return r.ID, given
}

// listOpen returns the index.
func (e *env) listOpen(t testing.TB) []job.ID {
	t.Helper()
	ids, err := e.ListOpen(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func TestTheSameContentIsTheSameJobWhileThatIsOpen(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		terms := submit.AdmissionPolicy{ContentDigest: []byte("a digest")}
		first, _ := e.mustAdmit(t, "ann", terms)
		if _, given := e.mustAdmit(t, "ann", terms); given != first {
			t.Errorf("job: got %s, want %s", given, first)
		}
		if n := len(e.redis.Keys(ctx, "job:timeline:????????-????-????-????-????????????").Val()); n != 1 {
			t.Errorf("records: got %d, want 1", n)
		}
		for name, c := range map[string]struct {
			owner string
			terms submit.AdmissionPolicy
		}{
			"another owner": {"bob", terms}, "another content": {"ann", submit.AdmissionPolicy{ContentDigest: []byte("another digest")}}, "by force": {"ann", submit.AdmissionPolicy{}},
		} {
			if mine, given := e.mustAdmit(t, c.owner, c.terms); given != mine {
				t.Errorf("%s: got the job of another, want a new one", name)
			}
		}
		form := e.newRecord("ann")
		form.Kind = job.Form
		if given, err := e.AdmitJob(ctx, form, nil, terms); err != nil || given != form.ID {
			t.Errorf("another kind: got %s, %v, want %s", given, err, form.ID)
		}
		// The content is shared in every state but the final ones.
		fence := e.mustBegin(t, first, 1)
		if _, given := e.mustAdmit(t, "ann", terms); given != first {
			t.Error("while the first is processed: got another job, want the first")
		}
		if err := e.ScheduleRetry(ctx, first, fence, *job.FailureOf(fault.New(fault.Timeout)), start.Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, given := e.mustAdmit(t, "ann", terms); given != first {
			t.Error("while the first is retried: got another job, want the first")
		}
		if err := e.CompleteJob(ctx, first, e.mustBegin(t, first, 2), stored); err != nil {
			t.Fatal(err)
		}
		second, given := e.mustAdmit(t, "ann", terms)
		if given != second {
			t.Error("after the first is done: got it, want a new job")
		}
		if err := e.DeleteJob(ctx, second); err != nil {
			t.Fatal(err)
		}
		if mine, given := e.mustAdmit(t, "ann", terms); given != mine {
			t.Error("after the first is deleted: got it, want a new job")
		}
	})
}

// The idempotency key of a request that received another job names that job afterwards.
func TestAKeyLeadsToTheSharedJob(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		terms := submit.AdmissionPolicy{ContentDigest: []byte("a digest")}
		first, _ := e.mustAdmit(t, "ann", terms)
		second := e.newRecord("ann")
		if _, mine, err := e.ClaimKey(ctx, "k", second.ID); err != nil || !mine {
			t.Fatal(mine, err)
		}
		for range 2 { // the answer may be lost
			if given, err := e.AdmitJob(ctx, second, nil, terms); err != nil || given != first {
				t.Errorf("AdmitJob: got %s, %v, want %s", given, err, first)
			}
		}
		if holder, mine, err := e.ClaimKey(ctx, "k", newID()); err != nil || mine || holder != first {
			t.Errorf("ClaimKey: got %s, %v, %v, want %s, false", holder, mine, err, first)
		}
		if ttl := e.redis.TTL(ctx, "job:idempotency:k").Val(); ttl < 23*time.Hour {
			t.Errorf("time to live of the claim: got %s, want 24h", ttl)
		}
		// After a job is deleted, its key is free.
		if err := e.DeleteJob(ctx, first); err != nil {
			t.Fatal(err)
		}
		if _, mine, err := e.ClaimKey(ctx, "k", newID()); err != nil || !mine {
			t.Errorf("ClaimKey after Delete: got %v, %v, want true", mine, err)
		}
	})
}

// A job whose id a client received, or that a worker has begun, cannot be withdrawn.
func TestWithdrawJob(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		terms := submit.AdmissionPolicy{ContentDigest: []byte("a digest")}
		if found, err := e.WithdrawJob(ctx, newID()); found || err != nil {
			t.Errorf("WithdrawJob of an unknown job: got %v, %v, want false", found, err)
		}
		alone, _ := e.mustAdmit(t, "ann", terms)
		if found, err := e.WithdrawJob(ctx, alone); !found || err != nil {
			t.Errorf("WithdrawJob: got %v, %v, want true", found, err)
		}
		if keys := e.redis.Keys(ctx, "*").Val(); len(keys) != 0 {
			t.Errorf("keys: got %v, want none", keys)
		}
		stays := func(what string, id job.ID) {
			t.Helper()
			before := e.mustLoad(t, id)
			found, err := e.WithdrawJob(ctx, id)
			if wantCode(t, err, fault.Conflict); !found {
				t.Errorf("%s: got false, want true", what)
			}
			if diff := cmp.Diff(before, e.mustLoad(t, id)); diff != "" {
				t.Errorf("%s: record (-before +after):\n%s", what, diff)
			}
			if err := e.DeleteJob(ctx, id); err != nil {
				t.Fatal(err)
			}
		}
		given, _ := e.mustAdmit(t, "ann", terms)
		e.mustAdmit(t, "ann", terms)
		stays("given for its content", given)

		keyed := e.newRecord("ann")
		if _, _, err := e.ClaimKey(ctx, "k", keyed.ID); err != nil {
			t.Fatal(err)
		}
		if err := e.createRecord(ctx, keyed, nil); err != nil {
			t.Fatal(err)
		}
		if _, mine, err := e.ClaimKey(ctx, "k", newID()); err != nil || mine {
			t.Fatal(mine, err)
		}
		stays("given for its key", keyed.ID)

		begun, _ := e.mustAdmit(t, "ann", terms)
		e.mustBegin(t, begun, 1)
		stays("begun", begun)
	})
}

func TestTheLimitOfAnOwner(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		const limit = 3
		terms := submit.AdmissionPolicy{MaxOpenJobs: limit}
		refused := func(what string) {
			t.Helper()
			wantCode(t, e.CheckQuota(ctx, "ann", limit), fault.TooManyJobs)
			r := e.newRecord("ann")
			_, err := e.AdmitJob(ctx, r, nil, terms)
			wantCode(t, err, fault.TooManyJobs)
			_, err = e.LoadRecord(ctx, r.ID)
			if fault.CodeOf(err) != fault.JobNotFound {
				t.Errorf("%s: got %v, want %s", what, err, fault.JobNotFound)
			}
		}
		room := func(what string) {
			t.Helper()
			if err := e.CheckQuota(ctx, "ann", limit); err != nil {
				t.Errorf("%s: got %v, want room", what, err)
			}
		}
		var ids []job.ID
		for range limit {
			room("at first")
			id, _ := e.mustAdmit(t, "ann", terms)
			ids = append(ids, id)
		}
		refused("at the limit")
		e.mustAdmit(t, "bob", terms) // another owner
		// Admitting a job again counts once.
		again := job.Record{ID: ids[0], Kind: job.File, Owner: "ann", State: job.Queued, CreatedAt: start, UpdatedAt: start}
		if given, err := e.AdmitJob(ctx, again, nil, terms); err != nil || given != ids[0] {
			t.Errorf("AdmitJob again: got %s, %v, want %s", given, err, ids[0])
		}
		// A job that ends makes room, however it ends.
		if err := e.CompleteJob(ctx, ids[0], e.mustBegin(t, ids[0], 1), stored); err != nil {
			t.Fatal(err)
		}
		room("one is done")
		id, _ := e.mustAdmit(t, "ann", terms)
		refused("full again")
		if err := e.FailJob(ctx, id, e.mustBegin(t, id, 1), *job.FailureOf(fault.New(fault.Corrupt))); err != nil {
			t.Fatal(err)
		}
		room("one has failed")
		id, _ = e.mustAdmit(t, "ann", terms)
		if err := e.DeleteJob(ctx, id); err != nil {
			t.Fatal(err)
		}
		room("one was deleted")
		id, _ = e.mustAdmit(t, "ann", terms)
		refused("full again")
		e.redis.Del(ctx, "job:timeline:"+string(id)) // as after its expiry, for which no script runs
		room("one has expired")
		e.mustAdmit(t, "ann", terms)
		refused("full again")
	})
}

// With any number of concurrent requests, only limit jobs are admitted.
func TestTheLimitIsExact(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		var admitted atomic.Int64
		var wg sync.WaitGroup
		for range 40 {
			wg.Go(func() {
				_, err := e.AdmitJob(t.Context(), e.newRecord("ann"), nil, submit.AdmissionPolicy{MaxOpenJobs: 7})
				if err == nil {
					admitted.Add(1)
				} else if fault.CodeOf(err) != fault.TooManyJobs {
					t.Errorf("AdmitJob: got %v, want %s", err, fault.TooManyJobs)
				}
			})
		}
		wg.Wait()
		if n := admitted.Load(); n != 7 || len(e.listOpen(t)) != 7 {
			t.Errorf("got %d admitted and %d open, want the limit of both", n, len(e.listOpen(t)))
		}
	})
}

func TestTheIndexOfOpenJobs(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		var want []job.ID
		for i := range 5 {
			e.clock.Advance(time.Second)
			id, _ := e.mustAdmit(t, "owner "+strconv.Itoa(i%2), submit.AdmissionPolicy{})
			want = append(want, id)
		}
		if diff := cmp.Diff(want, e.listOpen(t)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if page, err := e.ListOpen(ctx, 1, 2); err != nil || !cmp.Equal(page, want[1:3]) {
			t.Errorf("second page: got %v, %v, want %v", page, err, want[1:3])
		}
		if page, err := e.ListOpen(ctx, 5, 2); err != nil || len(page) != 0 {
			t.Errorf("page after the end: got %v, %v, want none", page, err)
		}
		// An open job stays in the indexes.
		for _, id := range want {
			if err := e.DeleteFromIndexes(ctx, id); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(want, e.listOpen(t)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		e.redis.Del(ctx, "job:timeline:"+string(want[0]))
		if err := e.DeleteFromIndexes(ctx, want[0]); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want[1:], e.listOpen(t)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestRestoreRecord(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		ticket := job.Ticket{
			ID: newID(), Kind: job.Form, Owner: "ann", Priority: job.Low, CreatedAt: start.Add(-time.Hour + 300*time.Microsecond),
			Input: []byte(`{"degree":"x"}`), Claim: "c",
		}
		for i := range 2 {
			if made, err := e.RestoreRecord(ctx, ticket); err != nil || made != (i == 0) {
				t.Errorf("call %d: got %v, %v, want %v", i+1, made, err, i == 0)
			}
		}
		want := job.Record{
			ID: ticket.ID, Kind: job.Form, Owner: "ann", Priority: job.Low, State: job.Queued, Version: 1, Fence: start.UnixMilli(), Base: start.UnixMilli(),
			CreatedAt: start.Add(-time.Hour), UpdatedAt: start,
		}
		if diff := cmp.Diff(want, e.mustLoad(t, ticket.ID)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if holder, mine, err := e.ClaimKey(ctx, "c", newID()); err != nil || mine || holder != ticket.ID {
			t.Errorf("holder of the key: got %s, %v, %v, want %s", holder, mine, err, ticket.ID)
		}
		if open := e.listOpen(t); len(open) != 1 || open[0] != ticket.ID {
			t.Errorf("open jobs: got %v, want %s", open, ticket.ID)
		}
		if _, input, err := e.BeginAttempt(ctx, ticket.ID, 1); err != nil || string(input) != string(ticket.Input) {
			t.Errorf("input: got %q, %v, want %q", input, err, ticket.Input)
		}
		for _, key := range e.redis.Keys(ctx, "*").Val() {
			if ttl := e.redis.TTL(ctx, key).Val(); ttl <= 0 && key != "job:timeline:open" {
				t.Errorf("time to live of %s: got none, want one", key)
			}
		}
		// The key belongs to another job now.
		other := ticket
		other.ID = newID()
		if made, err := e.RestoreRecord(ctx, other); err != nil || !made {
			t.Errorf("RestoreRecord of another job: got %v, %v, want true", made, err)
		}
		if holder, _, err := e.ClaimKey(ctx, "c", newID()); err != nil || holder != ticket.ID {
			t.Errorf("holder of the key: got %s, %v, want %s", holder, err, ticket.ID)
		}
		// The record of another owner under this id stays.
		stranger := ticket
		stranger.Owner = "eve"
		if made, err := e.RestoreRecord(ctx, stranger); err != nil || made || e.mustLoad(t, ticket.ID).Owner != "ann" {
			t.Errorf("RestoreRecord for another owner: got %v, %v, want false", made, err)
		}
	})
}
