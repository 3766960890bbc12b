package submit_test

import (
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/submit"
)

// The given degree is in the record and in the ticket, from which the job is restored.
func TestAGivenDegreeIsStored(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.submitter()
	request := submit.Request{Owner: "ann", Degree: "BEng in Software Engineering"}
	if _, err := s.SubmitFile(t.Context(), request, strings.NewReader("%PDF-")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SubmitTimeline(t.Context(), request, "t-1"); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[job.ID]string{
		"id-1": `{"degree":"BEng in Software Engineering"}`,
		"id-2": `{"timelineId":"t-1","degree":"BEng in Software Engineering"}`,
	} {
		if got := string(w.files[id].ticket.Input); w.inputs[id] != want || got != want {
			t.Errorf("%s: got the record's input %s and the ticket's %s, want %s", id, w.inputs[id], got, want)
		}
	}
}

// The same key and the same content name one job for each degree.
func TestAnotherDegreeIsAnotherJob(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"", "k"} {
		w := newWorld()
		s := w.submitter()
		send := func(owner, degree string) submit.Receipt {
			t.Helper()
			got, err := s.SubmitFile(t.Context(), submit.Request{Owner: owner, IdempotencyKey: key, Degree: degree}, strings.NewReader("%PDF-"))
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		seen := map[job.ID]string{}
		for _, degree := range []string{"", "D1", "D2"} {
			first, again := send("ann", degree), send("ann", degree)
			if first.Existing || !again.Existing || first.ID != again.ID {
				t.Errorf("key %q, degree %q: got %+v, then %+v, want one job", key, degree, first, again)
			}
			if other, ok := seen[first.ID]; ok {
				t.Errorf("key %q: degree %q has the job of degree %q", key, degree, other)
			}
			seen[first.ID] = degree
		}
	}
}

// No choice of owner, key and degree gives the claim of another owner.
func TestClaimsOfDegreesAreApart(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.submitter()
	claims := map[string]submit.Request{}
	for _, r := range []submit.Request{
		{Owner: "ann", IdempotencyKey: "K", Degree: "ABCD"},
		{Owner: "ABCD", IdempotencyKey: "3:annK"},
		{Owner: "BCD", IdempotencyKey: "3:annK", Degree: "A"},
		{Owner: "ann", IdempotencyKey: "KABCD"},
	} {
		got, err := s.SubmitFile(t.Context(), r, strings.NewReader("%PDF-"+r.Owner+r.Degree))
		if err != nil || got.Existing {
			t.Fatalf("%+v: got %+v, %v, want a new job", r, got, err)
		}
		claim := w.files[got.ID].ticket.Claim
		if other, ok := claims[claim]; ok {
			t.Errorf("%+v and %+v have one claim", r, other)
		}
		claims[claim] = r
	}
}
