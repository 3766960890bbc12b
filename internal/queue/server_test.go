package queue_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
	"github.com/trackmydegree/trackmydegree/internal/queuetest"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

func TestDelivery(t *testing.T) {
	queuetest.OnEachRedis(t, func(t *testing.T, e *queuetest.Env) {
		got := make(chan job.Delivery, 3)
		w := e.StartWorker(t, queuetest.Patience, func(_ context.Context, d job.Delivery) error {
			got <- d
			return nil
		})
		want := map[job.ID]job.Delivery{}
		for _, p := range []job.Priority{job.High, job.Normal, job.Low} {
			one := queuetest.NewTask(p)
			want[one.ID] = job.Delivery{Task: one, Attempt: 1}
			e.EnqueueTasks(t, one)
		}
		for range want {
			d := queuetest.Receive(t, got)
			if diff := cmp.Diff(want[d.ID], d); diff != "" {
				t.Errorf("delivery (-want +got):\n%s", diff)
			}
		}
		for _, name := range queuemodel.QueueNames() {
			testenv.Eventually(t, name+" is empty", func() bool { return e.DepthOf(t, name) == queuemodel.Depth{Queue: name} })
		}
		if err := w.Drain(); err != nil {
			t.Fatal(err)
		}
		figures := map[string]float64{
			"tmd_queue_running": 0, "tmd_queue_deliveries_total done": 3, "tmd_queue_deliveries_total failed": 0,
			"tmd_queue_deliveries_total handback": 0, "tmd_queue_deliveries_total retry": 0,
			"tmd_queue_deliveries_total postpone": 0, "tmd_queue_deliveries_total lost": 0,
			"tmd_queue_recovered_total crash": 0, "tmd_queue_recovered_total orphan": 0,
		}
		if diff := cmp.Diff(figures, queuetest.GatherMetrics(t, w.Registry)); diff != "" {
			t.Errorf("metrics (-want +got):\n%s", diff)
		}
	})
}

// The test reads the waits that asynq stores: a wall clock would measure the machine.
func TestATransientFaultIsTriedThreeTimes(t *testing.T) {
	queuetest.OnEachRedis(t, func(t *testing.T, e *queuetest.Env) {
		type attempt struct {
			job.Delivery
			ended time.Time
		}
		attempts := make(chan attempt, 4)
		e.StartWorker(t, queuetest.Patience, func(_ context.Context, d job.Delivery) error {
			attempts <- attempt{d, time.Now()}
			return fault.Wrap(fault.ParserUnavailable, errors.New("secret-host refused"))
		})
		one := queuetest.NewTask(job.Normal)
		e.EnqueueTasks(t, one)
		for n, backoff := range []time.Duration{2 * time.Second, 4 * time.Second} {
			a := queuetest.Receive(t, attempts)
			if a.Attempt != n+1 || a.Last {
				t.Errorf("attempt %d: got %+v, want its number and not the last", n+1, a.Delivery)
			}
			testenv.Eventually(t, "the task waits", func() bool { return e.DepthOf(t, queuemodel.Normal).Retry == 1 })
			info := e.TaskInfo(t, one.ID)
			if wait := info.NextProcessAt.Sub(a.ended); wait < backoff || wait > backoff+2*time.Second {
				t.Errorf("wait after attempt %d: got %s, want %s and at most 2s more", n+1, wait, backoff)
			}
			if info.LastErr != "parser_unavailable" {
				t.Errorf("error that asynq stores: got %q, want parser_unavailable", info.LastErr)
			}
			// With another score the next attempt comes at once, as after the wait.
			key := "asynq:{" + queuemodel.Normal + "}:retry"
			if err := e.Redis.ZAddXX(t.Context(), key, redis.Z{Score: 1, Member: string(one.ID)}).Err(); err != nil {
				t.Fatal(err)
			}
		}
		if a := queuetest.Receive(t, attempts); a.Attempt != 3 || !a.Last {
			t.Errorf("last attempt: got %+v, want the third and last", a.Delivery)
		}
		testenv.Eventually(t, "the task is archived", func() bool {
			return e.DepthOf(t, queuemodel.Normal) == queuemodel.Depth{Queue: queuemodel.Normal, Archived: 1}
		})
		if len(attempts) != 0 {
			t.Error("attempts: got a fourth, want three")
		}
	})
}

