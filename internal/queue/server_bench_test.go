package queue_test

import (
	"context"
	"strconv"
	"strings"
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

// BenchmarkIdleWorker reports the commands that one idle worker sends to Redis in a second, those of its scripts
// included.
func BenchmarkIdleWorker(b *testing.B) {
	e := queuetest.OpenEnv(b, testenv.StartRedis(b).URL(1))
	e.StartWorker(b, time.Second, func(context.Context, job.Delivery) error { return nil })
	countCommands := func() (calls float64) {
		stats, err := e.Redis.Info(b.Context(), "commandstats").Result()
		if err != nil {
			b.Fatal(err)
		}
		for line := range strings.Lines(stats) {
			if _, rest, ok := strings.Cut(line, ":calls="); ok {
				number, _, _ := strings.Cut(rest, ",")
				n, err := strconv.ParseFloat(number, 64)
				if err != nil {
					b.Fatal(err)
				}
				calls += n
			}
		}
		return calls
	}
	const watched = 10 * time.Second
	for b.Loop() {
		before := countCommands()
		time.Sleep(watched) //nolint:forbidigo // a benchmark of what happens while nothing does
		b.ReportMetric((countCommands()-before)/watched.Seconds(), "commands/s")
	}
}
