package telemetry

import (
	"log/slog"

	"github.com/trackmydegree/trackmydegree/internal/config"
)

// newLogger writes JSON for machines and text for people. Every line names its role.
func newLogger(o Options) *slog.Logger {
	options := &slog.HandlerOptions{Level: o.Process.LogLevel}
	text := o.Process.LogFormat == config.LogText || o.Process.LogFormat == config.LogAuto && o.Terminal
	if text {
		return slog.New(slog.NewTextHandler(o.Output, options))
	}
	return slog.New(slog.NewJSONHandler(o.Output, options)).With("role", o.Role)
}
