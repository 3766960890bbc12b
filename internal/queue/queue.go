// Package queue runs tasks through asynq: the Client enqueues them, the Server delivers them to a Handler.
//
// A task may be delivered more than once, even to two workers at the same time: handlers must be idempotent, and
// fence their writes. The Server runs a task only while its Liveness holds it, and the guard keeps asynq from
// recording the outcome of a task that another worker holds.
package queue

import (
	"context"

	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
)

// taskType names the format of a task's payload, the JSON of job.Task. Another format gets another type, so that old
// and new workers each take the tasks that they can decode.
const taskType = "timeline:v1"

// Handler runs one attempt of a job. outcomeOf derives the outcome from its error.
type Handler interface {
	Process(ctx context.Context, d job.Delivery) error
}

// Liveness is this process among the workers; liveness.Member implements it.
type Liveness interface {
	// WorkerID returns the id under which this worker holds tasks.
	WorkerID() string
	// ClaimTask makes this worker the holder of a task. It returns the number of workers lost with the task, and a
	// function for when the handler has returned, which reports whether the task is still held. It returns
	// queuemodel.ErrRunInProgress while an earlier run continues in this process.
	ClaimTask(ctx context.Context, c queuemodel.Claim) (end func() (held bool), crashes int, err error)
	// FindRun returns a function that removes the current run of a task, whose outcome is recorded or belongs to
	// another worker.
	FindRun(task job.ID) (remove func())
	// StartDraining shows to the others that this worker takes no new tasks.
	StartDraining()
	// Run keeps this worker alive to the others until ctx ends, and then deregisters it.
	Run(ctx context.Context)
}

// weights are the shares of the queues of priorities while all of them hold tasks: 60, 30 and 10 %. asynq treats them
// as chances, not as an order, so that no queue starves.
func weights() map[string]int {
	return map[string]int{queuemodel.High: 6, queuemodel.Normal: 3, queuemodel.Low: 1}
}

// plansAtATime is the number of plans that a worker makes at a time, in addition to the jobs of the other queues.
const plansAtATime = 1
