package tracing

import (
	"context"
	"log/slog"
)

// logHandler adds the id of the trace to lines that are logged with the context of a recorded span.
type logHandler struct{ slog.Handler }

// NewLogHandler returns a handler that adds trace_id to the lines of h.
func NewLogHandler(h slog.Handler) slog.Handler { return logHandler{h} }

// Handle implements slog.Handler.
func (h logHandler) Handle(ctx context.Context, line slog.Record) error {
	if id := TraceID(ctx); id != "" {
		line = line.Clone()
		line.AddAttrs(slog.String("trace_id", id))
	}
	return h.Handler.Handle(ctx, line)
}

// WithAttrs implements slog.Handler.
func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h logHandler) WithGroup(name string) slog.Handler { return logHandler{h.Handler.WithGroup(name)} }
