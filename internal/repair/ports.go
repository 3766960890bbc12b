package repair

import (
	"context"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

// Uploads stores documents and tickets.
type Uploads interface {
	// ListFiles returns one entry for each job, one for each kept document of a failed job, and one for each
	// temporary file. Files that are deleted during the listing may be left out.
	ListFiles(ctx context.Context) ([]job.StoredFiles, error)
	// LoadTicket returns the ticket of a job; job_not_found when there is none, job.ErrTicket when it is invalid.
	LoadTicket(ctx context.Context, id job.ID) (job.Ticket, error)
	// Delete removes the document and then the ticket of a job, and leaves a kept document.
	Delete(ctx context.Context, id job.ID) error
	// DeleteAll removes all files of a job.
	DeleteAll(ctx context.Context, id job.ID) error
	// DeleteTemporary removes a temporary file that ListFiles returned.
	DeleteTemporary(ctx context.Context, l job.StoredFiles) error
}

// Jobs stores job records, and an index of the open ones.
type Jobs interface {
	// AcquireLease makes holder the process that repairs, for ttl from now, unless another one is.
	AcquireLease(ctx context.Context, holder string, ttl time.Duration) (bool, error)
	// ReleaseLease ends the lease of holder.
	ReleaseLease(ctx context.Context, holder string) error

	// ListOpen returns up to n ids of the index, in the order in which the jobs were created, starting at the offset.
	ListOpen(ctx context.Context, offset, n int) ([]job.ID, error)
	// LoadRecords returns the records of the ids that have one.
	LoadRecords(ctx context.Context, ids []job.ID) (map[job.ID]job.Record, error)
	// RestoreRecord restores the record of a ticket; false when there is a record. No attempt of the job's earlier
	// life may write to the new record.
	RestoreRecord(ctx context.Context, t job.Ticket) (bool, error)
	// WithdrawJob deletes a record; conflict when a client has received its id or a worker has begun it.
	WithdrawJob(ctx context.Context, id job.ID) (found bool, err error)
	// LoadDeadRecords returns the records of the ids that failed and are kept for operators.
	LoadDeadRecords(ctx context.Context, ids []job.ID) (map[job.ID]job.Record, error)
	// CleanupDead removes the index entries of dead jobs that have expired.
	CleanupDead(ctx context.Context) error
	// DeleteFromIndexes removes an id without an open record from the index.
	DeleteFromIndexes(ctx context.Context, id job.ID) error

	// RecordDocumentsDeleted records for operators that the documents of jobs are deleted.
	RecordDocumentsDeleted(ctx context.Context, ids []job.ID) error

	// BeginAttempt and FailJob end a job that no worker can run; see executor.Jobs.
	BeginAttempt(ctx context.Context, id job.ID, attempt int) (job.Record, []byte, error)
	FailJob(ctx context.Context, id job.ID, fence int64, why job.Failure) error
}

// TaskState is the state of a job's task in the queue.
type TaskState string

// The states of tasks that repair distinguishes.
const (
	Absent TaskState = ""     // in no queue
	Live   TaskState = "live" // waiting for a worker or with one
	// Archived: the queue will never deliver the task, and refuses its id.
	Archived TaskState = "archived"
)

// Queue delivers tasks to workers.
type Queue interface {
	// TaskStates returns the states of the tasks of jobs; absent ones may be left out.
	TaskStates(ctx context.Context, ids []job.ID) (map[job.ID]TaskState, error)
	// Enqueue enqueues a task. A task that is queued already is no error.
	Enqueue(ctx context.Context, t job.Task) error
	// RequeueArchived enqueues a task, and deletes an archived task of the same id.
	RequeueArchived(ctx context.Context, t job.Task) error
}
