package httpapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/signin/providertest"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

func withLegacy(d *httpapi.Deps) { d.Legacy = true }

// legacyError is the body of the earlier errors.
type legacyError struct {
	Success bool
	Error   string
	Message string
	Status  int
}

// send sends JSON, "" for no body.
func (s *system) send(method, path, owner, body string) answer {
	s.t.Helper()
	return s.do(request{method: method, path: path, owner: owner, body: strings.NewReader(body), header: map[string]string{"Content-Type": "application/json"}})
}

func (a answer) wantLegacyError(t testing.TB, status int, class string) {
	t.Helper()
	var e legacyError
	a.want(t, status).decode(t, &e)
	if e.Success || e.Error != class || e.Status != status || e.Message == "" {
		t.Errorf("%s: got %s, want %s", a.Request.URL, a.body, class)
	}
}

// wantJSON checks that the answer has a status and, of the fields of want, their values.
func (a answer) wantJSON(t testing.TB, status int, want string) {
	t.Helper()
	var got, wanted any
	a.want(t, status).decode(t, &got)
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("%s: want, got: %s", a.Request.URL, diff)
	}
}

func TestLegacyRoutesAreOffByDefault(t *testing.T) {
	t.Parallel()
	s := setup(t)
	s.get("ann", "/api/degree").wantProblem(t, fault.NotFound)
	s.send(http.MethodPost, "/api/timeline", "ann", "{}").wantProblem(t, fault.NotFound)
}

func TestLegacyJobs(t *testing.T) {
	t.Parallel()
	s := setup(t, withLegacy)
	body, contentType := form(t, "file", "transcript.pdf", pdf(500))
	var accepted struct {
		JobID           job.ID
		Status, Message string
	}
	s.do(request{method: http.MethodPost, path: "/api/upload/file", owner: "ann", body: body, header: map[string]string{"Content-Type": contentType}}).
		want(t, http.StatusOK).decode(t, &accepted)
	if accepted.Status != "processing" || accepted.Message != "Job accepted" {
		t.Errorf("accepted as %+v", accepted)
	}
	path := "/api/jobs/" + string(accepted.JobID)
	a := s.get("ann", path)
	a.wantJSON(t, http.StatusOK, `{"jobId":"`+string(accepted.JobID)+`","status":"processing","result":null}`)
	if a.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("the headers are %v", a.Header)
	}
	if a.Header.Get("Cache-Control") != "no-store" {
		t.Error("the state may be stored")
	}
	record, _, err := s.jobs.BeginAttempt(t.Context(), accepted.JobID, 1)
	must(t, err)
	must(t, s.jobs.FailJob(t.Context(), accepted.JobID, record.Fence, job.Failure{Code: fault.Corrupt, Message: "It is damaged."}))
	s.get("ann", path).wantJSON(t, http.StatusUnprocessableEntity, `{"jobId":"`+string(accepted.JobID)+`","status":"failed","error":"It is damaged."}`)

	s.get("ann", "/api/jobs/6f1c7b9e-3c7e-4c2a-9d35-7a8f3f6f2f11").wantLegacyError(t, http.StatusNotFound, "NotFoundError")
	s.get("bob", path).wantLegacyError(t, http.StatusNotFound, "NotFoundError")
	s.get("", path).wantLegacyError(t, http.StatusUnauthorized, "UnauthorizedError")
	s.send(http.MethodPost, "/api/upload/form", "ann", `{"degree":"BEng in Software Engineering","firstTerm":"Fall 2026","isCoop":true}`).
		want(t, http.StatusOK).decode(t, &accepted)
	s.send(http.MethodPost, "/api/upload/form", "ann", "").wantLegacyError(t, http.StatusBadRequest, "BadRequestError")
	s.send(http.MethodPost, "/api/upload/form", "ann", `{"degree":"Alchemy"}`).wantLegacyError(t, http.StatusBadRequest, "BadRequestError")
	s.upload("ann", []byte("no document")).wantProblem(t, fault.NotAPDF) // the present routes are as they were
}

