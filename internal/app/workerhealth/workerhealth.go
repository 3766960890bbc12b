// Package workerhealth checks the dependencies of a worker and answers its probes.
package workerhealth

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

const (
	checkInterval = 2 * time.Second
	checkTimeout  = 1500 * time.Millisecond
	// unreadyAfter is how long a dependency may be unavailable before an idle worker is no longer ready. A scale-down
	// removes pods that are not ready first, even busy ones.
	unreadyAfter = 30 * time.Second
)

// Dependency is a server that a worker depends on.
type Dependency struct {
	Name  string
	Check func(context.Context) error
}

// Health holds the state of a worker and its dependencies. It checks them periodically, so that a probe costs them
// nothing.
type Health struct {
	ready   func() bool // whether the process takes work: false before the start and while it drains
	running func() int  // the number of jobs that run
	checks  []Dependency

	mu   sync.Mutex
	seen map[string]checkResult
}

// checkResult is the result of a dependency's last check.
type checkResult struct {
	err    error
	lastOK time.Time // zero: never
}

// New returns the health of a worker: ready is the readiness of its process, running the number of jobs that run.
func New(ready func() bool, running func() int, checks ...Dependency) *Health {
	return &Health{ready: ready, running: running, checks: checks, seen: map[string]checkResult{}}
}

// RunChecks checks all dependencies at each interval until ctx ends.
func (h *Health) RunChecks(ctx context.Context) error {
	ticker := time.NewTicker(checkInterval)
	defer ticker.Stop()
	for {
		var all sync.WaitGroup
		for _, d := range h.checks {
			all.Go(func() { h.checkDependency(ctx, d) })
		}
		all.Wait()
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}

func (h *Health) checkDependency(ctx context.Context, d Dependency) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	err := d.Check(ctx)
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.seen[d.Name]
	if s.err = err; err == nil {
		s.lastOK = time.Now()
	}
	h.seen[d.Name] = s
}

// isReady reports whether the worker can take jobs. Every dependency must have been available once. A short outage
// does not count, nor does a longer one while jobs run: they may still succeed.
func (h *Health) isReady() bool {
	if !h.ready() {
		return false
	}
	busy := h.running() > 0
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, d := range h.checks {
		s := h.seen[d.Name]
		if s.lastOK.IsZero() || s.err != nil && !busy && time.Since(s.lastOK) > unreadyAfter {
			return false
		}
	}
	return true
}

// AddRoutes adds the probes:
//
//	GET /livez   200 while the process runs; the kubelet restarts it otherwise
//	GET /readyz  200 while it takes jobs, 503 before that and while it drains; for the kubelet and the autoscaler
//	GET /health  each dependency and the number of jobs that run, as JSON; for operators
func (h *Health) AddRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, state{"ok"}) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if h.isReady() {
			writeJSON(w, http.StatusOK, state{"ready"})
			return
		}
		writeJSON(w, http.StatusServiceUnavailable, state{"not ready"})
	})
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		code, report := h.buildReport()
		writeJSON(w, code, report)
	})
}

type state struct {
	Status string `json:"status"`
}

// healthReport has the shape of the API's /api/health, with the number of jobs of the worker.
type healthReport struct {
	Status       string            `json:"status"` // "ok", "degraded"
	Ready        bool              `json:"ready"`
	RunningJobs  int               `json:"runningJobs"`
	Dependencies []dependencyState `json:"dependencies"`
}

type dependencyState struct {
	Name   string `json:"name"`
	Status string `json:"status"` // "ok", "down", "unknown"
}

func (h *Health) buildReport() (int, healthReport) {
	r := healthReport{Status: "ok", Ready: h.isReady(), RunningJobs: h.running(), Dependencies: []dependencyState{}}
	code := http.StatusOK
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, d := range h.checks {
		s, checked := h.seen[d.Name]
		status := "ok"
		switch {
		case !checked:
			status = "unknown"
		case s.err != nil:
			status = "down"
		}
		if status != "ok" {
			r.Status, code = "degraded", http.StatusServiceUnavailable
		}
		r.Dependencies = append(r.Dependencies, dependencyState{Name: d.Name, Status: status})
	}
	return code, r
}

func writeJSON(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v) // the client has disconnected
}
