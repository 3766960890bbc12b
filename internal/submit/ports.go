package submit

import (
	"context"
	"io"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

// Uploads keeps tickets and the bytes of documents until their jobs have ended.
type Uploads interface {
	// Save keeps a ticket and at most limit bytes of r, the job's document; r is nil for a job without one. Both are
	// durable and whole, or neither is there. More than limit bytes is too_large, no PDF header in the first 1024
	// bytes not_a_pdf, a failing disk storage_unavailable; an error of r comes back as it is.
	Save(ctx context.Context, t job.Ticket, r io.Reader, limit int64) (job.Saved, error)
	// Delete removes the document and then the ticket; removing what is not there is no error.
	Delete(ctx context.Context, id job.ID) error
}

// Jobs keeps job records.
type Jobs interface {
	// AdmitJob stores a new record and its input (the form, or the id of the saved timeline; nil for a file), unless
	// the terms are against it, all at one moment. When an open job of the owner has the same content, that one is
	// returned and nothing is stored; otherwise it is r.ID. A record that is there already, of the same owner and
	// time, is taken for this one. too_many_jobs and conflict (another's record) are certain: nothing was stored.
	AdmitJob(ctx context.Context, r job.Record, input []byte, terms AdmissionPolicy) (job.ID, error)
	// WithdrawJob forgets the record of a submission that failed, and says whether there was one. One that a worker
	// has begun, or that another request was given, stays: conflict.
	WithdrawJob(ctx context.Context, id job.ID) (found bool, err error)
	// CheckQuota is too_many_jobs when the owner has limit open jobs or more.
	CheckQuota(ctx context.Context, owner string, limit int) error
	// ClaimKey binds an owner's idempotency key to id for 24 h. When the key is bound already it returns the job that
	// holds it and false; conflict while that one is being submitted.
	ClaimKey(ctx context.Context, claim string, id job.ID) (holder job.ID, claimed bool, err error)
	// ReleaseKey gives up a claim of id after its submission failed.
	ReleaseKey(ctx context.Context, claim string, id job.ID) error
}

// AdmissionPolicy are what a new job is accepted under.
type AdmissionPolicy struct {
	// ContentDigest is the digest of what the job is made of, by which an open job of the same owner is found. Nil:
	// it is a new job in any case.
	ContentDigest []byte
	// MaxOpenJobs is how many open jobs the owner may have, this one included; 0 sets no limit.
	MaxOpenJobs int
}

// Intake says whether work is taken.
type Intake interface {
	// IsIntakePaused reports whether operators have stopped the intake. It is asked for each submission, and has to
	// be cheap.
	IsIntakePaused(ctx context.Context) bool
}

// Queue delivers tasks to workers.
type Queue interface {
	// Enqueue hands a task over. A task that is queued already is no error.
	Enqueue(ctx context.Context, t job.Task) error
}