func TestLegacyEditsAndTimelines(t *testing.T) {
	t.Parallel()
	s := setup(t, withLegacy)
	id := s.done("ann")
	path := "/api/jobs/" + string(id)
	var before struct {
		Status string
		Result struct {
			Degree    map[string]any
			Pools     []map[string]any
			Courses   map[string]json.RawMessage
			Semesters []map[string]any
		}
	}
	s.get("ann", path).want(t, http.StatusOK).decode(t, &before)
	if before.Status != "done" || before.Result.Degree["_id"] != "BEng in Software Engineering" || before.Result.Pools[0]["_id"] == nil || len(before.Result.Semesters) == 0 {
		t.Fatalf("the result is %.300v", before)
	}
	// The earlier front end sends whole courses.
	edit := `{"exemptions":["MATH 203"],"courses":{"COMP 248":` + string(before.Result.Courses["COMP 248"]) + `},"timelineName":"My plan"}`
	s.send(http.MethodPost, path, "ann", edit).want(t, http.StatusOK)
	s.send(http.MethodPost, path, "ann", `{"exemptions":1}`).wantLegacyError(t, http.StatusBadRequest, "BadRequestError")

	s.send(http.MethodPost, "/api/timeline", "ann", `{"userId":"u","jobId":"`+string(id)+`"}`).wantLegacyError(t, http.StatusBadRequest, "BadRequestError")
	var doc map[string]any
	s.send(http.MethodPost, "/api/timeline", "ann", `{"userId":"u","timelineName":"My plan","jobId":"`+string(id)+`"}`).want(t, http.StatusCreated).decode(t, &doc)
	saved, _ := doc["_id"].(string)
	if doc["userId"] != "u" || doc["name"] != "My plan" || doc["degreeId"] != "BEng in Software Engineering" || !cmp.Equal(doc["exemptions"], []any{"MATH 203"}) {
		t.Errorf("saved as %v", doc)
	}
	loaded := s.get("ann", "/api/timeline/"+saved).want(t, http.StatusAccepted)
	if !strings.Contains(string(loaded.body), `"status":"processing"`) {
		t.Errorf("loading answers %s", loaded.body)
	}
	s.get("ann", "/api/timeline/x").wantLegacyError(t, http.StatusBadRequest, "BadRequestError")
	s.send(http.MethodPut, "/api/timeline/"+saved, "ann", `{"name":"Plan B","unknown":1}`).want(t, http.StatusOK).decode(t, &doc)
	if doc["name"] != "Plan B" {
		t.Errorf("renamed to %v", doc["name"])
	}
	s.send(http.MethodPut, "/api/timeline/"+saved, "bob", `{"name":"Plan C"}`).wantLegacyError(t, http.StatusNotFound, "NotFoundError")

	for _, address := range []string{"/api/audit/timeline/job/" + string(id), "/api/audit/timeline/" + saved + "?userId=u", "/api/audit/user/u"} {
		var audited struct {
			Student      struct{ Program, AdmissionTerm string }
			Progress     struct{ Total, Remaining float64 }
			Requirements []struct {
				ID, Title, Status string
				Courses           []struct{ Code, Status string }
			}
		}
		s.get("ann", address).want(t, http.StatusOK).decode(t, &audited)
		if audited.Student.Program == "" || audited.Progress.Total != 120 || len(audited.Requirements) == 0 || audited.Requirements[0].Status == "" {
			t.Errorf("%s: %+v", address, audited)
		}
	}
	s.get("bob", "/api/audit/user/u").wantLegacyError(t, http.StatusNotFound, "NotFoundError")
	s.send(http.MethodDelete, "/api/timeline/"+saved, "ann", "").wantJSON(t, http.StatusOK, `"Timeline with id `+saved+` deleted"`)
	s.send(http.MethodDelete, "/api/timeline/"+saved, "ann", "").wantLegacyError(t, http.StatusNotFound, "NotFoundError")
	s.send(http.MethodDelete, "/api/timeline/user/u", "ann", "").wantLegacyError(t, http.StatusNotFound, "NotFoundError")
	s.saveJob("ann", id, "again")
	s.send(http.MethodDelete, "/api/timeline/user/u", "ann", "").wantJSON(t, http.StatusOK, `{"message":"1 timelines deleted"}`)
}

