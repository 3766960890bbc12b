// Package telemetry creates the log lines, metrics and error reports of a process. None of them contains data of
// documents or requests; reports are built from an allow-list instead of being cleaned.
package telemetry

import (
	"context"
	"io"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/config"
)

// Options name a process and the output of its log lines.
type Options struct {
	Role     string // api, worker, parser, all, …
	Version  string
	Process  config.Process
	Output   io.Writer // log lines
	Terminal bool      // whether Output is a terminal
}

// Telemetry is the logger, the registry and the reporter of one process.
type Telemetry struct {
	Log      *slog.Logger
	Registry *prometheus.Registry
	Reporter *Reporter
}

// New creates the three. An invalid DSN is an error; without a DSN the reporter reports nothing.
func New(o Options) (*Telemetry, error) {
	reporter, err := newReporter(o)
	if err != nil {
		return nil, err
	}
	return &Telemetry{Log: newLogger(o), Registry: newRegistry(o), Reporter: reporter}, nil
}

// Close sends the reports that are still queued, until ctx ends.
func (t *Telemetry) Close(ctx context.Context) { t.Reporter.closeClient(ctx) }
