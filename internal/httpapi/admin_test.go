package httpapi_test

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/auth"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// admin sends a request as an operator.
func (s *system) admin(method, path, body string) answer {
	s.t.Helper()
	q := request{method: method, path: "/api/admin" + path, owner: "opal", roles: []string{auth.RoleAdmin}, header: map[string]string{}}
	if body != "" {
		q.body, q.header["Content-Type"] = strings.NewReader(body), "application/json"
	}
	return s.do(q)
}

// failed uploads a document and ends its job with a fault, like a worker that keeps the documents of failed jobs.
func (s *system) failed(owner string, code fault.Code, keep bool) job.ID {
	s.t.Helper()
	id := s.accepted(owner)
	record, _, err := s.jobs.BeginAttempt(s.t.Context(), id, 1)
	must(s.t, err)
	must(s.t, s.jobs.FailJob(s.t.Context(), id, record.Fence, job.Failure{Code: code, Message: code.DefaultMessage()}))
	must(s.t, s.tasks.DeleteTask(s.t.Context(), id))
	if keep {
		must(s.t, s.folder.KeepDocument(s.t.Context(), id))
	} else {
		must(s.t, s.folder.Delete(s.t.Context(), id))
	}
	return id
}

type operatedJob struct {
	JobID                  job.ID
	State, Queue, Code     string
	Owner, Status, Message string
	Reason, Detail         string
	DocumentKept           *bool
	ExpiresAt              *time.Time
	History                []struct{ Code, Worker string }
}

type operatedPage struct {
	DryRun bool
	Jobs   []operatedJob
	Failed []operatedJob
	Next   string
}

func (p operatedPage) ids() []job.ID {
	var ids []job.ID
	for _, j := range p.Jobs {
		ids = append(ids, j.JobID)
	}
	return ids
}

// Callers without the role are refused everywhere, and do not learn which jobs exist.
func TestOperatorsOnly(t *testing.T) {
	t.Parallel()
	s := setup(t)
	id := string(s.accepted("ann"))
	for _, route := range []string{
		"GET /audit-trail", "GET /queues", "POST /queues/courseProcessor/pause", "POST /queues/courseProcessor/resume", "POST /drain", "DELETE /drain",
		"GET /jobs", "POST /jobs/retry", "POST /jobs/delete", "GET /jobs/" + id, "DELETE /jobs/" + id, "POST /jobs/" + id + "/retry",
	} {
		method, path, _ := strings.Cut(route, " ")
		q := request{method: method, path: "/api/admin" + path}
		s.do(q).wantProblem(t, fault.Unauthorized)
		q.owner, q.roles = "ann", []string{auth.RolePriority, "administrator"}
		s.do(q).wantProblem(t, fault.Forbidden)
	}
	if s.get("ann", "/api/timeline/status/"+id).StatusCode != http.StatusOK || s.tasks.IsIntakePaused(t.Context()) {
		t.Error("something was done")
	}
}

