package jobstore

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/tracing"
)

// BeginAttempt raises the fence, sets processing and returns the record with the input of the job (nil for a file). The
// fence of the returned record is the one to write with. A final record is returned unchanged. job_not_found when there
// is no record. A repeated call raises the fence once more, which only makes the earlier number stale. The record keeps
// the traceparent of ctx; the returned one has that of the run before.
func (s *Store) BeginAttempt(ctx context.Context, id job.ID, attempt int) (job.Record, []byte, error) {
	values, err := s.runScript(ctx, beginAttemptScript, id, attempt, tracing.ParentOf(ctx), s.host).Slice()
	if errors.Is(err, redis.Nil) {
		return job.Record{}, nil, fault.New(fault.JobNotFound)
	}
	if err != nil {
		return job.Record{}, nil, toFault(ctx, "begin attempt", err)
	}
	r, err := requireRecord(decodeRecord(id, values))
	if err != nil {
		return job.Record{}, nil, err
	}
	more := append(values[len(recordFields):], nil, nil)
	r.Trace, _ = more[1].(string)
	if input, ok := more[0].(string); ok {
		return r, []byte(input), nil
	}
	return r, nil, nil
}

// CompleteJob stores the result and sets done. Fenced, idempotent: the second of two results is not stored.
func (s *Store) CompleteJob(ctx context.Context, id job.ID, fence int64, result job.Stored) error {
	return s.changeState(ctx, "complete job", id, fence, change{to: job.Done, milestone: job.MilestoneDone, result: result})
}

// ScheduleRetry sets retrying, with the reason and the time of the next attempt. Fenced, idempotent.
func (s *Store) ScheduleRetry(ctx context.Context, id job.ID, fence int64, why job.Failure, at time.Time) error {
	return s.changeState(ctx, "schedule retry", id, fence, change{to: job.Retrying, milestone: job.MilestoneRetrying, why: &why, retryAt: at})
}

// PostponeJob is ScheduleRetry for an attempt that does not count. Fenced, idempotent.
func (s *Store) PostponeJob(ctx context.Context, id job.ID, fence int64, why job.Failure, at time.Time) error {
	return s.changeState(ctx, "postpone job", id, fence, change{to: job.Retrying, milestone: job.MilestonePostponed, why: &why, retryAt: at})
}

// FailJob sets failed, with the reason, and keeps a copy of the job for operators. Fenced, idempotent.
func (s *Store) FailJob(ctx context.Context, id job.ID, fence int64, why job.Failure) error {
	return s.changeState(ctx, "fail job", id, fence, change{to: job.Failed, milestone: job.MilestoneFailed, why: &why})
}

// FailAnswerable is FailJob for a job whose owner can choose a degree: it keeps the facts with it for a time. Fenced,
// idempotent.
func (s *Store) FailAnswerable(ctx context.Context, id job.ID, fence int64, why job.Failure, kept job.KeptFacts) error {
	return s.changeState(ctx, "fail job", id, fence, change{to: job.Failed, milestone: job.MilestoneFailed, why: &why, kept: kept})
}

// RequeueJob sets queued again after an interruption. Fenced, idempotent.
func (s *Store) RequeueJob(ctx context.Context, id job.ID, fence int64) error {
	return s.changeState(ctx, "requeue job", id, fence, change{to: job.Queued, milestone: job.MilestoneInterrupted})
}

// change is the write of an attempt to a record.
type change struct {
	to        job.State
	milestone job.Milestone
	why       *job.Failure
	retryAt   time.Time
	result    job.Stored
	kept      job.KeptFacts
}

func (s *Store) changeState(ctx context.Context, op string, id job.ID, fence int64, c change) error {
	failure, err := encodeFailure(c.why)
	if err != nil {
		return err
	}
	code := fault.Code("")
	if c.why != nil {
		code = c.why.Code
	}
	changed, err := s.runScript(ctx, changeStateScript, id, fence, string(c.to), failure, encodeTime(c.retryAt),
		c.result.Full, c.result.Slim, string(code), s.host, job.DeadTTL.Milliseconds(), job.MaxHistory,
		cmp.Or(string(c.result.Reading), string(c.kept.Reading)), c.kept.Sealed, encodeTime(c.kept.Until),
		max(c.kept.Until.Sub(s.clock()).Milliseconds(), 1), string(c.milestone)).Bool()
	if err != nil {
		return toFault(ctx, op, err)
	}
	if !changed {
		return job.ErrSuperseded
	}
	return nil
}

// The answers of replace_result.lua that are not a version.
const (
	replaceNotFound       = -1
	replaceNotDone        = -2
	replaceAnotherVersion = -3
)

// ReplaceResult stores an edited result if the record is done and at a version, and returns the new version. Errors:
// job_not_found, conflict for a record that is not done, precondition_failed for another version. Idempotent within one
// call: each call has a name by which the script recognises its repetition.
func (s *Store) ReplaceResult(ctx context.Context, id job.ID, version int64, result job.Stored) (int64, error) {
	n, err := s.runScript(ctx, replaceResultScript, id, version, rand.Text(), result.Full, result.Slim).Int64()
	switch {
	case err != nil:
		return 0, toFault(ctx, "replace result", err)
	case n == replaceNotFound:
		return 0, fault.New(fault.JobNotFound)
	case n == replaceNotDone:
		return 0, fault.New(fault.Conflict)
	case n == replaceAnotherVersion:
		return 0, fault.New(fault.PreconditionFailed)
	}
	return n, nil
}

// DeleteJob deletes the record, its input, its result and its claims, and the copy of a job that failed. Idempotent;
// not fenced: an attempt that still runs finds its writes refused.
func (s *Store) DeleteJob(ctx context.Context, id job.ID) error {
	return toFault(ctx, "delete", s.runScript(ctx, deleteJobScript, id).Err())
}

// DeleteFromIndexes deletes an id from the indexes of open jobs, unless it has an open record. Idempotent.
func (s *Store) DeleteFromIndexes(ctx context.Context, id job.ID) error {
	return toFault(ctx, "delete from indexes", s.runScript(ctx, deleteFromIndexesScript, id).Err())
}
