package telemetry_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/problem"
	"github.com/trackmydegree/trackmydegree/internal/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sentryServer replaces Sentry: it accepts envelopes and stores them.
type sentryServer struct {
	*httptest.Server
	mu        sync.Mutex
	envelopes [][]byte
}

func newSentry(t *testing.T) *sentryServer {
	s := &sentryServer{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.envelopes = append(s.envelopes, b)
		fmt.Fprint(w, "{}")
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *sentryServer) dsn() string {
	return strings.Replace(s.URL, "http://", "http://key@", 1) + "/7"
}

func (s *sentryServer) raw() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(bytes.Join(s.envelopes, nil))
}

type event struct {
	Level, Release, Environment string
	ServerName                  string `json:"server_name"`
	Tags                        map[string]string
	User, Request               json.RawMessage
	Fingerprint                 []string
	Exception                   []struct {
		Type, Value string
		Stacktrace  struct {
			Frames []struct{ Function, Filename string }
		}
	}
}

// events decodes the envelopes: a header line, then an item's header and body line by line.
func (s *sentryServer) events(t *testing.T) []event {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []event
	for _, envelope := range s.envelopes {
		lines := bufio.NewScanner(bytes.NewReader(envelope))
		lines.Buffer(nil, 1<<20)
		lines.Scan()
		for lines.Scan() {
			var head struct{ Type string }
			if err := json.Unmarshal(lines.Bytes(), &head); err != nil {
				t.Fatal(err)
			}
			lines.Scan()
			if head.Type != "event" {
				t.Errorf("an item that is no event: %s", head.Type)
				continue
			}
			var e event
			if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
				t.Fatal(err)
			}
			all = append(all, e)
		}
	}
	return all
}

func start(t *testing.T, role, dsn string) *telemetry.Telemetry {
	t.Helper()
	tel, err := telemetry.New(telemetry.Options{
		Role: role, Version: "v1.2.3", Output: io.Discard,
		Process: config.Process{Environment: config.Staging, SentryDSN: config.NewSecretURL(dsn)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return tel
}

// finish sends the remaining reports, as a process does at its end.
func finish(t *testing.T, tel *telemetry.Telemetry) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	tel.Close(ctx)
}

// personal is put into every place of a request or an error that can contain it.
const personal = "Tremblay-40012345"

func TestAPanicInAHandler(t *testing.T) {
	t.Parallel()
	server := newSentry(t)
	tel := start(t, "api", server.dsn())
	api := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		defer func() {
			if v := recover(); v != nil {
				tel.Reporter.ReportPanic(v, problem.Request{Method: r.Method, Route: "/api/timeline/status/{jobId}", ID: "0b6b4b0e-5a0c-4be4-9a3f-0d2c6d1f3c11"})
			}
		}()
		body, _ := io.ReadAll(r.Body)
		explode(string(body))
	}))
	t.Cleanup(api.Close)

	req, _ := http.NewRequest(http.MethodPost, api.URL+"/api/"+personal+"?name="+personal, strings.NewReader(personal))
	req.Header.Set("Authorization", "Bearer "+personal)
	req.Header.Set("Cookie", "session="+personal)
	req.Header.Set("User-Agent", personal)
	req.Header.Set("X-Forwarded-For", "203.0.113.9")
	if resp, err := http.DefaultClient.Do(req); err == nil {
		resp.Body.Close()
	}
	http.DefaultClient.CloseIdleConnections()
	finish(t, tel)

	events := server.events(t)
	if len(events) != 1 {
		t.Fatalf("%d events", len(events))
	}
	e := events[0]
	if e.Release != "tmd@v1.2.3" || e.Environment != "staging" || e.Level != "fatal" || e.ServerName != "api" {
		t.Errorf("%+v", e)
	}
	want := map[string]string{"role": "api", "request_id": "0b6b4b0e-5a0c-4be4-9a3f-0d2c6d1f3c11", "method": "POST", "route": "/api/timeline/status/{jobId}", "code": "internal"}
	if diff := cmp.Diff(want, e.Tags); diff != "" {
		t.Error(diff)
	}
	if e.Exception[0].Type != "panic(string)" || e.Exception[0].Value != "" {
		t.Errorf("%+v", e.Exception[0])
	}
	var functions []string
	for _, f := range e.Exception[0].Stacktrace.Frames {
		functions = append(functions, f.Function)
		if strings.Contains(f.Filename, "/") {
			t.Errorf("a folder of the machine: %s", f.Filename)
		}
	}
	if !strings.Contains(strings.Join(functions, " "), "explode") {
		t.Errorf("the stack does not lead to the panic: %v", functions)
	}
	nothingPersonal(t, server)
}

