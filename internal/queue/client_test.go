package queue_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queue"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

func TestEnqueue(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		high, normal, low := task(job.High), task(job.Normal), task(job.Low)
		e.enqueue(t, high, normal, low, normal, normal)
		want := []queue.Depth{{Queue: queue.High, Pending: 1}, {Queue: queue.Normal, Pending: 1}, {Queue: queue.Low, Pending: 1}}
		got, err := e.ReadDepths(t.Context())
		for i := range got {
			got[i].OldestPending = 0 // has a test of its own
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		info := e.info(t, normal.ID)
		// It is the outcome of a delivery that ends a task, and no count of asynq's.
		if info.MaxRetry < 1000 || info.Retention != 0 || info.Timeout != 90*time.Second || !info.Deadline.IsZero() {
			t.Errorf("%+v", info)
		}
		// Ids and nothing else.
		var payload map[string]string
		if err := json.Unmarshal(info.Payload, &payload); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]string{"jobId": string(normal.ID), "kind": "file"}, payload); diff != "" {
			t.Error(diff)
		}
	})
}

func TestDepthsAreMetrics(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		e.enqueue(t, task(job.High), task(job.Low), task(job.Low))
		registry := prometheus.NewPedanticRegistry()
		registry.MustRegister(e.Client)
		got := gather(t, registry)
		if got["tmd_queue_tasks "+queue.Low+" pending"] != 2 || got["tmd_queue_tasks "+queue.High+" pending"] != 1 || len(got) != 18 {
			t.Errorf("%v", got)
		}
	})
}

func TestEnqueueWithoutRedis(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	server := testenv.Redis(t)
	server.Kill()
	for name, url := range map[string]string{"dead": server.URL(1), "silent": "redis://" + silent.Addr().String() + "/1"} {
		t.Run(name, func(t *testing.T) {
			e := openWith(t, url, 300*time.Millisecond)
			if err := e.Enqueue(t.Context(), task(job.Normal)); fault.CodeOf(err) != fault.QueueUnavailable {
				t.Errorf("enqueue: %v", err)
			}
			if _, err := e.ReadDepths(t.Context()); fault.CodeOf(err) != fault.QueueUnavailable {
				t.Errorf("stats: %v", err)
			}
			if err := e.Ping(t.Context()); fault.CodeOf(err) != fault.QueueUnavailable {
				t.Errorf("ping: %v", err)
			}
			gone, cancel := context.WithCancel(t.Context())
			cancel()
			if err := e.Enqueue(gone, task(job.Normal)); !errors.Is(err, context.Canceled) {
				t.Errorf("a caller who gave up: %v", err)
			}
		})
	}
}

func TestAnUnknownPriority(t *testing.T) {
	t.Parallel()
	e := open(t, "redis://127.0.0.1:1/1")
	if err := e.Enqueue(t.Context(), task("urgent")); fault.CodeOf(err) != fault.Internal {
		t.Error(err)
	}
}

func BenchmarkEnqueue(b *testing.B) {
	e := open(b, testenv.Redis(b).URL(1))
	b.ReportAllocs()
	for b.Loop() {
		e.enqueue(b, task(job.Normal))
	}
}

// BenchmarkPickup is the time from an enqueue to the handler of an idle worker.
func BenchmarkPickup(b *testing.B) {
	e := open(b, testenv.Redis(b).URL(1))
	picked := make(chan struct{})
	e.work(b, time.Second, func(context.Context, job.Delivery) error {
		picked <- struct{}{}
		return nil
	})
	for b.Loop() {
		e.enqueue(b, task(job.Normal))
		<-picked
		for e.stats(b, queue.Normal).Waiting() > 0 { // idle again
			time.Sleep(time.Millisecond) //nolint:forbidigo // a benchmark, between two looks
		}
	}
}

// BenchmarkThroughput is what the queue itself costs a job.
func BenchmarkThroughput(b *testing.B) {
	e := open(b, testenv.Redis(b).URL(1))
	done := make(chan struct{}, 1024)
	for range b.N {
		e.enqueue(b, task(job.Normal))
	}
	b.ResetTimer()
	e.work(b, time.Second, func(context.Context, job.Delivery) error {
		done <- struct{}{}
		return nil
	})
	for range b.N {
		<-done
	}
}
