package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/auth"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/problem"
	"github.com/trackmydegree/trackmydegree/internal/resultcodec"
	"github.com/trackmydegree/trackmydegree/internal/submit"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelines"
)

// model implements every port of the API in memory: one done job, one timeline, and submissions that are accepted and
// dropped.
type model struct{ t *testing.T }

const (
	aJob      = "0b8b7f0a-6a3a-4a39-9d8e-0d86b572ffea"
	aTimeline = "0123456789abcdef01234567"
)

var aRecord = job.Record{ID: aJob, Kind: job.File, Owner: "ann", State: job.Done, Version: 3, CreatedAt: now, UpdatedAt: now, FinishedAt: now}

func (model) LoadRecord(_ context.Context, id job.ID) (job.Record, error) {
	if id != aJob {
		return job.Record{}, fault.New(fault.JobNotFound)
	}
	return aRecord, nil
}

func (m model) LoadWithResult(ctx context.Context, id job.ID, _ bool) (job.Record, []byte, error) {
	r, err := m.LoadRecord(ctx, id)
	return r, nil, err
}
func (model) DeleteJob(context.Context, job.ID) error { return nil }
func (model) DeleteAll(context.Context, job.ID) error { return nil }
func (model) LoadTicket(context.Context, job.ID) (job.Ticket, error) {
	return job.Ticket{}, fault.New(fault.JobNotFound)
}

func (m model) WatchRecord(ctx context.Context, id job.ID) (<-chan job.Record, error) {
	r, err := m.LoadRecord(ctx, id)
	if err != nil {
		return nil, err
	}
	changes := make(chan job.Record, 1)
	changes <- r
	close(changes)
	return changes, nil
}

func (m model) SubmitFile(_ context.Context, r submit.Request, pdf io.Reader) (submit.Receipt, error) {
	m.check(r)
	b, err := io.ReadAll(io.LimitReader(pdf, document.MaxBytes+1))
	if err != nil {
		return submit.Receipt{}, err
	}
	if len(b) > document.MaxBytes {
		return submit.Receipt{}, fault.New(fault.TooLarge)
	}
	return submit.Receipt{ID: aJob, Existing: r.IdempotencyKey != ""}, document.Sniff(b[:min(len(b), document.SniffLength)])
}

func (m model) SubmitForm(_ context.Context, r submit.Request, _ timeline.Form) (submit.Receipt, error) {
	m.check(r)
	return submit.Receipt{ID: aJob}, nil
}

func (m model) AnswerJob(_ context.Context, a submit.Answer) (job.Record, error) {
	if a.Owner != "ann" || a.ID != aJob || a.Degree == "" || len(a.Degree) > 200 {
		m.t.Errorf("accepted: %+v", a)
	}
	return job.Record{ID: a.ID, State: job.Queued}, nil
}

func (m model) LoadReading(context.Context, job.ID) ([]byte, error) {
	return nil, fault.New(fault.NotFound)
}

func (m model) SubmitTimeline(_ context.Context, r submit.Request, _ string) (submit.Receipt, error) {
	m.check(r)
	return submit.Receipt{ID: aJob}, nil
}

func (m model) SubmitPlan(_ context.Context, r submit.Request, _ timeline.PlanInput) (submit.Receipt, error) {
	m.check(r)
	return submit.Receipt{ID: aJob}, nil
}

// check checks that the edge enforces the limits of a submission.
func (m model) check(r submit.Request) {
	if r.Owner != "ann" || len(r.IdempotencyKey) > 128 || strings.ContainsFunc(r.IdempotencyKey, func(c rune) bool { return c <= ' ' || c > '~' }) {
		m.t.Errorf("accepted: %+v", r)
	}
	if p := r.Priority; p != "" && p != job.High && p != job.Low {
		m.t.Errorf("priority %q", p)
	}
}

type modelEdit struct{ t *testing.T }

func (e modelEdit) at(version int64) error {
	if version < 0 {
		e.t.Errorf("version %d", version)
	}
	if version > 0 && version != 3 {
		return fault.New(fault.PreconditionFailed)
	}
	return nil
}

func (e modelEdit) EditResult(_ context.Context, _ string, _ job.ID, version int64, _ timeline.Patch) (timelines.Edited, error) {
	stored, err := resultcodec.EncodeResult(&timeline.Result{})
	if err != nil {
		e.t.Error(err)
	}
	return timelines.Edited{Record: aRecord, Result: stored, Delta: &timeline.Delta{}}, e.at(version)
}

