package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"pgregory.net/rapid"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// The outcome of each code while attempts are left. A new code needs a line here.
var byCode = map[fault.Code]outcome{
	fault.DegreeMissing: archived, fault.FactsExpired: archived, fault.IncompleteDocument: archived, fault.UnreadableRows: archived,
	fault.NotAPDF: archived, fault.UnsupportedKind: archived, fault.TooLarge: archived, fault.Encrypted: archived,
	fault.NoText: archived, fault.Corrupt: archived, fault.UnrecognizedDocument: archived, fault.TooManyPages: archived,
	fault.TooComplex: archived, fault.DegreeNotFound: archived, fault.DegreeAmbiguous: archived, fault.InvalidForm: archived,
	fault.TimelineNotFound: archived, fault.JobNotFound: archived, fault.Conflict: archived, fault.PreconditionFailed: archived,
	fault.BadRequest: archived, fault.Unauthorized: archived, fault.Forbidden: archived, fault.NotFound: archived,
	fault.MethodNotAllowed: archived, fault.TooManyRequests: archived, fault.WorkerLost: archived, fault.TooManyJobs: archived,

	fault.ParserUnavailable: retried, fault.DatabaseUnavailable: retried, fault.StorageUnavailable: retried,
	fault.QueueUnavailable: retried, fault.Draining: retried, fault.Timeout: retried, fault.Internal: retried,
	fault.SignInUnavailable: retried,
}

func TestTheOutcomeOfEachCode(t *testing.T) {
	t.Parallel()
	for _, code := range fault.AllCodes() {
		want, ok := byCode[code]
		if !ok {
			t.Errorf("outcome of %s: missing in the table", code)
		}
		err := fmt.Errorf("step: %w", fault.Wrap(code, errors.New("cause")))
		if got := outcomeOf(err, false); got != want {
			t.Errorf("outcome of %s: got %s, want %s", code, got, want)
		}
		if got := outcomeOf(err, true); got != archived {
			t.Errorf("outcome of %s at the last attempt: got %s, want %s", code, got, archived)
		}
		// asynq stores and logs the text: only the code, nothing of the cause.
		switch told := asynqError(want, err); want {
		case archived:
			if !errors.Is(told, asynq.SkipRetry) || told.Error() != string(code)+": "+asynq.SkipRetry.Error() {
				t.Errorf("error of %s for asynq: got %q, want the code alone", code, told)
			}
		default:
			if told.Error() != string(code) || !countsAsAttempt(told) {
				t.Errorf("error of %s for asynq: got %q, want the code alone", code, told)
			}
		}
	}
	for code := range byCode {
		if !slices.Contains(fault.AllCodes(), code) {
			t.Errorf("the table has %s, want only codes of package fault", code)
		}
	}
}

func TestTheOutcomeOfOtherErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		last bool
		want outcome
	}{
		{nil, true, acknowledged},
		{job.ErrSuperseded, false, postponed},
		{fmt.Errorf("x: %w", job.ErrSuperseded), true, postponed},
		{&job.Postponement{After: time.Second, Cause: fault.New(fault.ParserUnavailable)}, true, postponed},
		{fmt.Errorf("x: %w", &job.Postponement{Cause: job.ErrInterrupted}), false, postponed},
		{job.ErrInterrupted, false, handedBack},
		{fmt.Errorf("x: %w", job.ErrInterrupted), true, handedBack},
		{context.DeadlineExceeded, false, retried},
		{errors.New("whatever"), false, retried},
		{asynq.ErrLeaseExpired, false, retried},
	} {
		if got := outcomeOf(c.err, c.last); got != c.want {
			t.Errorf("outcome of %v, last %v: got %s, want %s", c.err, c.last, got, c.want)
		}
	}
	if asynqError(acknowledged, nil) != nil || countsAsAttempt(asynqError(handedBack, job.ErrInterrupted)) {
		t.Error("errors for asynq: want nil for acknowledged, and an uncounted one for handed back")
	}
	// A job that kills its workers is stopped by their number, not by its attempts.
	if countsAsAttempt(asynq.ErrLeaseExpired) {
		t.Error("an expired lease: got counted, want not counted")
	}
	for _, c := range []struct {
		err  error
		told string
		wait time.Duration
	}{
		{job.ErrSuperseded, "postponed by 1s: another look", time.Second},
		{&job.Postponement{After: 4 * time.Second, Cause: fault.Wrap(fault.ParserUnavailable, errors.New("host"))}, "postponed by 4s: parser_unavailable", 4 * time.Second},
		{&job.Postponement{After: 2 * time.Second, Cause: errors.New("host")}, "postponed by 2s: another look", 2 * time.Second},
	} {
		told := asynqError(postponed, c.err)
		if told.Error() != c.told || countsAsAttempt(told) {
			t.Errorf("error of %v for asynq: got %q, want %q", c.err, told, c.told)
		}
		if d := retryDelay(time.Unix(1_800_000_000, 0), 7, told); d != c.wait {
			t.Errorf("wait after %v: got %s, want %s", c.err, d, c.wait)
		}
	}
}

// asynq adds the delay to the time and truncates the sum to whole seconds.
func TestTheBackoffIsNeverCutShort(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(1_800_000_000, rapid.Int64Range(0, 999_999_999).Draw(t, "ns"))
		n := rapid.IntRange(0, 2).Draw(t, "retries")
		score := time.Unix(now.Add(retryDelay(now, n, fault.New(fault.Timeout))).Unix(), 0)
		if wait := score.Sub(now); wait < job.RetryDelay(n+1) || wait >= job.RetryDelay(n+1)+time.Second {
			t.Errorf("wait: got %s, want %s and less than 1s more", wait, job.RetryDelay(n+1))
		}
	})
	if d := retryDelay(time.Now(), 1, job.ErrInterrupted); d != 0 {
		t.Errorf("wait of an interrupted task: got %s, want 0", d)
	}
}
