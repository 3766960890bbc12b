package commands

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/tmaxmax/go-sse"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/problem"
)

// How the client bears with a server that is busy or away for a moment.
const (
	requestTries  = 4
	firstPause    = 250 * time.Millisecond
	longestPause  = 5 * time.Second
	awayFor       = 30 * time.Second // after so long without an answer the server counts as unreachable
	requestLimit  = 2 * time.Minute  // one upload on a slow line
	largestAnswer = 16 << 20
)

// errUnreachable says that no server answers at the address.
var errUnreachable = errors.New("no answer")

// client speaks the HTTP API as one caller.
type client struct {
	base  string // without a slash at its end
	token string
	http  *http.Client
}

// status is what the API tells of a job.
type status struct {
	JobID   job.ID          `json:"jobId"`
	Status  job.State       `json:"status"`
	Attempt int             `json:"attempt"`
	Error   *job.Failure    `json:"error"`
	Data    json.RawMessage `json:"data"`
}

// upload sends a document and returns its job. sent is told of each piece that went out; a repeat counts from the start.
// The file's name stays here: it often is the student's.
func (c *client) upload(ctx context.Context, pdf []byte, sent func(total int)) (job.ID, error) {
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("file", "document.pdf")
	if err != nil {
		return "", err
	}
	_, _ = part.Write(pdf) // into memory
	_ = w.Close()
	key := uuid.NewString() // a repeat after a lost answer finds the job of the first try

	var accepted status
	err = c.try(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, requestLimit)
		defer cancel()
		req, err := c.request(ctx, http.MethodPost, "/api/timeline/upload", &counter{r: bytes.NewReader(form.Bytes()), sent: sent})
		if err != nil {
			return err
		}
		req.ContentLength = int64(form.Len())
		req.Header.Set("Content-Type", w.FormDataContentType())
		req.Header.Set("Idempotency-Key", key)
		return c.do(req, &accepted)
	})
	return accepted.JobID, err
}

// counter tells how much of a body was read.
type counter struct {
	r    io.Reader
	n    int
	sent func(total int)
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += n
	c.sent(c.n)
	return n, err
}

// wait follows a job to its end and returns its last status. It reads the job's events, connects again when the stream
// breaks, and asks for the status in between, which is enough on its own where a proxy swallows streams.
func (c *client) wait(ctx context.Context, id job.ID, changed func(status)) (status, error) {
	pause, lastAnswer := firstPause, time.Now()
	for {
		last, err := c.follow(ctx, id, changed)
		if err != nil || !last.Status.Final() {
			last, err = c.status(ctx, id, false)
		}
		switch {
		case err == nil && last.Status.Final():
			return last, nil
		case err == nil:
			changed(last)
			pause, lastAnswer = firstPause, time.Now()
		case !passing(err):
			return last, err
		case time.Since(lastAnswer) > awayFor:
			return last, err
		}
		if err := sleep(ctx, pause); err != nil {
			return last, err
		}
		pause = min(2*pause, longestPause)
	}
}

// follow reads events until the job has ended or the stream breaks.
func (c *client) follow(ctx context.Context, id job.ID, changed func(status)) (status, error) {
	var last status
	req, err := c.request(ctx, http.MethodGet, "/api/timeline/status/"+string(id)+"/events", nil)
	if err != nil {
		return last, err
	}
	req.Header.Set("Accept", "text/event-stream")
	resp, err := c.http.Do(req)
	if err != nil {
		return last, unreachable(ctx, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return last, refusal(resp)
	}
	for event, err := range sse.Read(resp.Body, nil) {
		if err != nil {
			return last, unreachable(ctx, err)
		}
		var next status
		if json.Unmarshal([]byte(event.Data), &next) != nil || next.Status == "" {
			continue
		}
		last = next
		changed(last)
		if last.Status.Final() {
			return last, nil
		}
	}
	return last, ctx.Err()
}

// status asks for a job's state, with its result or without.
func (c *client) status(ctx context.Context, id job.ID, result bool) (status, error) {
	var s status
	err := c.try(ctx, func(ctx context.Context) error {
		req, err := c.request(ctx, http.MethodGet, "/api/timeline/status/"+string(id)+"?result="+strconv.FormatBool(result), nil)
		if err != nil {
			return err
		}
		return c.do(req, &s)
	})
	return s, err
}

func (c *client) request(ctx context.Context, method, path string, body io.Reader) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, err
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	return req, nil
}

func (c *client) do(req *http.Request, into any) error {
	resp, err := c.http.Do(req)
	if err != nil {
		return unreachable(req.Context(), err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		return refusal(resp)
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, largestAnswer)).Decode(into); err != nil {
		return unreachable(req.Context(), fmt.Errorf("an answer that is no JSON: %w", err))
	}
	return nil
}

// busy is a refusal that names a time to come back.
type busy struct {
	error
	after time.Duration
}

func (b busy) Unwrap() error { return b.error }

// refusal turns an answer other than success into an error: the API's own fault, or the status of what stands in front.
func refusal(resp *http.Response) error {
	f, err := problem.Read(resp.Body)
	if err != nil {
		f = fault.Detailed(codeOf(resp.StatusCode), "The server answered "+resp.Status+".")
	}
	seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
	if resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable || resp.StatusCode == http.StatusBadGateway {
		return busy{f, time.Duration(seconds) * time.Second}
	}
	return f
}

func codeOf(status int) fault.Code {
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

// unreachable marks a failure of the way to the server, not of the server. The end of ctx stays what it is.
func unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("%w: %w", errUnreachable, err)
}

// passing reports whether another try may succeed.
func passing(err error) bool {
	var b busy
	return errors.Is(err, errUnreachable) || errors.As(err, &b)
}

// try repeats a request that failed for a reason that passes.
func (c *client) try(ctx context.Context, request func(context.Context) error) error {
	pause := firstPause
	for attempt := 1; ; attempt++ {
		err := request(ctx)
		if err == nil || !passing(err) || attempt == requestTries {
			return err
		}
		var b busy
		if errors.As(err, &b) && b.after > 0 {
			pause = min(b.after, time.Minute)
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
		pause = min(2*pause, longestPause)
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
