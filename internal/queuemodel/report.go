package queuemodel

import (
	"errors"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

// Worker is a process that runs tasks, as of its last heartbeat.
type Worker struct {
	ID       string // <host>:<pid>:<random>
	Host     string // in a pod its name
	PID      int
	Started  time.Time
	Draining bool // it takes no new tasks
	Running  []Run
}

// Run is a task that a worker runs.
type Run struct {
	Task  job.ID
	Queue string
	Since time.Time
}

// Depth is the number of tasks of a queue in each state.
type Depth struct {
	Queue     string
	Pending   int64 // waiting for a worker
	Active    int64 // with a worker
	Retry     int64 // waiting for the next attempt
	Scheduled int64 // waiting for the scheduled time
	Archived  int64 // failed permanently, kept by asynq
	// OldestPending is the wait of the oldest pending task; 0 when none is pending.
	OldestPending time.Duration
}

// Backlog is the remaining work: every task that a worker still has to run or to finish. A scaler counts this.
func (d Depth) Backlog() int64 { return d.Pending + d.Active + d.Retry + d.Scheduled }

// ErrRunInProgress is the error of a claim while an earlier run of the same task has not ended in this process.
var ErrRunInProgress = errors.New("queue: an earlier run of the task is in progress in this process")
