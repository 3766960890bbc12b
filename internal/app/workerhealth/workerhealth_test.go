package workerhealth

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReadiness(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var (
			away          atomic.Bool
			jobs          atomic.Int64
			serving       atomic.Bool
			errAway       = errors.New("away")
			checkingRedis = func(context.Context) error {
				if away.Load() {
					return errAway
				}
				return nil
			}
		)
		away.Store(true)
		serving.Store(true)
		h := New(serving.Load, func() int { return int(jobs.Load()) }, Dependency{"redis", checkingRedis})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- h.RunChecks(ctx) }()
		after := func(d time.Duration) { <-time.After(d); synctest.Wait() }
		step := func(what string, want bool) {
			t.Helper()
			if got := h.isReady(); got != want {
				t.Errorf("%s: ready is %v", what, got)
			}
		}
		after(time.Second)
		step("before Redis was ever there", false)
		away.Store(false)
		after(checkInterval)
		step("with Redis", true)
		away.Store(true)
		after(10 * time.Second)
		step("Redis is away for a moment", true)
		jobs.Store(1)
		after(time.Minute)
		step("Redis is away for long and a job runs", true)
		jobs.Store(0)
		step("Redis is away for long and nothing runs", false)
		away.Store(false)
		after(checkInterval)
		step("Redis is back", true)
		jobs.Store(1)
		serving.Store(false)
		step("draining, whatever runs", false)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestHealthPages(t *testing.T) {
	t.Parallel()
	h := New(func() bool { return true }, func() int { return 2 },
		Dependency{"redis", func(context.Context) error { return nil }},
		Dependency{"database", func(context.Context) error { return errors.New("secret address") }},
		Dependency{"parser", nil}) // not looked at yet
	for _, d := range h.checks[:2] {
		h.checkDependency(t.Context(), d)
	}
	mux := http.NewServeMux()
	h.AddRoutes(mux)
	get := func(path string) (int, map[string]any) {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		var body map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
		return w.Code, body
	}
	if code, _ := get("/livez"); code != 200 {
		t.Errorf("/livez %d", code)
	}
	if code, _ := get("/readyz"); code != 503 {
		t.Errorf("/readyz %d", code)
	}
	code, body := get("/health")
	want := map[string]any{"status": "degraded", "ready": false, "runningJobs": 2.0, "dependencies": []any{
		map[string]any{"name": "redis", "status": "ok"}, map[string]any{"name": "database", "status": "down"},
		map[string]any{"name": "parser", "status": "unknown"}}}
	if diff := cmp.Diff(want, body); diff != "" || code != 503 {
		t.Errorf("%d %s", code, diff)
	}
}
