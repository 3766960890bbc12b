package queue_test

import (
	"context"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
	"github.com/trackmydegree/trackmydegree/internal/queuetest"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// BenchmarkPickup measures the time from an enqueue to the handler of an idle worker.
func BenchmarkPickup(b *testing.B) {
	e := queuetest.OpenEnv(b, testenv.StartRedis(b).URL(1))
	picked := make(chan struct{})
	e.StartWorker(b, time.Second, func(context.Context, job.Delivery) error {
		picked <- struct{}{}
		return nil
	})
	for b.Loop() {
		e.EnqueueTasks(b, queuetest.NewTask(job.Normal))
		<-picked
		for e.DepthOf(b, queuemodel.Normal).Backlog() > 0 { // until the worker is idle again
			time.Sleep(time.Millisecond) //nolint:forbidigo // a benchmark, between two polls
		}
	}
}

// BenchmarkThroughput measures what the queue itself costs a job.
func BenchmarkThroughput(b *testing.B) {
	e := queuetest.OpenEnv(b, testenv.StartRedis(b).URL(1))
	done := make(chan struct{}, 1024)
	for range b.N {
		e.EnqueueTasks(b, queuetest.NewTask(job.Normal))
	}
	b.ResetTimer()
	e.StartWorker(b, time.Second, func(context.Context, job.Delivery) error {
		done <- struct{}{}
		return nil
	})
	for range b.N {
		<-done
	}
}