func TestOperatorsSeeJobs(t *testing.T) {
	t.Parallel()
	s := setup(t)
	pending := s.accepted("ann")
	dead := s.failed("secret-owner", fault.TooComplex, true)
	form := s.json(http.MethodPost, "bob", "/api/timeline/form", `{"degree":"BEng in Software Engineering","firstTerm":"Fall 2026"}`).want(t, http.StatusAccepted)
	formID := job.ID(strings.TrimPrefix(form.Header.Get("Location"), "/api/timeline/status/"))

	for query, want := range map[string][]job.ID{
		"":                                   {pending, dead, formID},
		"?state=dead":                        {dead},
		"?state=pending":                     {pending, formID},
		"?state=dead&state=pending":          {pending, dead, formID},
		"?state=pending&kind=body":           {formID},
		"?code=too_complex":                  {dead},
		"?code=timeout":                      nil,
		"?queue=courseProcessor":             {pending, dead, formID},
		"?queue=courseProcessor-high":        nil,
		"?olderThan=1h":                      nil,
		"?newerThan=1h":                      {pending, dead, formID},
		"?state=retry":                       nil,
		"?state=active&state=scheduled":      nil,
		"?state=dead&newerThan=1h&kind=file": {dead},
	} {
		a := s.admin(http.MethodGet, "/jobs"+query, "").want(t, http.StatusOK)
		var page operatedPage
		a.decode(t, &page)
		if got := page.ids(); !slices.Equal(got, want) || page.Next != "" {
			t.Errorf("%q: %v, want %v", query, got, want)
		}
		if strings.Contains(string(a.body), "secret-owner") {
			t.Errorf("%q reveals the owners of the jobs", query)
		}
		if got := a.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("Cache-Control: %s", got)
		}
	}

	var walked []job.ID
	for next := ""; ; {
		var page operatedPage
		s.admin(http.MethodGet, "/jobs?limit=1&cursor="+url.QueryEscape(next), "").want(t, http.StatusOK).decode(t, &page)
		walked = append(walked, page.ids()...)
		if next = page.Next; next == "" {
			break
		}
	}
	if !slices.Equal(walked, []job.ID{pending, dead, formID}) {
		t.Errorf("page by page: %v", walked)
	}

	var d operatedJob
	s.admin(http.MethodGet, "/jobs/"+string(dead), "").want(t, http.StatusOK).decode(t, &d)
	if d.Owner != "secret-owner" || d.State != "dead" || d.Status != "failed" || d.Code != "too_complex" || d.DocumentKept == nil || !*d.DocumentKept ||
		len(d.History) != 1 || d.ExpiresAt == nil || d.Message != fault.TooComplex.DefaultMessage() {
		t.Errorf("%+v", d)
	}
	d = operatedJob{}
	s.admin(http.MethodGet, "/jobs/"+string(s.done("ann")), "").want(t, http.StatusOK).decode(t, &d)
	if d.Status != "done" || d.DocumentKept != nil {
		t.Errorf("%+v", d)
	}
	s.admin(http.MethodGet, "/jobs/7f4df0b6-3f0c-4a3f-9d6a-6f0c9b1f2a3d", "").wantProblem(t, fault.JobNotFound)
	for _, query := range []string{"state=lost", "kind=x", "code=x", "olderThan=x", "newerThan=-1h", "olderThan=2h&newerThan=1h", "limit=0", "limit=1001", "cursor=%21", "cursor=YQ"} {
		s.admin(http.MethodGet, "/jobs?"+query, "").wantProblem(t, fault.BadRequest)
	}
	s.admin(http.MethodGet, "/jobs?queue=x", "").wantProblem(t, fault.NotFound)
}

// A dead job starts again without any action of its owner.
func TestOperatorsRetry(t *testing.T) {
	t.Parallel()
	s := setup(t)
	kept, dropped := s.failed("ann", fault.Internal, true), s.failed("ann", fault.Internal, false)
	s.admin(http.MethodPost, "/jobs/"+string(kept)+"/retry", "").want(t, http.StatusNoContent)
	var status jobStatus
	s.get("ann", "/api/timeline/status/"+string(kept)).want(t, http.StatusOK).decode(t, &status)
	if status.Status != job.Queued || status.Attempt != 0 || status.Error != nil {
		t.Errorf("%+v", status)
	}
	if files := s.files(); !slices.Equal(files, []string{string(kept) + ".json", string(kept) + ".pdf"}) {
		t.Errorf("%v", files)
	}
	if task, ok, err := s.tasks.FindTask(t.Context(), kept); err != nil || !ok || task.Queue != queuemodel.Normal {
		t.Errorf("%+v, %v", task, err)
	}
	s.admin(http.MethodPost, "/jobs/"+string(kept)+"/retry", "").wantProblem(t, fault.Conflict)
	if p := s.admin(http.MethodPost, "/jobs/"+string(dropped)+"/retry", "").wantProblem(t, fault.Conflict); !strings.Contains(p.Detail, "TMD_KEEP_FAILED_UPLOADS") {
		t.Errorf("%q does not say what to do", p.Detail)
	}
	s.admin(http.MethodPost, "/jobs/7f4df0b6-3f0c-4a3f-9d6a-6f0c9b1f2a3d/retry", "").wantProblem(t, fault.JobNotFound)
}

