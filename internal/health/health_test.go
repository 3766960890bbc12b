package health_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/health"
)

var errDown = errors.New("connection refused at 10.0.0.7:27017")

func newMonitor(t *testing.T, c health.Config) *health.Monitor {
	t.Helper()
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	m, err := health.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// get returns the status and the body of an answer.
func get(h http.HandlerFunc) (int, string) {
	w := httptest.NewRecorder()
	h(w, httptest.NewRequest(http.MethodGet, "/", nil))
	return w.Code, w.Body.String()
}

func works(context.Context) error { return nil }
func fails(context.Context) error { return errDown }

func TestNewRefusesWhatIsMissing(t *testing.T) {
	t.Parallel()
	logger := slog.New(slog.DiscardHandler)
	for name, c := range map[string]health.Config{
		"no logger": {},
		"no name":   {Logger: logger, Dependencies: []health.Dependency{{Check: works}}},
		"no check":  {Logger: logger, Dependencies: []health.Dependency{{Name: "queue"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := health.New(c); err == nil {
				t.Error("got no error, want one")
			}
		})
	}
}

// The readiness of a worker: a needed dependency may be unavailable for a while, and for longer while jobs run.
func TestReadinessTolerates(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var (
			unavailable, serving atomic.Bool
			jobs                 atomic.Int64
		)
		unavailable.Store(true)
		serving.Store(true)
		m := newMonitor(t, health.Config{
			Dependencies: []health.Dependency{{Name: "queue", Needed: true, Check: func(context.Context) error {
				if unavailable.Load() {
					return errDown
				}
				return nil
			}}},
			Serving: serving.Load, RunningJobs: func() int { return int(jobs.Load()) }, Tolerance: budget.HealthTolerance,
		})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- m.Run(ctx) }()
		after := func(d time.Duration) { <-time.After(d); synctest.Wait() }
		step := func(what string, want health.Status) {
			t.Helper()
			if got := m.ReadinessReport(t.Context()).Status; got != want {
				t.Errorf("%s: got %s, want %s", what, got, want)
			}
		}
		after(time.Second)
		step("before Redis was ever there", health.StatusDown)
		unavailable.Store(false)
		after(budget.HealthInterval)
		step("with Redis", health.StatusOK)
		unavailable.Store(true)
		after(10 * time.Second)
		step("Redis is unavailable for a moment", health.StatusDegraded)
		jobs.Store(1)
		after(time.Minute)
		step("Redis is unavailable for long and a job runs", health.StatusDegraded)
		jobs.Store(0)
		step("Redis is unavailable for long and nothing runs", health.StatusDown)
		unavailable.Store(false)
		after(budget.HealthInterval)
		step("Redis is back", health.StatusOK)
		jobs.Store(1)
		serving.Store(false)
		step("draining, whatever runs", health.StatusDraining)
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run: got %v, want nil", err)
		}
	})
}

