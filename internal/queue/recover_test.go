package queue_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queue"
)

// A container that is started again has the host name of the one before it: only the earlier one's jobs go back.
func TestRecoverOfAnEarlierProcess(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		held := make(chan job.ID)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		start := func(ahead time.Duration) {
			s := queue.New(queue.Deps{
				Redis: e.redis, Host: "w1", Concurrency: 1, Grace: time.Second, Clock: func() time.Time { return time.Now().Add(ahead) },
				Handler: handler(func(ctx context.Context, d job.Delivery) error {
					select {
					case held <- d.ID:
					case <-ctx.Done():
					}
					<-ctx.Done()
					return job.ErrInterrupted
				}),
				Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), Registerer: prometheus.NewRegistry(),
			})
			go func() { ended <- s.Run(ctx) }()
		}
		earlier := time.Now()
		start(0)
		e.enqueue(t, task(job.Normal))
		first := <-held
		start(time.Hour) // the clock tells when it started
		e.enqueue(t, task(job.Normal))
		second := <-held

		recovered := func(before time.Time) []job.ID {
			t.Helper()
			ids, err := e.RequeueOrphans(t.Context(), "w1", before, true)
			if err != nil {
				t.Fatal(err)
			}
			return ids
		}
		if ids := recovered(earlier.Add(-time.Minute)); len(ids) != 0 {
			t.Errorf("%v of workers that started before there were any", ids)
		}
		if ids := recovered(earlier.Add(30 * time.Minute)); !slices.Equal(ids, []job.ID{first}) {
			t.Errorf("%v of the earlier worker, want %v", ids, first)
		}
		if ids := recovered(earlier.Add(30 * time.Minute)); slices.Contains(ids, second) {
			t.Errorf("%v of the later worker", ids)
		}
		stop()
		for range 2 {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	})
}