func (e modelEdit) EditTimeline(
	_ context.Context, _, id string, version int64, _ timeline.Patch,
) (timeline.Saved, *timeline.Delta, error) {
	return timeline.Saved{ID: id, Version: 4}, &timeline.Delta{}, e.at(version)
}

func (e modelEdit) CheckResultPatch(_ context.Context, _ string, _ job.ID, version int64, _ timeline.Patch) error {
	return e.at(version)
}

func (e modelEdit) CheckTimelinePatch(_ context.Context, _, _ string, version int64, _ timeline.Patch) error {
	return e.at(version)
}

func (e modelEdit) SaveResult(context.Context, string, job.ID, string) (timeline.Saved, error) {
	return timeline.Saved{ID: aTimeline, Version: 1}, nil
}

func (e modelEdit) UpdateTimeline(_ context.Context, _, id string, version int64, _ *string, _ *job.ID) (timeline.Saved, error) {
	return timeline.Saved{ID: id, Version: 4}, e.at(version)
}

func (e modelEdit) FindTimeline(_ context.Context, _, id string) (timeline.Saved, error) {
	return timeline.Saved{ID: id, Version: 3}, nil
}

func (e modelEdit) ListTimelines(_ context.Context, _, _ string, limit int) ([]timeline.Saved, string, error) {
	if limit < 0 || limit > 1000 {
		e.t.Errorf("a page of %d", limit)
	}
	return []timeline.Saved{{ID: aTimeline}}, "", nil
}
func (e modelEdit) DeleteTimeline(_ context.Context, _, _ string, version int64) error {
	return e.at(version)
}

// modelOperate has queues with one dead job, and checks that the edge enforces the limits.
type modelOperate struct{ t *testing.T }

var aDead = admin.Job{ID: aJob, State: admin.Dead, Since: now}

func (modelOperate) CurrentStats(context.Context) (admin.Stats, error) { return admin.Stats{}, nil }

func (o modelOperate) ListJobs(_ context.Context, f admin.Filter, p admin.Page) ([]admin.Job, string, error) {
	if p.Limit < 0 || p.Limit > admin.MaxLimit || f.OlderThan < 0 || f.NewerThan < 0 {
		o.t.Errorf("%+v, %+v", f, p)
	}
	return []admin.Job{aDead}, "", f.Validate()
}

func (modelOperate) FindJob(context.Context, job.ID) (admin.JobDetail, error) {
	return admin.JobDetail{Job: aDead}, nil
}

func (o modelOperate) RetryJob(_ context.Context, id job.ID) error {
	if len(id) != len(aJob) {
		o.t.Errorf("a job %q", id)
	}
	return nil
}
func (o modelOperate) DeleteJob(ctx context.Context, id job.ID) error { return o.RetryJob(ctx, id) }

func (o modelOperate) RetryAll(ctx context.Context, b admin.BulkRequest) (admin.BulkReport, error) {
	jobs, next, err := o.ListJobs(ctx, b.Filter, b.Page)
	return admin.BulkReport{Jobs: jobs, Next: next}, err
}

func (o modelOperate) DeleteAll(ctx context.Context, b admin.BulkRequest) (admin.BulkReport, error) {
	return o.RetryAll(ctx, b)
}
func (modelOperate) PauseQueues(context.Context, ...string) error  { return nil }
func (modelOperate) ResumeQueues(context.Context, ...string) error { return nil }
func (modelOperate) PauseIntake(context.Context) error             { return nil }
func (modelOperate) ResumeIntake(context.Context) error            { return nil }
func (modelOperate) ListAudit(context.Context, int) ([]admin.AuditEntry, error) {
	return []admin.AuditEntry{}, nil
}

type modelCatalogue struct {
	*catalogue.Catalogue
	t *testing.T
}

func (c modelCatalogue) ListDegrees(context.Context) ([]catalogue.Degree, error) {
	return []catalogue.Degree{{ID: "d"}}, nil
}

func (c modelCatalogue) FindDegree(_ context.Context, id string) (catalogue.Degree, error) {
	return catalogue.Degree{ID: id}, nil
}

