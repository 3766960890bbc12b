package admin

import (
	"context"
	"io"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

// Queue is the queues as operators see them. Errors are queue_unavailable.
type Queue interface {
	// Names returns the names of the queues, the preferred first.
	Names() []string
	// Of returns the queue of a priority.
	Of(p job.Priority) string
	// Tasks returns the tasks of a queue that are in a state: one of Pending, Active, Retry and Scheduled.
	Tasks(ctx context.Context, queue string, state State) ([]Task, error)
	// Find returns the task of a job, and says no when none of the queues will run it.
	Find(ctx context.Context, id job.ID) (Task, bool, error)
	// Hasten makes a task pending that waits for its time, and says no when it does so no more.
	Hasten(ctx context.Context, t Task) (bool, error)
	// Drop takes the task of a job out of the queues. One that a worker has stays, until the worker finds that its job is
	// gone. What is not there is no error.
	Drop(ctx context.Context, id job.ID) error
	// Revive hands a task over; one of its id that was put away goes.
	Revive(ctx context.Context, t job.Task) error

	// Pause keeps workers from taking tasks of the queues, Resume lets them again. What is so already is no error.
	Pause(ctx context.Context, queues []string) error
	Resume(ctx context.Context, queues []string) error
	// Drain stops the intake of new work, Undrain opens it again.
	Drain(ctx context.Context) error
	Undrain(ctx context.Context) error
	// Load returns what is in the queues and who works on it.
	Load(ctx context.Context) (Load, error)
}

// Jobs is the records of jobs, and those that failed for good.
type Jobs interface {
	// Records returns the records of the ids that have one.
	Records(ctx context.Context, ids []job.ID) (map[job.ID]job.Record, error)
	// History returns the incidents of a job that has a record, the oldest first.
	History(ctx context.Context, id job.ID) ([]job.Incident, error)
	// DeadIDs returns the ids of the jobs that failed for good and are kept, DeadCount how many there are.
	DeadIDs(ctx context.Context) ([]job.ID, error)
	DeadCount(ctx context.Context) (int, error)
	// DeadRecords returns the records of those of the ids that are among them.
	DeadRecords(ctx context.Context, ids []job.ID) (map[job.ID]job.Record, error)
	// Dead returns one of them; job_not_found.
	Dead(ctx context.Context, id job.ID) (job.Dead, error)
	// Revive makes the record of a dead job again, queued and without an attempt, and returns it. It is dead no more.
	// conflict when it is not as it was read, or has an open record.
	Revive(ctx context.Context, d job.Dead) (job.Record, error)
	// Delete forgets a job: its record, its result and what is kept of it if it failed.
	Delete(ctx context.Context, id job.ID) error
}

// Uploads is the documents and tickets of jobs.
type Uploads interface {
	// Kept reports whether the document of a job that failed is kept.
	Kept(ctx context.Context, id job.ID) (bool, error)
	// Restore makes a document that is kept the job's again, with a new ticket; job_not_found when there is none.
	Restore(ctx context.Context, t job.Ticket) error
	// Save keeps the ticket of a job without a document (r is nil).
	Save(ctx context.Context, t job.Ticket, r io.Reader, limit int64) (job.Saved, error)
	// Purge removes document and ticket, and a document that is kept.
	Purge(ctx context.Context, id job.ID) error
}

// Task is a task that a queue will run.
type Task struct {
	ID    job.ID
	Queue string
	State State
	Due   time.Time // of Retry and Scheduled: when it becomes pending
}

// Load is what is in the queues.
type Load struct {
	Queues   []QueueLoad `json:"queues"`
	Workers  []Worker    `json:"workers"`
	Draining time.Time   `json:"drainingSince,omitzero"` // since when no work is taken; zero when it is
}

// QueueLoad is one queue.
type QueueLoad struct {
	Name      string `json:"name"`
	Paused    bool   `json:"paused"`
	Pending   int64  `json:"pending"`
	Active    int64  `json:"active"`
	Retry     int64  `json:"retry"`
	Scheduled int64  `json:"scheduled"`
	// Oldest is for how long the pending task that has waited longest has done so, in seconds.
	Oldest float64 `json:"oldestPendingSeconds"`
}

// Left is how many tasks the queue will still run.
func (q QueueLoad) Left() int64 { return q.Pending + q.Active + q.Retry + q.Scheduled }

// Worker is a process that runs tasks.
type Worker struct {
	Host     string    `json:"host"`
	PID      int       `json:"pid"`
	Started  time.Time `json:"started"`
	Draining bool      `json:"draining"` // it takes no more
	Running  []job.ID  `json:"running"`
}
