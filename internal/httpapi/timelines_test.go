package httpapi_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

func TestForm(t *testing.T) {
	t.Parallel()
	s := setup(t)
	path := "/api/timeline/form"
	t.Run("accepted", func(t *testing.T) {
		s := s.in(t)
		a := s.json(http.MethodPost, "ann", path, `{"degree":"BEng in Software Engineering","firstTerm":"Fall 2026","isCoop":true}`).want(t, http.StatusAccepted)
		var got jobStatus
		s.get("ann", a.Header.Get("Location")).want(t, http.StatusOK).decode(t, &got)
		if got.Kind != job.Form || got.Status != job.Queued {
			t.Errorf("%+v", got)
		}
		// The worker receives the form as it was sent.
		_, input, err := s.jobs.BeginAttempt(t.Context(), got.JobID, 1)
		must(t, err)
		var f timeline.Form
		must(t, json.Unmarshal(input, &f))
		if want := (timeline.Form{Degree: "BEng in Software Engineering", FirstTerm: "Fall 2026", IsCoop: true}); !cmp.Equal(want, f) {
			t.Errorf("%+v", f)
		}
	})
	t.Run("every field named", func(t *testing.T) {
		p := s.in(t).json(http.MethodPost, "ann", path, `{"degree":7,"firstTerm":"Someday","lastTerm":"Fall 1066","isCoop":"yes","colour":"red"}`).wantProblem(t, fault.InvalidForm)
		var fields []string
		for _, f := range p.Errors {
			fields = append(fields, f.Path)
			if f.Message == "" {
				t.Errorf("%s without a message", f.Path)
			}
		}
		slices.Sort(fields)
		if diff := cmp.Diff([]string{"colour", "degree", "firstTerm", "isCoop", "lastTerm"}, fields); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a degree that the catalogue lacks", func(t *testing.T) {
		p := s.in(t).json(http.MethodPost, "ann", path, `{"degree":"BEng in Alchemy","firstTerm":"Fall 2026"}`).wantProblem(t, fault.InvalidForm)
		if len(p.Errors) != 1 || p.Errors[0].Path != "degree" {
			t.Errorf("%+v", p)
		}
	})
	for name, body := range map[string]string{
		"nothing": "", "no JSON": "degree=x", "half": `{"degree":`, "a list": `[]`, "text": `"form"`, "null": "null",
		"two objects": `{}{}`, "a deep one": strings.Repeat(`{"a":`, 100_00) + "1", "a byte that is no text": "\xff",
	} {
		t.Run(name, func(t *testing.T) {
			s.in(t).json(http.MethodPost, "ann", path, body).wantProblem(t, fault.BadRequest)
		})
	}
	t.Run("another type", func(t *testing.T) {
		for _, media := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/jsonp", ";"} {
			s.in(t).json(http.MethodPost, "ann", path, `{}`, "Content-Type", media).wantProblem(t, fault.UnsupportedKind)
		}
		s.in(t).json(http.MethodPost, "ann", path, `{}`, "Content-Type", "Application/JSON; charset=utf-8").wantProblem(t, fault.InvalidForm)
	})
	t.Run("too large", func(t *testing.T) {
		s := s.in(t)
		body := `{"degree":"` + strings.Repeat("x", 64<<10) + `"}`
		p := s.json(http.MethodPost, "ann", path, body).wantProblem(t, fault.TooLarge)
		if !strings.Contains(p.Detail, "64 KiB") {
			t.Error(p.Detail)
		}
		s.do(request{method: http.MethodPost, path: path, owner: "ann", header: map[string]string{"Content-Type": "application/json"},
			body: struct{ *strings.Reader }{strings.NewReader(body)}}).wantProblem(t, fault.TooLarge)
	})
}

