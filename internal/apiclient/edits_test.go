package apiclient_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/problem"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

func TestEdits(t *testing.T) {
	t.Parallel()
	patch := timeline.Patch{Changes: []timeline.Change{{Op: timeline.AddTerm, Term: "FALL 2027"}}}
	var got *http.Request
	var body []byte
	c := newAPI(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		if r.URL.Path == "/api/timelines/gone" {
			problem.WriteError(w, r, fault.New(fault.TimelineNotFound))
			return
		}
		fmt.Fprint(w, `{"jobId":"j","_id":"s","version":4,"changed":{"removedTerms":["FALL 2026"]}}`)
	})
	edited, err := c.EditResult(t.Context(), "j", 3, patch)
	if err != nil || edited.Version != 4 || len(edited.Changed.RemovedTerms) != 1 {
		t.Errorf("got %+v, %v; want version 4 and one removed term", edited, err)
	}
	if got.Method != http.MethodPatch || got.URL.Path != "/api/timeline/status/j" || got.Header.Get("If-Match") != `"3"` ||
		got.Header.Get("Prefer") != "return=minimal" || string(body) != `{"changes":[{"op":"addTerm","term":"FALL 2027"}]}` {
		t.Errorf("got %s %s %v %s", got.Method, got.URL, got.Header, body)
	}
	if _, err = c.EditTimeline(t.Context(), "s", 0, patch); err != nil || got.URL.Path != "/api/timelines/s" || got.Header.Get("If-Match") != "" {
		t.Errorf("got %s with If-Match %q, %v; want the timeline at any version", got.URL, got.Header.Get("If-Match"), err)
	}
	if _, err = c.EditTimeline(t.Context(), "gone", 0, patch); fault.CodeOf(err) != fault.TimelineNotFound {
		t.Errorf("got %v, want timeline_not_found", err)
	}
}
