package queue_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
	"github.com/trackmydegree/trackmydegree/internal/queuetest"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// While all queues hold tasks, each gets its share: a higher priority more, and no queue nothing. The order is
// random: the bounds are at least six standard deviations away from the weights of 6, 3 and 1.
func TestNoQueueStarves(t *testing.T) {
	t.Parallel()
	e := queuetest.OpenEnv(t, testenv.StartRedis(t).URL(1))
	const each, looked = 700, 1000 // of the first 1000 about 600, 300 and 100
	if err := e.PauseQueues(t.Context(), queuemodel.QueueNames()); err != nil {
		t.Fatal(err)
	}
	for range each {
		e.EnqueueTasks(t, queuetest.NewTask(job.High), queuetest.NewTask(job.Normal), queuetest.NewTask(job.Low))
	}
	var (
		mu    sync.Mutex
		total int
		ran   = map[job.Priority]int{}
		full  = make(chan struct{})
	)
	e.StartWorker(t, time.Second, func(_ context.Context, d job.Delivery) error {
		mu.Lock()
		defer mu.Unlock()
		if total++; total <= looked {
			ran[d.Priority]++
		}
		if total == looked {
			close(full)
		}
		return nil
	})
	if err := e.ResumeQueues(t.Context(), queuemodel.QueueNames()); err != nil {
		t.Fatal(err)
	}
	<-full
	mu.Lock()
	defer mu.Unlock()
	t.Logf("of the first %d: %d high, %d normal, %d low", looked, ran[job.High], ran[job.Normal], ran[job.Low])
	for p, bounds := range map[job.Priority][2]int{job.High: {500, 700}, job.Normal: {200, 400}, job.Low: {40, 170}} {
		if n := ran[p]; n < bounds[0] || n > bounds[1] {
			t.Errorf("priority %q: %d of %d, want from %d to %d", p, n, looked, bounds[0], bounds[1])
		}
	}
}

// A flood of high-priority tasks that never ends does not starve the others.
func TestAFloodOfPreferredWork(t *testing.T) {
	t.Parallel()
	e := queuetest.OpenEnv(t, testenv.StartRedis(t).URL(1))
	const low, most = 20, 3000 // about 120 are expected
	for range low {
		e.EnqueueTasks(t, queuetest.NewTask(job.Low))
	}
	flood := func() {
		// Two for each run, so that the queue is never empty; an error here ends the flood, and the test reports it.
		for range 2 {
			if err := e.Enqueue(context.WithoutCancel(t.Context()), queuetest.NewTask(job.High)); err != nil {
				t.Error(err)
			}
		}
	}
	flood()
	var (
		mu         sync.Mutex
		left       = low
		high       int
		emptied    = make(chan struct{})
		afterwards bool
	)
	e.StartWorker(t, time.Second, func(_ context.Context, d job.Delivery) error {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case afterwards:
		case d.Priority == job.High:
			if high++; high == most {
				afterwards = true
				close(emptied)
			}
			flood()
		default:
			if left--; left == 0 {
				afterwards = true
				close(emptied)
			}
		}
		return nil
	})
	<-emptied
	mu.Lock()
	defer mu.Unlock()
	if high == 0 {
		t.Error("preferred tasks that ran: got 0, want some")
	}
	if left > 0 {
		t.Errorf("%d of %d low ones wait behind %d high ones", left, low, high)
	}
	t.Logf("%d low ones were run with %d high ones", low-left, high)
}
