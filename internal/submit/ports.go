package submit

import (
	"context"
	"io"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

// Uploads keeps the bytes of documents until their job has ended.
type Uploads interface {
	// Save stores at most limit bytes of r under the job's id, durable and whole or not at all, and says how many.
	// More than limit bytes is too_large, no PDF header in the first 1024 bytes not_a_pdf, a failing disk
	// storage_unavailable; an error of r comes back as it is. After an error nothing is left behind.
	Save(ctx context.Context, id job.ID, r io.Reader, limit int64) (int64, error)
	// Delete removes the bytes; removing what is not there is no error.
	Delete(ctx context.Context, id job.ID) error
}

// Jobs keeps job records.
type Jobs interface {
	// Create stores a new record and its input (the form, or the id of the saved timeline; nil for a file).
	Create(ctx context.Context, r job.Record, input []byte) error
	// Delete forgets the record, its input and its result.
	Delete(ctx context.Context, id job.ID) error
	// Claim binds an owner's idempotency key to id for 24 h. When the key is bound already it returns the job that holds
	// it and false.
	Claim(ctx context.Context, owner, key string, id job.ID) (holder job.ID, claimed bool, err error)
	// Release gives up a claim of id after its submission failed.
	Release(ctx context.Context, owner, key string, id job.ID) error
}

// Queue delivers tasks to workers.
type Queue interface {
	// Enqueue hands a task over. A task that is queued already is no error.
	Enqueue(ctx context.Context, t job.Task) error
}
