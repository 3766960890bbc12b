package queue

import (
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// outcome is the result of a delivery for its task. The values are metric labels.
type outcome string

const (
	acknowledged outcome = "done"     // deleted
	retried      outcome = "retry"    // delivered again after the backoff
	archived     outcome = "failed"   // never delivered again
	handedBack   outcome = "handback" // pending again, as if it had not been delivered
	postponed    outcome = "postpone" // delivered again after a wait, not counted as an attempt
	lost         outcome = "lost"     // held by another worker now, and not changed
)

// shortWait is the wait of a task that only has to be delivered again.
const shortWait = time.Second

// outcomeOf derives the outcome from the error of a handler: nil acknowledges, an interrupted attempt is handed back,
// a Postponement waits. A superseded attempt has met a newer run of a task that this worker holds, so the task is
// delivered again to find out which of the two was the last. For all other errors the code decides, unless this was
// the last attempt.
func outcomeOf(err error, last bool) outcome {
	var postponement *job.Postponement
	switch {
	case err == nil:
		return acknowledged
	case errors.As(err, &postponement), errors.Is(err, job.ErrSuperseded):
		return postponed
	case errors.Is(err, job.ErrInterrupted):
		return handedBack
	case last, !fault.CodeOf(err).IsTransient():
		return archived
	}
	return retried
}

// asynqError returns the error that makes asynq record an outcome. asynq stores and logs its text, so it contains
// only the code.
func asynqError(o outcome, err error) error {
	switch o {
	case acknowledged:
		return nil
	case handedBack:
		return job.ErrInterrupted
	case lost:
		return errLeaveTask
	case postponed:
		postponement := &job.Postponement{After: shortWait}
		errors.As(err, &postponement)
		return &job.Postponement{After: postponement.After, Cause: errors.New(postponementReason(postponement.Cause))}
	case archived:
		return fmt.Errorf("%s: %w", fault.CodeOf(err), asynq.SkipRetry)
	}
	return errors.New(string(fault.CodeOf(err)))
}

// postponementReason is the text that asynq stores for a postponed task.
func postponementReason(cause error) string {
	var coded *fault.Error
	if errors.As(cause, &coded) {
		return string(coded.Code)
	}
	return "another look"
}

// countsAsAttempt reports whether a delivery that ended with err used up an attempt. Lost workers are counted
// separately, and an expired lease means that Redis did not answer.
func countsAsAttempt(err error) bool {
	var postponement *job.Postponement
	return !errors.As(err, &postponement) && !errors.Is(err, job.ErrInterrupted) &&
		!errors.Is(err, asynq.ErrLeaseExpired) && !errors.Is(err, errLeaveTask)
}

// retryDelay returns the wait before the next delivery of a task that was retried n times. asynq truncates the time
// of that delivery to a whole second, which would turn 2 s into anything from 1 s on. So the time is rounded up here:
// a wait is never shorter than the backoff, and up to 1 s longer.
func retryDelay(now time.Time, n int, err error) time.Duration {
	wait := job.RetryDelay(n + 1)
	var postponement *job.Postponement
	if errors.As(err, &postponement) {
		wait = postponement.After
	} else if !countsAsAttempt(err) {
		return 0
	}
	at := now.Add(wait)
	if whole := at.Truncate(time.Second); whole.Before(at) {
		at = whole.Add(time.Second)
	}
	return at.Sub(now)
}
