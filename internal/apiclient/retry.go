package apiclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/problem"
)

// The pauses between the tries of an operation.
const (
	firstPause        = 250 * time.Millisecond
	longestPause      = 5 * time.Second
	longestRetryAfter = time.Minute
)

// ErrUnreachable reports that no server answers at the address.
var ErrUnreachable = errors.New("no answer")

// busyError is a refusal that may be retried, after the time that the server names.
type busyError struct {
	error
	retryAfter time.Duration // 0: the server names none
}

// Unwrap returns the refusal.
func (b busyError) Unwrap() error { return b.error }

// readRefusal turns a response other than success into an error: the API's own fault, or the status of the server in
// front of it.
func readRefusal(status int, header http.Header, body io.Reader) error {
	f, err := problem.ReadFault(body)
	if err != nil {
		f = fault.WithDetail(codeOfStatus(status), fmt.Sprintf("The server answered %d %s.", status, http.StatusText(status)))
	}
	switch status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusBadGateway:
		seconds, _ := strconv.Atoi(header.Get("Retry-After"))
		return busyError{f, time.Duration(seconds) * time.Second}
	}
	return f
}

func codeOfStatus(status int) fault.Code {
	switch status {
	case http.StatusUnauthorized:
		return fault.Unauthorized
	case http.StatusForbidden:
		return fault.Forbidden
	case http.StatusRequestEntityTooLarge:
		return fault.TooLarge
	case http.StatusNotFound:
		return fault.NotFound
	case http.StatusTooManyRequests:
		return fault.TooManyRequests
	}
	return fault.Internal
}

// toConnectionError marks a failure of the connection. If ctx has ended, it returns the cause of that instead.
func toConnectionError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("%w: %w", ErrUnreachable, err)
}

// isTransient reports whether another try may succeed.
func isTransient(err error) bool {
	var busy busyError
	return errors.Is(err, ErrUnreachable) || errors.As(err, &busy)
}

// retryOperation repeats an operation while it fails for a transient reason.
func (c *Client) retryOperation(ctx context.Context, operation func(context.Context) error) error {
	pause := firstPause
	for attempt := 1; ; attempt++ {
		err := operation(ctx)
		if err == nil || !isTransient(err) || attempt >= c.maxTries {
			return err
		}
		var busy busyError
		if errors.As(err, &busy) && busy.retryAfter > 0 {
			pause = min(busy.retryAfter, longestRetryAfter)
		}
		if err := sleepContext(ctx, pause); err != nil {
			return err
		}
		pause = min(2*pause, longestPause)
	}
}

func sleepContext(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func decodeJSON(r io.Reader, into any) error {
	return json.NewDecoder(io.LimitReader(r, maxResponseBytes)).Decode(into)
}
