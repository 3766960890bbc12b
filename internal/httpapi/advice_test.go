package httpapi_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/advising"
	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/resultcodec"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// modelAdvisor advises on one result, which it builds once for all runs of the fuzzer.
func modelAdvisor(t testing.TB, cat *catalogue.Catalogue) *advising.Advisor {
	t.Helper()
	model, err := modelCase(cat)
	must(t, err)
	return model
}

var advised struct {
	once    sync.Once
	advisor *advising.Advisor
	err     error
}

func modelCase(cat *catalogue.Catalogue) (*advising.Advisor, error) {
	advised.once.Do(func() {
		r, err := timeline.NewBuilder(cat).FromForm(timeline.Form{Degree: "BEng in Software Engineering", FirstTerm: "Fall 2026"}, now)
		if err != nil {
			advised.err = err
			return
		}
		stored, err := resultcodec.EncodeResult(r)
		if err != nil {
			advised.err = err
			return
		}
		ports := adviceModel{stored.Slim, r.ToSaved()}
		advised.advisor, advised.err = advising.New(advising.Deps{Jobs: ports, Timelines: ports, Catalogue: current{cat}, Clock: func() time.Time { return now }})
	})
	return advised.advisor, advised.err
}

// adviceModel holds one result, as a job and as a saved timeline.
type adviceModel struct {
	packed []byte
	saved  timeline.Saved
}

func (m adviceModel) LoadWithResult(_ context.Context, id job.ID, _ bool) (job.Record, []byte, error) {
	if id != aJob {
		return job.Record{}, nil, fault.New(fault.JobNotFound)
	}
	return job.Record{ID: id, Owner: "ann", State: job.Done, Version: 3}, m.packed, nil
}

func (m adviceModel) FindTimeline(_ context.Context, owner, id string) (timeline.Saved, error) {
	if owner != "ann" || id != aTimeline {
		return timeline.Saved{}, fault.New(fault.TimelineNotFound)
	}
	return m.saved, nil
}

// saved saves the result of a job and returns the path of the timeline.
func (s *system) saved(owner string, id job.ID) string {
	s.t.Helper()
	a := s.json(http.MethodPost, owner, "/api/timelines", `{"jobId":"`+string(id)+`"}`).want(s.t, http.StatusCreated)
	return a.Header.Get("Location")
}

func TestAudit(t *testing.T) {
	t.Parallel()
	s := setup(t)
	id := s.done("ann")
	for name, path := range map[string]string{"job": "/api/timeline/status/" + string(id), "timeline": s.saved("ann", id)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := s.in(t)
			a := s.get("ann", path+"/audit", "Accept-Encoding", "gzip").want(t, http.StatusOK)
			var got audit.Audit
			a.decode(t, &got)
			if got.Degree.ID != "BEng in Software Engineering" || got.Totals.Remaining == 0 || len(got.Requirements) < 5 || got.Graduation == nil ||
				len(got.Graduation.CriticalChain) == 0 || !strings.HasPrefix(got.GeneratedFrom, name+" ") {
				t.Errorf("got %s", a.body)
			}
			if strings.Contains(string(a.body), ":null") {
				t.Errorf("a null among %s", a.body)
			}
			if got, want := a.Header.Get("Cache-Control"), "private, no-cache"; got != want {
				t.Errorf("got Cache-Control %q, want %q", got, want)
			}
			s.get("ann", path+"/audit", "If-None-Match", a.Header.Get("ETag")).want(t, http.StatusNotModified)
			s.get("bob", path+"/audit").want(t, http.StatusNotFound)
			plain := s.get("ann", path+"/audit").want(t, http.StatusOK)
			if string(plain.body) != string(a.body) {
				t.Errorf("uncompressed: got %s, want %s", plain.body, a.body)
			}
		})
	}
	s.get("ann", "/api/timeline/status/"+string(s.accepted("ann"))+"/audit").wantProblem(t, fault.Conflict)
	s.get("ann", "/api/timelines/"+aTimeline+"/audit").wantProblem(t, fault.TimelineNotFound)
	s.get("ann", "/api/timeline/status/nothing/audit").wantProblem(t, fault.JobNotFound)
}

// An edit changes the tag, and what the audit says.
func TestAuditAfterAnEdit(t *testing.T) {
	t.Parallel()
	s := setup(t)
	path := "/api/timeline/status/" + string(s.done("ann"))
	before := s.get("ann", path+"/audit").want(t, http.StatusOK)
	s.json(http.MethodPatch, "ann", path, `{"courses":{"COMP 248":{"status":"completed","semester":"Fall 2025"}}}`).want(t, http.StatusOK)
	after := s.get("ann", path+"/audit", "If-None-Match", before.Header.Get("ETag")).want(t, http.StatusOK)
	var old, edited audit.Audit
	before.decode(t, &old)
	after.decode(t, &edited)
	if edited.Totals.Completed != old.Totals.Completed+audit.Quarters(3.5) {
		t.Errorf("got %s credits completed, want 3.5 more than %s", edited.Totals.Completed, old.Totals.Completed)
	}
}

