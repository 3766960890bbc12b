package executor_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// An outage uses up no attempt, not even the last, until the job is older than the patience. The document stays, and
// the record gives the reason and the time of the next run.
func TestAnOutageIsWaitedOut(t *testing.T) {
	waits := []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second, 15 * time.Second, 15 * time.Second}
	for _, code := range []fault.Code{fault.ParserUnavailable, fault.DatabaseUnavailable, fault.StorageUnavailable, fault.QueueUnavailable} {
		t.Run(string(code), func(t *testing.T) {
			alone(t, func(t *testing.T, w *world) {
				w.fails["parse"] = fault.Wrap(code, errors.New("deep cause"))
				// Two attempts have ended and were counted.
				w.record.Fence, w.record.Attempt = 2, 2
				for run := 0; time.Since(w.record.CreatedAt) < 30*time.Minute; run++ {
					want := waits[min(run, len(waits)-1)]
					var p *job.Postponement
					if err := w.attempt(t.Context(), job.MaxAttempts); !errors.As(err, &p) || p.After != want || fault.CodeOf(err) != code {
						t.Fatalf("run %d: the queue gets %v, want a wait of %s", run, err, want)
					}
					r := w.record
					if r.State != job.Retrying || r.Attempt != job.MaxAttempts || r.Error.Code != code || !r.RetryAt.Equal(time.Now().Add(want)) || !w.file {
						t.Fatalf("run %d: %+v, document kept: %v", run, r, w.file)
					}
					time.Sleep(want) //nolint:forbidigo // the time of a synctest bubble
				}
				if w.postponed == 0 || w.postponed != int(w.record.Fence)-2 {
					t.Errorf("%d of %d runs are recorded as postponed, want all", w.postponed, w.record.Fence-2)
				}
				if err := w.attempt(t.Context(), job.MaxAttempts); fault.CodeOf(err) != code || isPostponed(err) {
					t.Errorf("at the end of the patience: %v", err)
				}
				if w.record.State != job.Failed || w.record.Error.Code != code || w.file {
					t.Errorf("%+v, document kept: %v", w.record, w.file)
				}
			})
		})
	}
}

// A missing document does not come back.
func TestAMissingDocumentIsNoOutage(t *testing.T) {
	alone(t, func(t *testing.T, w *world) {
		w.fails["open"] = fault.Wrap(fault.StorageUnavailable, fmt.Errorf("open: %w", fs.ErrNotExist))
		for n, state := range []job.State{job.Retrying, job.Retrying, job.Failed} {
			if err := w.attempt(t.Context(), n+1); fault.CodeOf(err) != fault.StorageUnavailable || isPostponed(err) || w.record.State != state {
				t.Errorf("attempt %d: %v, %s", n+1, err, w.record.State)
			}
		}
	})
}

// Redis is unavailable for some seconds at each step: the attempt waits, and nothing happens twice.
func TestRedisIsAwayForAWhile(t *testing.T) {
	for _, step := range []string{"begin", "done", "retrying", "failed"} {
		t.Run(step, func(t *testing.T) {
			alone(t, func(t *testing.T, w *world) {
				w.fails[step] = fault.New(fault.QueueUnavailable)
				switch step {
				case "retrying":
					w.fails["parse"] = fault.New(fault.Timeout)
				case "failed":
					w.fails["parse"] = fault.New(fault.Corrupt)
				}
				time.AfterFunc(5*time.Second, func() {
					w.mu.Lock()
					defer w.mu.Unlock()
					delete(w.fails, step)
				})
				err := w.attempt(t.Context(), 1)
				if errors.Is(err, job.ErrInterrupted) || isPostponed(err) {
					t.Errorf("%v", err)
				}
				want := job.State(step)
				if step == "begin" {
					want = job.Done
				}
				if w.record.State != want {
					t.Errorf("%s, want %s", w.record.State, want)
				}
				if n := len(slices.DeleteFunc(slices.Clone(w.diary), func(s string) bool { return s != "parse" })); n != 1 {
					t.Errorf("parsed %d times", n)
				}
			})
		})
	}
}

// An attempt whose outcome cannot be written runs again, and its document is kept.
func TestRedisStaysAway(t *testing.T) {
	for _, step := range []string{"begin", "done", "failed"} {
		t.Run(step, func(t *testing.T) {
			alone(t, func(t *testing.T, w *world) {
				w.fails[step] = fault.New(fault.QueueUnavailable)
				if step == "failed" {
					w.fails["parse"] = fault.New(fault.Corrupt)
				}
				began := time.Now()
				if err := w.attempt(t.Context(), job.MaxAttempts); !isPostponed(err) || !w.file {
					t.Errorf("%v, document kept: %v", err, w.file)
				}
				// It must end before the queue's lease of 30 s.
				if took := time.Since(began); took > 25*time.Second {
					t.Errorf("after %s", took)
				}
			})
		})
	}
}

// A job that crashed three workers fails without another run, and operators are notified.
func TestAJobThatKillsItsWorkers(t *testing.T) {
	for crashes, code := range map[int]fault.Code{0: "", 1: "", 2: "", 3: fault.WorkerLost, 4: fault.WorkerLost} {
		t.Run(fmt.Sprint(crashes), func(t *testing.T) {
			alone(t, func(t *testing.T, w *world) {
				err := w.processor().Process(t.Context(), job.Delivery{Task: job.Task{ID: id, Kind: job.File}, Attempt: 1, Crashes: crashes})
				if fault.CodeOf(err) != code {
					t.Errorf("%v", err)
				}
				if code == "" {
					return
				}
				w.did(t, "begin", "failed", "delete")
				if len(w.failed) != 1 || w.record.Error.Code != code || !strings.Contains(w.log.String(), fmt.Sprint("crashes=", crashes)) {
					t.Errorf("reports: %v, %+v, logged: %s", w.failed, w.record.Error, w.log.String())
				}
			})
		})
	}
}

// Another worker holds the task: the attempt stops, and leaves record and document to the other, which may not have
// begun.
func TestATaskThatIsTakenBack(t *testing.T) {
	alone(t, func(t *testing.T, w *world) {
		ctx, stop := context.WithCancelCause(t.Context())
		w.parse = func(ctx context.Context) (document.Document, error) {
			stop(job.ErrSuperseded)
			<-ctx.Done()
			return document.Document{}, fault.Wrap(fault.ParserUnavailable, ctx.Err())
		}
		if err := w.attempt(ctx, job.MaxAttempts); !errors.Is(err, job.ErrSuperseded) {
			t.Errorf("%v", err)
		}
		w.did(t, "begin", "catalogue", "open", "parse")
		if !w.file || len(w.failed) != 0 || w.record.State != job.Processing {
			t.Errorf("document kept: %v, %v, %s", w.file, w.failed, w.record.State)
		}
	})
}