func TestOperatorsDelete(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for _, id := range []job.ID{s.accepted("ann"), s.failed("ann", fault.Internal, true), s.done("ann")} {
		s.admin(http.MethodDelete, "/jobs/"+string(id), "").want(t, http.StatusNoContent)
		s.get("ann", "/api/timeline/status/"+string(id)).wantProblem(t, fault.JobNotFound)
		s.admin(http.MethodDelete, "/jobs/"+string(id), "").wantProblem(t, fault.JobNotFound)
		if keys := s.redis.Keys(t.Context(), "*"+string(id)+"*").Val(); len(keys) > 0 {
			t.Errorf("left: %v", keys)
		}
	}
	if files := s.files(); len(files) > 0 {
		t.Errorf("left: %v", files)
	}
	// A worker that runs the job finds its writes refused.
	id := s.accepted("ann")
	record, _, err := s.jobs.BeginAttempt(t.Context(), id, 1)
	must(t, err)
	s.admin(http.MethodDelete, "/jobs/"+string(id), "").want(t, http.StatusNoContent)
	if err := s.jobs.FailJob(t.Context(), id, record.Fence, job.Failure{Code: fault.Internal}); !errors.Is(err, job.ErrSuperseded) {
		t.Errorf("a write after the deletion: %v", err)
	}
	s.admin(http.MethodGet, "/jobs/"+string(id), "").wantProblem(t, fault.JobNotFound)
}

func TestOperatorsOfManyJobs(t *testing.T) {
	t.Parallel()
	s := setup(t)
	a, b := s.failed("ann", fault.Timeout, true), s.failed("bob", fault.Internal, true)
	dropped := s.failed("bob", fault.Timeout, false)
	pending := s.accepted("ann")
	bulk := func(path, body string) operatedPage {
		t.Helper()
		var p operatedPage
		s.admin(http.MethodPost, path, body).want(t, http.StatusOK).decode(t, &p)
		return p
	}
	if p := bulk("/jobs/delete", `{"state":["dead"],"dryRun":true}`); !p.DryRun || !slices.Equal(p.ids(), []job.ID{a, b, dropped}) {
		t.Errorf("%+v", p)
	}
	if p := bulk("/jobs/retry", `{"state":["dead"],"code":"timeout","dryRun":true}`); !slices.Equal(p.ids(), []job.ID{a}) || len(p.Failed) != 1 {
		t.Errorf("%+v", p)
	}
	p := bulk("/jobs/retry", `{"state":["dead"],"code":"timeout","limit":1}`)
	if !slices.Equal(p.ids(), []job.ID{a}) || p.Next == "" || len(p.Failed) != 0 {
		t.Errorf("%+v", p)
	}
	p = bulk("/jobs/retry", `{"state":["dead"],"code":"timeout","cursor":"`+p.Next+`"}`)
	if len(p.Jobs) != 0 || len(p.Failed) != 1 || p.Failed[0].JobID != dropped || p.Failed[0].Reason != "conflict" || p.Next != "" {
		t.Errorf("%+v", p)
	}
	if p := bulk("/jobs/delete", `{"state":["dead"]}`); !slices.Equal(p.ids(), []job.ID{b, dropped}) {
		t.Errorf("%+v", p)
	}
	if p := bulk("/jobs/delete", `{"state":["pending","active"],"queue":"courseProcessor","kind":"file","newerThan":"1h"}`); !slices.Equal(p.ids(), []job.ID{pending, a}) {
		t.Errorf("%+v", p) // a was accepted again when it was retried
	}
	for _, body := range []string{
		``, `{}`, `[]`, `null`, `{"state":[]}`, `{"state":"dead"}`, `{"state":["x"]}`, `{"state":["dead"],"colour":1}`, `{"state":["dead"]}{}`,
		`{"state":["dead"],"limit":201}`, `{"state":["dead"],"limit":-1}`, `{"state":["dead"],"olderThan":"x"}`, `{"state":["dead"],"newerThan":"0s"}`,
		`{"state":["dead"],"cursor":"!"}`, strings.Repeat(`{"state":`, 900),
	} {
		q := request{
			method: http.MethodPost, path: "/api/admin/jobs/delete", owner: "opal", roles: []string{auth.RoleAdmin},
			body: strings.NewReader(body), header: map[string]string{"Content-Type": "application/json"},
		}
		s.do(q).wantProblem(t, fault.BadRequest)
	}
	s.admin(http.MethodPost, "/jobs/delete", strings.Repeat(" ", 9000)).wantProblem(t, fault.TooLarge)
}

