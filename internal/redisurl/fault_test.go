package redisurl_test

import (
	"context"
	"errors"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
)

func TestToFault(t *testing.T) {
	t.Parallel()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	refused := errors.New("connection refused")
	t.Run("no error", func(t *testing.T) {
		if err := redisurl.ToFault(cancelled, "store: load", nil); err != nil {
			t.Errorf("got %v, want nil", err)
		}
	})
	t.Run("Redis does not answer", func(t *testing.T) {
		err := redisurl.ToFault(t.Context(), "store: load", refused)
		if fault.CodeOf(err) != fault.QueueUnavailable || !errors.Is(err, refused) {
			t.Errorf("got %v, want %s that wraps the cause", err, fault.QueueUnavailable)
		}
	})
	t.Run("the caller gave up", func(t *testing.T) {
		err := redisurl.ToFault(cancelled, "store: load", refused)
		if !errors.Is(err, context.Canceled) || fault.CodeOf(err) == fault.QueueUnavailable {
			t.Errorf("got %v, want %v and no fault of the queue", err, context.Canceled)
		}
	})
}
