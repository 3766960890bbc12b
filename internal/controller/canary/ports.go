package canary

import (
	"context"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

// Jobs is the way that every job goes.
type Jobs interface {
	// Submit hands over a job of the canary's own under this id. No worker gets it before due; until then it lies in
	// the queue of the priority and counts as work. One that is there already is no error.
	Submit(ctx context.Context, id job.ID, p job.Priority, due time.Time) error
	// Get returns the job's record; job_not_found.
	Get(ctx context.Context, id job.ID) (job.Record, error)
	// Remove forgets the job, its result, and its task unless a worker has it. What is not there is no error.
	Remove(ctx context.Context, id job.ID) error
}

// Metrics is the API of external metrics, which HorizontalPodAutoscalers ask.
type Metrics interface {
	// ReadExternal returns the sum of a metric's values.
	ReadExternal(ctx context.Context, namespace, name, selector string) (float64, error)
}
