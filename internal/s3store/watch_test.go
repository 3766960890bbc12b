package s3store

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

// slow is a client that sends a byte an hour.
type slow struct{ r io.Reader }

func (s slow) Read(p []byte) (int, error) {
	time.Sleep(time.Hour) //nolint:forbidigo // of the bubble's clock
	return s.r.Read(p[:1])
}

// Only waits for S3 count: a client may be slow.
func TestASlowClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, watch := withStallWatch(t.Context(), defaultIdleTimeout)
		defer watch.stopWatch()
		watch.pauseTimer()
		whole := false
		s, err := newSource(ctx, slow{strings.NewReader("%PDF-1.7 and so on")}, 100, semaphore.NewWeighted(memory))
		if err != nil {
			t.Fatal(err)
		}
		defer s.releaseMemory()
		s.watch, s.whole = watch, func(job.Saved) error { whole = true; return nil }
		if got, err := io.ReadAll(s); err != nil || len(got) != 18 || !whole {
			t.Errorf("%q, %v", got, err)
		}
	})
}

func TestWatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, watch := withStallWatch(t.Context(), defaultIdleTimeout)
		watch.pauseTimer()
		time.Sleep(time.Hour) //nolint:forbidigo // of the bubble's clock
		watch.resumeTimer(10 << 20)
		time.Sleep(5 * time.Second) //nolint:forbidigo // of the bubble's clock
		if ctx.Err() != nil {
			t.Error("ended too early")
		}
		time.Sleep(defaultIdleTimeout) //nolint:forbidigo // of the bubble's clock
		synctest.Wait()
		if !errors.Is(context.Cause(ctx), errStalled) {
			t.Errorf("%v, want an end", context.Cause(ctx))
		}
		watch.stopWatch()
		ctx, watch = withStallWatch(t.Context(), defaultIdleTimeout)
		watch.stopWatch()
		if cause := context.Cause(ctx); errors.Is(cause, errStalled) || cause == nil {
			t.Errorf("%v after its end", cause)
		}
	})
}
