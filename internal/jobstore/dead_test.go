package jobstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

func failureOf(c fault.Code) job.Failure { return job.Failure{Code: c, Message: c.Sentence()} }

// form stores a queued form job.
func (e *env) createForm(t testing.TB) job.Record {
	t.Helper()
	now := e.clock.Now()
	r := job.Record{ID: newID(), Kind: job.Form, Owner: "owner-1", Priority: job.Low, State: job.Queued, CreatedAt: now, UpdatedAt: now}
	if err := e.createRecord(t.Context(), r, []byte(`{"degree":"x"}`)); err != nil {
		t.Fatal(err)
	}
	return r
}

// die fails a job at its first attempt.
func (e *env) failJob(t testing.TB, id job.ID, code fault.Code) {
	t.Helper()
	if err := e.FailJob(t.Context(), id, e.mustBegin(t, id, 1), failureOf(code)); err != nil {
		t.Fatal(err)
	}
}

func mustSucceed(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// What fails is kept with its input and all that went wrong before; what it waits for, or is done with, is not.
func TestADeadJobHasItsHistory(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		r := e.createForm(t)
		fence := e.mustBegin(t, r.ID, 1)
		mustSucceed(t, e.ScheduleRetry(ctx, r.ID, fence, failureOf(fault.ParserUnavailable), start.Add(time.Second)))
		e.clock.Advance(time.Second)
		mustSucceed(t, e.RequeueJob(ctx, r.ID, e.mustBegin(t, r.ID, 1))) // an interruption is no incident
		e.clock.Advance(time.Second)
		mustSucceed(t, e.ScheduleRetry(ctx, r.ID, e.mustBegin(t, r.ID, 1), failureOf(fault.Timeout), start.Add(time.Minute)))
		want := []job.Incident{
			{Attempt: 1, At: start, Code: fault.ParserUnavailable, Worker: "worker-1"},
			{Attempt: 1, At: start.Add(2 * time.Second), Code: fault.Timeout, Worker: "worker-1"},
		}
		got, err := e.LoadHistory(ctx, r.ID)
		mustSucceed(t, err)
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		if ids, err := e.ListDead(ctx); err != nil || len(ids) != 0 {
			t.Errorf("dead already: %v, %v", ids, err)
		}
		e.clock.Advance(time.Second)
		fence = e.mustBegin(t, r.ID, 2)
		for range 2 { // the answer to the first may have been lost
			mustSucceed(t, e.FailJob(ctx, r.ID, fence, failureOf(fault.Internal)))
		}
		dead, err := e.LoadDead(ctx, r.ID)
		mustSucceed(t, err)
		want = append(want, job.Incident{Attempt: 2, At: start.Add(3 * time.Second), Code: fault.Internal, Worker: "worker-1"})
		record := e.mustLoad(t, r.ID)
		record.Version, record.UpdatedAt = dead.Version, dead.UpdatedAt // of the move itself
		if d := cmp.Diff(job.Dead{Record: record, Input: []byte(`{"degree":"x"}`), History: want}, dead); d != "" {
			t.Error(d)
		}
		if n, err := e.redis.HExists(ctx, "job:timeline:"+string(r.ID), "input").Result(); err != nil || n {
			t.Errorf("the record has its input still: %v", err)
		}
		if n, err := e.CountDead(ctx); err != nil || n != 1 {
			t.Errorf("%d dead, %v", n, err)
		}
		if ttl := e.redis.PTTL(ctx, "job:dead:"+string(r.ID)).Val(); ttl <= job.ResultTTL || ttl > job.DeadTTL {
			t.Errorf("it is kept for %v", ttl)
		}
		// What is kept is ids, codes and times: no text of a cause, no name of an index of the owner's.
		raw := e.redis.HGetAll(ctx, "job:dead:"+string(r.ID)).Val()
		for _, field := range []string{"owned", "content", "shared"} {
			if v, there := raw[field]; there {
				t.Errorf("%s is kept: %q", field, v)
			}
		}

		done := e.createJob(t)
		fence = e.mustBegin(t, done.ID, 1)
		mustSucceed(t, e.CompleteJob(ctx, done.ID, fence, stored))
		_, err = e.LoadDead(ctx, done.ID)
		wantCode(t, err, fault.JobNotFound)
	})
}

// A long outage does not make a record grow without end.
func TestAHistoryIsBounded(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		r := e.createJob(t)
		for i := range job.MaxHistory + 5 {
			e.clock.Advance(time.Second)
			mustSucceed(t, e.ScheduleRetry(t.Context(), r.ID, e.mustBegin(t, r.ID, i+1), failureOf(fault.StorageUnavailable), start))
		}
		got, err := e.LoadHistory(t.Context(), r.ID)
		mustSucceed(t, err)
		if len(got) != job.MaxHistory || got[0].Attempt != 6 || got[len(got)-1].Attempt != job.MaxHistory+5 {
			t.Errorf("%d incidents, from attempt %d to %d", len(got), got[0].Attempt, got[len(got)-1].Attempt)
		}
	})
}

