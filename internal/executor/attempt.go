package executor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

const (
	// A write to the record is repeated while Redis is away: the work is done, and without the record it would all be for
	// nothing. It ends before the queue's lease does, which lasts 30 s.
	writeTimeout  = budget.ResultWrite
	firstPause    = 100 * time.Millisecond
	longestPause  = time.Second
	lastWriteTime = budget.LastWrite // of a write that begins when the process stops already
)

// attempt is one delivery that is being processed.
type attempt struct {
	job.Delivery
	p        *Processor
	record   job.Record
	started  time.Time
	steps    []stepTime
	panicked bool
	ended    bool // the record is final, by this attempt
}

type stepTime struct {
	name string
	took time.Duration
}

func (p *Processor) newAttempt(d job.Delivery) *attempt {
	return &attempt{Delivery: d, p: p, started: p.Clock()}
}

// step begins a step of the attempt; the function that it returns ends it.
func (a *attempt) step(name string) func() {
	started := a.p.Clock()
	return func() { a.steps = append(a.steps, stepTime{name, a.p.Clock().Sub(started)}) }
}

// finish stores the result; only then the document goes.
func (a *attempt) finish(ctx context.Context, result job.Stored) error {
	written := a.step("store")
	err := a.write(ctx, func(ctx context.Context) error { return a.p.Jobs.CompleteJob(ctx, a.ID, a.record.Fence, result) })
	written()
	if err != nil {
		return unwritten(ctx, "finish", err)
	}
	a.ended = true
	a.discard(ctx)
	return nil
}

// retry keeps the document for the next attempt.
func (a *attempt) retry(ctx context.Context, cause error) error {
	if err := a.again(ctx, cause, job.Backoff(a.Attempt)); err != nil {
		return err
	}
	return cause
}

// waits reports whether a fault is an outage that the job may wait out. A document that is not there is none: it will
// not come back. Nor does a job wait for ever: one that is older than the patience has its attempts left and no more.
func (a *attempt) waits(cause error) bool {
	return fault.CodeOf(cause).Outage() && !errors.Is(cause, fs.ErrNotExist) &&
		a.p.Clock().Sub(a.record.CreatedAt) < a.p.OutagePatience
}

// postpone has the job run again when the part that is away may be back, as the same attempt.
func (a *attempt) postpone(ctx context.Context, cause error) error {
	// Each run raises the fence, each that counts the attempt as well.
	wait := job.OutageBackoff(int(a.record.Fence-a.record.Base) - a.Attempt)
	if err := a.again(ctx, cause, wait); err != nil {
		return err
	}
	return &job.Postponement{After: wait, Cause: cause}
}

// again says in the record why the job waits, and for how long.
func (a *attempt) again(ctx context.Context, cause error, wait time.Duration) error {
	at := a.p.Clock().Add(wait)
	err := a.write(ctx, func(ctx context.Context) error {
		return a.p.Jobs.ScheduleRetry(ctx, a.ID, a.record.Fence, *job.FailureOf(cause), at)
	})
	if err != nil {
		return unwritten(ctx, "retry", err)
	}
	return nil
}

func (a *attempt) fail(ctx context.Context, cause error) error {
	err := a.write(ctx, func(ctx context.Context) error {
		return a.p.Jobs.FailJob(ctx, a.ID, a.record.Fence, *job.FailureOf(cause))
	})
	if err != nil {
		return unwritten(ctx, "fail", err)
	}
	a.ended, a.record.State = true, job.Failed
	a.discard(ctx)
	if ours(cause) && !a.panicked {
		a.p.Reporter.JobFailed(a.ID, a.Attempt, cause)
	}
	return cause
}

// requeue says in the record what the queue is about to do. That it could not be written changes nothing: the next
// attempt begins from processing as well.
func (a *attempt) requeue(ctx context.Context) error {
	err := a.write(ctx, func(ctx context.Context) error { return a.p.Jobs.RequeueJob(ctx, a.ID, a.record.Fence) })
	if errors.Is(err, job.ErrSuperseded) {
		return err
	}
	return fmt.Errorf("process: requeue: %w: %w", job.ErrInterrupted, errors.Join(context.Cause(ctx), err))
}

// unwritten is the outcome of an attempt that could not be written down. While Redis is away, or the process stops, it is
// to be run again and not counted. A write that was refused is superseded.
func unwritten(ctx context.Context, op string, err error) error {
	code := fault.CodeOf(err)
	err = fmt.Errorf("process: %s: %w", op, err)
	switch {
	case errors.Is(err, job.ErrSuperseded):
		return err
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w", job.ErrInterrupted, err)
	case code == fault.QueueUnavailable, code == fault.Timeout:
		return &job.Postponement{After: job.OutageBackoff(0), Cause: err}
	}
	return err
}

// ours reports whether somebody should look into a fault: what is wrong with a document is its owner's business, unless
// it took workers down.
func ours(err error) bool {
	code := fault.CodeOf(err)
	return code.Transient() || code == fault.WorkerLost
}

// discard sees to it that the document of a job that has ended goes, and its ticket. Where operators want so, the document
// of a job that failed is put aside, and at once, since they may ask for it.
func (a *attempt) discard(ctx context.Context) {
	switch {
	case a.p.KeepFailed && a.record.Kind == job.File && a.record.State == job.Failed:
		a.p.remove(ctx, a.ID, a.p.Uploads.Keep)
	case !a.p.remains.add(remain{a.ID, a.p.Clock()}):
		a.p.remove(ctx, a.ID, a.p.Uploads.Delete)
	}
}

// write repeats a write to the record while the queue's Redis is away. It goes on when ctx has ended, once: what is known
// should be written down before the process stops.
func (a *attempt) write(ctx context.Context, op func(context.Context) error) error {
	limit := writeTimeout
	if ctx.Err() != nil {
		limit = lastWriteTime
	}
	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		err := op(detached)
		if fault.CodeOf(err) != fault.QueueUnavailable {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-detached.Done():
			return err
		case <-time.After(pause):
		}
	}
}
