package queue

import (
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// outcome is what becomes of a task after a delivery. The values are metric labels.
type outcome string

const (
	acknowledged outcome = "done"     // removed
	retried      outcome = "retry"    // delivered again after the backoff
	putAway      outcome = "failed"   // archived: never delivered again
	handedBack   outcome = "handback" // pending again, as if it had not been delivered
	postponed    outcome = "postpone" // delivered again after a while, not counted
	takenBack    outcome = "lost"     // with another worker by now, and left alone
)

// soon is the wait for what needs no more than another look.
const soon = time.Second

// outcomeOf is the queue's table of errors: nil is done, interrupted attempts are handed back, postponed ones wait. A
// superseded one has met a newer run of the task that this worker holds: which of the two is the last shows when the task
// is looked at again. For the rest it is the code that decides, unless there is no attempt left.
func outcomeOf(err error, last bool) outcome {
	var later *job.Postponement
	switch {
	case err == nil:
		return acknowledged
	case errors.As(err, &later), errors.Is(err, job.ErrSuperseded):
		return postponed
	case errors.Is(err, job.ErrInterrupted):
		return handedBack
	case last, !fault.CodeOf(err).Transient():
		return putAway
	}
	return retried
}

// result is what asynq is told of an outcome. asynq keeps the text of errors in Redis and logs it, so it gets the code
// and nothing else.
func result(o outcome, err error) error {
	switch o {
	case acknowledged:
		return nil
	case handedBack:
		return job.ErrInterrupted
	case takenBack:
		return errLeft
	case postponed:
		later := &job.Postponement{After: soon}
		errors.As(err, &later)
		return &job.Postponement{After: later.After, Cause: errors.New(reason(later.Cause))}
	case putAway:
		return fmt.Errorf("%s: %w", fault.CodeOf(err), asynq.SkipRetry)
	}
	return errors.New(string(fault.CodeOf(err)))
}

// reason is what asynq keeps of why a task is postponed.
func reason(cause error) string {
	var known *fault.Error
	if errors.As(cause, &known) {
		return string(known.Code)
	}
	return "another look"
}

// counts reports whether a delivery that ended with err used up an attempt. Crashes are counted by themselves, and an
// expired lease says that Redis was away.
func counts(err error) bool {
	var later *job.Postponement
	return !errors.As(err, &later) && !errors.Is(err, job.ErrInterrupted) && !errors.Is(err, asynq.ErrLeaseExpired) && !errors.Is(err, errLeft)
}

// delay is how long a task waits for its next delivery after it was delivered again n times. asynq keeps whole seconds and
// cuts off the rest, which would make 2 s anything from 1 s on: the moment is rounded up to a whole second, so a wait is
// never shorter than the backoff, and up to 1 s longer.
func delay(now time.Time, n int, err error) time.Duration {
	wait := job.Backoff(n + 1)
	var later *job.Postponement
	if errors.As(err, &later) {
		wait = later.After
	} else if !counts(err) {
		return 0
	}
	at := now.Add(wait)
	if whole := at.Truncate(time.Second); whole.Before(at) {
		at = whole.Add(time.Second)
	}
	return at.Sub(now)
}