func TestLegacyCatalogue(t *testing.T) {
	t.Parallel()
	s := setup(t, withLegacy)
	var degrees []map[string]any
	s.get("ann", "/api/degree").want(t, http.StatusOK).decode(t, &degrees)
	if len(degrees) < 9 || degrees[0]["_id"] == nil || degrees[0]["coursePools"] == nil {
		t.Errorf("%d degrees, the first is %v", len(degrees), degrees[0])
	}
	one := "/api/degree/BEng%20in%20Software%20Engineering"
	s.get("ann", one+"/credits").wantJSON(t, http.StatusOK, `{"totalCredits":120}`)
	var pools, courses []map[string]any
	s.get("ann", one+"/coursepools").want(t, http.StatusOK).decode(t, &pools)
	s.get("ann", "/api/courses/by-degree/BEng%20in%20Software%20Engineering").want(t, http.StatusOK).decode(t, &courses)
	var codes struct{ CourseCodes []string }
	// openapi.json has a course at this address, which the usual client would compare with the answer.
	unchecked := *s
	unchecked.client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	unchecked.get("ann", "/api/courses/all-codes").want(t, http.StatusOK).decode(t, &codes)
	if len(pools) == 0 || pools[0]["_id"] == nil || len(courses) == 0 || courses[0]["_id"] == nil || len(codes.CourseCodes) < len(courses) {
		t.Errorf("%d pools, %d courses, %d codes", len(pools), len(courses), len(codes.CourseCodes))
	}
	s.get("ann", "/api/degree/Alchemy").wantLegacyError(t, http.StatusNotFound, "NotFoundError")
	s.get("ann", "/api/courses/COMP%20248").want(t, http.StatusOK) // of the present API
}

