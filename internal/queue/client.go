package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/submit"
)

var _ submit.Queue = (*Client)(nil)

const (
	// taskType is what a task asks for. A payload of another shape gets another type, so that old and new workers side by
	// side each take what they understand.
	taskType = "timeline:v1"

	// enqueueTimeout bounds one enqueue, also with a client that has no deadlines of its own.
	enqueueTimeout = budget.Enqueue

	// unlimited is how often asynq may deliver a task again. It is the outcome of a delivery that ends a task; a limit of
	// asynq's own would put tasks away whose owner nobody has told.
	unlimited = 1 << 20

	// settle is added to a job's own timeout: when asynq's runs out it takes the task back without waiting for the
	// handler, so the handler's has to run out first and leave time to write down what happened.
	settle = 30 * time.Second
)

// ClientDeps is what a Client needs. JobTimeout is how long one attempt may take.
type ClientDeps struct {
	Redis      redis.UniversalClient
	JobTimeout time.Duration
}

// Client hands tasks to the queues and looks at them. It is safe for concurrent use.
type Client struct {
	redis   redis.UniversalClient
	asynq   *asynq.Client
	timeout time.Duration
	intake  intake
}

// NewClient returns a client.
func NewClient(d ClientDeps) *Client {
	return &Client{redis: d.Redis, asynq: asynq.NewClientFromRedisClient(d.Redis), timeout: d.JobTimeout}
}

// Enqueue hands a task over, in less than two seconds or not at all: queue_unavailable. A task that is in its queue
// already is no error.
func (c *Client) Enqueue(ctx context.Context, t job.Task) error { return c.enqueue(ctx, t) }

func (c *Client) enqueue(ctx context.Context, t job.Task, more ...asynq.Option) error {
	name, ok := queues[t.Priority]
	if !ok {
		return fault.Wrap(fault.Internal, fmt.Errorf("queue: enqueue: no queue for priority %q", t.Priority))
	}
	payload, err := json.Marshal(t)
	if err != nil {
		return fault.Wrap(fault.Internal, fmt.Errorf("queue: enqueue: %w", err))
	}
	bounded, cancel := context.WithTimeout(ctx, enqueueTimeout)
	defer cancel()
	options := append(more, asynq.TaskID(string(t.ID)), asynq.Queue(name), asynq.MaxRetry(unlimited), asynq.Retention(0),
		asynq.Timeout(c.timeout+settle))
	_, err = c.asynq.EnqueueContext(bounded, asynq.NewTask(taskType, payload), options...)
	if errors.Is(err, asynq.ErrTaskIDConflict) {
		return nil
	}
	return failed(ctx, "enqueue", err)
}

// Ping reports whether Redis answers.
func (c *Client) Ping(ctx context.Context) error {
	return failed(ctx, "ping", c.redis.Ping(ctx).Err())
}

// failed turns an error of Redis into queue_unavailable. A caller who gave up, or whose time is over, gets that instead.
func failed(ctx context.Context, op string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("queue: %s: %w", op, ctx.Err())
	}
	return fault.Wrap(fault.QueueUnavailable, fmt.Errorf("queue: %s: %w", op, err))
}
