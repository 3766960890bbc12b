package canary

import (
	"context"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

// Jobs submits and reads jobs.
type Jobs interface {
	// Submit submits a job of the canary under this id. No worker receives it before due; until then it is in the
	// queue of the priority and counts as work. An existing one is no error.
	Submit(ctx context.Context, id job.ID, p job.Priority, due time.Time) error
	// Get returns the job's record; job_not_found.
	Get(ctx context.Context, id job.ID) (job.Record, error)
	// Remove deletes the job, its result, and its task unless a worker runs it. An absent job is no error.
	Remove(ctx context.Context, id job.ID) error
}

// Metrics is the external metrics API, which HorizontalPodAutoscalers read.
type Metrics interface {
	// ReadExternal returns the sum of a metric's values.
	ReadExternal(ctx context.Context, namespace, name, selector string) (float64, error)
}
