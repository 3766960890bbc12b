package queue_test

import (
	"context"
	"log/slog"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/uuid"
	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queue"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// The test program is a worker as well, for the tests that kill one.
func TestMain(m *testing.M) {
	if url := os.Getenv(workerURL); url != "" {
		os.Exit(workerProcess(url))
	}
	goleak.VerifyTestMain(m)
}

type env struct {
	*queue.Client
	redis     redis.UniversalClient
	inspector *asynq.Inspector
}

func open(t testing.TB, url string) *env {
	t.Helper()
	// Longer than in the product: a busy machine is no dead Redis.
	return openWith(t, url, 20*time.Second)
}

func openWith(t testing.TB, url string, timeout time.Duration) *env {
	t.Helper()
	client, err := redisurl.Open(url, redisurl.Timeout(timeout))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return &env{
		Client:    queue.NewClient(queue.ClientDeps{Redis: client, JobTimeout: time.Minute}),
		redis:     client,
		inspector: asynq.NewInspectorFromRedisClient(client),
	}
}

// conform runs a test on a real Redis and on the one that `tmd all` carries with it.
func conform(t *testing.T, test func(t *testing.T, e *env)) {
	t.Parallel()
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		test(t, open(t, testenv.Redis(t).URL(1)))
	})
	t.Run("miniredis", func(t *testing.T) {
		t.Parallel()
		test(t, open(t, memoryRedis(t)))
	})
}

// memoryRedis starts a Redis in this process, in which time passes.
func memoryRedis(t *testing.T) (url string) {
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

func task(p job.Priority) job.Task {
	return job.Task{ID: job.ID(uuid.NewString()), Kind: job.File, Priority: p}
}

func (e *env) enqueue(t testing.TB, tasks ...job.Task) {
	t.Helper()
	for _, one := range tasks {
		// An enqueue has its own deadline, and may be repeated.
		testenv.Eventually(t, "the task is taken on", func() bool { return e.Enqueue(t.Context(), one) == nil })
	}
}

// stats returns the depth of a queue.
func (e *env) stats(t testing.TB, name string) queue.Depth {
	t.Helper()
	all, err := e.ReadDepths(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		if d.Queue == name {
			d.OldestPending = 0
			return d
		}
	}
	t.Fatalf("no queue %s", name)
	return queue.Depth{}
}

func (e *env) info(t testing.TB, id job.ID) *asynq.TaskInfo {
	t.Helper()
	info, err := e.inspector.GetTaskInfo(queue.Normal, string(id))
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// handler is a function as a handler.
type handler func(ctx context.Context, d job.Delivery) error

func (h handler) Process(ctx context.Context, d job.Delivery) error { return h(ctx, d) }

// worker is a server that runs.
type worker struct {
	*queue.Server
	registry *prometheus.Registry
	stop     context.CancelFunc
	ended    chan error
	stopped  atomic.Bool
}

func (e *env) work(t testing.TB, grace time.Duration, h handler) *worker {
	t.Helper()
	w := &worker{registry: prometheus.NewRegistry(), ended: make(chan error, 1)}
	w.Server = queue.New(queue.Deps{
		Redis: e.redis, Handler: h, Concurrency: 2, Grace: grace, Clock: time.Now,
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), Registerer: w.registry,
	})
	ctx, cancel := context.WithCancel(context.Background())
	w.stop = cancel
	go func() { w.ended <- w.Run(ctx) }()
	t.Cleanup(func() {
		if err := w.drain(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// drain stops the server and waits for its end.
func (w *worker) drain() error {
	if !w.stopped.CompareAndSwap(false, true) {
		return nil
	}
	w.stop()
	return <-w.ended
}

// gather returns the metrics of a registry by name and label values.
func gather(t testing.TB, from prometheus.Gatherer) map[string]float64 {
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
