package job

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Ticket is what brings a job back when Redis has lost everything. It lies beside the job's document, from before the
// job is accepted until it has ended, and holds nothing of the document. A job without a document has its input here.
type Ticket struct {
	ID        ID        `json:"jobId"`
	Kind      Kind      `json:"kind"`
	Owner     string    `json:"owner"`
	Priority  Priority  `json:"priority,omitempty"`
	CreatedAt time.Time `json:"createdAt"`
	// Input is a form as JSON, or the id of a saved timeline; nothing for a file.
	Input []byte `json:"input,omitempty"`
	// Claim is the digest of the idempotency key that the job was submitted with, if any.
	Claim string `json:"claim,omitempty"`
}

// MaxTicket bounds an encoded ticket, in bytes: a form of 64 KiB, each of its characters escaped, in base64.
const MaxTicket = 1 << 20

// ErrTicket says that what lies where a ticket should is none: it is damaged, or somebody else's.
var ErrTicket = errors.New("job: not a ticket")

// Encode returns the ticket as it is kept: JSON.
func (t Ticket) Encode() ([]byte, error) {
	b, err := json.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("job: ticket: %w", err)
	}
	return b, nil
}

// DecodeTicket reads the ticket of a job. Fields that it does not know are a newer version's and are left out; anything
// else that Encode would not write is ErrTicket.
func DecodeTicket(id ID, b []byte) (Ticket, error) {
	var t Ticket
	if len(b) > MaxTicket {
		return Ticket{}, fmt.Errorf("%w: %d bytes", ErrTicket, len(b))
	}
	if err := json.Unmarshal(b, &t); err != nil {
		// The text of a JSON error may quote what it read.
		return Ticket{}, fmt.Errorf("%w: no JSON of this form", ErrTicket)
	}
	withInput := len(t.Input) > 0
	switch {
	case t.ID != id:
		return Ticket{}, fmt.Errorf("%w: of another job", ErrTicket)
	case t.Owner == "":
		return Ticket{}, fmt.Errorf("%w: without an owner", ErrTicket)
	case t.CreatedAt.UnixMilli() <= 0:
		return Ticket{}, fmt.Errorf("%w: without a time", ErrTicket)
	case t.Priority != High && t.Priority != Normal && t.Priority != Low:
		return Ticket{}, fmt.Errorf("%w: of an unknown priority", ErrTicket)
	case t.Kind == File && !withInput, (t.Kind == Form || t.Kind == TimelineData) && withInput:
		return t, nil
	}
	return Ticket{}, fmt.Errorf("%w: of an unknown kind, or without its input", ErrTicket)
}

// Saved is what was kept of a document.
type Saved struct {
	Size   int64    // in bytes
	SHA256 [32]byte // of all of them
}

// StoredFiles is what lies in the store of uploads for one job: its document, its ticket or both; or, as an entry of
// its own, a document that is kept after the job has failed. Whether it is left over is for the job's record to say.
type StoredFiles struct {
	ID       ID // "" for what no job is the name of
	Document bool
	Ticket   bool
	Kept     bool
	Size     int64     // of the document, in bytes
	Modified time.Time // when the younger of the two was written last
	// Temporary is the name of what was being written when the store was looked at: when it is old, its writer is gone.
	Temporary string
}

// Merge is what lies there for a job of which l is one part and other the other.
func (l StoredFiles) Merge(other StoredFiles) StoredFiles {
	l.Document, l.Ticket, l.Size = l.Document || other.Document, l.Ticket || other.Ticket, l.Size+other.Size
	if other.Modified.After(l.Modified) {
		l.Modified = other.Modified
	}
	return l
}
