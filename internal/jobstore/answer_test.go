package jobstore_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/submit"
)

// failAnswerable fails a new job for want of a degree and returns it.
func (e *env) failAnswerable(t testing.TB) job.Record {
	t.Helper()
	r := e.createJob(t)
	kept := job.KeptFacts{Sealed: []byte("sealed"), Until: e.clock.Now().Add(job.AnswerTTL), Reading: []byte("reading")}
	mustSucceed(t, e.FailAnswerable(t.Context(), r.ID, e.mustBegin(t, r.ID, 1), failureOf(fault.DegreeMissing), kept))
	return e.mustLoad(t, r.ID)
}

func TestAnswerKeepsTheChosenCalendar(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		now := e.clock.Now()
		r := job.Record{ID: newID(), Kind: job.File, Owner: "owner-1", State: job.Queued, Version: 1, CreatedAt: now, UpdatedAt: now}
		mustSucceed(t, e.createRecord(t.Context(), r, []byte(`{"calendar":"2025-26"}`)))
		kept := job.KeptFacts{Sealed: []byte("sealed"), Until: now.Add(job.AnswerTTL)}
		mustSucceed(t, e.FailAnswerable(t.Context(), r.ID, e.mustBegin(t, r.ID, 1), failureOf(fault.DegreeMissing), kept))
		want := job.Input{Degree: "D1", Calendar: "2025-26"}
		for _, name := range []string{"the answer", "the same answer again"} {
			_, ticket, err := e.AnswerJob(t.Context(), answerOf(r.ID, "D1"), 1)
			mustSucceed(t, err)
			if got, err := job.DecodeInput(job.File, ticket.Input); err != nil || got != want {
				t.Errorf("%s: got the input %+v, %v, want %+v", name, got, err, want)
			}
		}
	})
}

func answerOf(id job.ID, degree string) submit.Answer {
	return submit.Answer{ID: id, Owner: "owner-1", Degree: degree}
}

func TestAnswerJob(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		failed := e.failAnswerable(t)
		if until := e.clock.Now().Add(job.AnswerTTL); !failed.AnswerUntil.Equal(until) || !failed.CanBeAnswered(until.Add(-1)) || failed.CanBeAnswered(until) {
			t.Errorf("the record can be answered until %v, want %v", failed.AnswerUntil, until)
		}
		if ttl := e.redis.PTTL(ctx, "job:timeline:"+string(failed.ID)+":facts").Val(); ttl <= 0 || ttl > job.AnswerTTL {
			t.Errorf("the facts are kept for %v, want an hour", ttl)
		}
		e.clock.Advance(time.Minute)
		now := e.clock.Now()
		got, ticket, err := e.AnswerJob(ctx, answerOf(failed.ID, "D1"), 1)
		mustSucceed(t, err)
		want := job.Record{
			ID: failed.ID, Kind: job.File, Owner: "owner-1", State: job.Queued, Fence: failed.Fence + 1, Base: failed.Fence + 1,
			Version: failed.Version + 1, CreatedAt: now, UpdatedAt: now, FromFacts: true,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("answered (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(want, e.mustLoad(t, failed.ID)); diff != "" {
			t.Errorf("loaded (-want +got):\n%s", diff)
		}
		wantTicket := job.Ticket{
			ID: failed.ID, Kind: job.File, Owner: "owner-1", CreatedAt: now, Input: []byte(`{"degree":"D1"}`), Facts: []byte("sealed"),
		}
		if diff := cmp.Diff(wantTicket, ticket); diff != "" {
			t.Errorf("ticket (-want +got):\n%s", diff)
		}
		if again, err := e.LoadTicket(ctx, failed.ID); err != nil || !cmp.Equal(wantTicket, again) {
			t.Errorf("loaded ticket: got %+v, %v, want that of the answer", again, err)
		}
		if open, err := e.ListOpen(ctx, 0, 9); err != nil || len(open) != 1 {
			t.Errorf("open jobs: got %v, %v, want one", open, err)
		}
		if _, err := e.LoadDead(ctx, failed.ID); fault.CodeOf(err) != fault.JobNotFound {
			t.Errorf("the copy for operators: got %v, want none", err)
		}
		// A worker of the earlier life changes nothing.
		if err := e.RequeueJob(ctx, failed.ID, failed.Fence); !errors.Is(err, job.ErrSuperseded) {
			t.Errorf("a write of the earlier life: got %v, want superseded", err)
		}
		if _, err := e.LoadTicket(ctx, e.failAnswerable(t).ID); fault.CodeOf(err) != fault.JobNotFound {
			t.Errorf("the ticket of a job that waits: got %v, want none", err)
		}
		facts, err := e.LoadFacts(ctx, failed.ID)
		if err != nil || string(facts) != "sealed" {
			t.Errorf("facts: got %q, %v", facts, err)
		}
		fence := e.mustBegin(t, failed.ID, 1)
		mustSucceed(t, e.CompleteJob(ctx, failed.ID, fence, job.Stored{Full: []byte("f"), Slim: []byte("s"), Reading: []byte("again")}))
		if _, err := e.LoadFacts(ctx, failed.ID); fault.CodeOf(err) != fault.FactsExpired {
			t.Errorf("facts of a job that is done: got %v, want none", err)
		}
		if reading, err := e.LoadReading(ctx, failed.ID); err != nil || string(reading) != "again" {
			t.Errorf("reading: got %q, %v", reading, err)
		}
	})
}

