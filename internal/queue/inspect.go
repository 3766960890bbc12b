package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

var _ admin.Queue = (*Client)(nil)

// What operators do to asynq's books is done by scripts of this package and not by asynq's Inspector: that one takes no
// context, leaves pending_since out, and answers with texts.

// QueueNames returns the names of the queues, the preferred first.
func (c *Client) QueueNames() []string { return Names() }

// QueueOf returns the queue of a priority.
func (c *Client) QueueOf(p job.Priority) string { return queues[p] }

// ListTasks returns the tasks of a queue that are in a state.
func (c *Client) ListTasks(ctx context.Context, queue string, state admin.State) ([]admin.Task, error) {
	var tasks []admin.Task
	switch state {
	case admin.Pending, admin.Active:
		ids, err := c.redis.LRange(ctx, key(queue, string(state)), 0, -1).Result()
		if err != nil {
			return nil, failed(ctx, "tasks", err)
		}
		for _, id := range ids {
			tasks = append(tasks, admin.Task{ID: job.ID(id), Queue: queue, State: state})
		}
	case admin.Retry, admin.Scheduled:
		entries, err := c.redis.ZRangeWithScores(ctx, key(queue, string(state)), 0, -1).Result()
		if err != nil {
			return nil, failed(ctx, "tasks", err)
		}
		for _, e := range entries {
			id, _ := e.Member.(string)
			tasks = append(tasks, admin.Task{ID: job.ID(id), Queue: queue, State: state, Due: due(e.Score)})
		}
	default:
		return nil, fault.Wrap(fault.Internal, fmt.Errorf("queue: tasks: no such state: %q", state))
	}
	return tasks, nil
}

func due(score float64) time.Time { return time.Unix(int64(score), 0).UTC() }

// FindTask returns the task of a job.
func (c *Client) FindTask(ctx context.Context, id job.ID) (admin.Task, bool, error) {
	names := Names()
	states := make([]*redis.StringCmd, len(names))
	scores := make([][2]*redis.FloatCmd, len(names))
	_, err := c.redis.TxPipelined(ctx, func(p redis.Pipeliner) error {
		for i, queue := range names {
			states[i] = p.HGet(ctx, taskKey(queue, id), "state")
			scores[i] = [2]*redis.FloatCmd{p.ZScore(ctx, key(queue, "retry"), string(id)), p.ZScore(ctx, key(queue, "scheduled"), string(id))}
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return admin.Task{}, false, failed(ctx, "find", err)
	}
	for i, queue := range names {
		t := admin.Task{ID: id, Queue: queue, State: admin.State(states[i].Val())}
		switch t.State {
		case admin.Pending, admin.Active:
			return t, true, nil
		case admin.Retry:
			t.Due = due(scores[i][0].Val())
			return t, true, nil
		case admin.Scheduled:
			t.Due = due(scores[i][1].Val())
			return t, true, nil
		}
	}
	return admin.Task{}, false, nil
}

// hastenScript makes a task pending that waits in retry or scheduled, as asynq does when its time has come.
//
// ARGV 1 the task · 2 the prefix of its queue.
var hastenScript = redis.NewScript(pendingLua + `
local task = ARGV[2] .. 't:' .. ARGV[1]
local state = redis.call('HGET', task, 'state')
if state ~= 'retry' and state ~= 'scheduled' then return 0 end
if redis.call('ZREM', ARGV[2] .. state, ARGV[1]) == 0 then return 0 end
pending(task)
redis.call('LPUSH', ARGV[2] .. 'pending', ARGV[1])
return 1
`)

// RunNow makes a task pending that waits for its time.
func (c *Client) RunNow(ctx context.Context, t admin.Task) (bool, error) {
	moved, err := hastenScript.Run(ctx, c.redis, nil, string(t.ID), key(t.Queue, "")).Bool()
	return moved, failed(ctx, "hasten", err)
}

// removeScript takes a task out of its queues, unless a worker has it.
//
// ARGV 1 the task · then the prefix of each queue.
var removeScript = redis.NewScript(`
for i = 2, #ARGV do
	local task = ARGV[i] .. 't:' .. ARGV[1]
	local state = redis.call('HGET', task, 'state')
	if state and state ~= 'active' then
		if state == 'pending' then
			redis.call('LREM', ARGV[i] .. state, 0, ARGV[1])
		else
			redis.call('ZREM', ARGV[i] .. state, ARGV[1])
		end
		redis.call('DEL', task)
	end
end
return 1
`)

// DeleteTask takes the task of a job out of the queues, unless a worker has it.
func (c *Client) DeleteTask(ctx context.Context, id job.ID) error {
	return failed(ctx, "drop", removeScript.Run(ctx, c.redis, nil, append([]any{string(id)}, prefixes()...)...).Err())
}

// PauseQueues keeps workers from taking tasks of the queues. asynq looks for the key before it takes one.
func (c *Client) PauseQueues(ctx context.Context, names []string) error {
	_, err := c.redis.TxPipelined(ctx, func(p redis.Pipeliner) error {
		for _, queue := range names {
			p.SetNX(ctx, key(queue, "paused"), time.Now().Unix(), 0)
		}
		return nil
	})
	return failed(ctx, "pause", err)
}

// ResumeQueues undoes Pause.
func (c *Client) ResumeQueues(ctx context.Context, names []string) error {
	_, err := c.redis.TxPipelined(ctx, func(p redis.Pipeliner) error {
		for _, queue := range names {
			p.Del(ctx, key(queue, "paused"))
		}
		return nil
	})
	return failed(ctx, "resume", err)
}

// CurrentLoad returns what is in the queues and who works on it.
func (c *Client) CurrentLoad(ctx context.Context) (admin.Load, error) {
	depths, err := c.ReadDepths(ctx)
	if err != nil {
		return admin.Load{}, err
	}
	workers, err := c.ListWorkers(ctx)
	if err != nil {
		return admin.Load{}, err
	}
	paused := make([]*redis.IntCmd, len(depths))
	var since *redis.StringCmd
	_, err = c.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, d := range depths {
			paused[i] = p.Exists(ctx, key(d.Queue, "paused"))
		}
		since = p.Get(ctx, drainingKey)
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return admin.Load{}, failed(ctx, "load", err)
	}
	load := admin.Load{Draining: unixMilli(since.Val()), Workers: []admin.Worker{}}
	for i, d := range depths {
		load.Queues = append(load.Queues, admin.QueueLoad{
			Name: d.Queue, Paused: paused[i].Val() > 0, Pending: d.Pending, Active: d.Active, Retry: d.Retry, Scheduled: d.Scheduled,
			Oldest: d.OldestPending.Seconds(),
		})
	}
	for _, w := range workers {
		one := admin.Worker{Host: w.Host, PID: w.PID, Started: w.Started, Draining: w.Draining, Running: []job.ID{}}
		for _, r := range w.Running {
			one.Running = append(one.Running, r.Task)
		}
		load.Workers = append(load.Workers, one)
	}
	return load, nil
}