func explode(body string) { panic("cannot read " + body) }

func TestTheLastFailureOfAJob(t *testing.T) {
	t.Parallel()
	server := newSentry(t)
	tel := start(t, "worker", server.dsn())
	id := job.ID("6f1c7b9e-3c7e-4c2a-9d35-7a8f3f6f2f11")
	// A fault of a document concerns its user: it is counted, not reported.
	tel.Reporter.ReportJob(t.Context(), id, 1, fault.WithDetail(fault.DegreeNotFound, "There is no degree "+personal+"."))
	_, missing := os.Open("/uploads/" + personal + ".pdf")
	tel.Reporter.ReportJob(t.Context(), id, 3, fault.Wrap(fault.StorageUnavailable, fmt.Errorf("open %s: %w", personal, missing)))
	tel.Reporter.ReportJob(t.Context(), id, 3, fmt.Errorf("row %s: %w", personal, errors.New(personal)))
	finish(t, tel)

	events := server.events(t)
	if len(events) != 2 {
		t.Fatalf("%d events, want the two that are ours to look into", len(events))
	}
	want := map[string]string{"role": "worker", "job_id": string(id), "attempt": "3", "code": "storage_unavailable"}
	if diff := cmp.Diff(want, events[0].Tags); diff != "" {
		t.Error(diff)
	}
	x := events[0].Exception[0]
	if x.Type != "storage_unavailable" || !strings.Contains(x.Value, "no such file or directory") {
		t.Errorf("%+v", x)
	}
	if x := events[1].Exception[0]; x.Type != "fmt.wrapError > errors.errorString" {
		t.Errorf("%+v", x)
	}
	nothingPersonal(t, server)
}

func TestAFailureAtTheStart(t *testing.T) {
	t.Parallel()
	server := newSentry(t)
	var c config.API
	err := config.Load(&c, []string{"SENTRY_DSN=" + server.dsn(), "BACKEND_PORT=" + personal, "MONGODB_URI=mongodb://" + personal, "REDIS_HOST=r"})
	if err == nil {
		t.Fatal("the settings are not refused")
	}
	tel, newErr := telemetry.New(telemetry.Options{Role: "api", Version: "v1", Process: c.Process, Output: io.Discard})
	if newErr != nil {
		t.Fatal(newErr)
	}
	tel.Reporter.ReportProcess("start", err)
	finish(t, tel)
	events := server.events(t)
	if len(events) != 1 {
		t.Fatalf("%d events", len(events))
	}
	if x := events[0].Exception[0]; x.Type != "start: settings" || x.Value != "BACKEND_PORT, JWT_SECRET" {
		t.Errorf("%+v", x)
	}
	nothingPersonal(t, server)
}

// The values that a client may choose, its method and its request id, are checked; of a panic with an error only the
// type is reported.
func TestWhatAClientChoosesStaysOut(t *testing.T) {
	t.Parallel()
	server := newSentry(t)
	tel := start(t, "api", server.dsn())
	req := problem.Request{Method: personal, Route: "/" + personal + "@example.org", ID: personal + "@example.org"}
	func() {
		defer func() { tel.Reporter.ReportPanic(recover(), req) }()
		panic(fmt.Errorf("student %s", personal))
	}()
	func() {
		defer func() { tel.Reporter.ReportPanic(recover(), req) }()
		var none []int
		_ = none[len(personal)]
	}()
	tel.Reporter.ReportRequest(errors.New(personal), req)
	tel.Reporter.ReportRequest(fault.New(fault.NotFound), req)
	finish(t, tel)
	events := server.events(t)
	if len(events) != 3 {
		t.Fatalf("%d events", len(events))
	}
	if got := events[1].Exception[0].Value; got != "runtime error: index out of range [17] with length 0" {
		t.Errorf("a bug of ours is reported as %q", got)
	}
	nothingPersonal(t, server)
}

