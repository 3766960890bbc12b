package admin

import (
	"context"
	"io"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

// Queue is the queues as operators see them. Errors are queue_unavailable.
type Queue interface {
	// QueueNames returns the names of the queues, the preferred first.
	QueueNames() []string
	// QueueOf returns the queue of a priority.
	QueueOf(p job.Priority) string
	// ListTasks returns the tasks of a queue that are in a state: one of Pending, Active, Retry and Scheduled.
	ListTasks(ctx context.Context, queue string, state State) ([]Task, error)
	// FindTask returns the task of a job, and says no when none of the queues will run it.
	FindTask(ctx context.Context, id job.ID) (Task, bool, error)
	// RunNow makes a task pending that waits for its time, and says no when it does so no more.
	RunNow(ctx context.Context, t Task) (bool, error)
	// PauseQueues keeps workers from taking tasks of the queues. ResumeQueues lets them again. What is so already is
	// no error.
	PauseQueues(ctx context.Context, queues []string) error
	ResumeQueues(ctx context.Context, queues []string) error
	// CurrentLoad returns what is in the queues and who works on it.
	CurrentLoad(ctx context.Context) (Load, error)
}

// Tasks hands over and deletes the tasks of jobs. Errors are queue_unavailable.
type Tasks interface {
	// DeleteTask deletes the task of a job from the queues. A task that a worker has stays, until the worker finds
	// that its job is gone. An absent task is no error.
	DeleteTask(ctx context.Context, id job.ID) error
	// RequeueArchived hands a task over, and deletes an archived one of the same id.
	RequeueArchived(ctx context.Context, t job.Task) error
}

// Intake is the switch that stops the intake of new work. Errors are queue_unavailable.
type Intake interface {
	// PauseIntake stops the intake of new work, ResumeIntake opens it again. Repeating either changes nothing.
	PauseIntake(ctx context.Context) error
	ResumeIntake(ctx context.Context) error
}

// Jobs is the records of jobs, and those that failed for good.
type Jobs interface {
	// LoadRecords returns the records of the ids that have one.
	LoadRecords(ctx context.Context, ids []job.ID) (map[job.ID]job.Record, error)
	// LoadHistory returns the incidents of a job that has a record, the oldest first.
	LoadHistory(ctx context.Context, id job.ID) ([]job.Incident, error)
	// ListDead returns the ids of the jobs that failed for good and are kept, CountDead how many there are.
	ListDead(ctx context.Context) ([]job.ID, error)
	CountDead(ctx context.Context) (int, error)
	// LoadDeadRecords returns the records of those of the ids that are among them.
	LoadDeadRecords(ctx context.Context, ids []job.ID) (map[job.ID]job.Record, error)
	// LoadDead returns one of them; job_not_found.
	LoadDead(ctx context.Context, id job.ID) (job.Dead, error)
	// RetryDead makes the record of a dead job again, queued and without an attempt, and returns it. It is dead no
	// more. conflict when it is not as it was read, or has an open record.
	RetryDead(ctx context.Context, d job.Dead) (job.Record, error)
	// Delete forgets a job: its record, its result and what is kept of it if it failed.
	Delete(ctx context.Context, id job.ID) error
}

// Uploads is the documents and tickets of jobs.
type Uploads interface {
	// HasKeptDocument reports whether the document of a job that failed is kept.
	HasKeptDocument(ctx context.Context, id job.ID) (bool, error)
	// RestoreDocument makes a document that is kept the job's again, with a new ticket; job_not_found when there is
	// none.
	RestoreDocument(ctx context.Context, t job.Ticket) error
	// Save keeps the ticket of a job without a document (r is nil).
	Save(ctx context.Context, t job.Ticket, r io.Reader, limit int64) (job.Saved, error)
	// DeleteAll removes document and ticket, and a document that is kept.
	DeleteAll(ctx context.Context, id job.ID) error
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
