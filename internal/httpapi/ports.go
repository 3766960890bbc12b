package httpapi

import (
	"context"
	"io"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/account"
	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/advising"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/health"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/middleware"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/submit"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelines"
)

// Jobs reads job records and results. The API decides by the record's owner who may see them.
type Jobs interface {
	// LoadRecord returns a record in one round trip; job_not_found for one that is unknown or expired.
	LoadRecord(ctx context.Context, id job.ID) (job.Record, error)
	// LoadWithResult returns a record and, when it is done, its result (gzip): the whole one, or the slim one.
	LoadWithResult(ctx context.Context, id job.ID, slim bool) (job.Record, []byte, error)
	// LoadReading returns what was read of a job's document (gzip); not_found when that is not known.
	LoadReading(ctx context.Context, id job.ID) ([]byte, error)
	// DeleteJob deletes a record, its input and its result. It is idempotent.
	DeleteJob(ctx context.Context, id job.ID) error
	// WatchRecord returns the present record and then each change of it. The channel is closed after a final record,
	// when the job no longer exists, when ctx ends and when the process stops.
	WatchRecord(ctx context.Context, id job.ID) (<-chan job.Record, error)
}

// Workers knows whether there is a worker for the jobs.
type Workers interface {
	// EstimateStart returns how long a job usually waits for the start of a worker. It reports false while a worker
	// takes tasks, and when that is unknown.
	EstimateStart(ctx context.Context) (time.Duration, bool)
}

// Submitter accepts work.
type Submitter interface {
	// SubmitFile stores a document and queues its job. It returns faults of the document and errors of the reader.
	SubmitFile(ctx context.Context, r submit.Request, pdf io.Reader) (submit.Receipt, error)
	// SubmitForm queues a job that builds a timeline from a validated form.
	SubmitForm(ctx context.Context, r submit.Request, f timeline.Form) (submit.Receipt, error)
	// SubmitTimeline queues a job that rebuilds a saved timeline of the owner, which the caller has checked.
	SubmitTimeline(ctx context.Context, r submit.Request, timelineID string) (submit.Receipt, error)
	// SubmitPlan queues a job that plans a timeline, whose wishes were validated before.
	SubmitPlan(ctx context.Context, r submit.Request, in timeline.PlanInput) (submit.Receipt, error)
	// AnswerJob runs a failed job again for the degree that its owner chose, which was validated before.
	AnswerJob(ctx context.Context, answer submit.Answer) (job.Record, error)
}

// Uploads holds the documents and the tickets of jobs that have not ended.
type Uploads interface {
	// LoadTicket returns the ticket of a job; job_not_found when there is none.
	LoadTicket(ctx context.Context, id job.ID) (job.Ticket, error)
	// DeleteAll deletes the document, kept or not, and the ticket. It is idempotent.
	DeleteAll(ctx context.Context, id job.ID) error
}

// Snapshot is the editions of the catalogue in memory, against which forms are validated; database_unavailable before
// they were loaded.
type Snapshot interface {
	CurrentEditions(ctx context.Context) (*catalogue.Editions, error)
}

// Timelines edits results and saves them. Each call is limited to one owner: the timeline of another owner is not
// found.
type Timelines interface {
	// EditResult applies a patch to the result of a job, at the version given or, for 0, at any.
	EditResult(ctx context.Context, owner string, id job.ID, version int64, p timeline.Patch) (timelines.Edited, error)
	// CheckResultPatch returns the error of EditResult for a patch, which may have faults of its own. It edits nothing.
	CheckResultPatch(ctx context.Context, owner string, id job.ID, version int64, p timeline.Patch) error
	// EditTimeline applies a patch to a saved timeline, as EditResult does, and returns what changed.
	EditTimeline(ctx context.Context, owner, id string, version int64, p timeline.Patch) (timeline.Saved, *timeline.Delta, error)
	// CheckTimelinePatch is CheckResultPatch for a saved timeline.
	CheckTimelinePatch(ctx context.Context, owner, id string, version int64, p timeline.Patch) error
	// SaveResult saves the result of a job that is done.
	SaveResult(ctx context.Context, owner string, id job.ID, name string) (timeline.Saved, error)
	// ImportTimeline saves a timeline that was exported.
	ImportTimeline(ctx context.Context, owner string, s timeline.Saved, name string) (timeline.Saved, error)
	// UpdateTimeline renames a timeline, or replaces it with the result of a job.
	UpdateTimeline(ctx context.Context, owner, id string, version int64, name *string, from *job.ID) (timeline.Saved, error)
	FindTimeline(ctx context.Context, owner, id string) (timeline.Saved, error)
	// ListTimelines returns a page of at most limit timelines, and the cursor of the next page, "" at the end.
	ListTimelines(ctx context.Context, owner, cursor string, limit int) ([]timeline.Saved, string, error)
	DeleteTimeline(ctx context.Context, owner, id string, version int64) error
}