func TestWhatIf(t *testing.T) {
	t.Parallel()
	s := setup(t)
	id := s.done("ann")
	for name, path := range map[string]string{"job": "/api/timeline/status/" + string(id), "timeline": s.saved("ann", id)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := s.in(t)
			var all advising.Comparison
			a := s.get("ann", path+"/what-if").want(t, http.StatusOK)
			a.decode(t, &all)
			if len(all.Degrees) != len(s.cat.StandaloneDegrees()) || all.Degree.ID != "BEng in Software Engineering" {
				t.Fatalf("got %d degrees from %+v, want %d", len(all.Degrees), all.Degree, len(s.cat.StandaloneDegrees()))
			}
			for i, line := range all.Degrees[1:] {
				if line.Totals.Remaining < all.Degrees[i].Totals.Remaining {
					t.Errorf("%s stands behind %s, which lacks more", line.Degree.Name, all.Degrees[i].Degree.Name)
				}
			}
			s.get("ann", path+"/what-if", "If-None-Match", a.Header.Get("ETag")).want(t, http.StatusNotModified)
			var one audit.Audit
			s.get("ann", path+"/what-if?degree=BCompSc%20in%20Computer%20Science").want(t, http.StatusOK).decode(t, &one)
			if one.Degree.ID != "BCompSc in Computer Science" || one.Totals.Required != audit.Quarters(90) {
				t.Errorf("got %+v of %+v, want 90 credits of computer science", one.Totals, one.Degree)
			}
			if p := s.get("ann", path+"/what-if?degree=Alchemy").wantProblem(t, fault.DegreeNotFound); p.Status != http.StatusUnprocessableEntity && p.Status != http.StatusNotFound {
				t.Errorf("got %+v", p)
			}
			s.get("bob", path+"/what-if").want(t, http.StatusNotFound)
		})
	}
}

// Notes and obstacles are in the client's language; each language has a tag of its own.
func TestAuditInFrench(t *testing.T) {
	t.Parallel()
	s := setup(t)
	id := s.done("ann")
	for _, path := range []string{"/audit", "/what-if"} {
		path = "/api/timeline/status/" + string(id) + path
		english := s.get("ann", path).want(t, http.StatusOK)
		tag := english.Header.Get("ETag")
		inFrench := s.get("ann", path, "Accept-Language", "fr-CA", "If-None-Match", tag).want(t, http.StatusOK)
		if got := inFrench.Header.Get("Content-Language"); got != "fr-CA" || !slices.Contains(inFrench.Header.Values("Vary"), "Accept-Language") {
			t.Errorf("%s: got Content-Language %q and Vary %q", path, got, inFrench.Header.Values("Vary"))
		}
		s.get("ann", path, "Accept-Language", "fr-CA", "If-None-Match", inFrench.Header.Get("ETag")).want(t, http.StatusNotModified)
		s.get("ann", path, "If-None-Match", inFrench.Header.Get("ETag")).want(t, http.StatusOK)
	}
}

func TestPlan(t *testing.T) {
	t.Parallel()
	s := setup(t)
	path := "/api/timeline/status/" + string(s.done("ann"))
	a := s.json(http.MethodPost, "ann", path+"/plan", `{"maxCredits": 16, "keep": [{"code": "COMP 352", "term": "Fall 2028"}]}`).want(t, http.StatusOK)
	var plan advising.Plan
	a.decode(t, &plan)
	if !plan.Optimal || plan.Length != plan.Bound || plan.Audit.Totals.Remaining != 0 || plan.Patch.Semesters == nil || plan.Reason == "" {
		t.Fatalf("got %s", a.body)
	}
	if strings.Contains(string(a.body), ":null") {
		t.Errorf("a null among %s", a.body)
	}
	for _, term := range plan.Terms {
		for _, c := range term.Courses {
			if c.Because == "" || c.Message == "" || c.Code == "COMP 352" && (c.Because != audit.PlacedKept || term.Term != "FALL 2028") {
				t.Errorf("%s: got %+v", term.Term, c)
			}
		}
	}

	// The patch takes the plan over.
	patch, err := json.Marshal(plan.Patch)
	must(t, err)
	s.json(http.MethodPatch, "ann", path, string(patch)).want(t, http.StatusOK)
	var after audit.Audit
	s.get("ann", path+"/audit").want(t, http.StatusOK).decode(t, &after)
	if after.Totals != plan.Audit.Totals {
		t.Errorf("taken over: got %+v, want %+v", after.Totals, plan.Audit.Totals)
	}
}

