package outages_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/apiclient"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
	"github.com/trackmydegree/trackmydegree/internal/testenv/testkit"
)

// request is one that clients send.
type request struct {
	method, path, contentType string
	body                      []byte
}

func getRequest(path string) request { return request{method: http.MethodGet, path: path} }

func jsonRequest(method, path, body string) request {
	return request{method, path, "application/json", []byte(body)}
}

// answer is the result of a request.
type answer struct {
	request
	status int
	code   fault.Code
	retry  string // Retry-After
	took   time.Duration
	ID     string `json:"_id"`
	JobID  string
	State  string `json:"status"`
	Error  struct{ Code fault.Code }
}

func (w *world) sendRequest(t *testing.T, q request) answer {
	t.Helper()
	api := apiclient.New(apiclient.Options{BaseURL: w.api.Base, Token: w.token, HTTP: client})
	began := time.Now()
	res, err := api.Send(context.Background(), apiclient.Request{
		Method: q.method, Path: q.path, ContentType: q.contentType, Body: q.body,
	})
	if err != nil {
		t.Errorf("%s %s: no whole answer: %v", q.method, q.path, err)
	}
	if res.StatusCode == 0 {
		return answer{request: q}
	}
	a := answer{request: q, took: time.Since(began), retry: res.Header.Get("Retry-After")}
	if strings.Contains(res.Header.Get("Content-Type"), "json") {
		var problem struct{ Code fault.Code }
		_ = json.Unmarshal(res.Body, &problem)
		_ = json.Unmarshal(res.Body, &a)
		a.code = problem.Code
	}
	a.status = res.StatusCode
	return a
}

// requireStatus repeats the request until it has the wanted status: on a slow machine an available part may be late.
func (w *world) requireStatus(t *testing.T, status int, q request) (a answer) {
	t.Helper()
	testenv.Eventually(t, fmt.Sprintf("%s %s is answered with %d", q.method, q.path, status), func() bool {
		a = w.sendRequest(t, q)
		return a.status == status
	})
	return a
}

func (w *world) formRequest() request {
	return jsonRequest(http.MethodPost, "/api/timeline/form", `{"degree":"BEng in Software Engineering","firstTerm":"Fall 2026"}`)
}

func (w *world) saveRequest() request {
	return jsonRequest(http.MethodPost, "/api/timelines", fmt.Sprintf(`{"jobId":%q,"timelineName":"plan"}`, w.job))
}

func uploadRequest(t *testing.T) request {
	t.Helper()
	var b bytes.Buffer
	fmt.Fprint(&b, "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"t.pdf\"\r\nContent-Type: application/pdf\r\n\r\n")
	b.Write(readDocument(t))
	fmt.Fprint(&b, "\r\n--x--\r\n")
	return request{http.MethodPost, "/api/timeline/upload", "multipart/form-data; boundary=x", b.Bytes()}
}

// Ids that do not exist.
const (
	noJob      = "00000000-0000-4000-8000-000000000000"
	noTimeline = "000000000000000000000000"
)

// allRequests are one of each kind. course is one that no request has named before, so that no cache has it.
func (w *world) allRequests(t *testing.T, course string) map[string]request {
	job, saved := "/api/timeline/status/"+w.job, "/api/timelines/"+w.saved
	return map[string]request{
		"upload":   uploadRequest(t),
		"form":     w.formRequest(),
		"load":     {method: http.MethodPost, path: "/api/timeline/" + w.saved + "/load"},
		"status":   getRequest(job),
		"events":   getRequest(job + "/events"),
		"edit":     jsonRequest(http.MethodPatch, job, `{"timelineName":"another"}`),
		"forget":   {method: http.MethodDelete, path: "/api/timeline/status/" + noJob},
		"save":     w.saveRequest(),
		"list":     getRequest("/api/timelines"),
		"timeline": getRequest(saved),
		"rename":   jsonRequest(http.MethodPut, saved, `{"timelineName":"renamed"}`),
		"drop":     {method: http.MethodDelete, path: "/api/timelines/" + noTimeline},
		"course":   getRequest("/api/courses/" + course),
		"live":     getRequest("/livez"),
	}
}

// expectedStatuses are the statuses of an outage; what it does not name is as on a good day.
type expectedStatuses map[string]int

var goodDay = expectedStatuses{
	"upload": 202, "form": 202, "load": 202, "status": 200, "events": 200, "edit": 200, "forget": 404, "save": 201, "list": 200,
	"timeline": 200, "rename": 200, "drop": 404, "course": 200, "ready": 200, "live": 200,
}

