// Package queuemodel holds what the packages of the queue share: the names of the queues, the keys in Redis (database
// 1), and the types of their reports. It makes no calls.
//
// Four adapters use the same keys and must not import each other: queue runs tasks through asynq, liveness tracks the
// workers, queueadmin serves operators, scaling counts tasks. A second spelling of a key or of a Lua function could
// differ, so both are here.
package queuemodel

import (
	"context"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

// The queues: one for each priority, and one for plans, so that a plan, which may search for seconds, never takes the
// place of a document. Operators and the scaler use the names.
const (
	High   = "courseProcessor-high"
	Normal = "courseProcessor"
	Low    = "courseProcessor-low"
	Plans  = "courseProcessor-plan"
)

// byPriority maps a priority to its queue.
var byPriority = map[job.Priority]string{job.High: High, job.Normal: Normal, job.Low: Low}

// QueueNames returns the names of the queues: those of the priorities, highest first, and that of plans.
func QueueNames() []string { return []string{High, Normal, Low, Plans} }

// QueueOf returns the queue of a kind of job with a priority, "" for an unknown priority. Plans have no priorities.
func QueueOf(k job.Kind, p job.Priority) string {
	if k == job.Plan && byPriority[p] != "" {
		return Plans
	}
	return byPriority[p]
}

// PriorityOf returns the priority of a queue, job.Normal for one without.
func PriorityOf(queue string) job.Priority {
	for priority, name := range byPriority {
		if name == queue {
			return priority
		}
	}
	return job.Normal
}

// Claim is the request of a worker to hold a task of a queue.
type Claim struct {
	Task  job.ID
	Queue string
	// WaitFrom is the number of lost workers from which the task only waits in this worker; 0 means that it runs in any
	// case. A worker that is lost with a waiting task is not counted against it.
	WaitFrom int
	// Cancel is called with job.ErrSuperseded when the worker no longer holds the task.
	Cancel context.CancelCauseFunc
}
