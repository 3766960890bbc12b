package submit_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/submit"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

func TestFile(t *testing.T) {
	t.Parallel()
	w := newWorld()
	got, err := w.submitter().SubmitFile(t.Context(), submit.Request{Owner: "ann", Priority: job.High, IdempotencyKey: "k"}, strings.NewReader("%PDF-"))
	if err != nil || got != (submit.Receipt{ID: "id-1"}) {
		t.Fatalf("%+v, %v", got, err)
	}
	// The document is stored before its record, and the record before its task.
	if diff := cmp.Diff([]string{"claim", "save", "admit", "enqueue"}, w.diary); diff != "" {
		t.Error(diff)
	}
	want := job.Record{ID: "id-1", Kind: job.File, Owner: "ann", Priority: job.High, State: job.Queued, CreatedAt: now, UpdatedAt: now}
	if diff := cmp.Diff(want, w.records["id-1"]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]job.Task{{ID: "id-1", Kind: job.File, Priority: job.High}}, w.tasks); diff != "" {
		t.Error(diff)
	}
	// The ticket agrees with the record, and contains the digest of the key.
	ticket := w.files["id-1"].ticket
	if w.claims[ticket.Claim] != "id-1" || strings.Contains(ticket.Claim, "ann") {
		t.Errorf("the claim is %q of %v", ticket.Claim, w.claims)
	}
	ticket.Claim = ""
	if diff := cmp.Diff(job.Ticket{ID: "id-1", Kind: job.File, Owner: "ann", Priority: job.High, CreatedAt: now}, ticket); diff != "" {
		t.Error(diff)
	}
}

func TestFormAndSavedTimeline(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.submitter()
	if _, err := s.SubmitForm(t.Context(), submit.Request{Owner: "ann"}, timeline.Form{Degree: "D", FirstTerm: "Fall 2026"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SubmitTimeline(t.Context(), submit.Request{Owner: "ann"}, "t-1"); err != nil {
		t.Fatal(err)
	}
	in := timeline.PlanInput{Timeline: timeline.Saved{DegreeID: "D", Owner: "ann"}, Request: audit.PlanRequest{MaxCredits: audit.Quarters(12)}}
	if _, err := s.SubmitPlan(t.Context(), submit.Request{Owner: "ann"}, in); err != nil {
		t.Fatal(err)
	}
	planned, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	want := map[job.ID]string{"id-1": `{"degree":"D","firstTerm":"Fall 2026"}`, "id-2": "t-1", "id-3": string(planned)}
	if diff := cmp.Diff(want, w.inputs); diff != "" {
		t.Error(diff)
	}
	if w.records["id-1"].Kind != job.Form || w.records["id-2"].Kind != job.TimelineData || w.records["id-3"].Kind != job.Plan {
		t.Errorf("%+v", w.records)
	}
	for id, input := range want {
		if k := w.files[id]; string(k.ticket.Input) != input || k.content != "" {
			t.Errorf("%+v is kept", k)
		}
	}
}

// An owner at the limit of open jobs is refused before the document is read. If other requests reach the limit in the
// meantime, the submission is refused with nothing left behind.
func TestTooManyJobs(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.maxJobs = 2
	s := w.submitter()
	send := func(owner, of string) error {
		_, err := s.SubmitFile(t.Context(), submit.Request{Owner: owner, IdempotencyKey: owner + of}, strings.NewReader("%PDF-"+of))
		return err
	}
	for _, of := range []string{"a", "b"} {
		if err := send("ann", of); err != nil {
			t.Fatal(err)
		}
	}
	read := false
	_, err := s.SubmitFile(t.Context(), submit.Request{Owner: "ann"}, readerFunc(func([]byte) (int, error) { read = true; return 0, io.EOF }))
	if fault.CodeOf(err) != fault.TooManyJobs || read {
		t.Errorf("%v, the document was read: %v", err, read)
	}
	if err := send("bob", "a"); err != nil {
		t.Errorf("another owner: %v", err)
	}
	w.diary = nil
	s = w.submitter(func(d *submit.Deps) { d.Jobs = always{w} }) // at the check there is room
	if err := send("ann", "c"); fault.CodeOf(err) != fault.TooManyJobs {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"claim", "save", "admit", "delete files", "release"}, w.diary); diff != "" {
		t.Error(diff)
	}
	if len(w.files) != 3 || len(w.records) != 3 || len(w.claims) != 3 {
		t.Errorf("left: %v %v %v", w.files, w.records, w.claims)
	}
}

// always reports that there is room.
type always struct{ *world }

func (always) CheckQuota(context.Context, string, int) error { return nil }

func TestABrokenConnection(t *testing.T) {
	t.Parallel()
	w := newWorld()
	cut := errors.New("connection reset")
	_, err := w.submitter().SubmitFile(t.Context(), submit.Request{Owner: "ann", IdempotencyKey: "k"}, io.MultiReader(strings.NewReader("%PDF-"), broken{cut}))
	if !errors.Is(err, cut) {
		t.Errorf("%v", err)
	}
	if len(w.claims)+len(w.records)+len(w.tasks) != 0 {
		t.Errorf("left: %v %v %v", w.claims, w.records, w.tasks)
	}
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

// A timeline that no ticket could hold is refused before anything is kept.
func TestAPlanThatIsTooLarge(t *testing.T) {
	t.Parallel()
	w := newWorld()
	in := timeline.PlanInput{Timeline: timeline.Saved{Name: strings.Repeat("x", 513<<10)}}
	if _, err := w.submitter().SubmitPlan(t.Context(), submit.Request{Owner: "ann"}, in); fault.CodeOf(err) != fault.TooLarge {
		t.Errorf("got %v, want too_large", err)
	}
	if len(w.files) != 0 || len(w.records) != 0 {
		t.Errorf("got %v and %v, want nothing", w.files, w.records)
	}
	in.Timeline.Name = strings.Repeat("x", 511<<10)
	if _, err := w.submitter().SubmitPlan(t.Context(), submit.Request{Owner: "ann"}, in); err != nil {
		t.Errorf("the largest: %v", err)
	}
	for id, k := range w.files {
		if b, err := k.ticket.Encode(); err != nil || len(b) > job.MaxTicket {
			t.Errorf("the ticket of %s takes %d bytes, %v; want at most %d", id, len(b), err, job.MaxTicket)
		}
	}
}
