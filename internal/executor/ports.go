package executor

import (
	"context"
	"io"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// Jobs stores job records. Every write names the fence that BeginAttempt returned. A write with an older fence, or to
// a record that is gone, returns job.ErrSuperseded and changes nothing.
type Jobs interface {
	// BeginAttempt starts an attempt: it raises the fence, sets processing and returns the record and its input. It
	// returns job_not_found without a record. A final record is returned unchanged, with its fence.
	BeginAttempt(ctx context.Context, id job.ID, attempt int) (job.Record, []byte, error)
	// CompleteJob stores the result and sets done.
	CompleteJob(ctx context.Context, id job.ID, fence int64, result job.Stored) error
	// ScheduleRetry sets retrying, with the reason and the time of the next attempt.
	ScheduleRetry(ctx context.Context, id job.ID, fence int64, why job.Failure, at time.Time) error
	// PostponeJob is ScheduleRetry for an attempt that does not count.
	PostponeJob(ctx context.Context, id job.ID, fence int64, why job.Failure, at time.Time) error
	// FailJob sets failed, with the reason.
	FailJob(ctx context.Context, id job.ID, fence int64, why job.Failure) error
	// FailAnswerable is FailJob for a job whose owner can choose a degree, and keeps the facts with it for a time.
	FailAnswerable(ctx context.Context, id job.ID, fence int64, why job.Failure, kept job.KeptFacts) error
	// LoadFacts returns the encrypted facts of a job that runs from them; facts_expired when it has none.
	LoadFacts(ctx context.Context, id job.ID) ([]byte, error)
	// RequeueJob sets queued again after an interruption.
	RequeueJob(ctx context.Context, id job.ID, fence int64) error
	// LoadTicket returns the ticket of a job that runs from facts; job_not_found when it does not, or no longer.
	LoadTicket(ctx context.Context, id job.ID) (job.Ticket, error)
	// LoadRecords reads several records; missing ones are left out.
	LoadRecords(ctx context.Context, ids []job.ID) (map[job.ID]job.Record, error)
	// RecordDocumentsDeleted records for operators that the documents of jobs are deleted.
	RecordDocumentsDeleted(ctx context.Context, ids []job.ID) error
}

// Uploads stores the bytes of documents.
type Uploads interface {
	// Open returns the document of a job; storage_unavailable when it cannot be read.
	Open(ctx context.Context, id job.ID) (io.ReadCloser, error)
	// Save stores a ticket without a document when r is nil.
	Save(ctx context.Context, t job.Ticket, r io.Reader, limit int64) (job.Saved, error)
	// Delete removes the bytes and the job's ticket; a missing file is no error.
	Delete(ctx context.Context, id job.ID) error
	// KeepDocument keeps the bytes for operators, and removes the ticket; a missing file is no error.
	KeepDocument(ctx context.Context, id job.ID) error
}

// Facts encrypts the facts of documents that wait for a degree, and decrypts them; factcodec.Codec is one.
type Facts interface {
	// Seal encrypts the facts of a job, which may be used until a time.
	Seal(id job.ID, doc document.Document, until time.Time) ([]byte, error)
	// Open decrypts the facts of a job, and returns until when they may be used.
	Open(id job.ID, sealed []byte) (document.Document, time.Time, error)
}

// Parser reads documents. Faults of the document are permanent; those of the service are parser_unavailable or
// timeout.
type Parser interface {
	Parse(ctx context.Context, pdf io.Reader) (document.Document, error)
}

// Catalogue returns the editions of the catalogue, shared and immutable; database_unavailable when none is loaded yet.
type Catalogue interface {
	CurrentEditions(ctx context.Context) (*catalogue.Editions, error)
	// FindEditions returns them after it asked the store for the edition of an academic year that is not among them.
	FindEditions(ctx context.Context, calendar string, chosen bool) (*catalogue.Editions, error)
}

// Timelines finds saved timelines.
type Timelines interface {
	// FindTimeline returns a timeline of the owner; timeline_not_found when there is none or it belongs to another
	// owner.
	FindTimeline(ctx context.Context, owner, id string) (timeline.Saved, error)
}
