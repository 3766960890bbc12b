package queue

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/uuid"
	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/liveness"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// The times of package liveness that the tests wait for.
const (
	claimDeadline = budget.TaskClaim
	outcomeWindow = 5 * time.Second
	asynqLease    = budget.TaskLease
)

// fixture is a Redis with queues and the workers on it.
type fixture struct {
	t         testing.TB
	redis     redis.UniversalClient
	client    *Client
	registry  *liveness.Registry
	inspector *asynq.Inspector
	scripts   asynqScripts
	clock     *testenv.Clock
	workers   []*testWorker
}

// testWorker is a worker for which the test acts as asynq and as the handler.
type testWorker struct {
	*liveness.Member
	guard *guard
	taken []*delivered
}

// delivered is a task that a worker has taken, whether or not it holds the task.
type delivered struct {
	task  job.ID
	queue string
	end   func() bool // after a claim
	cause error       // with which the run was cancelled
}

func openFixture(t testing.TB, url string, s asynqScripts) *fixture {
	t.Helper()
	client, err := redisurl.Open(url, redisurl.WithTimeout(20*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return &fixture{
		t: t, redis: client, client: testenv.Must(NewClient(ClientDeps{Redis: client, JobTimeout: time.Minute})),
		registry: liveness.NewRegistry(client), inspector: asynq.NewInspectorFromRedisClient(client),
		scripts: s, clock: testenv.NewClock(time.Now()),
	}
}

// onEachRedis runs a test on a real Redis and on the in-memory Redis of `tmd all`.
func onEachRedis(t *testing.T, test func(t *testing.T, f *fixture)) {
	t.Parallel()
	s := recordScripts(t).scripts
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		test(t, openFixture(t, testenv.StartRedis(t).URL(1), s))
	})
	t.Run("miniredis", func(t *testing.T) {
		t.Parallel()
		test(t, openFixture(t, "redis://"+miniredis.RunT(t).Addr()+"/1", s))
	})
}

// addWorker adds a worker on a host.
func (f *fixture) addWorker(host string) *testWorker {
	f.t.Helper()
	logger := slog.New(slog.DiscardHandler)
	m, err := liveness.New(liveness.Deps{
		Redis: f.redis, Host: host, Clock: f.clock.Now, Logger: logger, Registerer: prometheus.NewRegistry(),
	})
	if err != nil {
		f.t.Fatal(err)
	}
	// The test takes tasks itself, so that its pacer never waits.
	p := newPacer(pacerDeps{
		wakeUps: newWakeUps(f.redis), running: func() int { return 0 }, clock: f.clock.Now, queues: make([]string, 1<<10),
		anyExists: func(context.Context, []string) bool { return true },
	})
	w := &testWorker{Member: m, guard: &guard{UniversalClient: f.redis, liveness: m, pacer: p, logger: logger}}
	f.workers = append(f.workers, w)
	return w
}

func (f *fixture) enqueueTask(p job.Priority) job.ID {
	f.t.Helper()
	task := job.Task{ID: job.ID(uuid.NewString()), Kind: job.File, Priority: p}
	if err := f.client.Enqueue(f.t.Context(), task); err != nil {
		f.t.Fatal(err)
	}
	return task.ID
}

// takeTask takes the next task of a queue as asynq does; nil when none is pending.
func (f *fixture) takeTask(w *testWorker, queue string) *delivered {
	f.t.Helper()
	ctx := f.t.Context()
	var keys []string
	for _, part := range []string{"pending", "paused", "active", "lease"} {
		keys = append(keys, queuemodel.QueueKey(queue, part))
	}
	lease := f.clock.Now().Add(asynqLease).Unix()
	err := redis.NewScript(f.scripts.take).Run(ctx, w.guard, keys, lease, queuemodel.QueueKey(queue, "t:")).Err()
	if errors.Is(err, redis.Nil) {
		return nil
	}
	if err != nil {
		f.t.Fatal(err)
	}
	d := &delivered{task: job.ID(f.redis.LIndex(ctx, queuemodel.QueueKey(queue, "active"), 0).Val()), queue: queue}
	w.taken = append(w.taken, d)
	return d
}