func TestEdit(t *testing.T) {
	t.Parallel()
	s := setup(t)
	id := s.done("ann")
	path := "/api/timeline/status/" + string(id)
	before := s.get("ann", path)
	tag := before.Header.Get("ETag")

	a := s.json(http.MethodPatch, "ann", path, `{"timelineName":"Plan A","courses":{"COMP 248":{"status":"completed","semester":"FALL 2026"}}}`, "If-Match", tag).want(t, http.StatusOK)
	var got jobStatus
	a.decode(t, &got)
	if got.Data.TimelineName != "Plan A" || got.Data.Courses["COMP 248"].State.Status != timeline.Completed {
		t.Errorf("%s %+v", got.Data.TimelineName, got.Data.Courses["COMP 248"])
	}
	if a.Header.Get("ETag") == tag {
		t.Error("the tag is the same")
	}
	s.get("ann", path, "If-None-Match", a.Header.Get("ETag")).want(t, http.StatusNotModified)

	s.json(http.MethodPatch, "ann", path, `{"timelineName":"Plan B"}`, "If-Match", tag).wantProblem(t, fault.PreconditionFailed)
	s.json(http.MethodPatch, "ann", path, `{"timelineName":"Plan B"}`, "If-Match", `"made-up"`).wantProblem(t, fault.PreconditionFailed)
	s.json(http.MethodPatch, "ann", path, `{"timelineName":"Plan B"}`, "If-Match", `W/"2"`).wantProblem(t, fault.BadRequest)
	s.json(http.MethodPatch, "ann", path, `{"timelineName":"Plan B"}`, "If-Match", `"1", "2"`).wantProblem(t, fault.BadRequest)
	s.json(http.MethodPatch, "ann", path, `{"timelineName":"Plan C"}`).want(t, http.StatusOK)
	s.json(http.MethodPatch, "ann", path+"?view=slim", `{"timelineName":"Plan D"}`, "If-Match", "*").want(t, http.StatusOK)

	p := s.json(http.MethodPatch, "ann", path, `{"timelineName":7,"colour":"red","courses":{"COMP 248":{"status":"lost"}}}`).wantProblem(t, fault.InvalidForm)
	if len(p.Errors) != 3 {
		t.Errorf("%+v", p.Errors)
	}
	s.json(http.MethodPatch, "ann", path, `nothing`).wantProblem(t, fault.BadRequest)
	s.json(http.MethodPatch, "ann", path, `{"timelineName":"`+strings.Repeat("x", 1<<20)+`"}`).wantProblem(t, fault.TooLarge)
	s.json(http.MethodPatch, "ann", path, `{}`, "Content-Type", "application/merge-patch+json").wantProblem(t, fault.UnsupportedKind)
	s.json(http.MethodPatch, "bob", path, `{"timelineName":"mine"}`).wantProblem(t, fault.JobNotFound)
	s.json(http.MethodPatch, "ann", "/api/timeline/status/"+string(s.accepted("ann")), `{"timelineName":"x"}`).wantProblem(t, fault.Conflict)
}

