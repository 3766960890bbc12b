package admin

import (
	"context"
	"io"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

// Queue gives operators access to the queues. Its errors are queue_unavailable.
type Queue interface {
	// QueueNames returns the names of the queues, highest priority first.
	QueueNames() []string
	// QueueOf returns the queue of a priority.
	QueueOf(k job.Kind, p job.Priority) string
	// ListTasks returns the tasks of a queue in one state: Pending, Active, Retry or Scheduled.
	ListTasks(ctx context.Context, queue string, state State) ([]Task, error)
	// FindTask returns the task of a job; false when no queue will run one.
	FindTask(ctx context.Context, id job.ID) (Task, bool, error)
	// RunNow makes a waiting task pending; false when the task no longer waits.
	RunNow(ctx context.Context, t Task) (bool, error)
	// PauseQueues stops workers from taking tasks of the queues; ResumeQueues undoes that. Repeating either is no
	// error.
	PauseQueues(ctx context.Context, queues []string) error
	ResumeQueues(ctx context.Context, queues []string) error
	// CurrentLoad returns the figures of the queues and the workers.
	CurrentLoad(ctx context.Context) (Load, error)
}

// Tasks enqueues and deletes the tasks of jobs. Its errors are queue_unavailable.
type Tasks interface {
	// DeleteTask deletes the task of a job from the queues. A running task stays until its worker finds that the job
	// is deleted. An absent task is no error.
	DeleteTask(ctx context.Context, id job.ID) error
	// RequeueArchived enqueues a task, and deletes an archived task of the same id.
	RequeueArchived(ctx context.Context, t job.Task) error
}

// Intake pauses the intake of new work. Its errors are queue_unavailable.
type Intake interface {
	// PauseIntake stops the intake of new work, ResumeIntake starts it again. Repeating either changes nothing.
	PauseIntake(ctx context.Context) error
	ResumeIntake(ctx context.Context) error
}

// Jobs reads the records of jobs and the dead jobs.
type Jobs interface {
	// LoadRecords returns the records of the ids that have one.
	LoadRecords(ctx context.Context, ids []job.ID) (map[job.ID]job.Record, error)
	// LoadHistory returns the incidents of a job that has a record, oldest first.
	LoadHistory(ctx context.Context, id job.ID) ([]job.Incident, error)
	// LoadLife returns the events of a job's life in their order; none when none are stored.
	LoadLife(ctx context.Context, id job.ID) ([]job.LifeEvent, error)
	// ListDead returns the ids of the dead jobs, CountDead their number.
	ListDead(ctx context.Context) ([]job.ID, error)
	CountDead(ctx context.Context) (int, error)
	// LoadDeadRecords returns the records of the ids that are dead jobs.
	LoadDeadRecords(ctx context.Context, ids []job.ID) (map[job.ID]job.Record, error)
	// LoadDead returns a dead job; job_not_found.
	LoadDead(ctx context.Context, id job.ID) (job.Dead, error)
	// RetryDead restores the record of a dead job, queued and without an attempt, and returns it. The job is no
	// longer dead. It returns conflict when the dead job has changed since it was read, or has an open record.
	RetryDead(ctx context.Context, d job.Dead) (job.Record, error)
	// DeleteJob removes a job: its record, its result and its entry among the dead jobs.
	DeleteJob(ctx context.Context, id job.ID) error
}

// Uploads stores the documents and tickets of jobs.
type Uploads interface {
	// HasKeptDocument reports whether the document of a failed job is kept.
	HasKeptDocument(ctx context.Context, id job.ID) (bool, error)
	// RestoreDocument makes a kept document the job's document again, with a new ticket; job_not_found when there is
	// none.
	RestoreDocument(ctx context.Context, t job.Ticket) error
	// Save stores the ticket of a job without a document (r is nil).
	Save(ctx context.Context, t job.Ticket, r io.Reader, limit int64) (job.Saved, error)
	// DeleteAll removes the document, the ticket and a kept document.
	DeleteAll(ctx context.Context, id job.ID) error
}

// Task is a task in a queue.
type Task struct {
	ID    job.ID
	Queue string
	State State
	Due   time.Time // of Retry and Scheduled: the time at which it becomes pending
}

// Load is the contents of the queues and the workers.
type Load struct {
	Queues   []QueueLoad `json:"queues"`
	Workers  []Worker    `json:"workers"`
	Draining time.Time   `json:"drainingSince,omitzero"` // when the intake was paused; zero when it is open
}

// QueueLoad is the contents of one queue.
type QueueLoad struct {
	Name      string `json:"name"`
	Paused    bool   `json:"paused"`
	Pending   int64  `json:"pending"`
	Active    int64  `json:"active"`
	Retry     int64  `json:"retry"`
	Scheduled int64  `json:"scheduled"`
	// Oldest is the wait of the oldest pending task, in seconds.
	Oldest float64 `json:"oldestPendingSeconds"`
	// Processed counts the attempts that have ended since the queue exists, Failed those of them with a fault.
	Processed int64 `json:"processed"`
	Failed    int64 `json:"failed"`
}

// RemainingTasks is the number of tasks that the queue will still run.
func (q QueueLoad) RemainingTasks() int64 { return q.Pending + q.Active + q.Retry + q.Scheduled }

// Worker is a process that runs tasks.
type Worker struct {
	Host     string    `json:"host"`
	PID      int       `json:"pid"`
	Started  time.Time `json:"started"`
	Draining bool      `json:"draining"` // it takes no further tasks
	Running  []job.ID  `json:"running"`
}
