package job

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Ticket restores a job when Redis has lost everything. It is stored next to the job's document from before the job
// is accepted until it has ended, and contains nothing of the document. A job without a document has its input here.
type Ticket struct {
	ID        ID        `json:"jobId"`
	Kind      Kind      `json:"kind"`
	Owner     string    `json:"owner"`
	Priority  Priority  `json:"priority,omitempty"`
	CreatedAt time.Time `json:"createdAt"`
	// Input is a form, or the input of a plan, as JSON; for a document or a saved timeline an encoded Input.
	Input []byte `json:"input,omitempty"`
	// Facts are the encrypted facts from which the job runs without a document, if it does.
	Facts []byte `json:"facts,omitempty"`
	// Claim is the digest of the idempotency key that the job was submitted with, if any.
	Claim string `json:"claim,omitempty"`
}

// MaxTicket is the largest size of an encoded ticket, in bytes: a form of 64 KiB, each of its characters escaped, in
// base64.
const MaxTicket = 1 << 20

// ErrTicket says that a stored ticket is invalid: it is damaged, or belongs to another job.
var ErrTicket = errors.New("job: not a ticket")

// Encode returns the ticket in its stored form: JSON.
func (t Ticket) Encode() ([]byte, error) {
	b, err := json.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("job: ticket: %w", err)
	}
	return b, nil
}

// DecodeTicket reads the ticket of a job. It ignores unknown fields, which a newer version may write; anything else
// that Encode would not write is ErrTicket.
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
	case len(t.Facts) > MaxFacts, len(t.Facts) > 0 && t.Kind != File:
		return Ticket{}, fmt.Errorf("%w: with facts that are none", ErrTicket)
	case (t.Kind == Form || t.Kind == Plan) && withInput:
		return t, nil
	case t.Kind == File || t.Kind == TimelineData:
		if _, err := DecodeInput(t.Kind, t.Input); err == nil {
			return t, nil
		}
	}
	return Ticket{}, fmt.Errorf("%w: of an unknown kind, or without its input", ErrTicket)
}

// NeedsDocument reports whether the job of the ticket cannot run without its document.
func (t Ticket) NeedsDocument() bool { return t.Kind == File && len(t.Facts) == 0 }

// Saved describes a stored document.
type Saved struct {
	Size   int64    // in bytes
	SHA256 [32]byte // of the whole document
}