// Advisor opens timelines for audits, comparisons of degrees and plans. Each call is limited to one owner.
type Advisor interface {
	// OpenJob opens the result of a job that is done; job_not_found, conflict.
	OpenJob(ctx context.Context, owner string, id job.ID) (*advising.Case, error)
	// OpenTimeline opens a saved timeline; timeline_not_found.
	OpenTimeline(ctx context.Context, owner, id string) (*advising.Case, error)
}

// Admin is the operations of operators on the queues and the jobs of all owners; admin.Service implements it.
type Admin interface {
	CurrentStats(ctx context.Context) (admin.Stats, error)
	ListJobs(ctx context.Context, f admin.Filter, p admin.Page) ([]admin.Job, string, error)
	FindJob(ctx context.Context, id job.ID) (admin.JobDetail, error)
	RetryJob(ctx context.Context, id job.ID) error
	DeleteJob(ctx context.Context, id job.ID) error
	RetryAll(ctx context.Context, b admin.BulkRequest) (admin.BulkReport, error)
	DeleteAll(ctx context.Context, b admin.BulkRequest) (admin.BulkReport, error)
	PauseQueues(ctx context.Context, queues ...string) error
	ResumeQueues(ctx context.Context, queues ...string) error
	PauseIntake(ctx context.Context) error
	ResumeIntake(ctx context.Context) error
	ListAudit(ctx context.Context, limit int) ([]admin.AuditEntry, error)
}

// Accounts handles everything of one owner at once.
type Accounts interface {
	// ExportAll returns everything of an owner.
	ExportAll(ctx context.Context, owner string) (account.Export, error)
	// EraseAll deletes everything of an owner. It is idempotent.
	EraseAll(ctx context.Context, owner string) error
}

// Catalogue reads the catalogue.
type Catalogue interface {
	// ListDegrees returns the standalone degrees.
	ListDegrees(ctx context.Context) ([]catalogue.Degree, error)
	// FindDegree returns one degree; not_found.
	FindDegree(ctx context.Context, id string) (catalogue.Degree, error)
	// ListPools returns the pools of a degree in its order; not_found when there is no such degree.
	ListPools(ctx context.Context, degreeID string) ([]catalogue.Pool, error)
	// ListSequences returns the published sequences of a degree by name; not_found when there is no such degree.
	ListSequences(ctx context.Context, degreeID string) ([]catalogue.Sequence, error)
	// ListCourses returns a page of courses, and the After of the next page, "" at the end.
	ListCourses(ctx context.Context, q catalogue.CourseQuery) ([]catalogue.Course, string, error)
	// FindCourse returns one course; not_found.
	FindCourse(ctx context.Context, code string) (catalogue.Course, error)
}

// Cache stores responses. A cache that is unavailable calls fill each time.
type Cache interface {
	// GetOrFill returns the value that is stored under key, or the result of fill, which it stores for ttl. An error
	// of fill is returned unchanged.
	GetOrFill(ctx context.Context, key string, ttl time.Duration, fill func(ctx context.Context) ([]byte, error)) ([]byte, error)
}

// Reporter receives what operators should examine.
type Reporter = middleware.Reporter

// Gate reports whether the process takes work: false before it has started and from the moment it drains.
type Gate interface{ IsReady() bool }

// Dependency is a part that the API depends on.
type Dependency = health.Dependency
