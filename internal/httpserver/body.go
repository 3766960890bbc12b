package httpserver

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// ErrBodyTooLarge is the error of a body that exceeds its limit of bytes.
var ErrBodyTooLarge = errors.New("body too large")

// deadlineStep is how much of a deadline must have passed before it is set again. Setting it at each read would cost
// more than the reads.
const deadlineStep = time.Second

// BodyLimits bound one body.
type BodyLimits struct {
	Bytes int64         // of the whole body
	Total time.Duration // from LimitBody to the last byte
	// Stall is the longest pause between two reads that return data; 0 leaves only Total.
	Stall time.Duration
	// ToFault translates an error of a read, other than io.EOF: ErrBodyTooLarge, os.ErrDeadlineExceeded for a body that
	// is too slow, or the connection's own error. nil returns errors as they are.
	ToFault func(error) error
}

// Body reads the body of a request within limits. Deadlines use the real clock, as connections do.
type Body struct {
	body   io.ReadCloser
	conn   *http.ResponseController
	limits BodyLimits

	end        time.Time // for the whole body
	deadlineAt time.Time // when the deadline was set last
	remaining  int64     // bytes that may still be read
	ended      bool      // read to its end
	exceeded   bool
}

// LimitBody returns the body of r within limits and sets the first deadline. The reader calls ClearDeadline when it is
// done. A connection without deadlines, such as a recorder of a test, has the limit of bytes alone.
func LimitBody(w http.ResponseWriter, r *http.Request, limits BodyLimits) *Body {
	now := time.Now()
	b := &Body{
		body: r.Body, conn: http.NewResponseController(w), limits: limits, end: now.Add(limits.Total), remaining: limits.Bytes,
	}
	b.setDeadline(now)
	return b
}

// ExtendLimit allows n more bytes.
func (b *Body) ExtendLimit(n int64) { b.remaining += n }

// Read implements io.Reader.
func (b *Body) Read(p []byte) (int, error) {
	if b.exceeded {
		return 0, b.toFault(ErrBodyTooLarge)
	}
	if int64(len(p)) > b.remaining+1 { // the byte beyond the limit shows that the body exceeds it
		p = p[:b.remaining+1]
	}
	if now := time.Now(); now.Sub(b.deadlineAt) >= deadlineStep {
		b.setDeadline(now)
	}
	n, err := b.body.Read(p)
	if int64(n) > b.remaining {
		n, b.remaining, b.exceeded = int(b.remaining), 0, true
		return n, b.toFault(ErrBodyTooLarge)
	}
	b.remaining -= int64(n)
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, io.EOF):
		b.ended = true
		return n, err
	default:
		return n, b.toFault(err)
	}
}

// Close closes the body of the request.
func (b *Body) Close() error { return b.body.Close() }

// ClearDeadline removes the deadline of a body that was read to its end: net/http keeps reading to notice a client that
// leaves, and would take a deadline that passes for one. The deadline of a body that was not read to its end stays,
// since net/http reads some of the rest before it answers and would otherwise wait without limit.
func (b *Body) ClearDeadline() {
	if b.ended {
		_ = b.conn.SetReadDeadline(time.Time{}) // a connection without deadlines has none to clear
	}
}

func (b *Body) setDeadline(now time.Time) {
	b.deadlineAt = now
	deadline := b.end
	if stalled := now.Add(b.limits.Stall); b.limits.Stall > 0 && stalled.Before(deadline) {
		deadline = stalled
	}
	_ = b.conn.SetReadDeadline(deadline) // not supported by a recorder; a broken connection fails the next read
}

func (b *Body) toFault(err error) error {
	if b.limits.ToFault == nil {
		return err
	}
	return b.limits.ToFault(err)
}
