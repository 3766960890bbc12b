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

func failureOf(c fault.Code) job.Failure { return job.Failure{Code: c, Message: c.DefaultMessage()} }

// createForm stores a queued form job.
func (e *env) createForm(t testing.TB) job.Record {
	t.Helper()
	now := e.clock.Now()
	r := job.Record{ID: newID(), Kind: job.Form, Owner: "owner-1", Priority: job.Low, State: job.Queued, CreatedAt: now, UpdatedAt: now}
	if err := e.createRecord(t.Context(), r, []byte(`{"degree":"x"}`)); err != nil {
		t.Fatal(err)
	}
	return r
}

// failJob fails a job at its first attempt.
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

// A failed job is kept with its input and its history, without what belongs to an open job.
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
			t.Errorf("(-want +got):\n%s", d)
		}
		if ids, err := e.ListDead(ctx); err != nil || len(ids) != 0 {
			t.Errorf("ListDead before the failure: got %v, %v, want none", ids, err)
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
			t.Errorf("(-want +got):\n%s", d)
		}
		if n, err := e.redis.HExists(ctx, "job:timeline:"+string(r.ID), "input").Result(); err != nil || n {
			t.Errorf("input of the failed record: got %v, want none", err)
		}
		if n, err := e.CountDead(ctx); err != nil || n != 1 {
			t.Errorf("CountDead: got %d, %v, want 1", n, err)
		}
		if ttl := e.redis.PTTL(ctx, "job:dead:"+string(r.ID)).Val(); ttl <= job.ResultTTL || ttl > job.DeadTTL {
			t.Errorf("time to live of the copy: got %v, want 7 days", ttl)
		}
		// The copy holds ids, codes and times: no text of a cause, and no key that belongs to the open job.
		raw := e.redis.HGetAll(ctx, "job:dead:"+string(r.ID)).Val()
		for _, field := range []string{"owned", "content", "shared"} {
			if v, there := raw[field]; there {
				t.Errorf("field %s of the copy: got %q, want none", field, v)
			}
		}

		done := e.createJob(t)
		fence = e.mustBegin(t, done.ID, 1)
		mustSucceed(t, e.CompleteJob(ctx, done.ID, fence, stored))
		_, err = e.LoadDead(ctx, done.ID)
		wantCode(t, err, fault.JobNotFound)
	})
}

// A long outage does not make a record grow without limit.
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
			t.Errorf("got %d incidents from attempt %d to %d, want the last %d", len(got), got[0].Attempt, got[len(got)-1].Attempt, job.MaxHistory)
		}
	})
}

// A dead job starts again under its id, and no attempt of its earlier life can write to it.
func TestRetryDead(t *testing.T) {
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
			t.Errorf("(-want +got):\n%s", d)
		}
		if d := cmp.Diff(want, revived); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
		if _, err := e.LoadDead(ctx, r.ID); fault.CodeOf(err) != fault.JobNotFound {
			t.Errorf("LoadDead: got %v, want %s", err, fault.JobNotFound)
		}
		if n, _ := e.CountDead(ctx); n != 0 {
			t.Errorf("CountDead: got %d, want 0", n)
		}
		if open, err := e.ListOpen(ctx, 0, 10); err != nil || len(open) != 1 {
			t.Errorf("open jobs: got %v, %v, want 1", open, err)
		}
		wantCode(t, e.CheckQuota(ctx, "owner-1", 1), fault.TooManyJobs) // it counts as its owner's
		for name, write := range map[string]error{
			"finish":  e.CompleteJob(ctx, r.ID, old, stored),
			"fail":    e.FailJob(ctx, r.ID, old, failureOf(fault.Timeout)),
			"requeue": e.RequeueJob(ctx, r.ID, old),
		} {
			if !errors.Is(write, job.ErrSuperseded) {
				t.Errorf("%s by an earlier attempt: got %v, want %v", name, write, job.ErrSuperseded)
			}
		}
		begun, input, err := e.BeginAttempt(ctx, r.ID, 1)
		if err != nil || string(input) != `{"degree":"x"}` {
			t.Errorf("input: got %s, %v, want the form", input, err)
		}
		if _, err := e.RetryDead(ctx, dead); fault.CodeOf(err) != fault.Conflict {
			t.Errorf("RetryDead again: got %v, want %s", err, fault.Conflict)
		}
		mustSucceed(t, e.FailJob(ctx, r.ID, begun.Fence, failureOf(fault.Timeout)))
		again, err := e.LoadDead(ctx, r.ID)
		if err != nil || len(again.History) != 2 || again.History[0].Code != fault.Internal || again.History[1].Code != fault.Timeout {
			t.Errorf("history: got %+v, %v, want both failures", again.History, err)
		}
	})
}