func nothingPersonal(t *testing.T, server *sentryServer) {
	t.Helper()
	host, _ := os.Hostname()
	raw := server.raw()
	for _, secret := range []string{personal, "Tremblay", "40012345", "Bearer", "session=", "203.0.113.9", `"user"`, `"request"`, "breadcrumbs", `"` + host + `"`} {
		if strings.Contains(raw, secret) {
			t.Errorf("the report holds %s:\n%s", secret, raw)
		}
	}
}

func TestNoDSNReportsNothing(t *testing.T) {
	tel := start(t, "api", "")
	tel.Reporter.ReportPanic("x", problem.Request{})
	tel.Reporter.ReportJobPanic(t.Context(), "", "x")
	tel.Reporter.ReportProcess("start", errors.New("x"))
	finish(t, tel)
}

// A hanging report server must not keep a process from ending.
func TestCloseHasADeadline(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	tel := start(t, "api", strings.Replace(server.URL, "http://", "http://key@", 1)+"/7")
	tel.Reporter.ReportProcess("start", errors.New("x"))
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	closed := make(chan struct{})
	go func() { tel.Close(ctx); close(closed) }()
	select {
	case <-closed:
	case <-time.After(20 * time.Second):
		t.Error("close waits for a server that does not answer")
	}
	close(release)
	server.Close()
}

func TestLogLines(t *testing.T) {
	t.Parallel()
	line := func(format config.LogFormat, terminal bool) string {
		var out strings.Builder
		tel, err := telemetry.New(telemetry.Options{
			Role: "worker", Version: "v1", Output: &out, Terminal: terminal,
			Process: config.Process{LogLevel: slog.LevelInfo, LogFormat: format},
		})
		if err != nil {
			t.Fatal(err)
		}
		tel.Log.Debug("unseen")
		tel.Log.Info("job", "job_id", "7")
		return out.String()
	}
	var j map[string]any
	if err := json.Unmarshal([]byte(line(config.LogAuto, false)), &j); err != nil || j["role"] != "worker" || j["job_id"] != "7" {
		t.Errorf("%v %v", j, err)
	}
	if got := line(config.LogAuto, true); !strings.Contains(got, "msg=job job_id=7") {
		t.Errorf("on a terminal: %s", got)
	}
	if got := line(config.LogText, false); !strings.Contains(got, "msg=job") {
		t.Errorf("text: %s", got)
	}
	if got := line(config.LogJSON, true); !strings.HasPrefix(got, "{") {
		t.Errorf("json: %s", got)
	}
}

func TestDebugServer(t *testing.T) {
	t.Parallel()
	tel := start(t, "parser", "")
	get := func(profiling bool, path string) (int, string) {
		w := httptest.NewRecorder()
		telemetry.DebugHandler(tel.Registry, "parser", "v1.2.3", profiling).ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w.Code, w.Body.String()
	}
	if code, body := get(false, "/metrics"); code != 200 || !strings.Contains(body, `tmd_build_info{go="go1`) || !strings.Contains(body, "process_resident_memory_bytes") {
		t.Errorf("%d %s", code, body)
	}
	if code, body := get(false, "/version"); code != 200 || !strings.Contains(body, `"version":"v1.2.3"`) {
		t.Errorf("%d %s", code, body)
	}
	if code, _ := get(false, "/debug/pprof/"); code != http.StatusNotFound {
		t.Errorf("profiles are open: %d", code)
	}
	if code, _ := get(true, "/debug/pprof/"); code != 200 {
		t.Errorf("no profiles: %d", code)
	}
}