func TestPlanIsRefused(t *testing.T) {
	t.Parallel()
	s := setup(t)
	id := s.done("ann")
	path := "/api/timeline/status/" + string(id)
	before := s.get("ann", path).want(t, http.StatusOK)
	for _, c := range []struct {
		name, body string
		want       []string
	}{
		{"wrong types", `{"maxCredits":"many","summers":1,"keep":[{"code":3}],"extra":true}`, []string{"extra", "keep/0/code", "keep/0/term", "maxCredits", "summers"}},
		{"no courses", `{"avoid":["nothing"],"prefer":["x"],"keep":[{"code":"?","term":""}]}`, []string{"avoid/0", "keep/0/code", "keep/0/term", "prefer/0"}},
		{"unknown courses", `{"avoid":["ABCD 999"],"prefer":["COMP 442","WXYZ 100"]}`, []string{"avoid/0", "prefer/1"}},
		{"a contradiction", `{"prefer":["COMP 442"],"avoid":["COMP 442","COMP 352"]}`, []string{"avoid/0", "avoid/1"}},
		{"the past", `{"from":"Fall 2020","maxCredits":40}`, []string{"from", "maxCredits"}},
		{"shape and meaning", `{"prefer":["x"],"from":"Fall 2020","maxCredits":40,"avoid":["ABCD 999"]}`, []string{"avoid/0", "from", "maxCredits", "prefer/0"}},
		{"too early", `{"keep":[{"code":"SOEN 490","term":"Winter 2027"}]}`, []string{"keep/0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := s.in(t).json(http.MethodPost, "ann", path+"/plan", c.body).wantProblem(t, fault.InvalidForm)
			got := map[string]bool{}
			for _, f := range p.Errors {
				got[f.Path] = true
			}
			for _, field := range c.want {
				if !got[field] {
					t.Errorf("got %+v, want a fault of %s", p.Errors, field)
				}
			}
		})
	}
	s.json(http.MethodPost, "ann", path+"/plan", `[]`).wantProblem(t, fault.BadRequest)
	s.json(http.MethodPost, "bob", path+"/plan", `{}`).wantProblem(t, fault.JobNotFound)
	s.json(http.MethodPost, "ann", "/api/timelines/"+aTimeline+"/plan", `{}`).wantProblem(t, fault.TimelineNotFound)
	if after := s.get("ann", path).want(t, http.StatusOK); string(after.body) != string(before.body) {
		t.Error("a refused plan changed the result")
	}
	if n := len(s.files()); n != 1 {
		t.Errorf("%d files of jobs, want that of the first: %v", n, s.files())
	}
}

// A client may ask for a job, and a plan that takes many steps is one.
func TestPlanJob(t *testing.T) {
	t.Parallel()
	s := setup(t)
	id := s.done("ann")
	path := s.saved("ann", id)
	for _, c := range []struct {
		name, path, body, prefer string
	}{
		{"preferred", path, `{}`, "wait=5, respond-async"},
		{"of a job", "/api/timeline/status/" + string(id), `{"maxCredits":18}`, "Respond-Async"},
		{"many steps", path, `{"maxCredits":13.5}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := s.in(t)
			a := s.json(http.MethodPost, "ann", c.path+"/plan", c.body, "Prefer", c.prefer).want(t, http.StatusAccepted)
			if got := a.Header.Get("Preference-Applied"); (got == "respond-async") != (c.prefer != "") {
				t.Errorf("got Preference-Applied %q", got)
			}
			var status struct {
				JobID  job.ID    `json:"jobId"`
				Kind   job.Kind  `json:"kind"`
				Status job.State `json:"status"`
			}
			s.get("ann", a.Header.Get("Location")).want(t, http.StatusOK).decode(t, &status)
			if status.Kind != job.Plan || status.Status != job.Queued {
				t.Errorf("got %+v, want a queued job of the kind plan", status)
			}
			again := s.json(http.MethodPost, "ann", c.path+"/plan", c.body, "Prefer", c.prefer).want(t, http.StatusAccepted)
			if again.Header.Get("Location") != a.Header.Get("Location") {
				t.Errorf("asked again: got %s, want the open job %s", again.Header.Get("Location"), a.Header.Get("Location"))
			}
			s.get("bob", a.Header.Get("Location")).want(t, http.StatusNotFound)
		})
	}
}
