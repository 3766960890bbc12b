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

// queued is a new record of an owner.
func (e *env) newRecord(owner string) job.Record {
	now := e.clock.Now()
	return job.Record{ID: newID(), Kind: job.File, Owner: owner, State: job.Queued, Version: 1, CreatedAt: now, UpdatedAt: now}
}

// admit stores a new record of an owner on terms.
func (e *env) mustAdmit(t testing.TB, owner string, terms submit.Terms) (mine, given job.ID) {
	t.Helper()
	r := e.newRecord(owner)
	given, err := e.AdmitJob(t.Context(), r, nil, terms)
	if err != nil {
		t.Fatal(err)
	}
	return r.ID, given
}

// open lists the index.
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
		terms := submit.Terms{Content: []byte("a digest")}
		first, _ := e.mustAdmit(t, "ann", terms)
		if _, given := e.mustAdmit(t, "ann", terms); given != first {
			t.Errorf("%s, want %s", given, first)
		}
		if n := len(e.redis.Keys(ctx, "job:timeline:????????-*").Val()); n != 1 {
			t.Errorf("%d records", n)
		}
		for name, c := range map[string]struct {
			owner string
			terms submit.Terms
		}{
			"another owner": {"bob", terms}, "another content": {"ann", submit.Terms{Content: []byte("another digest")}}, "by force": {"ann", submit.Terms{}},
		} {
			if mine, given := e.mustAdmit(t, c.owner, c.terms); given != mine {
				t.Errorf("%s: the job of another", name)
			}
		}
		form := e.newRecord("ann")
		form.Kind = job.Form
		if given, err := e.AdmitJob(ctx, form, nil, terms); err != nil || given != form.ID {
			t.Errorf("another kind: %s, %v", given, err)
		}
		// In every state but the final ones.
		fence := e.mustBegin(t, first, 1)
		if _, given := e.mustAdmit(t, "ann", terms); given != first {
			t.Error("another job while the first is processed")
		}
		if err := e.ScheduleRetry(ctx, first, fence, *job.FailureOf(fault.New(fault.Timeout)), start.Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, given := e.mustAdmit(t, "ann", terms); given != first {
			t.Error("another job while the first is retried")
		}
		if err := e.CompleteJob(ctx, first, e.mustBegin(t, first, 2), stored); err != nil {
			t.Fatal(err)
		}
		second, given := e.mustAdmit(t, "ann", terms)
		if given != second {
			t.Error("a job that is done was given out")
		}
		if err := e.Delete(ctx, second); err != nil {
			t.Fatal(err)
		}
		if mine, given := e.mustAdmit(t, "ann", terms); given != mine {
			t.Error("a job that was deleted was given out")
		}
	})
}

// The key of a request that is given another's job leads to that one from then on.
func TestAKeyFollowsTheJobThatWasGiven(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		terms := submit.Terms{Content: []byte("a digest")}
		first, _ := e.mustAdmit(t, "ann", terms)
		second := e.newRecord("ann")
		if _, mine, err := e.ClaimKey(ctx, "k", second.ID); err != nil || !mine {
			t.Fatal(mine, err)
		}
		for range 2 { // the answer may be lost
			if given, err := e.AdmitJob(ctx, second, nil, terms); err != nil || given != first {
				t.Errorf("%s, %v", given, err)
			}
		}
		if holder, mine, err := e.ClaimKey(ctx, "k", newID()); err != nil || mine || holder != first {
			t.Errorf("%s, %v, %v", holder, mine, err)
		}
		if ttl := e.redis.TTL(ctx, "job:idempotency:k").Val(); ttl < 23*time.Hour {
			t.Errorf("the key is kept for %s", ttl)
		}
		// With the job gone, nothing is left that blocks the key.
		if err := e.Delete(ctx, first); err != nil {
			t.Fatal(err)
		}
		if _, mine, err := e.ClaimKey(ctx, "k", newID()); err != nil || !mine {
			t.Errorf("%v, %v", mine, err)
		}
	})
}

