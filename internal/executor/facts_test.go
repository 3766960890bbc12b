package executor_test

import (
	"context"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/factcodec"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/resultcodec"
)

const commerce = "Bachelor of Commerce, Finance"

// withFacts lets the worker keep facts, and the parser read a degree.
func (w *world) withFacts(t *testing.T, degree string) {
	t.Helper()
	codec, err := factcodec.New([]byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	w.facts = codec
	w.parse = func(context.Context) (document.Document, error) {
		doc := transcript
		doc.ProgramInfo = &document.ProgramInfo{Degree: degree}
		doc.Rows, doc.RowsPrinted = []document.RowPlace{{Code: "COMP 248", Term: "Fall 2024", Page: 1}}, 1
		return doc, nil
	}
}

// answer is what the API does: the job runs again from what was kept.
func (w *world) answer(degree string) {
	w.record.State, w.record.FromFacts, w.record.Error, w.record.AnswerUntil = job.Queued, true, nil, time.Time{}
	w.sealed, w.kept = w.kept.Sealed, job.KeptFacts{}
	w.input = []byte(`{"degree":"` + degree + `"}`)
	w.diary = nil
}

func TestAMissingDegreeKeepsTheFacts(t *testing.T) {
	for code, degree := range map[fault.Code]string{
		fault.DegreeMissing: "", fault.DegreeNotFound: commerce, fault.DegreeAmbiguous: "Aerospace Engineering",
	} {
		t.Run(string(code), func(t *testing.T) {
			alone(t, func(t *testing.T, w *world) {
				w.withFacts(t, degree)
				if err := w.attempt(t.Context(), 1); fault.CodeOf(err) != code {
					t.Fatalf("got %v, want %s", err, code)
				}
				if want := time.Now().Add(job.AnswerTTL); len(w.kept.Sealed) == 0 || len(w.kept.Reading) == 0 || !w.kept.Until.Equal(want) {
					t.Fatalf("got %d bytes until %v, want facts until %v", len(w.kept.Sealed), w.kept.Until, want)
				}
				// The run after the answer needs neither the document nor the parser.
				w.answer("BEng in Civil Engineering")
				if err := w.attempt(t.Context(), 1); err != nil {
					t.Fatal(err)
				}
				w.did(t, "begin", "catalogue", "facts", "done", "delete")
				full, err := resultcodec.DecodeResult(w.stored.Full)
				if err != nil || full.Degree.ID != "BEng in Civil Engineering" || full.Courses["COMP 248"].State.Status != "completed" {
					t.Errorf("got %s, %+v, %v", full.Degree.ID, full.Courses["COMP 248"].State, err)
				}
				if len(w.stored.Reading) == 0 {
					t.Error("what was read is not stored with the result")
				}
			})
		})
	}
}

// A failure after an answer keeps the facts again, until the same time.
func TestAnAnswerThatFailsCanBeRepeated(t *testing.T) {
	alone(t, func(t *testing.T, w *world) {
		w.withFacts(t, commerce)
		_ = w.attempt(t.Context(), 1)
		until := w.kept.Until
		w.answer("a degree that the catalogue lost")
		if err := w.attempt(t.Context(), 1); fault.CodeOf(err) != fault.DegreeNotFound {
			t.Fatalf("got %v, want degree_not_found", err)
		}
		if len(w.kept.Sealed) == 0 || !w.kept.Until.Equal(until) {
			t.Errorf("got %d bytes until %v, want facts until %v", len(w.kept.Sealed), w.kept.Until, until)
		}
		w.answer("the next one")
		time.Sleep(time.Until(until)) //nolint:forbidigo // the time of a synctest bubble
		if err := w.attempt(t.Context(), 1); fault.CodeOf(err) != fault.DegreeNotFound || w.kept.Sealed != nil {
			t.Errorf("got %v with %d bytes, want a failure that keeps nothing", err, len(w.kept.Sealed))
		}
	})
}

func TestFactsAreKeptForDegreesOnly(t *testing.T) {
	for name, prepare := range map[string]func(*world){
		"a fault of the document": func(w *world) {
			w.parse = func(context.Context) (document.Document, error) { return document.Document{}, fault.New(fault.Corrupt) }
		},
		"a term that does not exist": func(w *world) {
			w.parse = func(context.Context) (document.Document, error) {
				doc := transcript
				doc.Semesters = []document.Semester{{Term: "Fall 20224"}}
				return doc, nil
			}
		},
		"nothing encrypts": func(w *world) { w.facts = nil },
	} {
		t.Run(name, func(t *testing.T) {
			alone(t, func(t *testing.T, w *world) {
				w.withFacts(t, commerce)
				prepare(w)
				if err := w.attempt(t.Context(), 1); err == nil || w.kept.Sealed != nil {
					t.Errorf("got %v with %d bytes, want a failure that keeps nothing", err, len(w.kept.Sealed))
				}
			})
		})
	}
}

// Facts that cannot be read fail the job at once.
func TestFactsThatCannotBeRead(t *testing.T) {
	for name, sealed := range map[string][]byte{"lost": nil, "damaged": []byte("x")} {
		t.Run(name, func(t *testing.T) {
			alone(t, func(t *testing.T, w *world) {
				w.withFacts(t, "")
				w.answer("BEng in Civil Engineering")
				w.sealed = sealed
				if err := w.attempt(t.Context(), 1); fault.CodeOf(err) != fault.FactsExpired || w.record.State != job.Failed {
					t.Errorf("got %v, %s, want facts_expired", err, w.record.State)
				}
			})
		})
	}
}
