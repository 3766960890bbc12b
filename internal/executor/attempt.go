package executor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/tracing"
)

const (
	// writeTimeout bounds the repetition of a write to the record while Redis is unavailable: without the record the
	// work would be lost. It is below the queue's lease of 30 s.
	writeTimeout  = budget.ResultWrite
	firstPause    = 100 * time.Millisecond
	longestPause  = time.Second
	lastWriteTime = budget.LastWrite // of a write that starts while the process stops
)

// attempt is the state of one delivery that is being processed. The processor does the work.
type attempt struct {
	job.Delivery
	clock    func() time.Time
	record   job.Record
	started  time.Time
	steps    []stepTime
	panicked bool
	document *document.Document // once it was read
	factsEnd time.Time          // of facts that were kept: when they may no longer be used
	ended    bool               // this attempt has made the record final
}

type stepTime struct {
	name string
	took time.Duration
}

func (p *Processor) newAttempt(d job.Delivery) *attempt {
	return &attempt{Delivery: d, clock: p.deps.Clock, started: p.deps.Clock()}
}

// startStep starts a step of the attempt, with a span of its own; the returned function ends both.
func (a *attempt) startStep(ctx context.Context, name string) (context.Context, func()) {
	started := a.clock()
	ctx, span := tracing.StartSpan(ctx, name)
	return ctx, func() {
		span.End()
		a.steps = append(a.steps, stepTime{name, a.clock().Sub(started)})
	}
}

// finishAttempt stores the result, and schedules the deletion of the document after that.
func (p *Processor) finishAttempt(ctx context.Context, a *attempt, result job.Stored) error {
	writing, written := a.startStep(ctx, "store")
	err := p.writeRecord(writing, func(ctx context.Context) error { return p.deps.Jobs.CompleteJob(ctx, a.ID, a.record.Fence, result) })
	written()
	if err != nil {
		return writeFailure(ctx, "finish", err)
	}
	a.ended = true
	p.scheduleCleanup(ctx, a)
	return nil
}

// retryAttempt keeps the document for the next attempt.
func (p *Processor) retryAttempt(ctx context.Context, a *attempt, cause error) error {
	if err := p.scheduleRetry(ctx, a, cause, job.RetryDelay(a.Attempt), p.deps.Jobs.ScheduleRetry); err != nil {
		return err
	}
	return cause
}

// shouldSnooze reports whether a fault is an outage that the job may wait out, or a kind of job that waits for a newer
// worker. A missing document is not an outage: it does not come back. A job that is older than OutagePatience waits no
// longer: outages count as attempts then.
func (p *Processor) shouldSnooze(a *attempt, cause error) bool {
	mayEnd := fault.CodeOf(cause).IsOutage() && !errors.Is(cause, fs.ErrNotExist) || errors.Is(cause, errUnknownKind)
	return mayEnd && p.deps.Clock().Sub(a.record.CreatedAt) < p.deps.OutagePatience
}

// snoozeAttempt postpones the same attempt until the unavailable part may have recovered.
func (p *Processor) snoozeAttempt(ctx context.Context, a *attempt, cause error) error {
	// Each run raises the fence; each run that counts also raises the attempt.
	wait := job.OutageDelay(int(a.record.Fence-a.record.Base) - a.Attempt)
	if err := p.scheduleRetry(ctx, a, cause, wait, p.deps.Jobs.PostponeJob); err != nil {
		return err
	}
	return &job.Postponement{After: wait, Cause: cause}
}

// scheduleRetry writes to the record why the job waits and when it runs again.
func (p *Processor) scheduleRetry(ctx context.Context, a *attempt, cause error, wait time.Duration,
	write func(context.Context, job.ID, int64, job.Failure, time.Time) error,
) error {
	at := p.deps.Clock().Add(wait)
	err := p.writeRecord(ctx, func(ctx context.Context) error {
		return write(ctx, a.ID, a.record.Fence, *job.FailureOf(cause), at)
	})
	if err != nil {
		return writeFailure(ctx, "retry", err)
	}
	return nil
}

func (p *Processor) failAttempt(ctx context.Context, a *attempt, cause error) error {
	kept := p.keepFacts(a, cause)
	err := p.writeRecord(ctx, func(ctx context.Context) error {
		if kept.Sealed != nil {
			return p.deps.Jobs.FailAnswerable(ctx, a.ID, a.record.Fence, *job.FailureOf(cause), kept)
		}
		return p.deps.Jobs.FailJob(ctx, a.ID, a.record.Fence, *job.FailureOf(cause))
	})
	if err != nil {
		return writeFailure(ctx, "fail", err)
	}
	a.ended, a.record.State, a.record.AnswerUntil = true, job.Failed, kept.Until
	p.scheduleCleanup(ctx, a)
	if isOurFault(cause) && !a.panicked {
		p.deps.Reporter.ReportJob(ctx, a.ID, a.Attempt, cause)
	}
	return cause
}

// requeueAttempt sets the record to queued after an interruption. A failed write changes nothing: the next attempt can
// begin from processing as well.
func (p *Processor) requeueAttempt(ctx context.Context, a *attempt) error {
	err := p.writeRecord(ctx, func(ctx context.Context) error { return p.deps.Jobs.RequeueJob(ctx, a.ID, a.record.Fence) })
	if errors.Is(err, job.ErrSuperseded) {
		return err
	}
	return fmt.Errorf("process: requeue: %w: %w", job.ErrInterrupted, errors.Join(context.Cause(ctx), err))
}

// writeFailure returns the error of an attempt whose outcome could not be written. While Redis is unavailable, or the
// process stops, the attempt runs again and does not count. A refused write is superseded.
func writeFailure(ctx context.Context, op string, err error) error {
	code := fault.CodeOf(err)
	err = fmt.Errorf("process: %s: %w", op, err)
	switch {
	case errors.Is(err, job.ErrSuperseded):
		return err
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w", job.ErrInterrupted, err)
	case code == fault.QueueUnavailable, code == fault.Timeout:
		return &job.Postponement{After: job.OutageDelay(0), Cause: err}
	}
	return err
}

// isOurFault reports whether operators should examine a fault. A faulty document concerns its owner only, unless it
// crashed workers.
func isOurFault(err error) bool {
	code := fault.CodeOf(err)
	return code.IsTransient() || code == fault.WorkerLost
}

// scheduleCleanup deletes the document and the ticket of a job that has ended after FileRetention. With KeepFailed it
// keeps the document of a failed job for operators at once.
func (p *Processor) scheduleCleanup(ctx context.Context, a *attempt) {
	switch {
	case p.deps.KeepFailed && a.record.Kind == job.File && a.record.State == job.Failed:
		p.deleteFiles(ctx, a.record, p.deps.Uploads.KeepDocument)
	case !p.ended.addJobs(endedJob{a.ID, p.deps.Clock()}):
		p.cleanupFilesOf(ctx, []job.Record{a.record})
	}
}

// writeRecord repeats a write to the record while the queue's Redis is unavailable. When ctx has ended it tries once
// more: the outcome should be written before the process stops.
func (p *Processor) writeRecord(ctx context.Context, op func(context.Context) error) error {
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
