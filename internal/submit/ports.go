package submit

import (
	"context"
	"io"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

// Uploads stores tickets and documents until their jobs have ended.
type Uploads interface {
	// Save stores a ticket and at most limit bytes of r, the job's document; r is nil for a job without one. Both are
	// durable and complete, or neither is stored. It returns too_large for more than limit bytes, not_a_pdf without a
	// PDF header in the first 1024 bytes, and storage_unavailable for a failing disk; an error of r is returned
	// unchanged.
	Save(ctx context.Context, t job.Ticket, r io.Reader, limit int64) (job.Saved, error)
	// Delete removes the document and then the ticket; a missing file is no error.
	Delete(ctx context.Context, id job.ID) error
}

// Jobs stores job records.
type Jobs interface {
	// AdmitJob stores a new record and its input (the form, or an encoded job.Input) if the policy allows it, in one
	// atomic step, and returns r.ID. When an open job of the owner has the same content, it returns that job and stores
	// nothing. An existing record of the same id, owner and time counts as this one. After too_many_jobs and conflict
	// (another owner's record) nothing is stored.
	AdmitJob(ctx context.Context, r job.Record, input []byte, terms AdmissionPolicy) (job.ID, error)
	// WithdrawJob deletes the record of a failed submission, and reports whether there was one. It returns conflict
	// when a worker has begun the job, or another request has received its id.
	WithdrawJob(ctx context.Context, id job.ID) (found bool, err error)
	// AnswerJob queues a failed job again with the degree that its owner chose, and returns the record and the ticket
	// from which it can be restored. The owner is checked by the caller. It returns job_not_found without a record,
	// conflict for a job that does not wait for a degree, facts_expired for one that does no longer, and
	// too_many_jobs. The same answer again is accepted while the record exists, whatever its state.
	AnswerJob(ctx context.Context, a Answer, maxOpenJobs int) (job.Record, job.Ticket, error)
	// CheckQuota returns too_many_jobs when the owner has limit open jobs or more.
	CheckQuota(ctx context.Context, owner string, limit int) error
	// ClaimKey binds an owner's idempotency key to id for 24 h. When the key is bound already it returns the job that
	// holds it and false. It returns conflict while that job is being submitted.
	ClaimKey(ctx context.Context, claim string, id job.ID) (holder job.ID, claimed bool, err error)
	// ReleaseKey releases the claim of id after its submission failed.
	ReleaseKey(ctx context.Context, claim string, id job.ID) error
}

// AdmissionPolicy holds the conditions for a new job.
type AdmissionPolicy struct {
	// ContentDigest is the digest of the job's content. An open job of the same owner with the same digest is
	// returned instead. Nil always creates a new job.
	ContentDigest []byte
	// MaxOpenJobs is the number of open jobs that the owner may have, this one included; 0 sets no limit.
	MaxOpenJobs int
}

// Intake reports whether new work is accepted.
type Intake interface {
	// IsIntakePaused reports whether operators have paused the intake. Each submission calls it, so it has to be
	// cheap.
	IsIntakePaused(ctx context.Context) bool
}

// Queue delivers tasks to workers.
type Queue interface {
	// Enqueue enqueues a task. A task that is queued already is no error.
	Enqueue(ctx context.Context, t job.Task) error
	// RequeueArchived enqueues the task of a job that has failed, in the place of the task with which it failed.
	RequeueArchived(ctx context.Context, t job.Task) error
}
