package httpapi

import (
	"context"
	"io"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/problem"
	"github.com/trackmydegree/trackmydegree/internal/submit"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// Jobs reads job records and results. Who may see them is decided here, by the record's owner.
type Jobs interface {
	// LoadRecord returns a record in one round trip; job_not_found for what is unknown or expired.
	LoadRecord(ctx context.Context, id job.ID) (job.Record, error)
	// LoadWithResult returns a record and, when it is done, its result (gzip), the whole or the slim one.
	LoadWithResult(ctx context.Context, id job.ID, slim bool) (job.Record, []byte, error)
	// Delete forgets a record, its input and its result.
	Delete(ctx context.Context, id job.ID) error
	// WatchRecord returns the record as it is and then each change of it. The channel is closed after a final record, when the
	// job is gone, when ctx ends and when the process stops.
	WatchRecord(ctx context.Context, id job.ID) (<-chan job.Record, error)
}

// Submitter accepts work.
type Submitter interface {
	// File stores a document and queues its job. Faults of the document and errors of the reader come back.
	File(ctx context.Context, r submit.Request, pdf io.Reader) (submit.Receipt, error)
	// Form queues a job that builds a timeline from a form, which was checked before.
	Form(ctx context.Context, r submit.Request, f timeline.Form) (submit.Receipt, error)
	// Load queues a job that builds a saved timeline again; that the owner has it was checked before.
	Load(ctx context.Context, r submit.Request, timelineID string) (submit.Receipt, error)
}

// Uploads holds the documents and tickets of jobs that have not ended.
type Uploads interface {
	// Ticket returns the ticket of a job; job_not_found when there is none.
	Ticket(ctx context.Context, id job.ID) (job.Ticket, error)
	// Purge removes the document, kept or not, and the ticket; removing what is not there is no error.
	Purge(ctx context.Context, id job.ID) error
}

// Curriculum is the catalogue in memory, that forms are checked against; database_unavailable when there is none yet.
type Curriculum interface {
	Current(ctx context.Context) (*catalogue.Catalogue, error)
}

// Editor changes results and keeps them. All of it is by owner: what is another's is not found.
type Editor interface {
	// Edit applies a patch to the result of a job; version 0 is whatever it is at.
	Edit(ctx context.Context, owner string, id job.ID, version int64, p timeline.Patch) (int64, error)
	// Save keeps the result of a job that is done.
	Save(ctx context.Context, owner string, id job.ID, name string) (timeline.Saved, error)
	// Update renames a timeline, or replaces it with the result of a job.
	Update(ctx context.Context, owner, id string, version int64, name *string, from *job.ID) (timeline.Saved, error)
	Get(ctx context.Context, owner, id string) (timeline.Saved, error)
	List(ctx context.Context, owner, cursor string, limit int) ([]timeline.Saved, string, error)
	Delete(ctx context.Context, owner, id string, version int64) error
}

// Operator is what operators do with the queues and with everybody's jobs.
type Operator interface {
	Stats(ctx context.Context) (admin.Stats, error)
	List(ctx context.Context, f admin.Filter, p admin.Page) ([]admin.Job, string, error)
	Show(ctx context.Context, id job.ID) (admin.Detail, error)
	Retry(ctx context.Context, id job.ID) error
	Delete(ctx context.Context, id job.ID) error
	RetryAll(ctx context.Context, b admin.Bulk) (admin.Report, error)
	DeleteAll(ctx context.Context, b admin.Bulk) (admin.Report, error)
	Pause(ctx context.Context, queues ...string) error
	Resume(ctx context.Context, queues ...string) error
	Drain(ctx context.Context) error
	Undrain(ctx context.Context) error
}

// Catalogue reads the catalogue.
type Catalogue interface {
	// Degrees returns the degrees that a timeline can be for, without what extends them.
	Degrees(ctx context.Context) ([]catalogue.Degree, error)
	// Degree returns one degree; not_found.
	Degree(ctx context.Context, id string) (catalogue.Degree, error)
	// Pools returns the pools of a degree in its order; not_found when there is no such degree.
	Pools(ctx context.Context, degreeID string) ([]catalogue.Pool, error)
	// Courses returns a page of courses, and the After of the next page ("" at the end).
	Courses(ctx context.Context, q catalogue.CourseQuery) ([]catalogue.Course, string, error)
	// Course returns one course; not_found.
	Course(ctx context.Context, code string) (catalogue.Course, error)
}

// Cache keeps responses. A cache that is down fills each time.
type Cache interface {
	// GetOrFill returns what is kept under key, or what fill returns, and keeps that for ttl. An error of fill comes back
	// as it is.
	GetOrFill(ctx context.Context, key string, ttl time.Duration, fill func(ctx context.Context) ([]byte, error)) ([]byte, error)
}

// Reporter is told of what somebody should look into.
type Reporter interface {
	// Panic is called in the function that recovered, so that the stack is still there.
	Panic(value any, r problem.Request)
	// RequestFailed is called for internal errors.
	RequestFailed(err error, r problem.Request)
}

// Gate says whether the process takes work: false from the moment it drains.
type Gate interface{ Ready() bool }

// Dependency is a part that the API leans on.
type Dependency struct {
	Name   string
	Needed bool // the API does not work without it
	Check  func(ctx context.Context) error
}