// What somebody was given, or a worker has begun, cannot be taken back.
func TestWithdraw(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		terms := submit.Terms{Content: []byte("a digest")}
		if found, err := e.WithdrawJob(ctx, newID()); found || err != nil {
			t.Errorf("what is not there: %v, %v", found, err)
		}
		alone, _ := e.mustAdmit(t, "ann", terms)
		if found, err := e.WithdrawJob(ctx, alone); !found || err != nil {
			t.Errorf("%v, %v", found, err)
		}
		if keys := e.redis.Keys(ctx, "*").Val(); len(keys) != 0 {
			t.Errorf("left: %v", keys)
		}
		stays := func(what string, id job.ID) {
			t.Helper()
			before := e.mustLoad(t, id)
			found, err := e.WithdrawJob(ctx, id)
			if wantCode(t, err, fault.Conflict); !found {
				t.Errorf("%s: not found", what)
			}
			if diff := cmp.Diff(before, e.mustLoad(t, id)); diff != "" {
				t.Errorf("%s: %s", what, diff)
			}
			if err := e.Delete(ctx, id); err != nil {
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
		terms := submit.Terms{Limit: limit}
		refused := func(what string) {
			t.Helper()
			wantCode(t, e.CheckQuota(ctx, "ann", limit), fault.TooManyJobs)
			r := e.newRecord("ann")
			_, err := e.AdmitJob(ctx, r, nil, terms)
			wantCode(t, err, fault.TooManyJobs)
			_, err = e.LoadRecord(ctx, r.ID)
			if fault.CodeOf(err) != fault.JobNotFound {
				t.Errorf("%s: it was stored all the same", what)
			}
		}
		room := func(what string) {
			t.Helper()
			if err := e.CheckQuota(ctx, "ann", limit); err != nil {
				t.Errorf("%s: %v", what, err)
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
		// A job that is there already is not one more.
		again := job.Record{ID: ids[0], Kind: job.File, Owner: "ann", State: job.Queued, CreatedAt: start, UpdatedAt: start}
		if given, err := e.AdmitJob(ctx, again, nil, terms); err != nil || given != ids[0] {
			t.Errorf("%s, %v", given, err)
		}
		// What ends makes room, however it ends.
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
		if err := e.Delete(ctx, id); err != nil {
			t.Fatal(err)
		}
		room("one was deleted")
		id, _ = e.mustAdmit(t, "ann", terms)
		refused("full again")
		e.redis.Del(ctx, "job:timeline:"+string(id)) // as if it had expired: no script saw it end
		room("one has expired")
		e.mustAdmit(t, "ann", terms)
		refused("full again")
	})
}

// However many come at once, no more are let in than may be.
func TestTheLimitIsExact(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		var admitted atomic.Int64
		var wg sync.WaitGroup
		for range 40 {
			wg.Go(func() {
				_, err := e.AdmitJob(t.Context(), e.newRecord("ann"), nil, submit.Terms{Limit: 7})
				if err == nil {
					admitted.Add(1)
				} else if fault.CodeOf(err) != fault.TooManyJobs {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := admitted.Load(); n != 7 || len(e.listOpen(t)) != 7 {
			t.Errorf("%d admitted, %d open", n, len(e.listOpen(t)))
		}
	})
}

func TestTheIndexOfOpenJobs(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		var want []job.ID
		for i := range 5 {
			e.clock.Advance(time.Second)
			id, _ := e.mustAdmit(t, "owner "+strconv.Itoa(i%2), submit.Terms{})
			want = append(want, id)
		}
		if diff := cmp.Diff(want, e.listOpen(t)); diff != "" {
			t.Error(diff)
		}
		if page, err := e.ListOpen(ctx, 1, 2); err != nil || !cmp.Equal(page, want[1:3]) {
			t.Errorf("%v, %v", page, err)
		}
		if page, err := e.ListOpen(ctx, 5, 2); err != nil || len(page) != 0 {
			t.Errorf("%v, %v", page, err)
		}
		// Forgetting spares what is open.
		for _, id := range want {
			if err := e.DeleteFromIndexes(ctx, id); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(want, e.listOpen(t)); diff != "" {
			t.Error(diff)
		}
		e.redis.Del(ctx, "job:timeline:"+string(want[0]))
		if err := e.DeleteFromIndexes(ctx, want[0]); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want[1:], e.listOpen(t)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestRestore(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		ticket := job.Ticket{
			ID: newID(), Kind: job.Form, Owner: "ann", Priority: job.Low, CreatedAt: start.Add(-time.Hour + 300*time.Microsecond),
			Input: []byte(`{"degree":"x"}`), Claim: "c",
		}
		for i := range 2 {
			if made, err := e.RestoreRecord(ctx, ticket); err != nil || made != (i == 0) {
				t.Errorf("%v, %v", made, err)
			}
		}
		want := job.Record{
			ID: ticket.ID, Kind: job.Form, Owner: "ann", Priority: job.Low, State: job.Queued, Version: 1, Fence: start.UnixMilli(), Base: start.UnixMilli(),
			CreatedAt: start.Add(-time.Hour), UpdatedAt: start,
		}
		if diff := cmp.Diff(want, e.mustLoad(t, ticket.ID)); diff != "" {
			t.Error(diff)
		}
		if holder, mine, err := e.ClaimKey(ctx, "c", newID()); err != nil || mine || holder != ticket.ID {
			t.Errorf("the key leads to %s, %v, %v", holder, mine, err)
		}
		if open := e.listOpen(t); len(open) != 1 || open[0] != ticket.ID {
			t.Errorf("%v", open)
		}
		if _, input, err := e.BeginAttempt(ctx, ticket.ID, 1); err != nil || string(input) != string(ticket.Input) {
			t.Errorf("%q, %v", input, err)
		}
		for _, key := range e.redis.Keys(ctx, "*").Val() {
			if ttl := e.redis.TTL(ctx, key).Val(); ttl <= 0 && key != "job:timeline:open" {
				t.Errorf("%s has no end", key)
			}
		}
		// The key is somebody else's by now.
		other := ticket
		other.ID = newID()
		if made, err := e.RestoreRecord(ctx, other); err != nil || !made {
			t.Errorf("%v, %v", made, err)
		}
		if holder, _, err := e.ClaimKey(ctx, "c", newID()); err != nil || holder != ticket.ID {
			t.Errorf("the key leads to %s, %v", holder, err)
		}
		// A stranger's record under this id is not touched.
		stranger := ticket
		stranger.Owner = "eve"
		if made, err := e.RestoreRecord(ctx, stranger); err != nil || made || e.mustLoad(t, ticket.ID).Owner != "ann" {
			t.Errorf("%v, %v", made, err)
		}
	})
}
