package httpapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/auth"
	"github.com/trackmydegree/trackmydegree/internal/problem"
)

func TestNewNeedsItsParts(t *testing.T) {
	t.Parallel()
	if _, err := httpapi.New(httpapi.Deps{}); err == nil {
		t.Error("an API of nothing")
	}
}

func TestWithoutAToken(t *testing.T) {
	t.Parallel()
	s := setup(t)
	id := s.done("ann")
	good := token(t, "ann")
	for _, path := range []string{"/api/degrees", "/api/timelines", "/api/timeline/status/" + string(id), "/api/timeline/status/" + string(id) + "/events", "/api/nothing"} {
		for name, header := range map[string]string{"none": "", "forged": "Bearer " + good[:len(good)-4] + "AAAA", "another scheme": "Basic YW5uOmFubg=="} {
			a := s.get("", path+"?access_token="+good+"&token="+good, "Authorization", header)
			a.wantProblem(t, fault.Unauthorized)
			want := `Bearer realm="trackmydegree"`
			if header != "" {
				want += `, error="invalid_token"`
			}
			if got := a.Header.Get("WWW-Authenticate"); got != want {
				t.Errorf("%s with %s: %s", path, name, got)
			}
		}
	}
	for _, path := range []string{"/", "/docs", "/admin", "/openapi.json", "/assets/app.js", "/livez", "/readyz", "/api/health"} {
		s.get("", path).want(t, http.StatusOK)
	}
	if strings.Contains(s.log.String(), good) || strings.Contains(s.log.String(), "access_token") {
		t.Error("a token or a query is in the log")
	}
}

func TestAddressesAndMethods(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for _, path := range []string{"/nothing", "/api/nothing", "/api", "/api/timeline", "/assets/", "/assets/nothing.js", "/assets/..%2fpage.go", "/assets/index.html", "/metrics", "/api/degrees/", "//api/degrees"} {
		s.get("ann", path).wantProblem(t, fault.NotFound)
	}
	for _, c := range []struct{ method, path, allow string }{
		{http.MethodPost, "/api/degrees", "GET, HEAD"},
		{http.MethodGet, "/api/timeline/upload", "POST"},
		{http.MethodPut, "/api/timeline/status/x", "GET, HEAD, PATCH, DELETE"},
		{http.MethodPost, "/api/timelines/x", "GET, HEAD, PUT, PATCH, DELETE"},
		{http.MethodDelete, "/", "GET, HEAD"},
		{http.MethodTrace, "/livez", "GET, HEAD"},
	} {
		a := s.do(request{method: c.method, path: c.path, owner: "ann"})
		a.wantProblem(t, fault.MethodNotAllowed)
		if got := a.Header.Get("Allow"); got != c.allow {
			t.Errorf("%s %s allows %q, want %q", c.method, c.path, got, c.allow)
		}
		a = s.do(request{method: http.MethodOptions, path: c.path, owner: "ann"}).want(t, http.StatusNoContent)
		if got := a.Header.Get("Allow"); got != c.allow {
			t.Errorf("OPTIONS %s allows %q, want %q", c.path, got, c.allow)
		}
	}
	s.do(request{method: http.MethodOptions, path: "/nothing", owner: "ann"}).wantProblem(t, fault.NotFound)
	s.do(request{method: http.MethodHead, path: "/api/degrees", owner: "ann"}).want(t, http.StatusOK)
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for _, path := range []string{"/", "/api/degrees", "/nothing", "/livez"} {
		a := s.get("ann", path, "X-Request-Id", "from-a-proxy.1")
		if a.Header.Get("X-Content-Type-Options") != "nosniff" || a.Header.Get("Referrer-Policy") != "no-referrer" ||
			!strings.Contains(a.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'") || a.Header.Get("X-Request-Id") != "from-a-proxy.1" {
			t.Errorf("%s: %v", path, a.Header)
		}
	}
	if id := s.get("ann", "/livez", "X-Request-Id", "two words").Header.Get("X-Request-Id"); id == "two words" || id == "" {
		t.Errorf("request id %q", id)
	}
	if policy := s.get("", "/").Header.Get("Content-Security-Policy"); strings.Contains(policy, "unsafe") || !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("the page's policy: %s", policy)
	}
	if policy := s.get("", "/livez").Header.Get("Content-Security-Policy"); strings.Contains(policy, "self") {
		t.Errorf("the API's policy: %s", policy)
	}
}

