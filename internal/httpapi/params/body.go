package params

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpserver"
)

// LimitBody returns the body of r, at most maxBytes long and read within total. It ends with bad_request when no byte
// arrives for budget.BodyStall, and with tooLarge's fault beyond maxBytes.
func LimitBody(
	w http.ResponseWriter, r *http.Request, total time.Duration, maxBytes int64, tooLarge func() *fault.Error,
) *httpserver.Body {
	return httpserver.LimitBody(w, r, httpserver.BodyLimits{
		Bytes: maxBytes, Total: total, Stall: budget.BodyStall,
		ToFault: func(err error) error {
			switch {
			case errors.Is(err, httpserver.ErrBodyTooLarge):
				return tooLarge()
			case errors.Is(err, os.ErrDeadlineExceeded):
				return &fault.Error{Code: fault.BadRequest, Detail: "The body arrived too slowly. Send it again over a better connection.", Cause: err}
			default:
				return &fault.Error{Code: fault.BadRequest, Detail: "The body ended early. Send it again.", Cause: err}
			}
		},
	})
}

// ReadJSON returns the body of a JSON request, at most maxBytes long and read within total.
func ReadJSON(w http.ResponseWriter, r *http.Request, total time.Duration, maxBytes int64) ([]byte, error) {
	if err := requireJSON(r); err != nil {
		return nil, err
	}
	tooLarge := func() *fault.Error {
		return fault.WithDetail(fault.TooLarge, fmt.Sprintf("The body is larger than %d KiB. Send less of it.", maxBytes>>10))
	}
	if r.ContentLength > maxBytes {
		return nil, tooLarge()
	}
	body := LimitBody(w, r, total, maxBytes, tooLarge)
	defer body.ClearDeadline()
	return io.ReadAll(body)
}

func requireJSON(r *http.Request) error {
	if r.Header.Get("Content-Type") != "" {
		media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err == nil && media == "application/json" {
			return nil
		}
	}
	return fault.WithDetail(fault.UnsupportedKind, "Send the body as JSON, with Content-Type: application/json.")
}