// The answers that the roles give.
func TestAnswers(t *testing.T) {
	t.Parallel()
	two := func() int { return 2 }
	tests := []struct {
		name   string
		config health.Config
		route  func(*health.Monitor) http.HandlerFunc
		status int
		want   string
	}{
		{
			"an API without its cache is degraded",
			health.Config{MaxAge: time.Second, Dependencies: []health.Dependency{
				{Name: "database", Needed: true, Check: works}, {Name: "cache", Check: fails},
			}},
			func(m *health.Monitor) http.HandlerFunc { return m.ServeHealth }, 200,
			`{"status":"degraded","dependencies":[{"name":"database","status":"ok","needed":true},` +
				`{"name":"cache","status":"down","needed":false}]}`,
		},
		{
			"an API without its database is down",
			health.Config{MaxAge: time.Second, Dependencies: []health.Dependency{
				{Name: "database", Needed: true, Check: fails}, {Name: "cache", Check: fails},
			}},
			func(m *health.Monitor) http.HandlerFunc { return m.ServeReadiness }, 503,
			`{"status":"down","dependencies":[{"name":"database","status":"down","needed":true},` +
				`{"name":"cache","status":"down","needed":false}]}`,
		},
		{
			"a worker that has not checked yet",
			health.Config{RunningJobs: two, Dependencies: []health.Dependency{{Name: "queue", Needed: true, Check: works}}},
			func(m *health.Monitor) http.HandlerFunc { return m.ServeHealth }, 503,
			`{"status":"down","runningJobs":2,"dependencies":[{"name":"queue","status":"unknown","needed":true}]}`,
		},
		{
			"a process that drains is not ready",
			health.Config{Serving: func() bool { return false }, Dependencies: []health.Dependency{}},
			func(m *health.Monitor) http.HandlerFunc { return m.ServeReadiness }, 503,
			`{"status":"draining","dependencies":[]}`,
		},
		{
			"a process that drains still says how it is",
			health.Config{Serving: func() bool { return false }, Dependencies: []health.Dependency{}},
			func(m *health.Monitor) http.HandlerFunc { return m.ServeHealth }, 200,
			`{"status":"ok","dependencies":[]}`,
		},
		{
			"a parser that works",
			health.Config{SelfCheck: func() error { return nil }},
			func(m *health.Monitor) http.HandlerFunc { return m.ServeReadiness }, 200,
			`{"status":"ok"}`,
		},
		{
			"a parser that cannot work",
			health.Config{SelfCheck: func() error { return fault.WithDetail(fault.ParserUnavailable, "Wait.") }},
			func(m *health.Monitor) http.HandlerFunc { return m.ServeReadiness }, 503,
			`{"status":"down","error":"Wait."}`,
		},
		{
			"whatever fails, the process is alive",
			health.Config{SelfCheck: func() error { return errDown }, Serving: func() bool { return false }},
			func(m *health.Monitor) http.HandlerFunc { return m.ServeLiveness }, 200,
			`{"status":"ok"}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			status, got := get(tt.route(newMonitor(t, tt.config)))
			if status != tt.status || got != tt.want {
				t.Errorf("got %d %s\nwant %d %s", status, got, tt.status, tt.want)
			}
		})
	}
}

// Requests share the findings for a moment, and a change is logged once, with its cause.
func TestFindingsAreShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var checks atomic.Int64
		var unavailable atomic.Bool
		unavailable.Store(true)
		var log bytes.Buffer
		m := newMonitor(t, health.Config{
			MaxAge: budget.HealthMaxAge, Logger: slog.New(slog.NewTextHandler(&log, nil)),
			Dependencies: []health.Dependency{{Name: "database", Needed: true, Check: func(context.Context) error {
				checks.Add(1)
				if unavailable.Load() {
					return errDown
				}
				return nil
			}}},
		})
		for range 3 {
			if status, body := get(m.ServeReadiness); status != 503 || strings.Contains(body, "10.0.0.7") {
				t.Errorf("got %d %s, want 503 and no address", status, body)
			}
		}
		if got := checks.Load(); got != 1 {
			t.Errorf("got %d checks, want 1", got)
		}
		<-time.After(budget.HealthMaxAge)
		unavailable.Store(false)
		if status, body := get(m.ServeReadiness); status != 200 {
			t.Errorf("got %d %s, want 200", status, body)
		}
		if got := log.String(); strings.Count(got, "dependency down") != 1 || !strings.Contains(got, "10.0.0.7") ||
			strings.Count(got, "dependency back") != 1 {
			t.Errorf("got the log\n%s\nwant each change once, with its cause", got)
		}
	})
}

// A check that ignores its context does not hold up the answer.
func TestCheckThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		m := newMonitor(t, health.Config{MaxAge: time.Second, Dependencies: []health.Dependency{
			{Name: "queue", Needed: true, Check: func(context.Context) error { <-release; return nil }},
		}})
		began := time.Now()
		if status, body := get(m.ServeHealth); status != 503 {
			t.Errorf("got %d %s, want 503", status, body)
		}
		if took := time.Since(began); took != budget.HealthCheck {
			t.Errorf("the answer took %v, want %v", took, budget.HealthCheck)
		}
	})
}
