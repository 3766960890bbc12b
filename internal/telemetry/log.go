package telemetry

import (
	"log/slog"

	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/tracing"
)

// newLogger writes JSON for machines and text for people. Every line names its role.
func newLogger(o Options) *slog.Logger {
	options := &slog.HandlerOptions{Level: o.Process.LogLevel}
	text := o.Process.LogFormat == config.LogText || o.Process.LogFormat == config.LogAuto && o.Terminal
	var handler slog.Handler = slog.NewJSONHandler(o.Output, options)
	if text {
		handler = slog.NewTextHandler(o.Output, options)
	}
	if o.hasTraces() {
		handler = tracing.NewLogHandler(handler)
	}
	if text {
		return slog.New(handler)
	}
	return slog.New(handler).With("role", o.Role)
}
