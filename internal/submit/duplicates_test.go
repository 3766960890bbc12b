package submit_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/submit"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

func TestIdempotency(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.submitter()
	n := 0
	send := func(owner, key string) submit.Receipt {
		t.Helper()
		n++ // the content differs each time
		r, err := s.SubmitFile(t.Context(), submit.Request{Owner: owner, IdempotencyKey: key}, strings.NewReader("%PDF-"+strconv.Itoa(n)))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	first := send("ann", "k")
	if again := send("ann", "k"); again.ID != first.ID || !again.Existing {
		t.Errorf("%+v after %+v", again, first)
	}
	if len(w.files) != 1 {
		t.Errorf("%d documents", len(w.files))
	}
	// Keys belong to an owner, and no other owner can construct them.
	for _, other := range []submit.Receipt{send("bob", "k"), send("an", "nk"), send("ann", "l"), send("ann", ""), send("ann", "")} {
		if other.ID == first.ID || other.Existing {
			t.Errorf("%+v", other)
		}
	}
}

// The same content of the same owner is the same job while that is open, and its files are stored once.
func TestTheSameContentTwice(t *testing.T) {
	t.Parallel()
	for kind, send := range map[string]func(*submit.Submitter, submit.Request, string) (submit.Receipt, error){
		"file": func(s *submit.Submitter, r submit.Request, of string) (submit.Receipt, error) {
			return s.SubmitFile(t.Context(), r, strings.NewReader("%PDF-"+of))
		},
		"form": func(s *submit.Submitter, r submit.Request, of string) (submit.Receipt, error) {
			return s.SubmitForm(t.Context(), r, timeline.Form{Degree: of})
		},
		"load": func(s *submit.Submitter, r submit.Request, of string) (submit.Receipt, error) {
			return s.SubmitTimeline(t.Context(), r, of)
		},
	} {
		t.Run(kind, func(t *testing.T) {
			w := newWorld()
			s := w.submitter()
			want := func(r submit.Request, of string, id job.ID, existing bool) {
				t.Helper()
				got, err := send(s, r, of)
				if err != nil || got != (submit.Receipt{ID: id, Existing: existing}) {
					t.Errorf("%+v, %v; want %s, %v", got, err, id, existing)
				}
			}
			want(submit.Request{Owner: "ann"}, "a", "id-1", false)
			want(submit.Request{Owner: "ann"}, "a", "id-1", true)
			want(submit.Request{Owner: "ann", IdempotencyKey: "k"}, "a", "id-1", true)
			want(submit.Request{Owner: "ann"}, "b", "id-4", false)
			want(submit.Request{Owner: "bob"}, "a", "id-5", false)
			want(submit.Request{Owner: "ann", Force: true}, "a", "id-6", false)
			if len(w.files) != 4 || len(w.tasks) != 4 {
				t.Errorf("%d jobs' files, %d tasks, want 4", len(w.files), len(w.tasks))
			}
			for id, r := range w.records {
				r.State = job.Done
				w.records[id] = r
			}
			want(submit.Request{Owner: "ann"}, "a", "id-7", false)
		})
	}
}
