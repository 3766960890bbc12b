// Package queue delivers tasks to workers through asynq: the Client enqueues, the Server runs a Handler. Tasks are at the
// keys asynq:{<queue>}:… of Redis, database 1, and what the workers tell each other at queue:….
//
// Workers beat every second and say what they run; any of them puts back what nobody runs (beat.go, reap.go). Through a
// guard asynq settles only the tasks that its own worker holds (guard.go). A task may still be delivered more than once,
// and for a moment to two workers at a time: handlers must be safe to run twice, and fence what they write.
package queue

import "github.com/trackmydegree/trackmydegree/internal/job"

// The queues. Operators and the scaler know the names.
const (
	High   = "courseProcessor-high"
	Normal = "courseProcessor"
	Low    = "courseProcessor-low"
)

// queues says which queue a priority means.
var queues = map[job.Priority]string{job.High: High, job.Normal: Normal, job.Low: Low}

// Names returns the names of the queues, the preferred first.
func Names() []string { return []string{High, Normal, Low} }

// weights are the shares of the queues when all of them hold tasks: 60, 30 and 10 %. They are chances, not an order, so
// that no queue starves.
func weights() map[string]int { return map[string]int{High: 6, Normal: 3, Low: 1} }
