package job_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// The test repeats the whole table of transitions, so that each change of it changes this test as well.
func TestMoves(t *testing.T) {
	t.Parallel()
	legal := map[job.State][]job.State{
		job.Queued:     {job.Processing, job.Failed},
		job.Processing: {job.Queued, job.Processing, job.Retrying, job.Done, job.Failed},
		job.Retrying:   {job.Processing, job.Failed},
		job.Done:       {job.Done},
	}
	for _, from := range job.AllStates() {
		for _, to := range job.AllStates() {
			if got, want := from.CanBecome(to), slices.Contains(legal[from], to); got != want {
				t.Errorf("%s → %s: %v, want %v", from, to, got, want)
			}
		}
		if from.IsFinal() != (from == job.Done || from == job.Failed) {
			t.Errorf("%s: final is %v", from, from.IsFinal())
		}
	}
}

func TestBackoffIsTwoThenFourSeconds(t *testing.T) {
	t.Parallel()
	for attempt, want := range map[int]time.Duration{0: 2 * time.Second, 1: 2 * time.Second, 2: 4 * time.Second} {
		if got := job.RetryDelay(attempt); got != want {
			t.Errorf("after attempt %d: %s, want %s", attempt, got, want)
		}
	}
}

func TestAFailureHoldsNothingInternal(t *testing.T) {
	t.Parallel()
	f := job.FailureOf(fault.Wrap(fault.DatabaseUnavailable, errors.New("secret-host:27017 refused")))
	if f.Code != fault.DatabaseUnavailable || f.Message != fault.DatabaseUnavailable.DefaultMessage() {
		t.Errorf("%+v", f)
	}
	if job.FailureOf(nil) != nil {
		t.Error("no error is no failure")
	}
}