// The earlier front end has no sign-in: its users are guests, one for each browser.
func TestLegacyGuests(t *testing.T) {
	t.Parallel()
	s := setup(t, withGuests(t, providertest.Start(t), 2), withLegacy)
	browser, other := s.asBrowser(), s.asBrowser()
	var accepted struct{ JobID job.ID }
	browser.send(http.MethodPost, "/api/upload/form", "", `{"degree":"BEng in Software Engineering","firstTerm":"Fall 2026"}`).want(t, http.StatusOK).decode(t, &accepted)
	path := "/api/jobs/" + string(accepted.JobID)
	for range 3 { // the same guest
		browser.get("", path).want(t, http.StatusOK)
	}
	other.get("", path).wantLegacyError(t, http.StatusNotFound, "NotFoundError")
	s.asBrowser().get("", path).wantLegacyError(t, http.StatusUnauthorized, "UnauthorizedError") // no third guest
	r := request{method: http.MethodPost, path: "/api/timeline", body: strings.NewReader("{}"), header: map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example.org"}}
	r.body = strings.NewReader(`{"userId":"u","timelineName":"x","jobId":"` + string(accepted.JobID) + `"}`)
	browser.do(r).wantLegacyError(t, http.StatusForbidden, "ForbiddenError")
}

// Every route has the statuses and the error bodies of the earlier system; where that one never answered, or answered
// 500 to a mistake of the client, it has those that were intended.
func TestLegacyRefusals(t *testing.T) {
	t.Parallel()
	s := setup(t, withLegacy)
	queued, done := string(s.accepted("ann")), string(s.done("ann"))
	const unknownJob, unknownTimeline = "6f1c7b9e-3c7e-4c2a-9d35-7a8f3f6f2f11", "665f1c0e9b1e8a0012345678"
	notFound, badRequest := legacyError{Error: "NotFoundError", Status: http.StatusNotFound}, legacyError{Error: "BadRequestError", Status: http.StatusBadRequest}
	for name, test := range map[string]struct {
		method, path, body string
		want               legacyError
	}{
		"a form without a body":               {"POST", "/api/upload/form", "", badRequest},
		"a form that is no JSON":              {"POST", "/api/upload/form", "{", badRequest},
		"a form without a degree":             {"POST", "/api/upload/form", `{"firstTerm":"Fall 2026"}`, badRequest},
		"an unknown job":                      {"GET", "/api/jobs/" + unknownJob, "", notFound},
		"what is no id of a job":              {"GET", "/api/jobs/1", "", notFound},
		"an edit of an unknown job":           {"POST", "/api/jobs/" + unknownJob, `{"timelineName":"x"}`, notFound},
		"an edit of a job that is not done":   {"POST", "/api/jobs/" + queued, `{"timelineName":"x"}`, notFound},
		"courses of a job that is not done":   {"POST", "/api/jobs/" + queued, `{"courses":{"COMP 248":{"status":{"status":"planned","semester":null}}}}`, notFound},
		"an edit that is no JSON":             {"POST", "/api/jobs/" + done, "[", badRequest},
		"a term that is none":                 {"POST", "/api/jobs/" + done, `{"semesters":[{"term":"Someday","courses":[]}]}`, badRequest},
		"saving without a name":               {"POST", "/api/timeline", `{"userId":"u","jobId":"` + done + `"}`, badRequest},
		"saving without a user":               {"POST", "/api/timeline", `{"timelineName":"x","jobId":"` + done + `"}`, badRequest},
		"saving an unknown job":               {"POST", "/api/timeline", `{"userId":"u","timelineName":"x","jobId":"` + unknownJob + `"}`, notFound},
		"saving a job that is not done":       {"POST", "/api/timeline", `{"userId":"u","timelineName":"x","jobId":"` + queued + `"}`, legacyError{Error: "AlreadyExistsError", Status: http.StatusConflict}},
		"loading what is no id":               {"GET", "/api/timeline/zzzzzzzzzzzzzzzzzzzzzzzz", "", badRequest},
		"changing what is no id":              {"PUT", "/api/timeline/1", `{"name":"x"}`, badRequest},
		"changing an unknown timeline":        {"PUT", "/api/timeline/" + unknownTimeline, `{"name":"x"}`, notFound},
		"changing by what is no JSON":         {"PUT", "/api/timeline/" + unknownTimeline, `x`, badRequest},
		"deleting what is no id":              {"DELETE", "/api/timeline/1", "", badRequest},
		"deleting an unknown timeline":        {"DELETE", "/api/timeline/" + unknownTimeline, "", notFound},
		"deleting all of a user without any":  {"DELETE", "/api/timeline/user/u", "", notFound},
		"the audit of an unknown job":         {"GET", "/api/audit/timeline/job/" + unknownJob, "", notFound},
		"the audit of what is no id":          {"GET", "/api/audit/timeline/1?userId=u", "", badRequest},
		"the audit of an unknown timeline":    {"GET", "/api/audit/timeline/" + unknownTimeline + "?userId=u", "", notFound},
		"the audit of a user without any":     {"GET", "/api/audit/user/u", "", notFound},
		"an unknown degree":                   {"GET", "/api/degree/Alchemy", "", notFound},
		"the credits of an unknown degree":    {"GET", "/api/degree/Alchemy/credits", "", notFound},
		"the pools of an unknown degree":      {"GET", "/api/degree/Alchemy/coursepools", "", notFound},
		"the courses of an unknown degree":    {"GET", "/api/courses/by-degree/Alchemy", "", notFound},
		"degrees of what is no academic year": {"GET", "/api/degree?academicYear=soon", "", badRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := s.in(t)
			s.send(test.method, test.path, "ann", test.body).wantLegacyError(t, test.want.Status, test.want.Error)
		})
	}
}

