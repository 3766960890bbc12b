package executor_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/resultcodec"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// alone runs a test in a synctest bubble.
func alone(t *testing.T, test func(t *testing.T, w *world)) {
	cataloguetest.Embedded() // outside the bubble: it is shared
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))) //nolint:forbidigo // the time of a synctest bubble
		test(t, newWorld(t))
	})
}

func (w *world) did(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, w.diary); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

// The degree that the owner gave takes the place of the document's.
func TestAFileForADegree(t *testing.T) {
	alone(t, func(t *testing.T, w *world) {
		w.input = []byte(`{"degree":"BEng in Civil Engineering"}`)
		if err := w.attempt(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		full, err := resultcodec.DecodeResult(w.stored.Full)
		if err != nil || full.Degree.ID != "BEng in Civil Engineering" {
			t.Errorf("got %+v, %v, want the degree that was given", full.Degree, err)
		}
	})
}

func TestAFile(t *testing.T) {
	alone(t, func(t *testing.T, w *world) {
		if err := w.attempt(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		// The document is deleted last, when the record is final.
		w.did(t, "begin", "catalogue", "open", "parse", "done", "delete")
		full, err := resultcodec.DecodeResult(w.stored.Full)
		if err != nil {
			t.Fatal(err)
		}
		slim, err := resultcodec.DecodeResult(w.stored.Slim)
		if err != nil {
			t.Fatal(err)
		}
		if s := full.Courses["COMP 248"].State; s.Status != timeline.Completed || len(slim.Courses) >= len(full.Courses) {
			t.Errorf("%+v, %d and %d courses", s, len(full.Courses), len(slim.Courses))
		}
		want := map[string]float64{
			"tmd_job_attempts_total[file done]": 1, "tmd_jobs_total[file done]": 1, "tmd_job_seconds[file]": 1,
			"tmd_job_step_seconds[catalogue]": 1, "tmd_job_step_seconds[parse]": 1, "tmd_job_step_seconds[build]": 1,
			"tmd_job_step_seconds[pack]": 1, "tmd_job_step_seconds[store]": 1,
		}
		if diff := cmp.Diff(want, w.metrics()); diff != "" {
			t.Errorf("metrics (-want +got):\n%s", diff)
		}
	})
}

// A student who was admitted in a new year is measured by its edition, also by a worker that loaded its catalogue
// before that edition was imported. So is a job for which the API accepted the edition by its name.
func TestAnEditionThatWasImportedAMomentAgo(t *testing.T) {
	newYear := cataloguetest.EmbeddedData()
	newYear.Calendar = "2031-32"
	editions, err := catalogue.NewEditions(cataloguetest.EmbeddedData(), newYear)
	if err != nil {
		t.Fatal(err)
	}
	admitted := "Fall 2031"
	for name, c := range map[string]struct {
		first *string
		input string
	}{
		"by the admission": {&admitted, ""},
		"by choice":        {nil, `{"calendar":"2031-32"}`},
	} {
		t.Run(name, func(t *testing.T) {
			alone(t, func(t *testing.T, w *world) {
				w.imported, w.input = editions, []byte(c.input)
				w.parse = func(context.Context) (document.Document, error) {
					d, info := transcript, *transcript.ProgramInfo
					info.FirstTerm, d.ProgramInfo = c.first, &info
					return d, nil
				}
				if err := w.attempt(t.Context(), 1); err != nil {
					t.Fatal(err)
				}
				full, err := resultcodec.DecodeResult(w.stored.Full)
				if err != nil || full.Calendar != "2031-32" {
					t.Errorf("got the calendar %q, %v, want 2031-32", full.Calendar, err)
				}
			})
		})
	}
}

func TestAForm(t *testing.T) {
	alone(t, func(t *testing.T, w *world) {
		w.record.Kind = job.Form
		w.input = []byte(`{"degree":"BEng in Software Engineering","firstTerm":"Fall 2026"}`)
		if err := w.attempt(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		w.did(t, "begin", "catalogue", "done", "delete") // its ticket
		if r, err := resultcodec.DecodeResult(w.stored.Full); err != nil || len(r.Semesters) != 10 {
			t.Errorf("%v", err)
		}
	})
}

func TestASavedTimeline(t *testing.T) {
	alone(t, func(t *testing.T, w *world) {
		w.record.Kind, w.input = job.TimelineData, []byte("t-1")
		w.saved = map[string]timeline.Saved{"ann/t-1": {ID: "t-1", Owner: "ann", DegreeID: "BEng in Software Engineering"}}
		if err := w.attempt(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		w.did(t, "begin", "catalogue", "load", "done", "delete")
		if r, err := resultcodec.DecodeResult(w.stored.Full); err != nil || r.ID != "t-1" {
			t.Errorf("%v", err)
		}
	})
}

func TestAPlan(t *testing.T) {
	const soen = "BEng in Software Engineering"
	for name, c := range map[string]struct {
		input string
		code  fault.Code
	}{
		"done":             {`{"timeline":{"degreeId":"` + soen + `"},"request":{"maxCredits":16,"summers":true}}`, ""},
		"impossible":       {`{"timeline":{"degreeId":"` + soen + `"},"request":{"avoid":["COMP 352"]}}`, fault.InvalidForm},
		"a degree is gone": {`{"timeline":{"degreeId":"Alchemy"},"request":{}}`, fault.DegreeNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			alone(t, func(t *testing.T, w *world) {
				w.record.Kind, w.input = job.Plan, []byte(c.input)
				if err := w.attempt(t.Context(), 1); fault.CodeOf(err) != c.code {
					t.Fatalf("got %v, want %q", err, c.code)
				}
				if c.code != "" {
					w.did(t, "begin", "catalogue", "failed", "delete")
					return
				}
				w.did(t, "begin", "catalogue", "done", "delete") // its ticket
				for what, packed := range map[string][]byte{"full": w.stored.Full, "slim": w.stored.Slim} {
					r, err := resultcodec.DecodeResult(packed)
					if err != nil || r.Plan == nil || !r.Plan.Request.Summers || len(r.Plan.Terms) != r.Plan.StudyTerms || r.Progress.Overall.Remaining != 0 {
						t.Errorf("%s: got %+v, %v; want a finished plan", what, r, err)
					}
				}
			})
		})
	}
}

// A plan that an interruption cuts short is made again, and not stored as the best that could be found.
func TestAPlanIsInterrupted(t *testing.T) {
	alone(t, func(t *testing.T, w *world) {
		w.record.Kind, w.input = job.Plan, []byte(`{"timeline":{"degreeId":"BEng in Software Engineering"},"request":{}}`)
		ctx, stop := context.WithCancelCause(t.Context())
		w.onCatalogue = func() { stop(job.ErrInterrupted) }
		if err := w.attempt(ctx, 1); !errors.Is(err, job.ErrInterrupted) {
			t.Errorf("got %v, want an interruption", err)
		}
		if w.stored.Full != nil || w.record.State != job.Queued {
			t.Errorf("got %s with a result of %d bytes, want queued without one", w.record.State, len(w.stored.Full))
		}
	})
}

// In an update an older worker meets a job of a kind that it does not know: the job waits for a newer one, and fails
// only when none has come for long.
func TestAJobOfANewerVersionWaits(t *testing.T) {
	alone(t, func(t *testing.T, w *world) {
		w.record.Kind = "forecast"
		var postponement *job.Postponement
		if err := w.attempt(t.Context(), 1); !errors.As(err, &postponement) || postponement.After <= 0 {
			t.Errorf("got %v, want a postponement", err)
		}
		if w.record.State != job.Retrying {
			t.Errorf("got %s, want retrying", w.record.State)
		}
		w.record.CreatedAt = w.record.CreatedAt.Add(-time.Hour)
		if err := w.attempt(t.Context(), job.MaxAttempts); fault.CodeOf(err) != fault.Internal || w.record.State != job.Failed {
			t.Errorf("after an hour: got %v and %s, want an internal fault and failed", err, w.record.State)
		}
	})
}

// A timeline of another owner is not found.
func TestAnothersTimeline(t *testing.T) {
	alone(t, func(t *testing.T, w *world) {
		w.record.Kind, w.record.Owner, w.input = job.TimelineData, "bob", []byte("t-1")
		w.saved = map[string]timeline.Saved{"ann/t-1": {}}
		if err := w.attempt(t.Context(), 1); fault.CodeOf(err) != fault.TimelineNotFound || w.record.State != job.Failed {
			t.Errorf("%v, %+v", err, w.record)
		}
	})
}

func TestNothingToDo(t *testing.T) {
	for name, prepare := range map[string]func(*world){
		"deleted":        func(w *world) { w.gone = true },
		"done already":   func(w *world) { w.record.State = job.Done },
		"failed already": func(w *world) { w.record.State = job.Failed },
	} {
		t.Run(name, func(t *testing.T) {
			alone(t, func(t *testing.T, w *world) {
				prepare(w)
				if err := w.attempt(t.Context(), 2); err != nil {
					t.Errorf("%v", err)
				}
				if w.gone {
					w.did(t, "begin") // if Redis has lost the record, document and ticket are all that remains of the job
				} else {
					w.did(t, "begin", "delete") // the attempt before may have left the document
				}
			})
		})
	}
}

func TestAPanic(t *testing.T) {
	for n, want := range map[int]job.State{1: job.Retrying, 3: job.Failed} {
		t.Run(string(want), func(t *testing.T) {
			alone(t, func(t *testing.T, w *world) {
				w.parse = func(context.Context) (document.Document, error) { panic("Jane Doe, 40000001") }
				if err := w.attempt(t.Context(), n); fault.CodeOf(err) != fault.Internal || w.record.State != want {
					t.Errorf("%v, %s", err, w.record.State)
				}
				if len(w.failed) != 0 || len(w.panicked) != n/3 {
					t.Errorf("reports: %v, %v", w.failed, w.panicked)
				}
				if log := w.log.String(); strings.Contains(log, "Jane") || !strings.Contains(log, "executor_test.go") {
					t.Errorf("logged: %s", log)
				}
			})
		})
	}
}

// A document that cannot be deleted does not turn a done job into a failed one.
func TestADocumentThatStays(t *testing.T) {
	alone(t, func(t *testing.T, w *world) {
		w.fails["delete"] = fault.New(fault.StorageUnavailable)
		if err := w.attempt(t.Context(), 1); err != nil || w.record.State != job.Done {
			t.Errorf("%v, %s", err, w.record.State)
		}
		if !strings.Contains(w.log.String(), "files of a job that ended stay") {
			t.Error("no report")
		}
	})
}

// One line for each attempt: ids, codes and times.
func TestTheLog(t *testing.T) {
	alone(t, func(t *testing.T, w *world) {
		if err := w.attempt(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		line := strings.TrimSpace(w.log.String())
		if strings.Count(line, "\n") != 0 {
			t.Errorf("more than a line:\n%s", line)
		}
		for _, part := range []string{"level=INFO", "msg=attempt", "job_id=" + string(id), "kind=file", "attempt=1", "outcome=done", "parse_ms=", "store_ms="} {
			if !strings.Contains(line, part) {
				t.Errorf("%s is missing in %s", part, line)
			}
		}
		for _, secret := range []string{"ann", "COMP", "Software"} {
			if strings.Contains(line, secret) {
				t.Errorf("the line contains %s: %s", secret, line)
			}
		}
	})
}

func BenchmarkForm(b *testing.B) {
	// The benchmarks of timeline and resultcodec measure the parts; this one measures the whole attempt.
	w := newWorld(nil)
	w.record.Kind = job.Form
	w.input = []byte(`{"degree":"BEng in Software Engineering","firstTerm":"Fall 2026"}`)
	cataloguetest.Embedded()
	p := w.processor()
	b.ReportAllocs()
	for b.Loop() {
		w.record.State = job.Queued
		w.diary = w.diary[:0]
		w.log.Reset()
		if err := p.Process(b.Context(), job.Delivery{Task: job.Task{ID: id, Kind: job.Form}, Attempt: 1}); err != nil {
			b.Fatal(err)
		}
	}
}