// The copy is enough when the record has expired.
func TestRetryDeadWithoutARecord(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		r := e.createJob(t)
		e.failJob(t, r.ID, fault.Timeout)
		dead, err := e.LoadDead(ctx, r.ID)
		mustSucceed(t, err)
		e.clock.Advance(2 * job.ResultTTL)
		mustSucceed(t, e.redis.Del(ctx, "job:timeline:"+string(r.ID)).Err()) // it has expired
		if _, err := e.RetryDead(ctx, dead); err != nil {
			t.Fatal(err)
		}
		if got := e.mustLoad(t, r.ID); got.State != job.Queued || got.Owner != r.Owner || got.Attempt != 0 {
			t.Errorf("record: got %+v, want it queued for %s without an attempt", got, r.Owner)
		}
		// The record lives for 24 h again.
		if ttl := e.redis.PTTL(ctx, "job:timeline:"+string(r.ID)).Val(); ttl <= 0 || ttl > job.ResultTTL {
			t.Errorf("time to live of the record: got %v, want 24h", ttl)
		}
	})
}

// Deleting a job deletes the copy that is kept as well.
func TestDeleteOfADeadJob(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		r := e.createForm(t)
		e.failJob(t, r.ID, fault.Internal)
		mustSucceed(t, e.DeleteJob(t.Context(), r.ID))
		_, err := e.LoadDead(t.Context(), r.ID)
		wantCode(t, err, fault.JobNotFound)
		left := e.redis.Keys(t.Context(), "*").Val()
		if strings.Contains(fmt.Sprint(left), string(r.ID)) || strings.Contains(fmt.Sprint(left), "job:dead") {
			t.Errorf("keys: got %v, want none", left)
		}
	})
}

// After DeadTTL a dead job is in no list, cleaned up or not.
func TestDeadJobsExpire(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		first := e.createJob(t)
		e.failJob(t, first.ID, fault.Internal)
		e.clock.Advance(time.Hour)
		second := e.createJob(t)
		e.failJob(t, second.ID, fault.Internal)
		ids, err := e.ListDead(ctx)
		if d := cmp.Diff([]job.ID{first.ID, second.ID}, ids); err != nil || d != "" {
			t.Errorf("ListDead: %v (-want +got):\n%s", err, d)
		}
		e.clock.Advance(job.DeadTTL - time.Hour)
		if ids, _ = e.ListDead(ctx); len(ids) != 1 || ids[0] != second.ID {
			t.Errorf("ListDead after the time of the first: got %v, want %s", ids, second.ID)
		}
		mustSucceed(t, e.CleanupDead(ctx))
		if n := e.redis.ZCard(ctx, "job:dead").Val(); n != 1 {
			t.Errorf("ids in the index: got %d, want 1", n)
		}
		mustSucceed(t, e.redis.Del(ctx, "job:dead:"+string(second.ID)).Err()) // it has expired, or was evicted
		records, err := e.LoadDeadRecords(ctx, []job.ID{first.ID, second.ID})
		if err != nil || len(records) != 1 || records[first.ID].Owner != "owner-1" {
			t.Errorf("LoadDeadRecords: got %+v, %v, want %s alone", records, err, first.ID)
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
			t.Errorf("%s: got %v, want %s", name, err, fault.QueueUnavailable)
		}
	}
}

func second[T any](_ T, err error) error { return err }
