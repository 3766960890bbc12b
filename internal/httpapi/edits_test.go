package httpapi_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// edited is the answer to an edit as a client reads it.
type edited struct {
	jobStatus
	Changed *timeline.Delta `json:"changed"`
}

// A list of changes that plans a course and its prerequisite, in the wrong order.
const planned = `{"changes":[
	{"op":"placeCourse","course":"comp 352","term":"Winter 2027"},
	{"op":"placeCourse","course":"COMP 249","term":"Fall 2027"},
	{"op":"removeTerm","term":"Summer 2027"}]}`

func TestEditByChanges(t *testing.T) {
	t.Parallel()
	s := setup(t)
	path := "/api/timeline/status/" + string(s.done("ann"))
	var got edited
	a := s.json(http.MethodPatch, "ann", path+"?view=slim", planned).want(t, http.StatusOK)
	a.decode(t, &got)
	if got.Data == nil || got.Changed == nil || got.Data.Courses["COMP 352"].State.Status != timeline.Planned {
		t.Fatalf("got %s, want the result and what changed", a.body)
	}
	if diff := cmp.Diff([]string{"SUMMER 2027"}, got.Changed.RemovedTerms); diff != "" {
		t.Errorf("removed terms (-want +got):\n%s", diff)
	}

	a = s.json(http.MethodPatch, "ann", path, `{"changes":[{"op":"moveCourse","course":"COMP 249","to":"WINTER 2027"}, {"op":"moveCourse","course":"COMP 352","to":"FALL 2027"}]}`,
		"Prefer", "return=minimal", "If-Match", a.Header.Get("ETag")).want(t, http.StatusOK)
	got = edited{}
	a.decode(t, &got)
	if got.Data != nil || len(got.Changed.Remarks.Gone) == 0 || a.Header.Get("Preference-Applied") != "return=minimal" {
		t.Errorf("got %s, want what changed alone, without the remark", a.body)
	}
	if len(a.body) > 10_000 {
		t.Errorf("got %d bytes, want less than 10 kB", len(a.body))
	}
	s.get("ann", path, "If-None-Match", a.Header.Get("ETag")).want(t, http.StatusNotModified)
	var now jobStatus
	s.get("ann", path).decode(t, &now)
	if now.Version != got.Version || now.Data.Graduation == nil {
		t.Errorf("version %d with graduation %v, want version %d and a graduation", now.Version, now.Data.Graduation, got.Version)
	}
	s.json(http.MethodPatch, "ann", path, planned, "If-Match", `"1"`).wantProblem(t, fault.PreconditionFailed)
}

func TestEditNamesEveryFault(t *testing.T) {
	t.Parallel()
	s := setup(t)
	path := "/api/timeline/status/" + string(s.done("ann"))
	before := s.get("ann", path)
	p := s.json(http.MethodPatch, "ann", path, `{"changes":[
		{"op":"placeCourse","course":"COMP 352","term":"Winter 2027"},
		{"op":"placeCourse","course":"COMP 999","term":"Winter 2047"},
		{"op":"fly"},
		{"op":"moveCourse","course":"COMP 249"}]}`).wantProblem(t, fault.InvalidForm)
	var paths []string
	for _, f := range p.Errors {
		paths = append(paths, f.Path)
	}
	if diff := cmp.Diff([]string{"changes/1/course", "changes/1/term", "changes/2/op", "changes/3/to"}, paths); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	s.get("ann", path, "If-None-Match", before.Header.Get("ETag")).want(t, http.StatusNotModified)
}

