package queuetest

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/uuid"
	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queue"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// Patience is longer than any wait of the product: a slow test machine must not count as a dead Redis.
const Patience = 20 * time.Second

// Env is the queue on a Redis of its own.
type Env struct {
	*Queue
	Redis redis.UniversalClient
	Asynq *asynq.Inspector
}

// OpenEnv returns the queue on the Redis at a URL.
func OpenEnv(t testing.TB, url string) *Env {
	t.Helper()
	return OpenWithin(t, url, Patience)
}

// OpenWithin is Open with a limit for each call to Redis.
func OpenWithin(t testing.TB, url string, timeout time.Duration) *Env {
	t.Helper()
	client, err := redisurl.Open(url, redisurl.WithTimeout(timeout))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return &Env{Queue: NewQueue(t, client), Redis: client, Asynq: asynq.NewInspectorFromRedisClient(client)}
}

// OnEachRedis runs a test in parallel on a real Redis and on the in-memory Redis of `tmd all`.
func OnEachRedis(t *testing.T, test func(t *testing.T, e *Env)) {
	t.Parallel()
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		test(t, OpenEnv(t, testenv.StartRedis(t).URL(1)))
	})
	t.Run("miniredis", func(t *testing.T) {
		t.Parallel()
		test(t, OpenEnv(t, startMiniredis(t)))
	})
}

// startMiniredis starts a Redis in this process whose keys expire as time passes.
func startMiniredis(t *testing.T) (url string) {
	m := miniredis.RunT(t)
	tick, done := time.NewTicker(100*time.Millisecond), make(chan struct{})
	last := time.Now()
	go func() {
		for {
			select {
			case now := <-tick.C:
				m.FastForward(now.Sub(last))
				last = now
			case <-done:
				return
			}
		}
	}()
	t.Cleanup(func() { tick.Stop(); close(done) })
	return "redis://" + m.Addr() + "/1"
}

// NewTask returns the task of a new job.
func NewTask(p job.Priority) job.Task {
	return job.Task{ID: job.ID(uuid.NewString()), Kind: job.File, Priority: p}
}

// EnqueueTasks enqueues tasks. An enqueue has a deadline of its own and is repeated until it succeeds.
func (e *Env) EnqueueTasks(t testing.TB, tasks ...job.Task) {
	t.Helper()
	for _, task := range tasks {
		testenv.Eventually(t, "the task is enqueued", func() bool { return e.Enqueue(t.Context(), task) == nil })
	}
}

// DepthOf returns the depth of a queue, without the wait of its oldest task.
func (e *Env) DepthOf(t testing.TB, name string) queuemodel.Depth {
	t.Helper()
	depths, err := e.ReadDepths(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range depths {
		if d.Queue == name {
			d.OldestPending = 0
			return d
		}
	}
	t.Fatalf("got depths %+v, want one of %s", depths, name)
	return queuemodel.Depth{}
}

// WaitUntilIdle waits until no queue has a task to run.
func (e *Env) WaitUntilIdle(t testing.TB) {
	t.Helper()
	testenv.Eventually(t, "no task is left to run", func() bool {
		depths, err := e.ReadDepths(t.Context())
		backlog := int64(0)
		for _, d := range depths {
			backlog += d.Backlog()
		}
		return err == nil && backlog == 0
	})
}

// TaskInfo returns asynq's view of a task of the normal queue.
func (e *Env) TaskInfo(t testing.TB, id job.ID) *asynq.TaskInfo {
	t.Helper()
	info, err := e.Asynq.GetTaskInfo(queuemodel.Normal, string(id))
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// FindTaskOf returns the task of a job as operators see it.
func (e *Env) FindTaskOf(t testing.TB, id job.ID) admin.Task {
	t.Helper()
	task, _, err := e.FindTask(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

// PutIntoRetry enqueues a task and makes a worker postpone it by an hour.
func (e *Env) PutIntoRetry(t testing.TB, task job.Task) {
	t.Helper()
	e.EnqueueTasks(t, task)
	w := e.StartWorker(t, time.Second, func(context.Context, job.Delivery) error {
		return &job.Postponement{After: time.Hour, Cause: fault.New(fault.ParserUnavailable)}
	})
	testenv.Eventually(t, "the task is in retry", func() bool { return e.FindTaskOf(t, task.ID).State == admin.Retry })
	if err := w.Drain(); err != nil {
		t.Fatal(err)
	}
}

// HandlerFunc is a function as a handler.
type HandlerFunc func(ctx context.Context, d job.Delivery) error

// Process calls the function.
func (h HandlerFunc) Process(ctx context.Context, d job.Delivery) error { return h(ctx, d) }

// Worker is a running server.
type Worker struct {
	*queue.Server
	Registry *prometheus.Registry
	cancel   context.CancelFunc
	ended    chan error
	stopped  atomic.Bool
}

// StartWorker starts a worker of two jobs at a time, which drains at the end of the test.
func (e *Env) StartWorker(t testing.TB, grace time.Duration, h HandlerFunc) *Worker {
	t.Helper()
	w := &Worker{Registry: prometheus.NewRegistry(), ended: make(chan error, 1)}
	w.Server = NewServer(t, Deps{Redis: e.Redis, Handler: h, Concurrency: 2, Grace: grace, Registerer: w.Registry})
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	go func() { w.ended <- w.Run(ctx) }()
	t.Cleanup(func() {
		if err := w.Drain(); err != nil {
			t.Errorf("got %v from Run, want nil", err)
		}
	})
	return w
}

// BeginDrain makes the worker drain. Drain waits for the end.
func (w *Worker) BeginDrain() { w.cancel() }

// Drain makes the worker drain, waits for its end and returns the error of Run. A second call returns nil.
func (w *Worker) Drain() error {
	if !w.stopped.CompareAndSwap(false, true) {
		return nil
	}
	w.cancel()
	return <-w.ended
}

// GatherMetrics returns the metrics of a registry by name and label values, as in "tmd_queue_tasks courseProcessor
// retry".
func GatherMetrics(t testing.TB, from prometheus.Gatherer) map[string]float64 {
	t.Helper()
	families, err := from.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			values[name] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return values
}

// Receive returns the next value of a channel, and fails the test when none comes within Patience.
func Receive[T any](t testing.TB, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(Patience):
		t.Fatalf("got nothing within %s, want a value", Patience)
		panic("unreachable")
	}
}
