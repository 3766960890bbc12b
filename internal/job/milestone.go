package job

import (
	"time"

	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// Milestone is what happened to a job at a moment of its life. The values are part of the API of operators.
type Milestone string

// The milestones.
const (
	MilestoneAccepted    Milestone = "accepted"    // the record is stored
	MilestoneRestored    Milestone = "restored"    // repair stored the record again, from the ticket
	MilestoneQueued      Milestone = "queued"      // the task is in its queue
	MilestoneClaimed     Milestone = "claimed"     // a worker holds the task
	MilestoneStarted     Milestone = "started"     // an attempt began
	MilestoneRetrying    Milestone = "retrying"    // the attempt ended with a fault, and another one follows
	MilestonePostponed   Milestone = "postponed"   // a dependency is unavailable; the attempt does not count
	MilestoneInterrupted Milestone = "interrupted" // the worker stops; the attempt does not count
	MilestoneRecovered   Milestone = "recovered"   // the task of a lost worker is in its queue again
	MilestoneDone        Milestone = "done"        // the result is stored
	MilestoneFailed      Milestone = "failed"      // the job failed permanently
	MilestoneRetried     Milestone = "retried"     // an operator starts the failed job again
	MilestoneAnswered    Milestone = "answered"    // the owner chose a degree for the failed job
	// MilestoneDocumentDeleted says that the document of the job is no longer stored.
	MilestoneDocumentDeleted Milestone = "document_deleted"
	// MilestoneOmitted stands for events in the middle of a long life, which are not kept.
	MilestoneOmitted Milestone = "omitted"
)

// MaxLifeEvents is the number of events that a job keeps: the first of its life and the latest ones.
const MaxLifeEvents = 64

// LifeEvent is one event of a job's life. It contains ids of machines, codes and times, and nothing of the owner or the
// document.
type LifeEvent struct {
	At      time.Time  `json:"at"`
	What    Milestone  `json:"event"`
	Attempt int        `json:"attempt,omitempty"`
	Worker  string     `json:"worker,omitempty"` // the host of the worker; of recovered: the one that was lost
	Code    fault.Code `json:"code,omitempty"`   // of the fault
	Omitted int        `json:"omitted,omitempty"`
}
