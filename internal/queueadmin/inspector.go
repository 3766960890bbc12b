// Package queueadmin shows operators the queues and lets them pause queues and the intake of new work.
//
// It reads and changes asynq's keys by its own scripts rather than through asynq's Inspector, which takes no context,
// does not maintain pending_since, and returns errors that differ only in their text.
package queueadmin

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/dependency"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
)

var _ admin.Queue = (*Inspector)(nil)

// DepthReader reads the depth of each queue; scaling.Reader implements it.
type DepthReader interface {
	ReadDepths(ctx context.Context) ([]queuemodel.Depth, error)
}

// WorkerLister lists the workers that are alive; liveness.Registry implements it.
type WorkerLister interface {
	ListWorkers(ctx context.Context) ([]queuemodel.Worker, error)
}

// Deps are the dependencies of an Inspector.
type Deps struct {
	Redis   redis.UniversalClient
	Depths  DepthReader
	Workers WorkerLister
}

// Inspector shows and pauses the queues. It is safe for concurrent use. Errors of Redis are queue_unavailable.
type Inspector struct {
	redis   redis.UniversalClient
	depths  DepthReader
	workers WorkerLister
}

// NewInspector returns an inspector.
func NewInspector(d Deps) (*Inspector, error) {
	if err := dependency.Require("queueadmin", d, "Redis", "Depths", "Workers"); err != nil {
		return nil, err
	}
	return &Inspector{redis: d.Redis, depths: d.Depths, workers: d.Workers}, nil
}

// QueueNames returns the names of the queues, highest priority first.
func (*Inspector) QueueNames() []string { return queuemodel.QueueNames() }

// QueueOf returns the queue of a priority.
func (*Inspector) QueueOf(k job.Kind, p job.Priority) string { return queuemodel.QueueOf(k, p) }

// ListTasks returns the tasks of a queue that are in a state: admin.Pending, Active, Retry or Scheduled.
func (i *Inspector) ListTasks(ctx context.Context, queue string, state admin.State) ([]admin.Task, error) {
	var tasks []admin.Task
	switch state {
	case admin.Pending, admin.Active:
		ids, err := i.redis.LRange(ctx, queuemodel.QueueKey(queue, string(state)), 0, -1).Result()
		if err != nil {
			return nil, redisurl.ToFault(ctx, "queueadmin: list tasks", err)
		}
		for _, id := range ids {
			tasks = append(tasks, admin.Task{ID: job.ID(id), Queue: queue, State: state})
		}
	case admin.Retry, admin.Scheduled:
		entries, err := i.redis.ZRangeWithScores(ctx, queuemodel.QueueKey(queue, string(state)), 0, -1).Result()
		if err != nil {
			return nil, redisurl.ToFault(ctx, "queueadmin: list tasks", err)
		}
		for _, e := range entries {
			id, _ := e.Member.(string)
			tasks = append(tasks, admin.Task{ID: job.ID(id), Queue: queue, State: state, Due: toDueTime(e.Score)})
		}
	default:
		return nil, fault.Wrap(fault.Internal, fmt.Errorf("queueadmin: list tasks: unknown state %q", state))
	}
	return tasks, nil
}

// toDueTime reads the score of a waiting task: Unix seconds.
func toDueTime(score float64) time.Time { return time.Unix(int64(score), 0).UTC() }

