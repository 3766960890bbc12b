package queue

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/dependency"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
	"github.com/trackmydegree/trackmydegree/internal/repair"
	"github.com/trackmydegree/trackmydegree/internal/submit"
	"github.com/trackmydegree/trackmydegree/internal/tracing"
)

var (
	_ submit.Queue = (*Client)(nil)
	_ repair.Queue = (*Client)(nil)
	_ admin.Tasks  = (*Client)(nil)
)

const (
	// enqueueTimeout bounds one enqueue, also with a Redis client that has no deadlines of its own.
	enqueueTimeout = budget.Enqueue

	// maxRetry is how often asynq may deliver a task again: in practice without a limit. The outcome of a delivery
	// ends a task. A limit of asynq's own would archive tasks without notifying the owner of the job.
	maxRetry = 1 << 20

	// archiveWait is how long RequeueArchived waits for the end of a delivery, looking every archivePause.
	archiveWait  = 500 * time.Millisecond
	archivePause = 20 * time.Millisecond

	// recordingTime is added to the timeout of a job. When asynq's timeout passes it returns the task without waiting
	// for the handler, so the handler's own has to pass first and leave time to record the outcome.
	recordingTime = 30 * time.Second
)

// ClientDeps are the dependencies of a Client.
type ClientDeps struct {
	Redis      redis.UniversalClient
	JobTimeout time.Duration // of one attempt
}

// Client enqueues, looks up and deletes the tasks of jobs. It is safe for concurrent use. Errors of Redis are
// queue_unavailable.
type Client struct {
	redis   redis.UniversalClient
	asynq   *asynq.Client
	timeout time.Duration
}

// NewClient returns a client. A missing dependency is an error.
func NewClient(d ClientDeps) (*Client, error) {
	if err := dependency.Require("queue", d, "Redis"); err != nil {
		return nil, err
	}
	return &Client{redis: d.Redis, asynq: asynq.NewClientFromRedisClient(d.Redis), timeout: d.JobTimeout}, nil
}

// Enqueue enqueues a task, within two seconds or not at all. It is idempotent: a task that is in its queue already,
// in any state, is not changed.
func (c *Client) Enqueue(ctx context.Context, t job.Task) error { return c.enqueueWith(ctx, t) }

// EnqueueAt is Enqueue for a task that no worker takes before a time. Until then the task is scheduled and counts in
// the depth of its queue.
func (c *Client) EnqueueAt(ctx context.Context, t job.Task, at time.Time) error {
	return c.enqueueWith(ctx, t, asynq.ProcessAt(at))
}

func (c *Client) enqueueWith(ctx context.Context, t job.Task, options ...asynq.Option) (err error) {
	name := queuemodel.QueueOf(t.Kind, t.Priority)
	if name == "" {
		return fault.Wrap(fault.Internal, fmt.Errorf("queue: enqueue: no queue for priority %q", t.Priority))
	}
	payload, err := json.Marshal(t)
	if err != nil {
		return fault.Wrap(fault.Internal, fmt.Errorf("queue: enqueue: %w", err))
	}
	ctx, span := tracing.StartProducer(ctx, "enqueue")
	defer func() { span.EndWith(err) }()
	span.SetText("messaging.destination.name", name)
	bounded, cancel := context.WithTimeout(ctx, enqueueTimeout)
	defer cancel()
	options = append(options, asynq.TaskID(string(t.ID)), asynq.Queue(name), asynq.MaxRetry(maxRetry), asynq.Retention(0),
		asynq.Timeout(c.timeoutOf(t.Kind)+recordingTime))
	queued := queuemodel.EncodeLifeEvent(job.LifeEvent{At: time.Now(), What: job.MilestoneQueued})
	_, err = c.asynq.EnqueueContext(bounded, asynq.NewTaskWithHeaders(taskType, payload, traceHeaders(ctx)), options...)
	isNew := err == nil
	if !isNew && !errors.Is(err, asynq.ErrTaskIDConflict) {
		return redisurl.ToFault(ctx, "queue: enqueue", err)
	}
	// The task is in its queue. Without the message a worker takes it a little later.
	_, _ = c.redis.Pipelined(bounded, func(p redis.Pipeliner) error {
		p.Publish(bounded, queuemodel.WakeChannel, "")
		if isNew {
			p.RPushX(bounded, queuemodel.LifeKey(t.ID), queued)
		}
		return nil
	})
	return nil
}

