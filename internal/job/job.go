// Package job defines a job, the build of one timeline: its record, its states, and the legal transitions between
// them.
package job

import (
	"errors"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// Kind is what a job builds its timeline from.
type Kind string

// The kinds of jobs. The spelling is part of the API.
const (
	File         Kind = "file"         // an uploaded document
	Form         Kind = "body"         // a form
	TimelineData Kind = "timelineData" // a saved timeline
	Plan         Kind = "plan"         // a timeline and what its student wishes of a plan
)

// CanaryOwner owns the jobs by which the controller tests the autoscaling. No user sees them.
const CanaryOwner = "canary"

// Priority chooses the queue.
type Priority string

// The priorities, in the order in which workers prefer them.
const (
	High   Priority = "high"
	Normal Priority = ""
	Low    Priority = "low"
)

// The policy of attempts.
const (
	MaxAttempts = 3
	backoffBase = 2 * time.Second  // doubled for each further attempt: 2 s, then 4 s
	backoffMost = 15 * time.Second // of the waits in an outage, which are not counted
	ResultTTL   = 24 * time.Hour   // since the last write
	// AnswerTTL is how long the facts of a document are kept after its job first failed for want of a degree.
	AnswerTTL = time.Hour

	// MaxCrashes is the number of workers that a job may crash. Then it fails without another run.
	MaxCrashes = 3
)

// RetryDelay is the wait before the attempt that follows attempt (counted from 1).
func RetryDelay(attempt int) time.Duration {
	if attempt < 1 {
		attempt = 1
	}
	return backoffBase << (attempt - 1)
}

// OutageDelay is the wait for an unavailable part after n runs that were not counted: 2 s, 4 s, 8 s, then 15 s.
func OutageDelay(n int) time.Duration {
	wait := backoffBase
	for ; n > 0 && wait < backoffMost; n-- {
		wait *= 2
	}
	return min(wait, backoffMost)
}

// Record is the state of a job. It contains ids, states and times, and nothing of the document.
type Record struct {
	ID       ID
	Kind     Kind
	Owner    string // the subject of the token that created it
	Priority Priority
	State    State
	// Attempt counts the attempts begun. A run that was interrupted (by a drain or a crash) or met an outage is not
	// counted: the next run has the same number.
	Attempt int
	// Fence is raised by each run that begins, counted or not; only the holder of the newest value may write.
	Fence int64
	// Base is the Fence with which the record was created. It is above 0 for a restored job, so that no run of its
	// earlier life may write.
	Base int64
	// Version is raised by each change of the record; it is the ETag.
	Version    int64
	Error      *Failure  // set in retrying and failed
	RetryAt    time.Time // set in retrying
	CreatedAt  time.Time
	UpdatedAt  time.Time
	FinishedAt time.Time // set in done and failed
	// AnswerUntil is set in failed when the owner may choose a degree, with which the job runs again from the facts
	// that are kept with it until then.
	AnswerUntil time.Time
	// FromFacts says that the job runs from such facts, without a document.
	FromFacts bool
	// Trace is the W3C traceparent of the job's latest run, or of its submission before the first; "" for a job that is
	// not traced. In the record with which a run begins it is that of the run before.
	Trace string
}

// NeedsDocument reports whether the job cannot run without its document.
func (r Record) NeedsDocument() bool { return r.Kind == File && !r.FromFacts }

// CanBeAnswered reports whether the owner may choose a degree for the failed job at a time.
func (r Record) CanBeAnswered(at time.Time) bool {
	return r.State == Failed && at.Before(r.AnswerUntil)
}

// Failure is the reason of a failed attempt, as the client may see it.
type Failure struct {
	Code    fault.Code    `json:"code"`
	Message string        `json:"message"`
	Fields  []fault.Field `json:"errors,omitempty"`
	Closest []string      `json:"closest,omitempty"`
}

// FailureOf returns err as the client may see it, without internals.
func FailureOf(err error) *Failure {
	f := fault.From(err)
	if f == nil {
		return nil
	}
	return &Failure{Code: f.Code, Message: f.Message(), Fields: f.Fields, Closest: f.Closest}
}

// Task is the message in the queue: ids only, so that the queue holds no personal data.
type Task struct {
	ID       ID       `json:"jobId"`
	Kind     Kind     `json:"kind"`
	Priority Priority `json:"-"`
}

// Delivery is one run of a task as the queue delivers it. Attempt counts from 1, and stays the same until a run is
// counted. Last says that the queue will not deliver the task again after this attempt. Crashes is the number of
// workers that crashed while they ran the task.
type Delivery struct {
	Task
	Attempt int
	Last    bool
	Crashes int
}

// Stored is a result in the form in which it is stored and served: JSON, gzip-compressed.
type Stored struct {
	Full []byte // gzip of the whole TimelineResult
	Slim []byte // gzip of its slim view
	// Reading is the gzip of what was read of the document; nil without a document, and for a parser that does not
	// report the places of rows.
	Reading []byte
}

// MaxFacts is the largest size of encrypted facts, in bytes, with which a ticket stays below MaxTicket.
const MaxFacts = 512 << 10

// KeptFacts is what is kept with a failed job so that its owner can answer it.
type KeptFacts struct {
	Sealed  []byte // the facts, encrypted
	Until   time.Time
	Reading []byte // as in Stored
}

// Postponement is the error of a run that met an outage, or could not start. The queue delivers the task again after
// After, and the run does not count as an attempt. Cause is the reason, with its code.
type Postponement struct {
	After time.Duration
	Cause error
}

func (p *Postponement) Error() string {
	if p.Cause == nil {
		return "postponed by " + p.After.String()
	}
	return "postponed by " + p.After.String() + ": " + p.Cause.Error()
}

// Unwrap returns the cause.
func (p *Postponement) Unwrap() error { return p.Cause }

// ErrSuperseded says that a newer attempt, or a deletion, owns the record: the holder stops and writes nothing more.
var ErrSuperseded = errors.New("job: superseded by a newer attempt")

// ErrInterrupted says that an attempt ended because its process is stopping. It does not count as an attempt.
var ErrInterrupted = errors.New("job: interrupted")