func TestAnswerJobRefuses(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		expired := e.failAnswerable(t).ID
		mustSucceed(t, e.redis.Del(ctx, "job:timeline:"+string(expired)+":facts").Err())
		corrupt := e.createJob(t).ID
		e.failJob(t, corrupt, fault.Corrupt)
		done := e.createJob(t).ID
		mustSucceed(t, e.CompleteJob(ctx, done, e.mustBegin(t, done, 1), stored))
		answered := e.failAnswerable(t).ID
		_, _, err := e.AnswerJob(ctx, answerOf(answered, "D1"), 0)
		mustSucceed(t, err)
		for name, tt := range map[string]struct {
			id   job.ID
			most int
			want fault.Code
		}{
			"nobody's":                 {newID(), 0, fault.JobNotFound},
			"after the hour":           {expired, 0, fault.FactsExpired},
			"failed for another fault": {corrupt, 0, fault.Conflict},
			"done":                     {done, 0, fault.Conflict},
			"answered otherwise":       {answered, 0, fault.Conflict},
			"beyond the limit":         {e.failAnswerable(t).ID, 1, fault.TooManyJobs},
		} {
			before := fmt.Sprint(e.redis.HGetAll(ctx, "job:timeline:"+string(tt.id)).Val())
			if _, _, err := e.AnswerJob(ctx, answerOf(tt.id, "D2"), tt.most); fault.CodeOf(err) != tt.want {
				t.Errorf("%s: got %v, want %s", name, err, tt.want)
			}
			if after := fmt.Sprint(e.redis.HGetAll(ctx, "job:timeline:"+string(tt.id)).Val()); after != before {
				t.Errorf("%s: the record has changed from %s to %s", name, before, after)
			}
		}
	})
}

// The same answer is accepted again, and changes nothing, in whatever state the job is by then.
func TestAnswerJobAgain(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		id := e.failAnswerable(t).ID
		same := func(want job.State) {
			t.Helper()
			before := e.redis.HGetAll(ctx, "job:timeline:"+string(id)).Val()
			r, _, err := e.AnswerJob(ctx, answerOf(id, "D1"), 1)
			if err != nil || r.State != want {
				t.Fatalf("got %s, %v, want %s", r.State, err, want)
			}
			if diff := cmp.Diff(before, e.redis.HGetAll(ctx, "job:timeline:"+string(id)).Val()); diff != "" {
				t.Errorf("in %s (-before +after):\n%s", want, diff)
			}
		}
		_, _, err := e.AnswerJob(ctx, answerOf(id, "D1"), 1)
		mustSucceed(t, err)
		same(job.Queued)
		fence := e.mustBegin(t, id, 1)
		same(job.Processing)
		mustSucceed(t, e.CompleteJob(ctx, id, fence, stored))
		same(job.Done)
	})
}

// What operators keep of a failed job for a week holds no facts, and a retry of it forgets those of the hour.
func TestDeadJobsKeepNoFacts(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		id := e.failAnswerable(t).ID
		_, _, err := e.AnswerJob(ctx, answerOf(id, "D1"), 0)
		mustSucceed(t, err)
		e.failJob(t, id, fault.Internal)
		for _, field := range []string{"facts", "fromFacts", "answerUntil"} {
			if value, err := e.redis.HGet(ctx, "job:dead:"+string(id), field).Result(); err == nil && value != "" {
				t.Errorf("the dead job has %s %q", field, value)
			}
		}
		dead, err := e.LoadDead(ctx, id)
		if err != nil || string(dead.Input) != `{"degree":"D1"}` {
			t.Errorf("got the input %q, %v, want the degree", dead.Input, err)
		}
		if r := e.mustLoad(t, id); r.FromFacts || r.CanBeAnswered(e.clock.Now()) {
			t.Errorf("got %+v, want a failed job without facts", r)
		}

		other := e.failAnswerable(t).ID
		dead, err = e.LoadDead(ctx, other)
		mustSucceed(t, err)
		_, err = e.RetryDead(ctx, dead)
		mustSucceed(t, err)
		if keys := e.redis.Keys(ctx, "job:timeline:"+string(other)+":*").Val(); len(keys) != 1 || !strings.HasSuffix(keys[0], ":life") {
			t.Errorf("got the keys %v, want that of the life", keys)
		}
	})
}

func TestDeleteDeletesFacts(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		id := e.failAnswerable(t).ID
		mustSucceed(t, e.DeleteJob(t.Context(), id))
		if keys := e.redis.Keys(t.Context(), "job:*"+string(id)+"*").Val(); len(keys) != 0 {
			t.Errorf("got the keys %v, want none", keys)
		}
	})
}

func TestRestoreRecordFromFacts(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ticket := job.Ticket{ID: newID(), Kind: job.File, Owner: "owner-1", CreatedAt: start, Input: []byte(`{"degree":"D1"}`), Facts: []byte("sealed")}
		if restored, err := e.RestoreRecord(t.Context(), ticket); err != nil || !restored {
			t.Fatalf("got %v, %v", restored, err)
		}
		facts, err := e.LoadFacts(t.Context(), ticket.ID)
		if r := e.mustLoad(t, ticket.ID); !r.FromFacts || r.NeedsDocument() || err != nil || string(facts) != "sealed" {
			t.Errorf("got %+v with %q, %v, want a job that runs from facts", r, facts, err)
		}
	})
}
