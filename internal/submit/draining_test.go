package submit_test

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/submit"
)

// gate is an intake that operators pause.
type gate struct{ stopped bool }

func (g *gate) IsIntakePaused(context.Context) bool { return g.stopped }

// stopping is a body at whose end operators pause the intake.
type stopping struct {
	io.Reader
	gate *gate
}

func (s stopping) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	s.gate.stopped = s.gate.stopped || err != nil
	return n, err
}

// During a drain, a submission is refused before its body is read, or after it has been read. Nothing of it stays,
// and its key is free again. A repeated request receives its earlier job.
func TestDraining(t *testing.T) {
	t.Parallel()
	w, g := newWorld(), &gate{}
	s := w.submitter(func(d *submit.Deps) { d.Intake = g })
	known := submit.Request{Owner: "ann", IdempotencyKey: "k"}
	first, err := s.SubmitFile(t.Context(), known, strings.NewReader("%PDF-1"))
	if err != nil {
		t.Fatal(err)
	}

	w.diary = nil
	request := submit.Request{Owner: "ann", IdempotencyKey: "other"}
	if _, err = s.SubmitFile(t.Context(), request, stopping{strings.NewReader("%PDF-2"), g}); fault.CodeOf(err) != fault.Draining {
		t.Errorf("%v", err)
	}
	if diff := cmp.Diff([]string{"claim", "save", "delete files", "release"}, w.diary); diff != "" {
		t.Error(diff)
	}

	w.diary = nil
	unread := strings.NewReader("%PDF-3")
	if _, err = s.SubmitFile(t.Context(), request, unread); fault.CodeOf(err) != fault.Draining || unread.Len() != 6 {
		t.Errorf("%v, %d bytes are left", err, unread.Len())
	}
	if diff := cmp.Diff([]string{"claim", "release"}, w.diary); diff != "" {
		t.Error(diff)
	}
	if len(w.records) != 1 || len(w.files) != 1 || len(w.tasks) != 1 || len(w.claims) != 1 {
		t.Errorf("left: %v %v %v %v", w.records, w.files, w.tasks, w.claims)
	}
	if again, err := s.SubmitFile(t.Context(), known, strings.NewReader("%PDF-1")); err != nil || again.ID != first.ID || !again.Existing {
		t.Errorf("%+v, %v", again, err)
	}

	g.stopped = false
	if _, err = s.SubmitFile(t.Context(), request, strings.NewReader("%PDF-2")); err != nil {
		t.Errorf("%v", err)
	}
}
