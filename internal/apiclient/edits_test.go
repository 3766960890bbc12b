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

func TestImportTimeline(t *testing.T) {
	t.Parallel()
	c := newAPI(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Method != http.MethodPost || r.URL.Path != "/api/timelines" || string(body) != `{"degreeId":"d"}` {
			problem.WriteError(w, r, fault.New(fault.InvalidForm))
			return
		}
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"_id":"s","timelineName":"mine"}`)
	})
	saved, err := c.ImportTimeline(t.Context(), []byte(`{"degreeId":"d"}`))
	if err != nil || saved.ID != "s" || saved.Name != "mine" {
		t.Errorf("got %+v, %v; want the timeline that was stored", saved, err)
	}
	if _, err := c.ImportTimeline(t.Context(), []byte(`{}`)); fault.CodeOf(err) != fault.InvalidForm {
		t.Errorf("got %v, want invalid_form", err)
	}
}
