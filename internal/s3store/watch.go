package s3store

import (
	"context"
	"errors"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/budget"
)

const (
	// defaultIdleTimeout, with the third of it that undoing may take, stays below the 2 s within which the API
	// reports that it cannot accept an upload.
	defaultIdleTimeout = budget.S3Idle
	// slowest is the rate, in bytes a second, below which S3 counts as unavailable.
	slowest = 2 << 20
)

var errStalled = errors.New("S3 does not answer in time")

// transferTime is how long S3 may take for n bytes, in addition to the idle timeout.
func transferTime(n int64) time.Duration { return time.Duration(n) * (time.Second / slowest) }

// withStallTimeout returns a context for calls that together may take d.
func withStallTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, d, errStalled)
}

// stallWatch ends a context after a wait for S3 that is too long.
type stallWatch struct {
	patience time.Duration
	timer    *time.Timer
	cancel   context.CancelCauseFunc
}

// withStallWatch returns a context that ends when the watch is not paused, resumed or ended within patience.
func withStallWatch(ctx context.Context, patience time.Duration) (context.Context, *stallWatch) {
	ctx, cancel := context.WithCancelCause(ctx)
	return ctx, &stallWatch{patience: patience, timer: time.AfterFunc(patience, func() { cancel(errStalled) }), cancel: cancel}
}

func (w *stallWatch) pauseTimer() { w.timer.Stop() }

// resumeTimer restarts the full patience, plus the transfer time of n bytes.
func (w *stallWatch) resumeTimer(n int64) { w.timer.Reset(w.patience + transferTime(n)) }

// stopWatch ends the context.
func (w *stallWatch) stopWatch() {
	w.timer.Stop()
	w.cancel(context.Canceled)
}