// claimTask makes a worker claim a task that it took.
func (f *fixture) claimTask(w *testWorker, d *delivered) (crashes int, err error) {
	end, crashes, err := w.ClaimTask(f.t.Context(), queuemodel.Claim{
		Task: d.task, Queue: d.queue, Cancel: func(cause error) { d.cause = cause },
	})
	if err == nil {
		d.end = end
	}
	return crashes, err
}

// beginRun makes a worker take a new task and claim it.
func (f *fixture) beginRun(w *testWorker, p job.Priority) *delivered {
	f.t.Helper()
	f.enqueueTask(p)
	d := f.takeTask(w, queuemodel.QueueOf(job.File, p))
	if _, err := f.claimTask(w, d); err != nil {
		f.t.Fatal(err)
	}
	return d
}

func (f *fixture) sendHeartbeat(w *testWorker) {
	f.t.Helper()
	if err := w.SendHeartbeat(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
}

// expireWorker removes the hash of a worker as if its time to live had passed.
func (f *fixture) expireWorker(w *testWorker) {
	f.redis.Del(f.t.Context(), queuemodel.WorkerPrefix+w.WorkerID())
}

// rescueNow rescues orphans although a worker may have done so a moment ago.
func (f *fixture) rescueNow(w *testWorker) {
	f.t.Helper()
	f.redis.Del(f.t.Context(), "queue:reaper")
	if err := w.RescueOrphans(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
}

// recordOutcome makes asynq record the outcome of a delivery: "done", "retry", "archive" or "requeue". It returns the
// answer of the guard, empty for OK.
func (f *fixture) recordOutcome(w *testWorker, d *delivered, how, message string) string {
	f.t.Helper()
	text, keys, args := f.scripts.outcomeCall(d, how, message, f.clock.Now())
	cmd := redis.NewScript(text).Run(f.t.Context(), w.guard, keys, args...)
	if err := cmd.Err(); err != nil {
		return err.Error()
	}
	answer, _ := cmd.Text()
	return strings.TrimPrefix(answer, "OK")
}

// messageOf returns what asynq stores of a task.
func (f *fixture) messageOf(d *delivered) string {
	return f.redis.HGet(f.t.Context(), queuemodel.TaskKey(d.queue, d.task), "msg").Val()
}

// statesOf returns the states in whose lists a task is, one for a task in order.
func (f *fixture) statesOf(id job.ID) []string {
	ctx := f.t.Context()
	lists, sets := map[*redis.StringSliceCmd]string{}, map[*redis.FloatCmd]string{}
	_, err := f.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, queue := range queuemodel.QueueNames() {
			for _, list := range []string{"pending", "active"} {
				lists[p.LRange(ctx, queuemodel.QueueKey(queue, list), 0, -1)] = list
			}
			for _, set := range []string{"retry", "scheduled", "archived", "completed"} {
				sets[p.ZScore(ctx, queuemodel.QueueKey(queue, set), string(id))] = set
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		f.t.Fatal(err)
	}
	var found []string
	for cmd, list := range lists {
		for _, task := range cmd.Val() {
			if task == string(id) {
				found = append(found, list)
			}
		}
	}
	for cmd, set := range sets {
		if cmd.Err() == nil {
			found = append(found, set)
		}
	}
	return found
}

func (f *fixture) crashesOf(queue string, id job.ID) int {
	n, _ := f.redis.HGet(f.t.Context(), queuemodel.TaskKey(queue, id), queuemodel.CrashesField).Int()
	return n
}

// wantRecorded records an outcome and compares the answer of the guard.
func (f *fixture) wantRecorded(w *testWorker, d *delivered, how, message, want string) {
	f.t.Helper()
	if got := f.recordOutcome(w, d, how, message); got != want {
		f.t.Errorf("recording %s: got %q, want %q", how, got, want)
	}
}

// wantTask compares the state of a task and the number of workers lost with it.
func (f *fixture) wantTask(d *delivered, state string, crashes int) {
	f.t.Helper()
	if got := f.statesOf(d.task); !slices.Equal(got, []string{state}) {
		f.t.Errorf("states of the task: got %v, want [%s]", got, state)
	}
	if got := f.crashesOf(d.queue, d.task); got != crashes {
		f.t.Errorf("workers lost with the task: got %d, want %d", got, crashes)
	}
}

func (f *fixture) wantNoTask(d *delivered) {
	f.t.Helper()
	if got := f.statesOf(d.task); len(got) != 0 {
		f.t.Errorf("states of the task: got %v, want none", got)
	}
}