// A dead job begins anew under its id, for its owner, and nothing of its earlier life can write to it.
func TestRevive(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		r := e.createForm(t)
		old := e.mustBegin(t, r.ID, 1)
		mustSucceed(t, e.FailJob(ctx, r.ID, old, failureOf(fault.Internal)))
		seen := e.mustLoad(t, r.ID).Version
		dead, err := e.LoadDead(ctx, r.ID)
		mustSucceed(t, err)
		e.clock.Advance(time.Hour)
		var revived job.Record
		for range 2 { // the answer to the first may have been lost
			if revived, err = e.RetryDead(ctx, dead); err != nil {
				t.Fatal(err)
			}
		}
		now := start.Add(time.Hour)
		want := job.Record{
			ID: r.ID, Kind: job.Form, Owner: "owner-1", Priority: job.Low, State: job.Queued, Fence: old + 1, Base: old + 1,
			Version: seen + 1, CreatedAt: now, UpdatedAt: now,
		}
		if d := cmp.Diff(want, e.mustLoad(t, r.ID)); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff(want, revived); d != "" {
			t.Error(d)
		}
		if _, err := e.LoadDead(ctx, r.ID); fault.CodeOf(err) != fault.JobNotFound {
			t.Errorf("still dead: %v", err)
		}
		if n, _ := e.CountDead(ctx); n != 0 {
			t.Errorf("%d dead", n)
		}
		if open, err := e.ListOpen(ctx, 0, 10); err != nil || len(open) != 1 {
			t.Errorf("open: %v, %v", open, err)
		}
		wantCode(t, e.CheckQuota(ctx, "owner-1", 1), fault.TooManyJobs) // it counts as its owner's
		for name, write := range map[string]error{
			"finish":  e.CompleteJob(ctx, r.ID, old, stored),
			"fail":    e.FailJob(ctx, r.ID, old, failureOf(fault.Timeout)),
			"requeue": e.RequeueJob(ctx, r.ID, old),
		} {
			if !errors.Is(write, job.ErrSuperseded) {
				t.Errorf("%s by the earlier life: %v", name, write)
			}
		}
		begun, input, err := e.BeginAttempt(ctx, r.ID, 1)
		if err != nil || string(input) != `{"degree":"x"}` {
			t.Errorf("%s, %v", input, err)
		}
		if _, err := e.RetryDead(ctx, dead); fault.CodeOf(err) != fault.Conflict {
			t.Errorf("revived once more: %v", err)
		}
		mustSucceed(t, e.FailJob(ctx, r.ID, begun.Fence, failureOf(fault.Timeout)))
		again, err := e.LoadDead(ctx, r.ID)
		if err != nil || len(again.History) != 2 || again.History[0].Code != fault.Internal || again.History[1].Code != fault.Timeout {
			t.Errorf("%+v, %v", again.History, err)
		}
	})
}

// When the record has expired, what is kept is enough.
func TestReviveWithoutARecord(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		r := e.createJob(t)
		e.failJob(t, r.ID, fault.Timeout)
		dead, err := e.LoadDead(ctx, r.ID)
		mustSucceed(t, err)
		e.clock.Advance(2 * job.ResultTTL)
		mustSucceed(t, e.redis.Del(ctx, "job:timeline:"+string(r.ID)).Err()) // what Redis does by itself
		if _, err := e.RetryDead(ctx, dead); err != nil {
			t.Fatal(err)
		}
		if got := e.mustLoad(t, r.ID); got.State != job.Queued || got.Owner != r.Owner || got.Attempt != 0 {
			t.Errorf("%+v", got)
		}
		// Its life as a record is 24 h again.
		if ttl := e.redis.PTTL(ctx, "job:timeline:"+string(r.ID)).Val(); ttl <= 0 || ttl > job.ResultTTL {
			t.Errorf("the record lasts for %v", ttl)
		}
	})
}

// Whoever deletes a job deletes all of it.
func TestDeleteTakesWhatIsKept(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		r := e.createForm(t)
		e.failJob(t, r.ID, fault.Internal)
		mustSucceed(t, e.Delete(t.Context(), r.ID))
		_, err := e.LoadDead(t.Context(), r.ID)
		wantCode(t, err, fault.JobNotFound)
		left := e.redis.Keys(t.Context(), "*").Val()
		if strings.Contains(fmt.Sprint(left), string(r.ID)) || strings.Contains(fmt.Sprint(left), "job:dead") {
			t.Errorf("left: %v", left)
		}
	})
}

// After its time a dead job is in no list, whether or not it was pruned.
func TestDeadJobsEnd(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		first := e.createJob(t)
		e.failJob(t, first.ID, fault.Internal)
		e.clock.Advance(time.Hour)
		second := e.createJob(t)
		e.failJob(t, second.ID, fault.Internal)
		ids, err := e.ListDead(ctx)
		if d := cmp.Diff([]job.ID{first.ID, second.ID}, ids); err != nil || d != "" {
			t.Errorf("%v %s", err, d)
		}
		e.clock.Advance(job.DeadTTL - time.Hour)
		if ids, _ = e.ListDead(ctx); len(ids) != 1 || ids[0] != second.ID {
			t.Errorf("%v", ids)
		}
		mustSucceed(t, e.CleanupDead(ctx))
		if n := e.redis.ZCard(ctx, "job:dead").Val(); n != 1 {
			t.Errorf("%d are left", n)
		}
		mustSucceed(t, e.redis.Del(ctx, "job:dead:"+string(second.ID)).Err()) // what Redis does by itself, or an eviction
		records, err := e.LoadDeadRecords(ctx, []job.ID{first.ID, second.ID})
		if err != nil || len(records) != 1 || records[first.ID].Owner != "owner-1" {
			t.Errorf("%+v, %v", records, err)
		}
	})
}

func TestDeadJobsWithoutRedis(t *testing.T) {
	t.Parallel()
	e := openStore(t, "redis://127.0.0.1:1/1")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for name, err := range map[string]error{
		"ids":     second(e.ListDead(ctx)),
		"count":   second(e.CountDead(ctx)),
		"records": second(e.LoadDeadRecords(ctx, []job.ID{newID()})),
		"one":     second(e.LoadDead(ctx, newID())),
		"revive":  second(e.RetryDead(ctx, job.Dead{})),
		"history": second(e.LoadHistory(ctx, newID())),
		"prune":   e.CleanupDead(ctx),
	} {
		if fault.CodeOf(err) != fault.QueueUnavailable {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }
