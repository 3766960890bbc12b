// Package health checks the dependencies of a process and serves the answers to probes and to people, in one JSON shape
// for every role.
package health

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/budget"
)

// Dependency is a part that the process depends on.
type Dependency struct {
	Name string
	// Needed dependencies decide whether the process is ready; without the others it works with less.
	Needed bool
	// Check returns nil while the dependency works. It runs concurrently with the checks of other dependencies and ends
	// with its context, after budget.HealthCheck at the latest.
	Check func(ctx context.Context) error
}

// Config describes a process.
type Config struct {
	// Dependencies are reported in this order. nil leaves them out of the answers, an empty list shows as [].
	Dependencies []Dependency
	// Serving reports whether the process takes work: false before it has started and once it drains. nil is always.
	Serving func() bool
	// SelfCheck returns why the process itself cannot work, as a fault whose sentence is for people. nil is no check.
	SelfCheck func() error
	// RunningJobs is the number of jobs that run now; nil leaves it out of the answers.
	RunningJobs func() int
	// Tolerance is how long a needed dependency that has worked before may be unavailable while the process stays
	// ready. While jobs run there is no limit, because they may still finish. 0 tolerates nothing.
	Tolerance time.Duration
	// MaxAge is the greatest age of the findings in an answer: an older one is checked again while the request waits.
	// 0 answers with what Run found last.
	MaxAge time.Duration
	// Clock is time.Now when nil.
	Clock func() time.Time
	// Logger receives a line when a dependency fails and when it recovers. Required.
	Logger *slog.Logger
}

// Monitor knows the state of a process and its dependencies.
type Monitor struct {
	config Config

	refreshing sync.Mutex // held during a refresh, so that concurrent requests share one

	mu        sync.Mutex
	checkedAt time.Time
	findings  map[string]finding
}

// finding is what the checks of one dependency found.
type finding struct {
	err    error     // of the last check
	lastOK time.Time // zero: never
}

// MustNew is New for a configuration that is written in the source: it panics on an error.
func MustNew(c Config) *Monitor {
	m, err := New(c)
	if err != nil {
		panic(err)
	}
	return m
}

// New returns a monitor. It checks nothing before Run or the first request.
func New(c Config) (*Monitor, error) {
	if c.Logger == nil {
		return nil, errors.New("health: Logger is missing")
	}
	for _, d := range c.Dependencies {
		if d.Name == "" || d.Check == nil {
			return nil, fmt.Errorf("health: dependency %q without a name or a check", d.Name)
		}
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	return &Monitor{config: c, findings: map[string]finding{}}, nil
}

// Run checks every dependency each budget.HealthInterval until ctx ends. It returns nil.
func (m *Monitor) Run(ctx context.Context) error {
	ticker := time.NewTicker(budget.HealthInterval)
	defer ticker.Stop()
	for {
		m.refreshFindings(ctx, 0)
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// refreshFindings checks all dependencies at once, unless the findings are younger than maxAge.
func (m *Monitor) refreshFindings(ctx context.Context, maxAge time.Duration) {
	m.refreshing.Lock()
	defer m.refreshing.Unlock()
	m.mu.Lock()
	fresh := !m.checkedAt.IsZero() && m.config.Clock().Sub(m.checkedAt) < maxAge
	m.mu.Unlock()
	if fresh {
		return
	}
	limited, cancel := context.WithTimeout(ctx, budget.HealthCheck)
	defer cancel()
	var all sync.WaitGroup
	for _, d := range m.config.Dependencies {
		all.Go(func() {
			err := runCheck(limited, d)
			if ctx.Err() == nil { // a check that ended with the process says nothing about the dependency
				m.recordFinding(ctx, d, err)
			}
		})
	}
	all.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.checkedAt = m.config.Clock()
}

// runCheck returns with ctx, even when the check does not.
func runCheck(ctx context.Context, d Dependency) error {
	done := make(chan error, 1)
	go func() { done <- d.Check(ctx) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// recordFinding stores a finding and logs a change. The cause is for operators and never part of an answer.
func (m *Monitor) recordFinding(ctx context.Context, d Dependency, err error) {
	m.mu.Lock()
	before, checked := m.findings[d.Name]
	now := finding{err: err, lastOK: before.lastOK}
	if err == nil {
		now.lastOK = m.config.Clock()
	}
	m.findings[d.Name] = now
	m.mu.Unlock()
	switch {
	case err != nil && (!checked || before.err == nil):
		m.config.Logger.WarnContext(ctx, "dependency down", "dependency", d.Name, "needed", d.Needed, "error", err)
	case err == nil && checked && before.err != nil:
		m.config.Logger.InfoContext(ctx, "dependency back", "dependency", d.Name)
	}
}

// isTolerated reports whether the process stays ready although the dependency failed its last check.
func (m *Monitor) isTolerated(f finding, busy bool) bool {
	if m.config.Tolerance == 0 || f.lastOK.IsZero() {
		return false
	}
	return busy || m.config.Clock().Sub(f.lastOK) <= m.config.Tolerance
}

// DependencyReport returns the state of the dependencies, whether or not the process takes work. It checks them when
// the findings are older than MaxAge.
func (m *Monitor) DependencyReport(ctx context.Context) Report {
	if m.config.MaxAge > 0 {
		// All requests share the answer: it must not depend on the connection of the first client.
		m.refreshFindings(context.WithoutCancel(ctx), m.config.MaxAge)
	}
	r := m.emptyReport(StatusOK)
	running := 0
	if m.config.RunningJobs != nil {
		running = m.config.RunningJobs()
		r.RunningJobs = &running
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.config.Dependencies {
		f, checked := m.findings[d.Name]
		state := DependencyState{Name: d.Name, Status: StatusOK, Needed: d.Needed}
		switch {
		case !checked:
			state.Status = StatusUnknown
		case f.err != nil:
			state.Status = StatusDown
		}
		switch {
		case state.Status == StatusOK:
		case d.Needed && !m.isTolerated(f, running > 0):
			r.Status = StatusDown
		case r.Status == StatusOK:
			r.Status = StatusDegraded
		}
		r.Dependencies = append(r.Dependencies, state)
	}
	return r
}

// ReadinessReport reports whether the process takes requests or jobs: it serves, can work, and has its needed
// dependencies.
func (m *Monitor) ReadinessReport(ctx context.Context) Report {
	if m.config.Serving != nil && !m.config.Serving() {
		return m.emptyReport(StatusDraining)
	}
	if m.config.SelfCheck != nil {
		if err := m.config.SelfCheck(); err != nil {
			return m.emptyReport(StatusDown).withError(err)
		}
	}
	return m.DependencyReport(ctx)
}

// LivenessReport is always ok, because a restart of the process repairs no dependency.
func (m *Monitor) LivenessReport() Report { return m.emptyReport(StatusOK) }

func (m *Monitor) emptyReport(s Status) Report {
	r := Report{Status: s}
	if m.config.Dependencies != nil {
		r.Dependencies = make([]DependencyState, 0, len(m.config.Dependencies))
	}
	return r
}