func TestWhereATaskGoes(t *testing.T) {
	for name, c := range map[string]struct {
		handler func() error
		want    queuemodel.Depth
	}{
		"permanent": {func() error { return fault.New(fault.Encrypted) }, queuemodel.Depth{Queue: queuemodel.Normal, Archived: 1}},
		// The next delivery shows whether the newer run was the last.
		"superseded": {func() error { return job.ErrSuperseded }, queuemodel.Depth{Queue: queuemodel.Normal, Retry: 1}},
		"panic":      {func() error { panic("name of a student") }, queuemodel.Depth{Queue: queuemodel.Normal, Retry: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			queuetest.OnEachRedis(t, func(t *testing.T, e *queuetest.Env) {
				e.StartWorker(t, queuetest.Patience, func(context.Context, job.Delivery) error { return c.handler() })
				one := queuetest.NewTask(job.Normal)
				e.EnqueueTasks(t, one)
				testenv.Eventually(t, "the task is in the wanted state", func() bool { return e.DepthOf(t, queuemodel.Normal) == c.want })
				if c.want.Retry+c.want.Archived == 0 {
					return
				}
				if last := e.TaskInfo(t, one.ID).LastErr; strings.Contains(last, "student") {
					t.Errorf("error that asynq stores: got %q, want no text of the panic", last)
				}
			})
		})
	}
}

// A task that cannot be decoded is archived for operators and does not stop the worker.
func TestAnUnreadableTask(t *testing.T) {
	queuetest.OnEachRedis(t, func(t *testing.T, e *queuetest.Env) {
		got := make(chan job.Delivery, 1)
		e.StartWorker(t, queuetest.Patience, func(_ context.Context, d job.Delivery) error {
			got <- d
			return nil
		})
		client := asynq.NewClientFromRedisClient(e.Redis)
		for _, bad := range []*asynq.Task{
			asynq.NewTask("timeline:v9", []byte(`{"jobId":"x"}`)),
			asynq.NewTask("timeline:v1", []byte(`no JSON`)),
			asynq.NewTask("timeline:v1", []byte(`{}`)),
		} {
			if _, err := client.Enqueue(bad, asynq.Queue(queuemodel.Normal)); err != nil {
				t.Fatal(err)
			}
		}
		one := queuetest.NewTask(job.Normal)
		e.EnqueueTasks(t, one)
		if d := queuetest.Receive(t, got); d.ID != one.ID {
			t.Errorf("delivery: got %+v, want %s", d, one.ID)
		}
		testenv.Eventually(t, "all three are archived", func() bool { return e.DepthOf(t, queuemodel.Normal).Archived == 3 })
	})
}

func TestDrainLetsJobsFinish(t *testing.T) {
	queuetest.OnEachRedis(t, func(t *testing.T, e *queuetest.Env) {
		begun, finish := make(chan job.ID, 3), make(chan struct{})
		w := e.StartWorker(t, queuetest.Patience, func(ctx context.Context, d job.Delivery) error {
			begun <- d.ID
			select {
			case <-finish:
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		})
		e.EnqueueTasks(t, queuetest.NewTask(job.Normal), queuetest.NewTask(job.Normal))
		queuetest.Receive(t, begun)
		queuetest.Receive(t, begun)
		waiting := queuetest.NewTask(job.Normal)
		e.EnqueueTasks(t, waiting)
		if n := w.Running(); n != 2 {
			t.Errorf("Running: got %d, want 2", n)
		}
		w.BeginDrain()
		time.AfterFunc(100*time.Millisecond, func() { close(finish) })
		if err := w.Drain(); err != nil {
			t.Fatal(err)
		}
		if len(begun) != 0 {
			t.Error("got a job begun while draining, want none")
		}
		if d := e.DepthOf(t, queuemodel.Normal); d != (queuemodel.Depth{Queue: queuemodel.Normal, Pending: 1}) {
			t.Errorf("depth: got %+v, want 1 pending task", d)
		}
	})
}

func TestDrainHandsBackWhatDoesNotFinish(t *testing.T) {
	queuetest.OnEachRedis(t, func(t *testing.T, e *queuetest.Env) {
		begun, causes := make(chan job.ID, 1), make(chan error, 2)
		w := e.StartWorker(t, 600*time.Millisecond, func(ctx context.Context, d job.Delivery) error {
			begun <- d.ID
			<-ctx.Done()
			causes <- context.Cause(ctx)
			return job.ErrInterrupted
		})
		first, second := queuetest.NewTask(job.Normal), queuetest.NewTask(job.Normal)
		e.EnqueueTasks(t, first)
		queuetest.Receive(t, begun)
		e.EnqueueTasks(t, second)
		// The worker has room for the second as well; both are handed back.
		queuetest.Receive(t, begun)
		e.EnqueueTasks(t, queuetest.NewTask(job.Normal))
		if err := w.Drain(); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := queuetest.Receive(t, causes); !errors.Is(err, job.ErrInterrupted) {
				t.Errorf("cause of the interruption: got %v, want %v", err, job.ErrInterrupted)
			}
		}
		if d := e.DepthOf(t, queuemodel.Normal); d != (queuemodel.Depth{Queue: queuemodel.Normal, Pending: 3}) {
			t.Errorf("depth: got %+v, want 3 pending tasks", d)
		}
		// They are in front of the waiting task, and no attempt is counted.
		pending, err := e.Redis.LRange(t.Context(), "asynq:{"+queuemodel.Normal+"}:pending", -2, -1).Result()
		if err != nil || len(pending) != 2 || !(pending[0] == string(first.ID) || pending[1] == string(first.ID)) {
			t.Errorf("next tasks: got %v, %v, want %s among two", pending, err, first.ID)
		}
		for _, id := range []job.ID{first.ID, second.ID} {
			if info := e.TaskInfo(t, id); info.Retried != 0 || info.LastErr != "" {
				t.Errorf("task: got %+v, want no retry and no error", info)
			}
		}
		got := make(chan job.Delivery, 3)
		e.StartWorker(t, queuetest.Patience, func(_ context.Context, d job.Delivery) error {
			got <- d
			return nil
		})
		for range 3 {
			if d := queuetest.Receive(t, got); d.Attempt != 1 {
				t.Errorf("delivery: got %+v, want attempt 1", d)
			}
		}
	})
}

