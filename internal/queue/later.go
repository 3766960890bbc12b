package queue

import (
	"context"
	"time"

	"github.com/hibiken/asynq"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

// EnqueueAt is Enqueue of a task that no worker gets before a time. Until then it lies in its queue, scheduled, and counts.
func (c *Client) EnqueueAt(ctx context.Context, t job.Task, at time.Time) error {
	return c.enqueue(ctx, t, asynq.ProcessAt(at))
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