func (c modelCatalogue) ListPools(context.Context, string) ([]catalogue.Pool, error) {
	return []catalogue.Pool{}, nil
}

func (c modelCatalogue) ListSequences(context.Context, string) ([]catalogue.Sequence, error) {
	return []catalogue.Sequence{}, nil
}

func (c modelCatalogue) ListCourses(_ context.Context, q catalogue.CourseQuery) ([]catalogue.Course, string, error) {
	if n := q.PageSize(); n < 1 || n > 1000 {
		c.t.Errorf("a page of %d courses", n)
	}
	return []catalogue.Course{{Code: "COMP 248"}}, "", nil
}

func (c modelCatalogue) FindCourse(_ context.Context, code string) (catalogue.Course, error) {
	return catalogue.Course{Code: code}, nil
}

// noCache fills each time.
type noCache struct{}

func (noCache) GetOrFill(ctx context.Context, _ string, _ time.Duration, fill func(context.Context) ([]byte, error)) ([]byte, error) {
	return fill(ctx)
}

// panics fails the test for what production would report.
type panics struct{ t *testing.T }

func (p panics) ReportPanic(v any, q problem.Request) {
	p.t.Errorf("%s %s: panic: %v", q.Method, q.Route, v)
}
func (p panics) ReportRequest(err error, q problem.Request) {
	p.t.Errorf("%s %s: %v", q.Method, q.Route, err)
}