func TestOtherOrigins(t *testing.T) {
	t.Parallel()
	s := setup(t, func(d *httpapi.Deps) { d.Origins = []string{"https://app.example.org"} })
	preflight := func(origin string) answer {
		return s.do(request{method: http.MethodOptions, path: "/api/timelines", header: map[string]string{
			"Origin": origin, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization,if-match"}})
	}
	a := preflight("https://app.example.org").want(t, http.StatusOK)
	if a.Header.Get("Access-Control-Allow-Origin") != "https://app.example.org" || a.Header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("%v", a.Header)
	}
	if got := preflight("https://evil.example.org").Header.Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("another origin is given %q", got)
	}
	a = s.get("ann", "/api/degrees", "Origin", "https://app.example.org").want(t, http.StatusOK)
	if exposed := a.Header.Get("Access-Control-Expose-Headers"); !strings.Contains(exposed, "Etag") || a.Header.Get("Access-Control-Allow-Origin") == "" {
		t.Errorf("%v", a.Header)
	}
	plain := setup(t)
	if got := plain.get("ann", "/api/degrees", "Origin", "https://app.example.org").Header.Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("without a list an origin is given %q", got)
	}
}

// Without tokens, requests that a web page can cause in a browser must be refused.
func TestNoTokensButOnlyThisMachine(t *testing.T) {
	t.Parallel()
	open, err := auth.New(auth.Deps{None: true, Clock: time.Now, Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	s := setup(t, func(d *httpapi.Deps) { d.Auth = open; d.Origins = []string{"https://app.example.org"} })
	s.upload("", pdf(100)).want(t, http.StatusAccepted)
	s.get("", "/api/degrees", "Sec-Fetch-Site", "same-origin").want(t, http.StatusOK)
	s.upload("", pdf(100), "Origin", "https://app.example.org", "Sec-Fetch-Site", "cross-site").want(t, http.StatusAccepted)
	s.upload("", pdf(100), "Origin", "https://evil.example.org", "Sec-Fetch-Site", "cross-site").wantProblem(t, fault.Forbidden)
	s.upload("", pdf(100), "Origin", "https://evil.example.org").wantProblem(t, fault.Forbidden)
	for host, ok := range map[string]bool{
		"localhost:8000": true, "127.0.0.1": true, "[::1]:8000": true, "127.0.0.1:80": true,
		"evil.example.org": false, "127.0.0.1.evil.example.org": false, "localhost.evil.example.org:80": false, "10.0.0.1": false, "[::2]": false,
	} {
		r := s.request(request{method: http.MethodGet, path: "/api/degrees"})
		r.Host = host
		res, err := s.client.Do(r)
		must(t, err)
		res.Body.Close()
		if got := res.StatusCode == http.StatusOK; got != ok {
			t.Errorf("%s: %s", host, res.Status)
		}
	}
}

func TestRateLimits(t *testing.T) {
	t.Parallel()
	s := setup(t, func(d *httpapi.Deps) { d.RateLimit, d.UploadRateLimit = 6, 2 })
	for range 2 {
		s.upload("ann", pdf(100)).want(t, http.StatusAccepted)
	}
	if a := s.upload("ann", pdf(100)); a.Header.Get("Retry-After") == "" {
		t.Errorf("%v", a.Header)
	} else {
		a.wantProblem(t, fault.TooManyRequests)
	}
	s.json(http.MethodPost, "ann", "/api/timeline/form", `{}`).wantProblem(t, fault.TooManyRequests)
	s.upload("bob", pdf(100)).want(t, http.StatusAccepted) // each has a separate limit
	for range 2 {
		s.get("ann", "/api/degrees").want(t, http.StatusOK)
	}
	s.get("ann", "/api/degrees").wantProblem(t, fault.TooManyRequests)
	s.get("", "/api/health").want(t, http.StatusOK) // not limited
}

func TestHealth(t *testing.T) {
	t.Parallel()
	down := errors.New("connection refused at 10.0.0.7:27017")
	var cacheErr, databaseErr error
	at := now
	s := setup(t, func(d *httpapi.Deps) {
		d.Clock = func() time.Time { at = at.Add(time.Second); return at } // the limit does not last
		d.Health = []httpapi.Dependency{
			{Name: "database", Needed: true, Check: func(context.Context) error { return databaseErr }},
			{Name: "cache", Check: func(context.Context) error { return cacheErr }},
		}
	})
	type health struct {
		Status       string
		Dependencies []struct {
			Name, Status string
			Needed       bool
		}
	}
	check := func(status int, want string) {
		t.Helper()
		var h health
		a := s.get("", "/api/health").want(t, status)
		a.decode(t, &h)
		if h.Status != want || len(h.Dependencies) != 2 || h.Dependencies[0].Name != "database" {
			t.Errorf("%s, want %s", a.body, want)
		}
		if strings.Contains(string(a.body), "10.0.0.7") {
			t.Error("an answer reveals internals")
		}
		s.get("", "/readyz").want(t, status)
		s.get("", "/livez").want(t, http.StatusOK)
	}
	check(http.StatusOK, "ok")
	cacheErr = down
	check(http.StatusOK, "degraded")
	databaseErr = down
	check(http.StatusServiceUnavailable, "down")
	if !strings.Contains(s.log.String(), "10.0.0.7") {
		t.Error("the reason is not in the log")
	}
	databaseErr, cacheErr = nil, nil
	check(http.StatusOK, "ok")

	s.gate.close()
	a := s.get("", "/readyz").want(t, http.StatusServiceUnavailable)
	if !strings.Contains(string(a.body), "draining") {
		t.Errorf("%s", a.body)
	}
	s.get("", "/api/health").want(t, http.StatusOK)
}

// Without the identity provider's keys no caller can be authenticated: the process is not ready, and the answer asks
// to retry.
func TestNotReadyWithoutKeys(t *testing.T) {
	t.Parallel()
	guard, err := auth.New(auth.Deps{JWKSURL: "http://127.0.0.1:1/keys", Clock: time.Now, Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	s := setup(t, func(d *httpapi.Deps) { d.Auth = guard })
	if a := s.get("", "/readyz").want(t, http.StatusServiceUnavailable); !strings.Contains(string(a.body), `"keys"`) {
		t.Errorf("%s", a.body)
	}
	if a := s.get("ann", "/api/degrees"); a.Header.Get("WWW-Authenticate") != "" {
		t.Errorf("%v", a.Header)
	} else {
		a.wantProblem(t, fault.Timeout)
	}
}

// broken is a catalogue that fails.
type broken struct{ httpapi.Catalogue }

func (broken) ListDegrees(context.Context) ([]catalogue.Degree, error) { panic("student 40012345") }
func (broken) FindDegree(context.Context, string) (catalogue.Degree, error) {
	return catalogue.Degree{}, errors.New("no such host db.internal")
}
func (broken) ListPools(context.Context, string) ([]catalogue.Pool, error) {
	return nil, fault.Wrap(fault.DatabaseUnavailable, errors.New("no such host db.internal"))
}

func TestFaultsOfOurOwn(t *testing.T) {
	t.Parallel()
	s := setup(t, func(d *httpapi.Deps) { d.Catalogue = broken{}; d.Cache = through{} })
	for path, code := range map[string]fault.Code{"/api/degrees": fault.Internal, "/api/degrees/x": fault.Internal, "/api/degrees/x/pools": fault.DatabaseUnavailable} {
		a := s.get("ann", path)
		p := a.wantProblem(t, code)
		if strings.Contains(string(a.body), "40012345") || strings.Contains(string(a.body), "db.internal") {
			t.Errorf("%s reveals internals: %s", path, a.body)
		}
		if p.Status == http.StatusServiceUnavailable && a.Header.Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", path)
		}
	}
	s.stop()
	want := problem.Request{Method: http.MethodGet, Route: "/api/degrees", ID: s.report.panics[0].ID}
	if diff := cmp.Diff([]problem.Request{want}, s.report.panics); diff != "" || want.ID == "" {
		t.Error(diff)
	}
	if len(s.report.failed) != 1 || s.report.failed[0].Route != "/api/degrees/{id}" {
		t.Errorf("%+v", s.report.failed)
	}
	if log := s.log.String(); strings.Contains(log, "40012345") || !strings.Contains(log, "db.internal") {
		t.Error("the log holds what it must not, or lacks what it must")
	}
}

// through caches nothing.
type through struct{}

func (through) GetOrFill(ctx context.Context, _ string, _ time.Duration, fill func(context.Context) ([]byte, error)) ([]byte, error) {
	return fill(ctx)
}

// Labels of metrics and attributes of log lines are the router's patterns, whatever clients send.
func TestMeasuresAndLogsAreBounded(t *testing.T) {
	t.Parallel()
	s := setup(t)
	id := s.done("ann")
	s.get("ann", "/api/timeline/status/"+string(id)+"?result=false&q=tremblay")
	s.get("ann", "/api/courses?search=tremblay")
	s.get("ann", "/tremblay")
	s.do(request{method: "TREMBLAY", path: "/api/degrees", owner: "ann"})
	s.stop()

	families, err := s.metrics.Gather()
	must(t, err)
	got := map[string]bool{}
	for _, f := range families {
		if f.GetName() != "tmd_http_request_duration_seconds" {
			continue
		}
		for _, m := range f.GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			got[labels["method"]+" "+labels["route"]+" "+labels["status"]] = true
		}
	}
	want := map[string]bool{
		"POST /api/timeline/upload 2xx": true, "GET /api/timeline/status/{jobId} 2xx": true, "GET /api/courses 2xx": true,
		"GET unmatched 4xx": true, "other unmatched 4xx": true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	requests := 0
	for line := range strings.SplitSeq(s.log.String(), "\n") {
		var l struct {
			Msg, Method, Route string
			Status             int
			JobID              string `json:"job_id"`
			RequestID          string `json:"request_id"`
		}
		if line == "" || json.Unmarshal([]byte(line), &l) != nil || l.Msg != "request" {
			continue
		}
		requests++
		if l.RequestID == "" || l.Status == 0 {
			t.Errorf("%s", line)
		}
		if l.Route == "/api/timeline/status/{jobId}" && l.JobID != string(id) {
			t.Errorf("%s", line)
		}
	}
	if requests != 5 {
		t.Errorf("%d lines for 5 requests", requests)
	}
	if strings.Contains(s.log.String(), "tremblay") || strings.Contains(s.log.String(), "TREMBLAY") || strings.Contains(s.log.String(), "ann") {
		t.Error("the log holds what a stranger chose, or who it was")
	}
}

// Without Redis, requests receive 503 and the time to retry.
func TestWithoutRedis(t *testing.T) {
	t.Parallel()
	s := setup(t, withMaxJobs(100))
	id := s.done("ann")
	_ = s.redis.ShutdownNoSave(t.Context()) // the connection breaks, which is the point
	s.get("ann", "/api/timeline/status/"+string(id)).wantProblem(t, fault.QueueUnavailable)
	s.upload("ann", pdf(100)).wantProblem(t, fault.QueueUnavailable)
	if files := s.files(); len(files) != 1 { // that of the job above
		t.Errorf("left behind: %v", files)
	}
	s.get("ann", "/api/degrees").want(t, http.StatusOK) // a dead cache causes no error
	s.get("", "/readyz").want(t, http.StatusServiceUnavailable)
	s.get("", "/livez").want(t, http.StatusOK)
}