// traceHeaders returns the headers of a task that carry the trace of its sender; nil without one.
func traceHeaders(ctx context.Context) map[string]string {
	parent := tracing.ParentOf(ctx)
	if parent == "" {
		return nil
	}
	return map[string]string{tracing.ParentHeader: parent}
}

// timeoutOf returns the timeout of an attempt of a kind of job.
func (c *Client) timeoutOf(k job.Kind) time.Duration {
	if k == job.Plan {
		return min(c.timeout, budget.PlanJob)
	}
	return c.timeout
}

// TaskStates returns the states of the tasks of jobs in one round trip; absent tasks are left out. A task that is
// live in one queue and archived in another is live. It also writes asynq's list of queues: asynq does so once in the
// life of a client, and a Redis that lost its data has lost the list.
func (c *Client) TaskStates(ctx context.Context, ids []job.ID) (map[job.ID]repair.TaskState, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	names := queuemodel.QueueNames()
	answers := make([]*redis.StringCmd, 0, len(ids)*len(names))
	_, err := c.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.SAdd(ctx, queuemodel.AsynqQueuesKey, queuemodel.High, queuemodel.Normal, queuemodel.Low, queuemodel.Plans)
		for _, id := range ids {
			for _, queue := range names {
				answers = append(answers, p.HGet(ctx, queuemodel.TaskKey(queue, id), "state"))
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, redisurl.ToFault(ctx, "queue: task states", err)
	}
	states := make(map[job.ID]repair.TaskState, len(ids))
	for i, answer := range answers {
		state, err := answer.Result()
		if errors.Is(err, redis.Nil) {
			continue
		}
		if err != nil {
			return nil, redisurl.ToFault(ctx, "queue: task states", err)
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

var (
	//go:embed lua/delete_task.lua
	deleteTaskLua    string
	deleteTaskScript = redis.NewScript(deleteTaskLua)

	//go:embed lua/delete_archived.lua
	deleteArchivedLua    string
	deleteArchivedScript = redis.NewScript(deleteArchivedLua)
)

// DeleteTask deletes the task of a job from the queues, archived or not. A running task stays with its worker.
// Deleting an absent task is no error.
func (c *Client) DeleteTask(ctx context.Context, id job.ID) error {
	args := append([]any{string(id)}, queuemodel.QueuePrefixes()...)
	return redisurl.ToFault(ctx, "queue: delete task", deleteTaskScript.Run(ctx, c.redis, nil, args...).Err())
}

// RequeueArchived enqueues the task of a job, and first deletes an archived one of the same id. A delivery whose job
// has failed may still hold the task for a moment before it is archived: RequeueArchived waits for that, up to
// archiveWait. It is idempotent. If the process dies in between, the job has no task, which repair finds.
func (c *Client) RequeueArchived(ctx context.Context, t job.Task) error {
	ctx, cancel := context.WithTimeout(ctx, archiveWait+enqueueTimeout)
	defer cancel()
	for deadline := time.Now().Add(archiveWait); ; {
		for _, queue := range queuemodel.QueueNames() {
			keys := []string{queuemodel.TaskKey(queue, t.ID), queuemodel.QueueKey(queue, "archived")}
			if err := deleteArchivedScript.Run(ctx, c.redis, keys, string(t.ID)).Err(); err != nil {
				return redisurl.ToFault(ctx, "queue: requeue archived", err)
			}
		}
		if err := c.Enqueue(ctx, t); err != nil {
			return fmt.Errorf("queue: requeue archived: %w", err)
		}
		state, err := c.redis.HGet(ctx, queuemodel.TaskKey(queuemodel.QueueOf(t.Kind, t.Priority), t.ID), "state").Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return redisurl.ToFault(ctx, "queue: requeue archived", err)
		}
		if state != "active" && state != "archived" || !time.Now().Before(deadline) {
			return nil
		}
		select {
		case <-time.After(archivePause):
		case <-ctx.Done():
			return redisurl.ToFault(ctx, "queue: requeue archived", ctx.Err())
		}
	}
}
