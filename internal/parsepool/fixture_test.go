//go:build linux

package parsepool_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/parsepool"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// plenty is more memory than a child of a test needs, the race detector's own included.
const plenty = 2 << 30

// running is a pool while Run is active.
type running struct {
	*parsepool.Pool
	registry *prometheus.Registry
	logs     *logs
	stop     func()
}

// start runs a pool until the test ends.
func start(tb testing.TB, d parsepool.Deps) *running {
	tb.Helper()
	if d.Command == nil {
		d.Command = []string{asChild}
	}
	if d.MemoryLimit == 0 {
		d.MemoryLimit = plenty
	}
	if d.Deadline == 0 {
		d.Deadline = time.Minute // only tests of the deadline wait for it
	}
	r := &running{registry: prometheus.NewRegistry(), logs: &logs{}}
	d.Registerer, d.Clock = r.registry, time.Now
	d.Logger = slog.New(slog.NewTextHandler(r.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	r.Pool = testenv.Must(parsepool.New(d))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			tb.Errorf("Run: %v", err)
		}
		if tb.Failed() {
			tb.Logf("logs:\n%s", r.logs)
		}
	})
	tb.Cleanup(r.stop)
	return r
}

// ask sends an order to a child and returns its answer.
func (r *running) ask(tb testing.TB, order string) string {
	tb.Helper()
	doc, err := r.Parse(tb.Context(), []byte(order))
	if err != nil {
		tb.Fatalf("%.40q: %v", order, err)
	}
	return doc.ProgramInfo.Degree
}

// metric returns the value of a series, as in `tmd_parser_child_ends_total{reason="crash"}`.
func (r *running) metric(tb testing.TB, name, label, value string) float64 {
	tb.Helper()
	families, err := r.registry.Gather()
	if err != nil {
		tb.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			if label == "" || m.GetLabel()[0].GetName() == label && m.GetLabel()[0].GetValue() == value {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	tb.Fatalf("no series %s{%s=%q}", name, label, value)
	return 0
}

type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// runs reports whether the process exists and is not a zombie.
func runs(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	return !strings.HasPrefix(rest, "Z") && !strings.HasPrefix(rest, "X")
}