// An edit as the earlier front end sends it has whole courses and the whole list of terms at once. A course that the
// result does not have is ignored; saving twice updates the same timeline.
func TestLegacyEditOfTheFrontEnd(t *testing.T) {
	t.Parallel()
	s := setup(t, withLegacy)
	id := s.done("ann")
	var before struct {
		Result struct {
			Courses   map[string]map[string]any
			Semesters []map[string]any
		}
	}
	s.get("ann", "/api/jobs/"+string(id)).want(t, http.StatusOK).decode(t, &before)
	const term = "FALL 2031"
	course := before.Result.Courses["SOEN 490"]
	if course == nil {
		t.Fatal("the result has no SOEN 490")
	}
	course["status"] = map[string]any{"status": "planned", "semester": term}
	edit, err := json.Marshal(map[string]any{
		"courses": map[string]any{"SOEN 490": course, "ABCD 999": course}, "timelineName": nil,
		"semesters": append(before.Result.Semesters, map[string]any{"term": term, "courses": []map[string]any{{"code": "SOEN 490", "message": "a remark"}}}),
	})
	must(t, err)
	s.send(http.MethodPost, "/api/jobs/"+string(id), "ann", string(edit)).want(t, http.StatusOK)
	var after struct {
		Result struct {
			Courses map[string]struct {
				Status struct{ Status, Semester string }
			}
		}
	}
	s.get("ann", "/api/jobs/"+string(id)).want(t, http.StatusOK).decode(t, &after)
	if got := after.Result.Courses["SOEN 490"].Status; got.Status != "planned" || got.Semester != term {
		t.Errorf("SOEN 490 is %+v, want it planned in %s", got, term)
	}
	var saved [2]struct {
		ID string `json:"_id"`
	}
	for i := range saved {
		s.send(http.MethodPost, "/api/timeline", "ann", `{"userId":"u","timelineName":"My plan","jobId":"`+string(id)+`"}`).want(t, http.StatusCreated).decode(t, &saved[i])
	}
	if saved[0] != saved[1] {
		t.Errorf("saved as %v, want one timeline", saved)
	}
}

// The list of degrees has those that a student can be in, by name. An academic year names the edition that was in
// force.
func TestLegacyDegrees(t *testing.T) {
	t.Parallel()
	s := setup(t, withLegacy)
	for _, year := range []string{"", "1999", "2025", "2025-26", "2025-2026", "2049-2050"} {
		var degrees []struct {
			ID         string `json:"_id"`
			Name       string
			DegreeType string
		}
		path := "/api/degree"
		if year != "" {
			path += "?academicYear=" + year
		}
		if year == "1999" {
			s.get("ann", path).wantLegacyError(t, http.StatusBadRequest, "BadRequestError")
			continue
		}
		s.get("ann", path).want(t, http.StatusOK).decode(t, &degrees)
		if len(degrees) < 9 {
			t.Errorf("%s: got %d degrees, want 9 or more", path, len(degrees))
		}
		for i, d := range degrees {
			if d.DegreeType == "ECP" || d.DegreeType == "Co-op" || i > 0 && d.Name < degrees[i-1].Name {
				t.Errorf("%s: got %+v after %+v", path, d, degrees[max(0, i-1)])
			}
		}
	}
	one := "/api/degree/BEng%20in%20Software%20Engineering"
	s.get("ann", one+"/credits?academicYear=2025-2026").wantJSON(t, http.StatusOK, `{"totalCredits":120}`)
	for _, path := range []string{one, one + "/coursepools", "/api/courses/by-degree/BEng%20in%20Software%20Engineering"} {
		s.get("ann", path+"?academicYear=2025").want(t, http.StatusOK)
	}
}
