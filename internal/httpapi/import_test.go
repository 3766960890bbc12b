package httpapi_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// What GET answers, without id, version and times, can be posted again: by another owner, as a timeline of its own.
func TestImport(t *testing.T) {
	t.Parallel()
	s := setup(t)
	var first, second timeline.Saved
	s.json(http.MethodPost, "ann", "/api/timelines", `{"jobId":"`+string(s.done("ann"))+`","timelineName":"mine"}`).want(t, http.StatusCreated).decode(t, &first)
	var exported map[string]json.RawMessage
	s.get("ann", "/api/timelines/"+first.ID).want(t, http.StatusOK).decode(t, &exported)
	for _, name := range []string{"_id", "version", "createdAt", "updatedAt"} {
		delete(exported, name)
	}
	body, err := json.Marshal(exported)
	must(t, err)
	a := s.json(http.MethodPost, "bob", "/api/timelines", string(body)).want(t, http.StatusCreated)
	a.decode(t, &second)
	if got := a.Header.Get("Location"); second.ID == first.ID || got != "/api/timelines/"+second.ID {
		t.Errorf("got %s at %q, want a new timeline", second.ID, got)
	}
	if second.Name != "mine" || len(second.Semesters) != len(first.Semesters) {
		t.Errorf("got %q of %d terms, want %q of %d", second.Name, len(second.Semesters), first.Name, len(first.Semesters))
	}
	s.get("ann", "/api/timelines/"+second.ID).wantProblem(t, fault.TimelineNotFound)
	s.json(http.MethodPost, "bob", "/api/timelines", `{"degreeId":"Alchemy"}`).wantProblem(t, fault.DegreeNotFound)
	s.json(http.MethodPost, "bob", "/api/timelines", `{"degreeId":"Alchemy","userId":"ann"}`).wantProblem(t, fault.InvalidForm)
}

// A client that prefers the minimum is answered with the new version alone.
func TestUpdateMinimal(t *testing.T) {
	t.Parallel()
	s := setup(t)
	id := string(s.done("ann"))
	var first timeline.Saved
	s.json(http.MethodPost, "ann", "/api/timelines", `{"jobId":"`+id+`"}`).want(t, http.StatusCreated).decode(t, &first)
	a := s.json(http.MethodPut, "ann", "/api/timelines/"+first.ID, `{"jobId":"`+id+`"}`, "If-Match", `"1"`, "Prefer", "return=minimal").want(t, http.StatusOK)
	var got map[string]any
	a.decode(t, &got)
	if len(got) != 3 || got["_id"] != first.ID || got["version"] != 2.0 || a.Header.Get("ETag") != `"2"` || a.Header.Get("Preference-Applied") != "return=minimal" {
		t.Errorf("got %v with ETag %s, want id, version 2 and time", got, a.Header.Get("ETag"))
	}
	s.json(http.MethodPut, "ann", "/api/timelines/"+first.ID, `{"jobId":"`+id+`"}`, "If-Match", `"1"`).wantProblem(t, fault.PreconditionFailed)
}