func TestOperatorsAndQueues(t *testing.T) {
	t.Parallel()
	s := setup(t)
	s.failed("ann", fault.Internal, false)
	s.accepted("ann")
	s.admin(http.MethodPost, "/queues/courseProcessor-low/pause", "").want(t, http.StatusNoContent)
	var got struct {
		DrainingSince *time.Time
		Dead          int
		Queues        []struct {
			Name    string
			Paused  bool
			Pending int
		}
		Workers []any
	}
	s.admin(http.MethodGet, "/queues", "").want(t, http.StatusOK).decode(t, &got)
	if len(got.Queues) != 4 || got.Queues[1].Pending != 1 || got.Queues[1].Paused || !got.Queues[2].Paused || got.Dead != 1 || got.DrainingSince != nil || got.Workers == nil {
		t.Errorf("%+v", got)
	}
	s.admin(http.MethodPost, "/queues/courseProcessor-low/resume", "").want(t, http.StatusNoContent)
	s.admin(http.MethodPost, "/queues/x/pause", "").wantProblem(t, fault.NotFound)
	s.admin(http.MethodPost, "/queues/x/resume", "").wantProblem(t, fault.NotFound)
	s.admin(http.MethodGet, "/queues", "").want(t, http.StatusOK).decode(t, &got)
	if got.Queues[2].Paused {
		t.Errorf("%+v", got)
	}
}

// During a drain, accepted jobs are served and new work is refused with the time to retry.
func TestDraining(t *testing.T) {
	t.Parallel()
	s := setup(t)
	first := s.upload("ann", pdf(1000), "Idempotency-Key", "k1").want(t, http.StatusAccepted)
	s.admin(http.MethodPost, "/drain", "").want(t, http.StatusNoContent)
	testenv.Eventually(t, "the intake is closed", func() bool { return s.upload("ann", pdf(2000)).StatusCode == http.StatusServiceUnavailable })
	before := len(s.files())
	for _, a := range []answer{
		s.upload("bob", pdf(3<<20)),
		s.json(http.MethodPost, "ann", "/api/timeline/form", `{"degree":"BEng in Software Engineering","firstTerm":"Fall 2026"}`),
	} {
		if p := a.wantProblem(t, fault.Draining); a.Header.Get("Retry-After") == "" || !strings.Contains(p.Detail, "try again") {
			t.Errorf("%+v, Retry-After: %s", p, a.Header.Get("Retry-After"))
		}
	}
	// A repeated request is not new work.
	if again := s.upload("ann", pdf(1000), "Idempotency-Key", "k1").want(t, http.StatusAccepted); again.Header.Get("Location") != first.Header.Get("Location") {
		t.Errorf("%s", again.body)
	}
	s.get("ann", first.Header.Get("Location")).want(t, http.StatusOK)
	if after := len(s.files()); after != before {
		t.Errorf("%d files, %d before", after, before)
	}
	s.admin(http.MethodDelete, "/drain", "").want(t, http.StatusNoContent)
	testenv.Eventually(t, "the intake is open", func() bool { return s.upload("bob", pdf(1000)).StatusCode == http.StatusAccepted })
}

// Without authentication the local user is the operator.
func TestTheLocalUserIsAnOperator(t *testing.T) {
	t.Parallel()
	guard, err := auth.New(auth.Deps{None: true, Clock: time.Now, Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	caller, err := guard.Caller(&http.Request{})
	if err != nil || !caller.Has(auth.RoleAdmin) {
		t.Errorf("%+v, %v", caller, err)
	}
}
