package httpapi

import (
	"context"
	"net/http"
	"sync"
	"time"
)

const (
	// checkTimeout is how long a dependency may take to show that it works; probes wait for it.
	checkTimeout = 1500 * time.Millisecond
	// checkAge is how long an answer is used again: health is asked for without a token, and each check costs every
	// dependency a round trip.
	checkAge = 500 * time.Millisecond
)

// The states of a dependency, and of the whole.
const (
	stateOK       = "ok"
	stateDegraded = "degraded" // works without a part that it can do without
	stateDown     = "down"
	stateDraining = "draining"
)

type dependencyState struct {
	Name   string `json:"name"`
	Status string `json:"status"`
	Needed bool   `json:"needed"`
}

type healthState struct {
	Status       string            `json:"status"`
	Dependencies []dependencyState `json:"dependencies"`
}

// checker asks the dependencies, all at once, and remembers the answer for a moment.
type checker struct {
	dependencies []Dependency
	api          *API

	mu   sync.Mutex
	at   time.Time
	last healthState
	up   map[string]bool
}

func (c *checker) state(ctx context.Context) healthState {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.at.IsZero() && c.api.now().Sub(c.at) < checkAge {
		return c.last
	}
	// The answer is everybody's: it must not depend on whether the first to ask stays.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTimeout)
	defer cancel()
	errs := make([]error, len(c.dependencies))
	var all sync.WaitGroup
	for i, d := range c.dependencies {
		all.Go(func() { errs[i] = check(ctx, d) })
	}
	all.Wait()
	s := healthState{Status: stateOK, Dependencies: make([]dependencyState, len(c.dependencies))}
	for i, d := range c.dependencies {
		s.Dependencies[i] = dependencyState{Name: d.Name, Status: stateOK, Needed: d.Needed}
		c.note(ctx, d, errs[i])
		switch {
		case errs[i] == nil:
			continue
		case d.Needed:
			s.Status = stateDown
		case s.Status == stateOK:
			s.Status = stateDegraded
		}
		s.Dependencies[i].Status = stateDown
	}
	c.at, c.last = c.api.now(), s
	return s
}

// check gives up on a dependency that does not keep to its context.
func check(ctx context.Context, d Dependency) error {
	done := make(chan error, 1)
	go func() { done <- d.Check(ctx) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// note logs when a dependency goes or comes back; why it is down is for operators alone.
func (c *checker) note(ctx context.Context, d Dependency, err error) {
	was, known := c.up[d.Name]
	c.up[d.Name] = err == nil
	switch {
	case err != nil && (was || !known):
		c.api.log.WarnContext(ctx, "dependency down", "dependency", d.Name, "needed", d.Needed, "error", err)
	case err == nil && known && !was:
		c.api.log.InfoContext(ctx, "dependency back", "dependency", d.Name)
	}
}

// health is for people and for old checks: each dependency and its state.
func (a *API) health(w http.ResponseWriter, r *http.Request) error {
	s := a.checker.state(r.Context())
	return writeHealth(w, s, s.Status != stateDown)
}

// readyz says whether requests may come: not while a needed dependency is down, and not from the moment the process
// drains.
func (a *API) readyz(w http.ResponseWriter, r *http.Request) error {
	if !a.gate.Ready() {
		return writeHealth(w, healthState{Status: stateDraining, Dependencies: []dependencyState{}}, false)
	}
	s := a.checker.state(r.Context())
	return writeHealth(w, s, s.Status != stateDown)
}

// livez says that the process turns; what it leans on is no reason to start it again.
func (a *API) livez(w http.ResponseWriter, _ *http.Request) error {
	return writeHealth(w, healthState{Status: stateOK, Dependencies: []dependencyState{}}, true)
}

func writeHealth(w http.ResponseWriter, s healthState, ok bool) error {
	w.Header().Set("Cache-Control", "no-store")
	if !ok {
		w.Header().Set("Retry-After", "5")
		return writeJSON(w, http.StatusServiceUnavailable, s)
	}
	return writeJSON(w, http.StatusOK, s)
}