func TestAHandlerThatIgnoresItsInterruption(t *testing.T) {
	queuetest.OnEachRedis(t, func(t *testing.T, e *queuetest.Env) {
		begun, release := make(chan struct{}), make(chan struct{})
		w := e.StartWorker(t, 400*time.Millisecond, func(context.Context, job.Delivery) error {
			close(begun)
			<-release
			return nil
		})
		e.EnqueueTasks(t, queuetest.NewTask(job.Normal))
		queuetest.Receive(t, begun)
		if err := w.Drain(); err == nil {
			t.Error("Run: got nil, want an error")
		}
		if d := e.DepthOf(t, queuemodel.Normal); d.Pending != 1 {
			t.Errorf("depth: got %+v, want 1 pending task", d)
		}
		close(release)
	})
}

// A worker continues after an outage of Redis, before its start and while it runs.
func TestTheWorkerWaitsForRedis(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	e := queuetest.OpenWithin(t, server.URL(1), redisurl.DefaultTimeout)
	server.Kill()
	got := make(chan job.Delivery, 1)
	e.StartWorker(t, time.Second, func(_ context.Context, d job.Delivery) error {
		got <- d
		return nil
	})
	for range 2 {
		server.Restart(t)
		one := queuetest.NewTask(job.Normal)
		e.EnqueueTasks(t, one)
		if d := queuetest.Receive(t, got); d.ID != one.ID {
			t.Errorf("delivery: got %+v, want %s", d, one.ID)
		}
		server.Kill()
	}
	server.Restart(t)
}

// Draining ends in time while Redis does not answer.
func TestDrainWithoutRedis(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	e := queuetest.OpenWithin(t, server.URL(1), redisurl.DefaultTimeout)
	begun := make(chan struct{})
	w := e.StartWorker(t, 500*time.Millisecond, func(ctx context.Context, _ job.Delivery) error {
		close(begun)
		<-ctx.Done()
		return job.ErrInterrupted
	})
	e.EnqueueTasks(t, queuetest.NewTask(job.Normal))
	queuetest.Receive(t, begun)
	server.Kill()
	w.BeginDrain()
	if err := w.Drain(); err != nil {
		t.Errorf("Run without Redis: got %v, want nil", err)
	}
}

// Documents that hold every slot do not delay a plan, and plans that wait take no slot of a document.
func TestPlansHaveASlotOfTheirOwn(t *testing.T) {
	queuetest.OnEachRedis(t, func(t *testing.T, e *queuetest.Env) {
		newPlan := func() job.Task {
			task := queuetest.NewTask(job.Normal)
			task.Kind = job.Plan
			return task
		}
		began, release := make(chan job.Delivery, 10), make(chan struct{})
		e.StartWorker(t, queuetest.Patience, func(_ context.Context, d job.Delivery) error {
			began <- d
			<-release
			return nil
		})
		e.EnqueueTasks(t, newPlan(), newPlan(), newPlan())
		if d := queuetest.Receive(t, began); d.Kind != job.Plan || d.Attempt != 1 {
			t.Errorf("got %+v, want the first attempt of a plan", d)
		}
		e.EnqueueTasks(t, queuetest.NewTask(job.Normal), queuetest.NewTask(job.Low))
		for range 2 {
			if d := queuetest.Receive(t, began); d.Kind != job.File {
				t.Errorf("got %+v, want a document", d)
			}
		}
		if d := e.DepthOf(t, queuemodel.Plans); d.Active != 1 || d.Pending != 2 {
			t.Errorf("got %+v, want one plan that runs and two that wait", d)
		}
		close(release)
		for range 2 {
			if d := queuetest.Receive(t, began); d.Kind != job.Plan {
				t.Errorf("got %+v, want the other plans", d)
			}
		}
	})
}