func TestTimelines(t *testing.T) {
	t.Parallel()
	s := setup(t)
	id := s.done("ann")
	save := func(name string) answer {
		return s.json(http.MethodPost, "ann", "/api/timelines", `{"jobId":"`+string(id)+`","timelineName":"`+name+`"}`)
	}
	type saved struct {
		ID      string `json:"_id"`
		Name    string `json:"timelineName"`
		Version int64  `json:"version"`
	}
	var first saved
	a := save("First").want(t, http.StatusCreated)
	a.decode(t, &first)
	path := "/api/timelines/" + first.ID
	if first.Name != "First" || a.Header.Get("Location") != path || a.Header.Get("ETag") != `"1"` {
		t.Errorf("%+v %v", first, a.Header)
	}
	t.Run("saved again", func(t *testing.T) {
		var again saved
		s.json(http.MethodPost, "ann", "/api/timelines", `{"jobId":"`+string(id)+`"}`).want(t, http.StatusCreated).decode(t, &again)
		if again.ID != first.ID || again.Version != 2 || again.Name != "First" {
			t.Errorf("%+v", again)
		}
	})
	t.Run("read", func(t *testing.T) {
		s := s.in(t)
		a := s.get("ann", path).want(t, http.StatusOK)
		s.get("ann", path, "If-None-Match", a.Header.Get("ETag")).want(t, http.StatusNotModified)
		s.get("bob", path).wantProblem(t, fault.TimelineNotFound)
		for _, id := range []string{"x", "6b1ff2b87f0b4f6a9d5e0a3c", strings.ToUpper(first.ID) + "0", "..%2f..%2fx"} {
			s.get("ann", "/api/timelines/"+id).wantProblem(t, fault.TimelineNotFound)
		}
	})
	t.Run("rename", func(t *testing.T) {
		s := s.in(t)
		tag := s.get("ann", path).Header.Get("ETag")
		var got saved
		s.json(http.MethodPut, "ann", path, `{"timelineName":"Second"}`, "If-Match", tag).want(t, http.StatusOK).decode(t, &got)
		if got.Name != "Second" {
			t.Errorf("%+v", got)
		}
		s.json(http.MethodPut, "ann", path, `{"timelineName":"Third"}`, "If-Match", tag).wantProblem(t, fault.PreconditionFailed)
		s.json(http.MethodPut, "bob", path, `{"timelineName":"Mine"}`).wantProblem(t, fault.TimelineNotFound)
		s.json(http.MethodPut, "ann", path, `{}`).wantProblem(t, fault.InvalidForm)
		s.json(http.MethodPut, "ann", path, `{"timelineName":"`+strings.Repeat("x", 1000)+`"}`).wantProblem(t, fault.InvalidForm)
		s.json(http.MethodPut, "ann", path, `{"name":"x"}`).wantProblem(t, fault.InvalidForm)
		s.json(http.MethodPut, "ann", path, `{"timelineName":7,"jobId":[]}`).wantProblem(t, fault.InvalidForm)
		s.json(http.MethodPut, "ann", path, `{"timelineName":"Third"}}`).wantProblem(t, fault.BadRequest)
		s.json(http.MethodPut, "ann", path, `{"timelineName":"Third"}]]and more`).wantProblem(t, fault.BadRequest)
		s.json(http.MethodPut, "ann", path, `[`).wantProblem(t, fault.BadRequest)
		s.json(http.MethodPut, "ann", path, `{"jobId":"x"}`).wantProblem(t, fault.InvalidForm)
	})
	t.Run("replace", func(t *testing.T) {
		s := s.in(t)
		s.json(http.MethodPut, "ann", path, `{"jobId":"`+string(s.done("ann"))+`"}`).want(t, http.StatusOK)
		s.json(http.MethodPut, "ann", path, `{"jobId":"`+string(s.done("bob"))+`"}`).wantProblem(t, fault.JobNotFound)
		s.json(http.MethodPut, "ann", path, `{"jobId":"`+string(s.accepted("ann"))+`"}`).wantProblem(t, fault.Conflict)
	})
	t.Run("load", func(t *testing.T) {
		s := s.in(t)
		load := func(owner, id string) answer {
			return s.do(request{method: http.MethodPost, path: "/api/timeline/" + id + "/load", owner: owner})
		}
		var got jobStatus
		s.get("ann", load("ann", first.ID).want(t, http.StatusAccepted).Header.Get("Location")).decode(t, &got)
		if got.Kind != job.TimelineData {
			t.Errorf("%+v", got)
		}
		load("bob", first.ID).wantProblem(t, fault.TimelineNotFound)
		load("ann", "x").wantProblem(t, fault.TimelineNotFound)
		load("ann", "6b1ff2b87f0b4f6a9d5e0a3c").wantProblem(t, fault.TimelineNotFound)
	})
	t.Run("refused", func(t *testing.T) {
		s := s.in(t)
		s.json(http.MethodPost, "ann", "/api/timelines", `{"jobId":"`+string(s.accepted("ann"))+`"}`).wantProblem(t, fault.Conflict)
		s.json(http.MethodPost, "bob", "/api/timelines", `{"jobId":"`+string(id)+`"}`).wantProblem(t, fault.JobNotFound)
		s.json(http.MethodPost, "ann", "/api/timelines", `{"jobId":"job:timeline:*"}`).wantProblem(t, fault.InvalidForm)
		s.json(http.MethodPost, "ann", "/api/timelines", `{}`).wantProblem(t, fault.InvalidForm)
		s.json(http.MethodPost, "ann", "/api/timelines", `{"userId":"bob"}`).wantProblem(t, fault.InvalidForm)
		s.json(http.MethodPost, "ann", "/api/timelines", ``).wantProblem(t, fault.BadRequest)
	})
	t.Run("list", func(t *testing.T) {
		s := s.in(t)
		for range 4 {
			s.json(http.MethodPost, "ann", "/api/timelines", `{"jobId":"`+string(s.done("ann"))+`"}`).want(t, http.StatusCreated)
		}
		type page struct {
			Timelines []map[string]any `json:"timelines"`
			Next      string           `json:"next"`
		}
		var ids []string
		for cursor, pages := "", 1; ; pages++ {
			var p page
			s.get("ann", "/api/timelines?limit=2&cursor="+cursor).want(t, http.StatusOK).decode(t, &p)
			for _, row := range p.Timelines {
				ids = append(ids, row["_id"].(string))
				if _, has := row["semesters"]; has {
					t.Error("a list holds the terms")
				}
			}
			if cursor = p.Next; cursor == "" {
				if pages != 3 {
					t.Errorf("%d pages", pages)
				}
				break
			}
		}
		slices.Sort(ids)
		if len(ids) != 5 || len(slices.Compact(ids)) != 5 || !slices.Contains(ids, first.ID) {
			t.Errorf("%v", ids)
		}
		var none page
		if a := s.get("bob", "/api/timelines"); string(a.body) != `{"timelines":[]}` {
			t.Errorf("%s %v", a.body, none)
		}
		for _, query := range []string{"?limit=0", "?limit=101", "?limit=x", "?cursor=x"} {
			s.get("ann", "/api/timelines"+query).wantProblem(t, fault.BadRequest)
		}
	})
	t.Run("delete", func(t *testing.T) {
		s := s.in(t)
		remove := func(owner string, header map[string]string) answer {
			return s.do(request{method: http.MethodDelete, path: path, owner: owner, header: header})
		}
		remove("bob", nil).wantProblem(t, fault.TimelineNotFound)
		remove("ann", map[string]string{"If-Match": `"1"`}).wantProblem(t, fault.PreconditionFailed)
		remove("ann", map[string]string{"If-Match": s.get("ann", path).Header.Get("ETag")}).want(t, http.StatusNoContent)
		s.get("ann", path).wantProblem(t, fault.TimelineNotFound)
		remove("ann", nil).wantProblem(t, fault.TimelineNotFound)
	})
}