// The fields of an edit are checked without the timeline, and the rest against it. One answer names the faults of both,
// of a job as of a saved timeline.
func TestEditNamesShapeAndMeaning(t *testing.T) {
	t.Parallel()
	s := setup(t)
	id := s.done("ann")
	var saved timeline.Saved
	s.json(http.MethodPost, "ann", "/api/timelines", `{"jobId":"`+string(id)+`","timelineName":"Plan"}`).want(t, http.StatusCreated).decode(t, &saved)
	const body = `{
		"exemptions":["x"],
		"pins":{"COMP 248":"no pool"},
		"waivers":[{"code":"overload","term":"someday"},{"code":"overload","term":"Fall 2031"}],
		"semesters":[{"term":"never"},{"term":"Winter 2027","courses":[{"code":"COMP 352"}]}],
		"courses":{"COMP 998":{"status":"planned"},"COMP 249":{"status":"done"}},
		"changes":[
			{"op":"placeCourse","course":5,"term":"Winter 2047"},
			{"op":"pinCourse","course":"COMP 249","pool":"no pool"},
			"x",
			{"op":"fly","altitude":3},
			{"op":"waiveRemark","code":"excluded","course":"COMP 352"}]}`
	want := []string{
		"changes/0/course", "changes/0/term", "changes/1/pool", "changes/2", "changes/3/altitude", "changes/3/op", "changes/4",
		"courses/COMP 249/status", "courses/COMP 998", "exemptions/0", "pins/COMP 248", "semesters/0/term", "waivers/0/term", "waivers/1",
	}
	for name, path := range map[string]string{"job": "/api/timeline/status/" + string(id), "timeline": "/api/timelines/" + saved.ID} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := s.get("ann", path)
			var paths []string
			for _, f := range s.json(http.MethodPatch, "ann", path, body).wantProblem(t, fault.InvalidForm).Errors {
				paths = append(paths, f.Path)
			}
			if diff := cmp.Diff(want, paths); diff != "" {
				t.Errorf("faulty fields (-want +got):\n%s", diff)
			}
			s.get("ann", path, "If-None-Match", before.Header.Get("ETag")).want(t, http.StatusNotModified)
			s.json(http.MethodPatch, "ann", path, `{"exemptions":5}`, "If-Match", `"99"`).wantProblem(t, fault.PreconditionFailed)
		})
	}
}

func TestEditSavedTimeline(t *testing.T) {
	t.Parallel()
	s := setup(t)
	id := s.done("ann")
	var saved struct {
		timeline.Saved
		Changed *timeline.Delta `json:"changed"`
	}
	s.json(http.MethodPost, "ann", "/api/timelines", `{"jobId":"`+string(id)+`","timelineName":"Plan"}`).want(t, http.StatusCreated).decode(t, &saved)
	path := "/api/timelines/" + saved.ID
	a := s.json(http.MethodPatch, "ann", path, planned, "If-Match", `"1"`).want(t, http.StatusOK)
	a.decode(t, &saved)
	if saved.Version != 2 || saved.Name != "Plan" || saved.States["COMP 352"].Status != timeline.Planned || saved.Changed == nil || a.Header.Get("ETag") != `"2"` {
		t.Errorf("got %s", a.body)
	}
	a = s.json(http.MethodPatch, "ann", path, `{"timelineName":"Plan B","changes":[{"op":"removeCourse","course":"COMP 352"}]}`, "Prefer", "return=minimal").want(t, http.StatusOK)
	var minimal struct {
		ID      string          `json:"_id"`
		Version int64           `json:"version"`
		Changed *timeline.Delta `json:"changed"`
	}
	a.decode(t, &minimal)
	if minimal.ID != saved.ID || minimal.Version != 3 || *minimal.Changed.TimelineName != "Plan B" ||
		!cmp.Equal(minimal.Changed.RemovedCourses, []string{"COMP 352"}) || len(a.body) > 10_000 {
		t.Errorf("got %s", a.body)
	}
	s.json(http.MethodPatch, "ann", path, planned, "If-Match", `"2"`).wantProblem(t, fault.PreconditionFailed)
	s.json(http.MethodPatch, "bob", path, planned).wantProblem(t, fault.TimelineNotFound)
	s.json(http.MethodPatch, "ann", "/api/timelines/x", planned).wantProblem(t, fault.TimelineNotFound)
	s.json(http.MethodPatch, "ann", path, `{"changes":[{"op":"removeTerm","term":"FALL 2027"}]}`).wantProblem(t, fault.InvalidForm)
	s.json(http.MethodPatch, "ann", path, `{"changes":{}}`).wantProblem(t, fault.InvalidForm)
}