// Any path, query, headers and body of a request get an answer that is not an internal error, and the values that
// reach the use cases are within the limits of the edge.
func FuzzRequest(f *testing.F) {
	const status = "/api/timeline/status/" + aJob
	const pdfForm = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n%PDF-1.7\n\r\n--x--\r\n"
	add := func(method, target, body string, headers ...string) {
		f.Add(method, target, strings.Join(headers, "\n"), body)
	}
	add("POST", "/api/timeline/upload?priority=high", pdfForm, "Content-Type: multipart/form-data; boundary=x", "Idempotency-Key: 4f")
	add("POST", "/api/timeline/upload", pdfForm+"--x", "Content-Type: multipart/form-data; boundary=\"x\"; boundary=y", "Content-Encoding: gzip")
	add("POST", "/api/timeline/form?priority=low", `{"degree":"BEng in Software Engineering","firstTerm":"Fall 2026"}`, "Content-Type: application/json; charset=utf-8")
	add("POST", "/api/timeline/"+aTimeline+"/load", "", "Idempotency-Key: a b")
	add("GET", status+"?view=slim&result=0", "", `If-None-Match: W/"3", "x", *`, "Accept-Encoding: gzip;q=0, *")
	add("GET", status+"?view=facts", "", "Accept-Encoding: gzip")
	add("POST", "/api/timeline/"+aJob+"/degree", `{"degree":"BEng in Software Engineering"}`, "Content-Type: application/json")
	add("POST", "/api/timeline/upload?degree=BEng%20in%20Civil%20Engineering", pdfForm, "Content-Type: multipart/form-data; boundary=x")
	add("GET", status+"/events", "", "Last-Event-ID: 3", "Accept: text/event-stream")
	add("PATCH", status+"?view=full", `{"courses":{"COMP 248":{"status":"completed"}}}`, "Content-Type: application/json", `If-Match: "3"`)
	add("PATCH", status, `{"timelineName":"a"}`, "Content-Type: application/json", `If-Match: "9223372036854775808"`)
	add("PATCH", status, `{"changes":[{"op":"moveCourse","course":"COMP 352","to":"FALL 2027"}]}`, "Content-Type: application/json", "Prefer: return=minimal")
	add("PATCH", "/api/timelines/"+aTimeline, `{"changes":[{"op":"addTerm"}]}`, "Content-Type: application/json", "Prefer: wait=1, return=\"minimal\";x")
	add("DELETE", status, "", `If-Match: *`)
	add("GET", status+"/audit", "", `If-None-Match: *`)
	add("GET", status+"/what-if?degree=BEng%20in%20Software%20Engineering", "")
	add("POST", status+"/plan", `{"maxCredits":15,"coop":"SSW","keep":[{"code":"COMP 249","term":"Fall 2027"}],"avoid":["COMP 352"]}`, "Content-Type: application/json", "Prefer: respond-async; x, wait=1")
	add("POST", "/api/timelines/"+aTimeline+"/plan", `{"summers":true}`, "Content-Type: application/json")
	add("POST", "/api/timelines", `{"jobId":"`+aJob+`","timelineName":"n"}`, "Content-Type: application/json")
	add("GET", "/api/timelines?limit=-1&cursor=MTc2NDA4MjAyNiAwMQ", "")
	add("PUT", "/api/timelines/"+aTimeline, `{"timelineName":"n"}`, "Content-Type: application/json", `If-Match: W/"3"`)
	add("DELETE", "/api/timelines/"+aTimeline, "", `If-Match: "1", "2"`)
	add("GET", "/api/courses?prefix=co&q=%ff%00&limit=1e9&after=COMP%20248&pool=..", "")
	add("GET", "/api/courses/COMP%20248%2f..", "", "If-None-Match: \"x\"", "X-Request-Id: \x7f")
	add("GET", "/api/degrees/%2e%2e/pools", "", "Range: bytes=0-")
	add("HEAD", "/api/degrees?%", "", "Origin: null")
	add("OPTIONS", "/api/timelines", "", "Origin: https://app.example.org", "Access-Control-Request-Method: PUT")
	add("GET", "/assets/..%2findex.html", "")
	add("GET", "/api/admin/jobs?state=dead&state=retry&kind=file&code=timeout&olderThan=1h&newerThan=2h&limit=10&cursor=MTIz", "")
	add("POST", "/api/admin/jobs/retry", `{"state":["dead"],"code":"timeout","newerThan":"36h","limit":10,"dryRun":true}`, "Content-Type: application/json")
	add("POST", "/api/admin/jobs/delete", `{"state":["dead"],"olderThan":"-1h"}`, "Content-Type: application/json")
	add("POST", "/api/admin/jobs/"+aJob+"/retry", "")
	add("DELETE", "/api/admin/jobs/"+aJob, "")
	add("POST", "/api/admin/queues/courseProcessor%2flow/pause", "")
	add("DELETE", "/api/admin/drain", "")
	cat := cataloguetest.Embedded()
	log := slog.New(slog.DiscardHandler)
	guard, err := auth.New(auth.Deps{Secret: []byte(secret), Clock: time.Now, Logger: log})
	must(f, err)
	bearer := "Bearer " + token(f, "ann", auth.RolePriority, auth.RoleAdmin)
	f.Fuzz(func(t *testing.T, method, target, headers, body string) {
		u, err := url.ParseRequestURI(target)
		if err != nil || u.Host != "" {
			t.Skip("net/http refuses it")
		}
		m := model{t}
		api, err := httpapi.New(httpapi.Deps{
			Jobs: m, Submit: m, Uploads: m, Accounts: noAccounts{}, Timelines: modelEdit{t}, Advisor: modelAdvisor(t, cat), Admin: modelOperate{t}, Catalogue: modelCatalogue{cat, t}, Snapshot: current{cat},
			Cache: noCache{}, Auth: guard, Gate: &gate{}, Reporter: panics{t}, Logger: log, Origins: []string{"https://app.example.org"},
		})
		must(t, err)
		req, err := http.NewRequest(method, "http://127.0.0.1", strings.NewReader(body))
		if err != nil {
			t.Skip("no method")
		}
		req.URL, req.RequestURI, req.Host = u, target, "127.0.0.1"
		for line := range strings.SplitSeq(headers, "\n") {
			if name, value, ok := strings.Cut(line, ": "); ok {
				req.Header.Add(name, value)
			}
		}
		req.Header.Set("Authorization", bearer)
		w := httptest.NewRecorder()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		api.ServeHTTP(w, req.WithContext(ctx))
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			t.Error("no answer in 10 s")
		}
		if w.Code >= 500 {
			t.Errorf("%d: %s", w.Code, w.Body)
		}
		if w.Code >= 400 && method != http.MethodHead {
			if _, err := problem.ReadFault(w.Body); err != nil {
				t.Errorf("%d is no problem: %v", w.Code, err)
			}
		}
		for name, values := range w.Header() {
			if strings.ContainsAny(fmt.Sprint(name, values), "\r\n\x00") {
				t.Errorf("header %q: %q", name, values)
			}
		}
	})
}

func (e modelEdit) ImportTimeline(context.Context, string, timeline.Saved, string) (timeline.Saved, error) {
	return timeline.Saved{ID: aTimeline, Version: 1}, nil
}