// FindTask returns the task of a job, and false when no queue will run it. An archived task is not found.
func (i *Inspector) FindTask(ctx context.Context, id job.ID) (admin.Task, bool, error) {
	names := queuemodel.QueueNames()
	type found struct {
		state            *redis.StringCmd
		retry, scheduled *redis.FloatCmd
	}
	answers := make([]found, len(names))
	_, err := i.redis.TxPipelined(ctx, func(p redis.Pipeliner) error {
		for n, queue := range names {
			answers[n] = found{
				state:     p.HGet(ctx, queuemodel.TaskKey(queue, id), "state"),
				retry:     p.ZScore(ctx, queuemodel.QueueKey(queue, "retry"), string(id)),
				scheduled: p.ZScore(ctx, queuemodel.QueueKey(queue, "scheduled"), string(id)),
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return admin.Task{}, false, redisurl.ToFault(ctx, "queueadmin: find task", err)
	}
	for n, queue := range names {
		t := admin.Task{ID: id, Queue: queue, State: admin.State(answers[n].state.Val())}
		switch t.State {
		case admin.Pending, admin.Active:
			return t, true, nil
		case admin.Retry:
			t.Due = toDueTime(answers[n].retry.Val())
			return t, true, nil
		case admin.Scheduled:
			t.Due = toDueTime(answers[n].scheduled.Val())
			return t, true, nil
		}
	}
	return admin.Task{}, false, nil
}

var (
	//go:embed lua/run_now.lua
	runNowLua    string
	runNowScript = redis.NewScript(queuemodel.NamesLua + queuemodel.MarkPendingLua + runNowLua)
)

// RunNow makes a task in retry or scheduled pending, and reports whether it did. A task that no longer waits is not
// changed.
func (i *Inspector) RunNow(ctx context.Context, t admin.Task) (bool, error) {
	moved, err := runNowScript.Run(ctx, i.redis, nil, string(t.ID), queuemodel.QueueKey(t.Queue, "")).Bool()
	return moved, redisurl.ToFault(ctx, "queueadmin: run now", err)
}

// PauseQueues keeps workers from taking tasks of the queues: asynq checks the key before it takes one. Pausing a
// paused queue changes nothing.
func (i *Inspector) PauseQueues(ctx context.Context, names []string) error {
	_, err := i.redis.TxPipelined(ctx, func(p redis.Pipeliner) error {
		for _, queue := range names {
			p.SetNX(ctx, queuemodel.QueueKey(queue, "paused"), time.Now().Unix(), 0)
		}
		return nil
	})
	return redisurl.ToFault(ctx, "queueadmin: pause queues", err)
}

// ResumeQueues lets workers take tasks of the queues again. Resuming a queue that is not paused changes nothing.
func (i *Inspector) ResumeQueues(ctx context.Context, names []string) error {
	_, err := i.redis.TxPipelined(ctx, func(p redis.Pipeliner) error {
		for _, queue := range names {
			p.Del(ctx, queuemodel.QueueKey(queue, "paused"))
		}
		p.Publish(ctx, queuemodel.WakeChannel, "")
		return nil
	})
	return redisurl.ToFault(ctx, "queueadmin: resume queues", err)
}

// CurrentLoad returns the depths of the queues, whether they and the intake are paused, and the workers with their
// jobs. The parts are read one after the other, so they may differ by what happens in between.
func (i *Inspector) CurrentLoad(ctx context.Context) (admin.Load, error) {
	depths, err := i.depths.ReadDepths(ctx)
	if err != nil {
		return admin.Load{}, err
	}
	workers, err := i.workers.ListWorkers(ctx)
	if err != nil {
		return admin.Load{}, err
	}
	paused := make([]*redis.IntCmd, len(depths))
	counts := make([]*redis.SliceCmd, len(depths))
	var intakePaused *redis.StringCmd
	_, err = i.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for n, d := range depths {
			paused[n] = p.Exists(ctx, queuemodel.QueueKey(d.Queue, "paused"))
			counts[n] = p.MGet(ctx, queuemodel.QueueKey(d.Queue, "processed"), queuemodel.QueueKey(d.Queue, "failed"))
		}
		intakePaused = p.Get(ctx, intakePausedKey)
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return admin.Load{}, redisurl.ToFault(ctx, "queueadmin: current load", err)
	}
	load := admin.Load{Draining: toTime(intakePaused.Val()), Workers: make([]admin.Worker, len(workers))}
	for n, d := range depths {
		q := toQueueLoad(d, paused[n].Val() > 0)
		q.Processed, q.Failed = toCount(counts[n].Val()[0]), toCount(counts[n].Val()[1])
		load.Queues = append(load.Queues, q)
	}
	for n, w := range workers {
		load.Workers[n] = toAdminWorker(w)
	}
	return load, nil
}

func toQueueLoad(d queuemodel.Depth, paused bool) admin.QueueLoad {
	return admin.QueueLoad{
		Name: d.Queue, Paused: paused, Pending: d.Pending, Active: d.Active, Retry: d.Retry, Scheduled: d.Scheduled,
		Oldest: d.OldestPending.Seconds(),
	}
}

// toCount reads a counter; 0 for one that is missing.
func toCount(value any) int64 {
	text, _ := value.(string)
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}

func toAdminWorker(w queuemodel.Worker) admin.Worker {
	running := make([]job.ID, len(w.Running))
	for i, r := range w.Running {
		running[i] = r.Task
	}
	return admin.Worker{Host: w.Host, PID: w.PID, Started: w.Started, Draining: w.Draining, Running: running}
}

// toTime reads Unix milliseconds; zero for an invalid number.
func toTime(milliseconds string) time.Time {
	n, err := strconv.ParseInt(milliseconds, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}
