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
)

// outcomeOf is the queue's table of errors: nil and superseded attempts are done, interrupted ones are handed back, and
// for the rest it is the code that decides, unless there is no attempt left.
func outcomeOf(err error, last bool) outcome {
	switch {
	case err == nil, errors.Is(err, job.ErrSuperseded):
		return acknowledged
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
	case putAway:
		return fmt.Errorf("%s: %w", fault.CodeOf(err), asynq.SkipRetry)
	}
	return errors.New(string(fault.CodeOf(err)))
}

// counts reports whether a delivery that ended with err used up an attempt.
func counts(err error) bool { return !errors.Is(err, job.ErrInterrupted) }

// delay is how long a task waits for its next delivery after it was delivered again n times. asynq keeps whole seconds and
// cuts off the rest, which would make 2 s anything from 1 s on: the moment is rounded up to a whole second, so a wait is
// never shorter than the backoff, and up to 1 s longer.
func delay(now time.Time, n int, err error) time.Duration {
	if !counts(err) {
		return 0
	}
	at := now.Add(job.Backoff(n + 1))
	if whole := at.Truncate(time.Second); whole.Before(at) {
		at = whole.Add(time.Second)
	}
	return at.Sub(now)
}
