package executor_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/executor"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// Each code, at the first and at the last attempt: a transient fault keeps the document until the last. The job is
// too old to wait for an unavailable part.
func TestEachCode(t *testing.T) {
	for _, code := range fault.AllCodes() {
		for _, n := range []int{1, job.MaxAttempts} {
			t.Run(fmt.Sprint(code, n), func(t *testing.T) {
				alone(t, func(t *testing.T, w *world) {
					w.record.CreatedAt = time.Now().Add(-time.Hour)
					w.fails["parse"] = fault.Wrap(code, errors.New("deep cause"))
					err := w.attempt(t.Context(), n)
					if fault.CodeOf(err) != code || isPostponed(err) {
						t.Errorf("the queue gets %v", err)
					}
					ends := n == job.MaxAttempts || !code.IsTransient()
					state, kept := job.Retrying, true
					if ends {
						state, kept = job.Failed, false
					}
					if w.record.State != state || w.file != kept {
						t.Errorf("%s, document kept: %v; want %s, %v", w.record.State, w.file, state, kept)
					}
					if f := w.record.Error; f == nil || f.Code != code || strings.Contains(f.Message, "deep cause") {
						t.Errorf("the owner sees %+v", f)
					}
					if state == job.Retrying && !w.record.RetryAt.Equal(time.Now().Add(2*time.Second)) {
						t.Errorf("tried again at %s", w.record.RetryAt)
					}
					reports := 0
					if ends && (code.IsTransient() || code == fault.WorkerLost) {
						reports = 1
					}
					if len(w.failed) != reports {
						t.Errorf("%d reports", len(w.failed))
					}
					m := w.metrics()
					if m[fmt.Sprintf("tmd_job_attempts_total[file %s]", code)] != 1 || (m[fmt.Sprintf("tmd_jobs_total[file %s]", code)] == 1) != ends {
						t.Errorf("counted %v", m)
					}
				})
			})
		}
	}
}

func isPostponed(err error) bool {
	var p *job.Postponement
	return errors.As(err, &p)
}

func TestTheSecondBackoff(t *testing.T) {
	alone(t, func(t *testing.T, w *world) {
		w.fails["catalogue"] = fault.New(fault.Timeout)
		_ = w.attempt(t.Context(), 2)
		if !w.record.RetryAt.Equal(time.Now().Add(4 * time.Second)) {
			t.Errorf("tried again at %s", w.record.RetryAt)
		}
		w.did(t, "begin", "catalogue", "retrying") // the parser is not called
	})
}

// A newer attempt owns the record, or its owner deleted it: the old attempt writes nothing and leaves the document to
// the other.
func TestSuperseded(t *testing.T) {
	for name, end := range map[string]error{"done": nil, "retrying": fault.New(fault.Timeout), "failed": fault.New(fault.Corrupt)} {
		t.Run(name, func(t *testing.T) {
			alone(t, func(t *testing.T, w *world) {
				w.parse = func(context.Context) (document.Document, error) {
					w.record.Fence++ // the other begins
					return transcript, end
				}
				// The queue decides: if this worker still holds the task, it is delivered again.
				if err := w.attempt(t.Context(), 1); !errors.Is(err, job.ErrSuperseded) {
					t.Errorf("%v", err)
				}
				w.did(t, "begin", "catalogue", "open", "parse", name)
				if !w.file || w.record.State != job.Processing || len(w.failed) != 0 {
					t.Errorf("document kept: %v, %+v, %v", w.file, w.record, w.failed)
				}
			})
		})
	}
}

// The queue counted three attempts without an outcome, for example because handlers did not return.
func TestAFourthAttempt(t *testing.T) {
	alone(t, func(t *testing.T, w *world) {
		if err := w.attempt(t.Context(), 4); fault.CodeOf(err) != fault.Internal {
			t.Errorf("%v", err)
		}
		w.did(t, "begin", "failed", "delete")
		if len(w.failed) != 1 {
			t.Errorf("%d reports", len(w.failed))
		}
	})
}

func TestAnInterruption(t *testing.T) {
	alone(t, func(t *testing.T, w *world) {
		ctx, stop := context.WithCancelCause(t.Context())
		w.parse = func(ctx context.Context) (document.Document, error) {
			stop(job.ErrInterrupted)
			<-ctx.Done()
			return document.Document{}, fault.Wrap(fault.ParserUnavailable, ctx.Err())
		}
		// This holds for the last attempt as well: an interruption does not count.
		if err := w.attempt(ctx, job.MaxAttempts); !errors.Is(err, job.ErrInterrupted) {
			t.Errorf("%v", err)
		}
		w.did(t, "begin", "catalogue", "open", "parse", "queued")
		if !w.file || len(w.failed) != 0 || w.record.State != job.Queued {
			t.Errorf("document kept: %v, %v, %s", w.file, w.failed, w.record.State)
		}
	})
}

// A result that is known when the process stops is written.
func TestAnInterruptionAtTheEnd(t *testing.T) {
	for name, end := range map[string]error{"done": nil, "failed": fault.New(fault.Encrypted)} {
		t.Run(name, func(t *testing.T) {
			alone(t, func(t *testing.T, w *world) {
				ctx, stop := context.WithCancelCause(t.Context())
				w.parse = func(context.Context) (document.Document, error) {
					stop(job.ErrInterrupted)
					return transcript, end
				}
				if err := w.attempt(ctx, 1); !errors.Is(err, end) {
					t.Errorf("%v", err)
				}
				w.did(t, "begin", "catalogue", "open", "parse", name, "delete")
			})
		})
	}
}

func TestTimeouts(t *testing.T) {
	alone(t, func(t *testing.T, w *world) {
		began := time.Now()
		w.parse = func(ctx context.Context) (document.Document, error) {
			<-ctx.Done()
			return document.Document{}, ctx.Err()
		}
		if err := w.attempt(t.Context(), 1); fault.CodeOf(err) != fault.Timeout || w.record.State != job.Retrying {
			t.Errorf("%v, %s", err, w.record.State)
		}
		if took := time.Since(began); took != 20*time.Second {
			t.Errorf("a call of the parser may take %s", took)
		}
	})
	alone(t, func(t *testing.T, w *world) {
		began := time.Now()
		w.record.Kind, w.input = job.TimelineData, []byte("t-1")
		w.fails["load"] = nil
		ctx := t.Context()
		deps := w.deps()
		deps.Timelines = slow{}
		p := testenv.Must(executor.New(deps))
		err := p.Process(ctx, job.Delivery{Task: job.Task{ID: id, Kind: job.TimelineData}, Attempt: 1})
		if fault.CodeOf(err) != fault.Timeout || time.Since(began) != time.Minute {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}

type slow struct{}

func (slow) FindTimeline(ctx context.Context, _, _ string) (timeline.Saved, error) {
	<-ctx.Done()
	return timeline.Saved{}, ctx.Err()
}
