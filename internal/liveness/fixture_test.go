package liveness_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/liveness"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
	"github.com/trackmydegree/trackmydegree/internal/queuetest"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// fixture is a queue whose tasks the test takes and finishes in place of asynq.
type fixture struct {
	*queuetest.Env
	t     *testing.T
	clock *testenv.Clock
}

// claim is a task that a member was asked to claim.
type claim struct {
	task  job.ID
	queue string
	end   func() bool
	cause error // with which the run was cancelled
}

func onEachRedis(t *testing.T, test func(t *testing.T, f *fixture)) {
	queuetest.OnEachRedis(t, func(t *testing.T, e *queuetest.Env) {
		test(t, &fixture{Env: e, t: t, clock: testenv.NewClock(time.Now())})
	})
}

func (f *fixture) newMember(host string) *liveness.Member {
	f.t.Helper()
	m, err := liveness.New(liveness.Deps{
		Redis: f.Redis, Host: host, Clock: f.clock.Now, Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(),
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return m
}

// takeTask takes the next task of a queue as asynq does.
func (f *fixture) takeTask(queue string) job.ID {
	f.t.Helper()
	ctx := f.t.Context()
	pending, active := queuemodel.QueueKey(queue, "pending"), queuemodel.QueueKey(queue, "active")
	id, err := f.Redis.LMove(ctx, pending, active, "RIGHT", "LEFT").Result()
	if err != nil {
		f.t.Fatal(err)
	}
	f.Redis.HSet(ctx, queuemodel.TaskKey(queue, job.ID(id)), "state", "active")
	f.Redis.ZAdd(ctx, queuemodel.QueueKey(queue, "lease"), redis.Z{Score: float64(f.clock.Now().Add(30 * time.Second).Unix()), Member: id})
	return job.ID(id)
}

// claimNew makes a member claim a new task.
func (f *fixture) claimNew(m *liveness.Member, p job.Priority) *claim {
	f.t.Helper()
	f.EnqueueTasks(f.t, queuetest.NewTask(p))
	return f.claimNext(m, p, 0)
}

// claimNext makes a member claim the next task, which only waits if it lost waitFrom workers.
func (f *fixture) claimNext(m *liveness.Member, p job.Priority, waitFrom int) *claim {
	f.t.Helper()
	queue := queuemodel.QueueOf(job.File, p)
	c := &claim{task: f.takeTask(queue), queue: queue}
	var err error
	c.end, _, err = m.ClaimTask(f.t.Context(), queuemodel.Claim{
		Task: c.task, Queue: queue, WaitFrom: waitFrom, Cancel: func(cause error) { c.cause = cause },
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return c
}

// finishTask records that a task is done, as asynq and the guard do.
func (f *fixture) finishTask(m *liveness.Member, c *claim) {
	f.t.Helper()
	_, err := f.Redis.Pipelined(f.t.Context(), func(p redis.Pipeliner) error {
		p.LRem(f.t.Context(), queuemodel.QueueKey(c.queue, "active"), 0, string(c.task))
		p.ZRem(f.t.Context(), queuemodel.QueueKey(c.queue, "lease"), string(c.task))
		p.Del(f.t.Context(), queuemodel.TaskKey(c.queue, c.task))
		p.HDel(f.t.Context(), queuemodel.HoldersKey, string(c.task))
		return nil
	})
	if err != nil {
		f.t.Fatal(err)
	}
	c.end()
	m.FindRun(c.task)()
}

func (f *fixture) sendHeartbeat(m *liveness.Member) {
	f.t.Helper()
	if err := m.SendHeartbeat(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
}

// rescueNow rescues orphans although a worker may have done so a moment ago.
func (f *fixture) rescueNow(m *liveness.Member) {
	f.t.Helper()
	f.Redis.Del(f.t.Context(), "queue:reaper")
	if err := m.RescueOrphans(context.Background()); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) wantWorkers(want ...queuemodel.Worker) {
	f.t.Helper()
	got, err := f.ListWorkers(f.t.Context())
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" || err != nil {
		f.t.Errorf("workers: %v (-want +got):\n%s", err, diff)
	}
}

func (f *fixture) wantRequeued(host string, before time.Time, crashed bool, want ...job.ID) {
	f.t.Helper()
	got, err := f.RequeueOrphans(f.t.Context(), host, before, crashed)
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" || err != nil {
		f.t.Errorf("tasks of %s that are put back: %v (-want +got):\n%s", host, err, diff)
	}
}

// wantTask compares the state of a task in its hash and in the lists, and the workers that were lost with it.
func (f *fixture) wantTask(c *claim, state string, crashes int) {
	f.t.Helper()
	ctx := f.t.Context()
	hash := f.Redis.HGetAll(ctx, queuemodel.TaskKey(c.queue, c.task)).Val()
	if hash["state"] != state {
		f.t.Errorf("state of the task: got %q, want %q", hash["state"], state)
	}
	for _, list := range []string{"pending", "active"} {
		_, err := f.Redis.LPos(ctx, queuemodel.QueueKey(c.queue, list), string(c.task), redis.LPosArgs{}).Result()
		if got, want := err == nil, list == state; got != want {
			f.t.Errorf("the task is in the list %s: got %v, want %v", list, got, want)
		}
	}
	if got, _ := f.Redis.HGet(ctx, queuemodel.TaskKey(c.queue, c.task), queuemodel.CrashesField).Int(); got != crashes {
		f.t.Errorf("workers lost with the task: got %d, want %d", got, crashes)
	}
}
