package s3store

import (
	"context"
	"errors"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/budget"
)

const (
	// defaultPatience, with the third of it that undoing may take, stays below the 2 s within which the API tells
	// that it cannot take an upload.
	defaultIdleTimeout = budget.S3Idle
	// slowest is the rate, in bytes a second, below which S3 counts as away.
	slowest = 2 << 20
)

var errStalled = errors.New("S3 does not answer in time")

// transferTime is how long S3 may take for n bytes, beside patience.
func transferTime(n int64) time.Duration { return time.Duration(n) * (time.Second / slowest) }

// withStallTimeout is a context for calls that together may take d.
func withStallTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, d, errStalled)
}

// stallWatch ends a context when S3 was awaited for too long.
type stallWatch struct {
	patience time.Duration
	timer    *time.Timer
	cancel   context.CancelCauseFunc
}

// withStallWatch is a context that ends when the watch was not paused, resumed or ended within patience.
func withStallWatch(ctx context.Context, patience time.Duration) (context.Context, *stallWatch) {
	ctx, cancel := context.WithCancelCause(ctx)
	return ctx, &stallWatch{patience: patience, timer: time.AfterFunc(patience, func() { cancel(errStalled) }), cancel: cancel}
}

func (w *stallWatch) pauseTimer() { w.timer.Stop() }

// resumeTimer goes on with all of the patience, and what n bytes take besides.
func (w *stallWatch) resumeTimer(n int64) { w.timer.Reset(w.patience + transferTime(n)) }

// stopWatch gives the context up.
func (w *stallWatch) stopWatch() {
	w.timer.Stop()
	w.cancel(context.Canceled)
}
