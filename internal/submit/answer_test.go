package submit_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/submit"
)

var theAnswer = submit.Answer{ID: "id-1", Owner: "ann", Degree: "D1"}

func TestAnswerJob(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.records["id-1"] = job.Record{ID: "id-1", Kind: job.File, Owner: "ann", State: job.Queued}
	r, err := w.submitter().AnswerJob(t.Context(), theAnswer)
	if err != nil || r.ID != "id-1" {
		t.Fatalf("got %+v, %v", r, err)
	}
	// The record decides which answer counts; the ticket is durable before the call returns.
	if diff := cmp.Diff([]string{"answer", "save", "requeue"}, w.diary); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	if got := w.files["id-1"]; string(got.ticket.Facts) != "facts" || got.content != "" {
		t.Errorf("got the ticket %+v, want one with facts and no document", got)
	}
	if diff := cmp.Diff([]job.Task{{ID: "id-1", Kind: job.File}}, w.tasks); diff != "" {
		t.Errorf("tasks (-want +got):\n%s", diff)
	}
}

// An answer that comes again after the run leaves no files behind.
func TestAnswerJobAfterItsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.records["id-1"] = job.Record{ID: "id-1", State: job.Done}
	if r, err := w.submitter().AnswerJob(t.Context(), theAnswer); err != nil || r.State != job.Done || len(w.files) != 0 {
		t.Errorf("got %+v, %v with the files %v, want the job as it is", r, err, w.files)
	}
}

// paused is an intake that operators have stopped.
type paused struct{}

func (paused) IsIntakePaused(context.Context) bool { return true }

func TestAnswerJobRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.submitter(func(d *submit.Deps) { d.Intake = paused{} })
	if _, err := s.AnswerJob(t.Context(), theAnswer); fault.CodeOf(err) != fault.Draining || len(w.diary) != 0 {
		t.Errorf("got %v after %v, want draining before any step", err, w.diary)
	}
	for _, step := range []string{"answer", "save", "requeue"} {
		w := newWorld()
		w.records["id-1"] = job.Record{ID: "id-1", State: job.Queued}
		w.fails[step] = fault.New(fault.QueueUnavailable)
		if _, err := w.submitter().AnswerJob(t.Context(), theAnswer); fault.CodeOf(err) != fault.QueueUnavailable {
			t.Errorf("%s fails: got %v, want queue_unavailable", step, err)
		}
	}
}
