package queue

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/repair"
)

var _ repair.Queue = (*Client)(nil)

// taskKey is the hash of a task. asynq keeps it as long as the task is in any state, and moves both in one script.
func taskKey(queue string, id job.ID) string { return key(queue, "t:"+string(id)) }

// TaskStates returns what the queues know of the tasks of jobs, in one round trip. A task that is live in one queue and archived
// in another is live. By the way it names the queues to asynq's tools again, which a client does once in its life and a
// Redis that was wiped has forgotten.
func (c *Client) TaskStates(ctx context.Context, ids []job.ID) (map[job.ID]repair.TaskState, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	names := Names()
	answers := make([]*redis.StringCmd, 0, len(ids)*len(names))
	_, err := c.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.SAdd(ctx, "asynq:queues", High, Normal, Low)
		for _, id := range ids {
			for _, queue := range names {
				answers = append(answers, p.HGet(ctx, taskKey(queue, id), "state"))
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, failed(ctx, "state", err)
	}
	states := make(map[job.ID]repair.TaskState, len(ids))
	for i, answer := range answers {
		state, err := answer.Result()
		if errors.Is(err, redis.Nil) {
			continue
		}
		if err != nil {
			return nil, failed(ctx, "state", err)
		}
		id := ids[i/len(names)]
		if state != "archived" {
			states[id] = repair.Live
		} else if states[id] == repair.Absent {
			states[id] = repair.Archived
		}
	}
	return states, nil
}

// dropScript removes a task that was put away, with what asynq keeps of it.
//
// KEYS 1 the task · 2 archived; ARGV 1 the task's id.
var dropScript = redis.NewScript(`
if redis.call('HGET', KEYS[1], 'state') ~= 'archived' then return 0 end
redis.call('ZREM', KEYS[2], ARGV[1])
return redis.call('DEL', KEYS[1])
`)

// RequeueArchived hands a task over anew that was put away. A process that dies in between leaves no task, which is found as such.
func (c *Client) RequeueArchived(ctx context.Context, t job.Task) error {
	for _, queue := range Names() {
		if err := dropScript.Run(ctx, c.redis, []string{taskKey(queue, t.ID), key(queue, "archived")}, string(t.ID)).Err(); err != nil {
			return failed(ctx, "revive", err)
		}
	}
	if err := c.Enqueue(ctx, t); err != nil {
		return fmt.Errorf("queue: revive: %w", err)
	}
	return nil
}
