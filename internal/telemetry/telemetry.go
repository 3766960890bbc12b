// Package telemetry creates the log lines, metrics and error reports of a process. None of them contains data of
// documents or requests; reports are built from an allow-list instead of being cleaned.
package telemetry

import (
	"context"
	"io"
	"log/slog"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/tracing"
)

// Options name a process and the output of its log lines.
type Options struct {
	Role     string // api, worker, parser, all, …
	Version  string
	Process  config.Process
	Traces   *config.Traces // nil for a role without traces
	Output   io.Writer      // log lines
	Terminal bool           // whether Output is a terminal
}

// Telemetry is the logger, the registry, the tracer and the reporter of one process. Tracer is nil without a collector.
type Telemetry struct {
	Log      *slog.Logger
	Tracer   *tracing.Tracer
	Registry *prometheus.Registry
	Reporter *Reporter

	traces traces
}

// New creates the four. An invalid DSN is an error; without a DSN the reporter reports nothing.
func New(o Options) (*Telemetry, error) {
	reporter, err := newReporter(o)
	if err != nil {
		return nil, err
	}
	logger := newLogger(o)
	spans, err := newTraces(o, logger)
	if err != nil {
		return nil, err
	}
	return &Telemetry{Log: logger, Registry: newRegistry(o), Tracer: spans.newTracer(), Reporter: reporter, traces: spans}, nil
}

// Close sends the spans, for a second at most, and the reports that are still queued, until ctx ends.
func (t *Telemetry) Close(ctx context.Context) {
	var ended sync.WaitGroup
	ended.Go(func() { t.traces.flushSpans(ctx) })
	t.Reporter.closeClient(ctx)
	ended.Wait()
}
