package repair

import (
	"context"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

// Uploads keeps documents and tickets.
type Uploads interface {
	// ListFiles returns what is there: one entry a job, one for each document that is kept of a job that failed, and
	// one for each temporary file. What goes meanwhile is left out.
	ListFiles(ctx context.Context) ([]job.StoredFiles, error)
	// LoadTicket returns the ticket of a job; job_not_found when there is none, job.ErrTicket when what lies there is
	// none.
	LoadTicket(ctx context.Context, id job.ID) (job.Ticket, error)
	// Delete removes the document and then the ticket of a job, and leaves a document that is kept.
	Delete(ctx context.Context, id job.ID) error
	// DeleteAll removes all of a job.
	DeleteAll(ctx context.Context, id job.ID) error
	// DeleteTemporary removes a temporary file that List told of.
	DeleteTemporary(ctx context.Context, l job.StoredFiles) error
}

// Jobs keeps job records, and an index of those that are open.
type Jobs interface {
	// AcquireLease makes holder the one that sweeps, for ttl from now, unless another is.
	AcquireLease(ctx context.Context, holder string, ttl time.Duration) (bool, error)
	// ReleaseLease gives that up.
	ReleaseLease(ctx context.Context, holder string) error

	// ListOpen returns up to n ids of the index, in the order in which the jobs were created, from the offset on.
	ListOpen(ctx context.Context, offset, n int) ([]job.ID, error)
	// LoadRecords returns the records of the ids that have one.
	LoadRecords(ctx context.Context, ids []job.ID) (map[job.ID]job.Record, error)
	// RestoreRecord makes the record of a ticket again, and says no when there is a record. No attempt of the job's
	// earlier life may write to the new record.
	RestoreRecord(ctx context.Context, t job.Ticket) (bool, error)
	// WithdrawJob forgets a record, unless somebody was given it or has begun it: conflict.
	WithdrawJob(ctx context.Context, id job.ID) (found bool, err error)
	// LoadDeadRecords returns the records of those of the ids that failed and are kept for operators.
	LoadDeadRecords(ctx context.Context, ids []job.ID) (map[job.ID]job.Record, error)
	// CleanupDead forgets which jobs were kept for operators and are so no more.
	CleanupDead(ctx context.Context) error
	// DeleteFromIndexes takes an id out of the index that has no open record.
	DeleteFromIndexes(ctx context.Context, id job.ID) error

	// BeginAttempt and Fail end a job that nobody can run; see process.Jobs.
	BeginAttempt(ctx context.Context, id job.ID, attempt int) (job.Record, []byte, error)
	FailJob(ctx context.Context, id job.ID, fence int64, why job.Failure) error
}

// TaskState is what the queue knows of a job's task.
type TaskState string

// The states of tasks that the sweep tells apart.
const (
	Absent TaskState = ""     // in no queue
	Live   TaskState = "live" // waiting for a worker or with one
	// Archived is put away: the queue will never deliver it, and refuses its id.
	Archived TaskState = "archived"
)

// Queue delivers tasks to workers.
type Queue interface {
	// TaskStates returns the states of the tasks of jobs; what is absent may be left out.
	TaskStates(ctx context.Context, ids []job.ID) (map[job.ID]TaskState, error)
	// Enqueue hands a task over. A task that is queued already is no error.
	Enqueue(ctx context.Context, t job.Task) error
	// RequeueArchived hands a task over whose id an archived task holds, which goes.
	RequeueArchived(ctx context.Context, t job.Task) error
}
