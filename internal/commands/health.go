package commands

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

const (
	checkEvery   = 2 * time.Second
	checkTimeout = 1500 * time.Millisecond
	// blip is how long a dependency may be away before an idle worker is no longer ready. An autoscaler removes pods that
	// are not ready first, whatever they are doing.
	blip = 30 * time.Second
)

// dependency is a part that a worker leans on.
type dependency struct {
	name  string
	check func(context.Context) error
}

// health knows how a worker and its dependencies are. It looks at them by itself, so that a probe costs them nothing.
type health struct {
	ready   func() bool // whether the process takes work: not before the start and not while it drains
	running func() int  // jobs at the moment
	checks  []dependency

	mu   sync.Mutex
	seen map[string]sighting
}

// sighting is what the last check of a dependency found.
type sighting struct {
	err    error
	lastOK time.Time // zero: never
}

func newHealth(ready func() bool, running func() int, checks ...dependency) *health {
	return &health{ready: ready, running: running, checks: checks, seen: map[string]sighting{}}
}

// run looks at every dependency, again and again, until ctx ends.
func (h *health) run(ctx context.Context) error {
	ticker := time.NewTicker(checkEvery)
	defer ticker.Stop()
	for {
		var all sync.WaitGroup
		for _, d := range h.checks {
			all.Go(func() { h.look(ctx, d) })
		}
		all.Wait()
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}

func (h *health) look(ctx context.Context, d dependency) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	err := d.check(ctx)
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.seen[d.name]
	if s.err = err; err == nil {
		s.lastOK = time.Now()
	}
	h.seen[d.name] = s
}

// isReady reports whether the worker can take jobs. A dependency that was there and is away for a moment does not count,
// nor does one that is away for longer while jobs run: they may still end well.
func (h *health) isReady() bool {
	if !h.ready() {
		return false
	}
	busy := h.running() > 0
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, d := range h.checks {
		s := h.seen[d.name]
		if s.lastOK.IsZero() || s.err != nil && !busy && time.Since(s.lastOK) > blip {
			return false
		}
	}
	return true
}

// handle adds what Kubernetes and people ask:
//
//	GET /livez   200 while the process turns; the kubelet restarts it otherwise
//	GET /readyz  200 while it takes jobs, 503 before and while it drains; the kubelet and the autoscaler
//	GET /health  each dependency and the jobs that run, as JSON; people
func (h *health) handle(mux *http.ServeMux) {
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, state{"ok"}) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if h.isReady() {
			writeJSON(w, http.StatusOK, state{"ready"})
			return
		}
		writeJSON(w, http.StatusServiceUnavailable, state{"not ready"})
	})
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		code, report := h.report()
		writeJSON(w, code, report)
	})
}

type state struct {
	Status string `json:"status"`
}

// healthReport has the shape of the API's /api/health, and the worker's own numbers.
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

func (h *health) report() (int, healthReport) {
	r := healthReport{Status: "ok", Ready: h.isReady(), RunningJobs: h.running(), Dependencies: []dependencyState{}}
	code := http.StatusOK
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, d := range h.checks {
		s, looked := h.seen[d.name]
		is := "ok"
		switch {
		case !looked:
			is = "unknown"
		case s.err != nil:
			is = "down"
		}
		if is != "ok" {
			r.Status, code = "degraded", http.StatusServiceUnavailable
		}
		r.Dependencies = append(r.Dependencies, dependencyState{Name: d.name, Status: is})
	}
	return code, r
}

func writeJSON(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v) // the client is gone
}
