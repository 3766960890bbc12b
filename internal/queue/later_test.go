package queue_test

import (
	"context"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queue"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

func TestATaskForLater(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		later, now := task(job.Normal), task(job.Normal)
		if err := e.EnqueueAt(t.Context(), later, time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		e.enqueue(t, now, later) // it is there already
		if d := e.stats(t, queue.Normal); d.Scheduled != 1 || d.Pending != 1 || d.Waiting() != 2 {
			t.Errorf("%+v", d)
		}
		for range 2 {
			for _, one := range []job.Task{later, now, task(job.Low)} {
				if err := e.DeleteTask(t.Context(), one.ID); err != nil {
					t.Error(err)
				}
			}
		}
		if d := e.stats(t, queue.Normal); d.Waiting() != 0 {
			t.Errorf("%+v", d)
		}
		e.enqueue(t, later) // its id is free again
		soon := task(job.High)
		if err := e.EnqueueAt(t.Context(), soon, time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		began, release := make(chan job.ID, 2), make(chan struct{})
		w := e.work(t, time.Second, func(_ context.Context, d job.Delivery) error {
			began <- d.ID
			<-release
			return nil
		})
		if first, second := <-began, <-began; first != later.ID || second != soon.ID {
			t.Errorf("%s, %s began", first, second)
		}
		if err := e.DeleteTask(t.Context(), soon.ID); err != nil {
			t.Errorf("a task that runs: %v", err)
		}
		if d := e.stats(t, queue.High); d.Active != 1 {
			t.Errorf("%+v", d)
		}
		close(release)
		if err := w.drain(); err != nil {
			t.Error(err)
		}
	})
}

func TestRemoveWithoutRedis(t *testing.T) {
	t.Parallel()
	server := testenv.Redis(t)
	server.Kill()
	if err := open(t, server.URL(1)).DeleteTask(t.Context(), task(job.Normal).ID); fault.CodeOf(err) != fault.QueueUnavailable {
		t.Error(err)
	}
}

// What is counted is where the keys say that it is.
func TestCountedKeys(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		for _, p := range []job.Priority{job.High, job.Normal, job.Low} {
			e.enqueue(t, task(p))
			if err := e.EnqueueAt(t.Context(), task(p), time.Now().Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		var sum int64
		for _, key := range queue.CountedKeys() {
			// A key holds a list or a sorted set.
			sum += e.redis.LLen(t.Context(), key).Val() + e.redis.ZCard(t.Context(), key).Val()
		}
		if sum != 6 || len(queue.CountedKeys()) != 12 {
			t.Errorf("%d tasks under %v", sum, queue.CountedKeys())
		}
	})
}
