//go:build chaos

package chaos

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// tally counts requests by their answers.
type tally struct {
	mu         sync.Mutex
	counts     map[string]int // route and answer
	busy       []sample       // answers 503
	late       []sample       // requests without an answer in time
	violations []string       // answers that must never happen
}

// sample is a request.
type sample struct {
	route, via string
	began      time.Time
	took       time.Duration
}

func newTally() *tally { return &tally{counts: map[string]int{}} }

func (t *tally) countRequest(route, via string, began time.Time, a answer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts[route+" → "+a.String()]++
	s := sample{route, via, began, a.took}
	switch {
	case errors.Is(a.err, errTooLate):
		t.late = append(t.late, s)
	case a.err == nil && a.status >= 400 && a.code == "":
		t.violations = append(t.violations, fmt.Sprintf("%s was answered %d without a problem that has a code: %.200q", route, a.status, a.body))
	case a.status == 503:
		t.busy = append(t.busy, s)
		if a.retryAfter == "" {
			t.violations = append(t.violations, fmt.Sprintf("%s was answered %v without Retry-After", route, a))
		}
	case a.status >= 500:
		t.violations = append(t.violations, fmt.Sprintf("%s was answered %v", route, a))
	}
}

// listCounts returns the counts, sorted by route.
func (t *tally) listCounts() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var lines []string
	for what, n := range t.counts {
		lines = append(lines, fmt.Sprintf("%s: %d", what, n))
	}
	slices.Sort(lines)
	return lines
}

// percentileOf returns the p-th percentile (0 to 1) of the samples, by nearest rank.
func percentileOf(samples []time.Duration, p float64) time.Duration {
	if len(samples) == 0 {
		return 0
	}
	s := slices.Clone(samples)
	slices.Sort(s)
	return s[min(int(float64(len(s))*p), len(s)-1)]
}

// spread is the percentiles of samples.
type spread struct {
	N                  int
	P50, P95, P99, Max time.Duration
}

func newSpread(samples []time.Duration) spread {
	return spread{len(samples), percentileOf(samples, 0.5), percentileOf(samples, 0.95), percentileOf(samples, 0.99), percentileOf(samples, 1)}
}

func (s spread) String() string {
	if s.N == 0 {
		return "none"
	}
	parts := make([]string, 0, 4)
	for _, d := range []time.Duration{s.P50, s.P95, s.P99, s.Max} {
		parts = append(parts, fmt.Sprintf("%.2f", d.Seconds()))
	}
	return fmt.Sprintf("%s s (p50, p95, p99, max of %d)", strings.Join(parts, " · "), s.N)
}
