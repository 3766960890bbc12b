package job

import (
	"time"

	"github.com/trackmydegree/trackmydegree/internal/fault"
)

const (
	// DeadTTL is how long a job that failed permanently is kept for operators: longer than its record.
	DeadTTL = 7 * 24 * time.Hour
	// MaxHistory is the number of incidents that a job keeps, the latest ones.
	MaxHistory = 20
)

// Incident is one run of a job that ended without a result. It contains only the code: the cause is in the logs.
type Incident struct {
	Attempt int        `json:"attempt"`
	At      time.Time  `json:"at"`
	Code    fault.Code `json:"code"`
	Worker  string     `json:"worker,omitempty"` // the host that ran it; in a pod the pod's name
}

// Dead is a job that failed permanently, with what a retry needs.
type Dead struct {
	Record         // as it was when it failed
	Input   []byte // a form, or an encoded Input; a document is stored elsewhere
	History []Incident
}
