package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

// EnqueueAt is Enqueue of a task that no worker gets before a time. Until then it lies in its queue, scheduled, and counts.
func (c *Client) EnqueueAt(ctx context.Context, t job.Task, at time.Time) error {
	return c.enqueue(ctx, t, asynq.ProcessAt(at))
}

// Remove takes a task out of its queue, whatever it waits for. One that is not there is no error, and one that a worker
// has in its hands stays there.
func (c *Client) Remove(ctx context.Context, t job.Task) error {
	inspector := asynq.NewInspectorFromRedisClient(c.redis)
	err := inspector.DeleteTask(queues[t.Priority], string(t.ID))
	if err == nil || gone(err) {
		return nil
	}
	// asynq says by words alone that the task is active.
	switch info, again := inspector.GetTaskInfo(queues[t.Priority], string(t.ID)); {
	case again == nil && info.State == asynq.TaskStateActive, gone(again):
		return nil
	}
	return failed(ctx, "remove", fmt.Errorf("asynq: %w", err))
}

func gone(err error) bool {
	return errors.Is(err, asynq.ErrTaskNotFound) || errors.Is(err, asynq.ErrQueueNotFound)
}

// CountedKeys returns the keys whose lengths make up Waiting, of all queues: what an autoscaler that reads Redis itself has
// to add up.
func CountedKeys() []string {
	var keys []string
	for _, queue := range Names() {
		for _, state := range []string{"pending", "active", "retry", "scheduled"} {
			keys = append(keys, key(queue, state))
		}
	}
	return keys
}
