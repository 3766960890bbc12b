package doctor

import (
	"context"
	"log/slog"
	"strings"
	"sync"
)

// warningHandler keeps the messages of warnings and errors: the checks of the roles log what is no failure.
type warningHandler struct {
	mu       sync.Mutex
	messages []string
}

// Enabled implements slog.Handler.
func (h *warningHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn
}

// Handle implements slog.Handler.
func (h *warningHandler) Handle(_ context.Context, r slog.Record) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.messages = append(h.messages, r.Message)
	return nil
}

// WithAttrs implements slog.Handler. The attributes are not needed.
func (h *warningHandler) WithAttrs([]slog.Attr) slog.Handler { return h }

// WithGroup implements slog.Handler.
func (h *warningHandler) WithGroup(string) slog.Handler { return h }

func (h *warningHandler) text() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.messages, ". ")
}
