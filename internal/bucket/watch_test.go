package bucket

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// Time passes for S3 alone: a client may be as slow as it likes.
func TestWatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, watch := watched(t.Context())
		watch.pause()
		time.Sleep(time.Hour) //nolint:forbidigo // of the bubble's clock
		watch.resume(patience + transferTime(10<<20))
		time.Sleep(5 * time.Second) //nolint:forbidigo // of the bubble's clock
		if ctx.Err() != nil {
			t.Error("ended too early")
		}
		time.Sleep(patience) //nolint:forbidigo // of the bubble's clock
		synctest.Wait()
		if !errors.Is(context.Cause(ctx), errStalled) {
			t.Errorf("%v, want an end", context.Cause(ctx))
		}
		watch.end()
		ctx, watch = watched(t.Context())
		watch.end()
		if cause := context.Cause(ctx); errors.Is(cause, errStalled) || cause == nil {
			t.Errorf("%v after its end", cause)
		}
	})
}