// checkDuring sends one request of each kind, all at once, and checks the answers: each is there, and one that is 503
// names the unavailable part and the time to retry.
func (w *world) checkDuring(t *testing.T, outage, course string, code fault.Code, want expectedStatuses) {
	t.Helper()
	var (
		all     sync.WaitGroup
		mu      sync.Mutex
		slowest answer
		late    []string
	)
	for name, q := range w.allRequests(t, course) {
		all.Go(func() {
			status := goodDay.merge(want)[name]
			var first, a answer
			// A machine that is busy with other things makes good parts late: that ends, an outage does not.
			for deadline := time.Now().Add(20 * time.Second); ; {
				a = w.sendRequest(t, q)
				if first.status == 0 {
					first = a
				}
				if status < 0 || a.status == status && (status != http.StatusServiceUnavailable || a.code == code) || time.Now().After(deadline) {
					break
				}
			}
			mu.Lock()
			defer mu.Unlock()
			if status >= 0 && a.status != status {
				t.Errorf("%s while %s: %d %s, want %d", name, outage, a.status, a.code, status)
			}
			if a.status == http.StatusServiceUnavailable {
				if a.retry == "" {
					t.Errorf("%s while %s: 503 without Retry-After", name, outage)
				}
				if a.code != code {
					t.Errorf("%s while %s: %s, want %s", name, outage, a.code, code)
				}
			}
			switch {
			case first.status == http.StatusServiceUnavailable && first.took > slowest.took:
				slowest = first
			case first.status != http.StatusServiceUnavailable && first.took > 2*time.Second:
				late = append(late, fmt.Sprintf("%s %d after %v", name, first.status, first.took.Round(time.Millisecond)))
			}
		})
	}
	all.Wait()
	// A probe is answered from what was seen a moment ago.
	testenv.Eventually(t, fmt.Sprintf("/readyz is %d while %s", goodDay.merge(want)["ready"], outage), func() bool {
		a := w.sendRequest(t, getRequest("/readyz"))
		if a.status == http.StatusServiceUnavailable && a.took > slowest.took {
			slowest = a
		}
		return a.status == goodDay.merge(want)["ready"]
	})
	w.api.RequireAlive(t)
	w.worker.RequireAlive(t)
	if got := w.worker.ProbeStatus("/livez"); got != http.StatusOK {
		t.Errorf("the worker's /livez while %s: %d", outage, got)
	}
	t.Logf("| %s | slowest 503 %v (%s %s) | later than 2 s: %s |", outage, slowest.took.Round(time.Millisecond), slowest.method, slowest.path,
		strings.Join(late, ", "))
}

// requireRecovery waits until everything works again, with the processes that there were.
func (w *world) requireRecovery(t *testing.T, from string) {
	t.Helper()
	began := time.Now()
	w.finishJob(t)
	took := time.Since(began)
	for name, r := range map[string]*testkit.Role{"api": w.api, "worker": w.worker} {
		testenv.Eventually(t, "tmd "+name+" is ready again", func() bool {
			r.RequireAlive(t)
			return r.ProbeStatus("/readyz") == http.StatusOK
		})
	}
	t.Logf("| after %s | a job is done again after %v |", from, took.Round(time.Millisecond))
}

// finishJob sends a form until it is taken, waits until its job is done, and returns its id.
func (w *world) finishJob(t *testing.T) string {
	t.Helper()
	var a answer
	testenv.Eventually(t, "a form is taken", func() bool {
		w.api.RequireAlive(t)
		a = w.sendRequest(t, w.formRequest())
		return a.status == http.StatusAccepted
	})
	w.waitForState(t, a.JobID, "done")
	return a.JobID
}

// waitForState waits for a state of a job; retrying counts for it if it is over before it is seen.
func (w *world) waitForState(t *testing.T, id string, states ...string) answer {
	t.Helper()
	var a answer
	testenv.Eventually(t, "the job is "+strings.Join(states, " or "), func() bool {
		w.worker.RequireAlive(t)
		a = w.sendRequest(t, getRequest("/api/timeline/status/"+id+"?result=false"))
		if a.State == "failed" && !slices.Contains(states, "failed") {
			t.Fatalf("the job failed: %s", a.Error.Code)
		}
		return slices.Contains(states, a.State)
	})
	return a
}

// merge joins expectations.
func (w expectedStatuses) merge(more expectedStatuses) expectedStatuses {
	both := maps.Clone(w)
	maps.Copy(both, more)
	return both
}
