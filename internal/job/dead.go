package job

import (
	"time"

	"github.com/trackmydegree/trackmydegree/internal/fault"
)

const (
	// DeadTTL is how long a job that failed for good is kept for operators: longer than its record.
	DeadTTL = 7 * 24 * time.Hour
	// MaxHistory is how many incidents a job remembers, the latest of them.
	MaxHistory = 20
)

// Incident is one run of a job that ended without a result. It holds the code alone: what caused it is in the logs.
type Incident struct {
	Attempt int        `json:"attempt"`
	At      time.Time  `json:"at"`
	Code    fault.Code `json:"code"`
	Worker  string     `json:"worker,omitempty"` // the host that ran it; in a pod the pod's name
}

// Dead is a job that failed for good, with what it takes to run it again.
type Dead struct {
	Record         // as it was when it failed
	Input   []byte // a form, or the id of a saved timeline; nil for a document, which is kept elsewhere if at all
	History []Incident
}
