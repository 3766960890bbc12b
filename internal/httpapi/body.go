package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// The most bytes of each kind of body. A document's limit is document.MaxBytes.
const (
	maxForm  = 64 << 10
	maxPatch = 1 << 20
)

// Deadlines of bodies and answers. They are set here, for each request, since what is right for an upload is wrong for
// an event stream. Connections live on the real clock, whatever the API's is.
const (
	// headerTimeout is how long the headers of a request may take.
	headerTimeout = budget.ClientHeaders
	// stallTimeout is how long a body may stand still.
	stallTimeout = budget.BodyStall
	// writeTimeout is how long a client may take to read an answer, or one event.
	writeTimeout = budget.ClientWrite
	// stretch is how much of a deadline must have passed before it is set again: setting it for each read would cost
	// more than the reads.
	stretch = time.Second
	// answerTimeout is how long an answer may take from when the request is there, whatever it needs: a part that is away
	// is told of within two seconds. The stores' own limits are a little shorter, so that they say which part it was.
	answerTimeout = budget.Answer
)

// bounded is r with a context that lasts for answerTimeout. What reads a body calls it afterwards: how long that takes
// is the client's affair.
func bounded(r *http.Request) (*http.Request, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(r.Context(), answerTimeout)
	return r.WithContext(ctx), cancel
}

// pacedBody reads a body as long as it makes progress: it fails when no byte comes for stallTimeout, and at the end of
// the time that the whole may take. It also holds a budget of bytes, which its owner may raise. Its errors are faults
// of the request, with the cause inside.
type pacedBody struct {
	body       io.Reader
	conn       *http.ResponseController
	end        time.Time // for the whole body
	deadlineAt time.Time // when the deadline was set last
	budget     int64     // bytes that may still be read
	tooLarge   *fault.Error
	ended      bool // read to its end
}

// paced returns r's body with deadlines. Its reader must call done.
func (a *API) paced(w http.ResponseWriter, r *http.Request, budget int64, tooLarge *fault.Error) *pacedBody {
	return &pacedBody{
		body: r.Body, conn: http.NewResponseController(w), end: time.Now().Add(a.uploadTimeout), budget: budget, tooLarge: tooLarge,
	}
}

func (b *pacedBody) Read(p []byte) (int, error) {
	if b.budget <= 0 {
		return 0, b.tooLarge
	}
	if int64(len(p)) > b.budget {
		p = p[:b.budget]
	}
	now := time.Now()
	if now.Sub(b.deadlineAt) >= stretch {
		b.deadlineAt = now
		// A connection without deadlines, as of a test's recorder, is read without.
		_ = b.conn.SetReadDeadline(earlier(now.Add(stallTimeout), b.end))
	}
	n, err := b.body.Read(p)
	b.budget -= int64(n)
	switch {
	case err == nil, errors.Is(err, io.EOF):
		b.ended = err != nil
		return n, err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return n, &fault.Error{Code: fault.BadRequest, Detail: "The body arrived too slowly. Send it again over a better connection.", Cause: err}
	default:
		return n, &fault.Error{Code: fault.BadRequest, Detail: "The body ended early. Send it again.", Cause: err}
	}
}

// done takes the deadline off: net/http goes on reading to learn whether the client is still there, and would take a
// deadline that passes for its end. On what is left of a body it stays: net/http reads some of that before it answers,
// and would wait for ever.
func (b *pacedBody) done() {
	if b.ended {
		_ = b.conn.SetReadDeadline(time.Time{})
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// jsonBody returns the body of a JSON request of at most limit bytes.
func (a *API) jsonBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if err := wantJSON(r); err != nil {
		return nil, err
	}
	tooLarge := fault.Detailed(fault.TooLarge, fmt.Sprintf("The body is larger than %d KiB. Send less of it.", limit>>10))
	if r.ContentLength > limit {
		return nil, tooLarge
	}
	body := a.paced(w, r, limit+1, tooLarge)
	defer body.done()
	b, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, tooLarge
	}
	return b, nil
}

func wantJSON(r *http.Request) error {
	if r.Header.Get("Content-Type") != "" {
		media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err == nil && media == "application/json" {
			return nil
		}
	}
	return fault.Detailed(fault.UnsupportedKind, "Send the body as JSON, with Content-Type: application/json.")
}
