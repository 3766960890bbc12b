package apiclient

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/tmaxmax/go-sse"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

const (
	// uploadTimeout bounds one upload over a slow connection.
	uploadTimeout = 2 * time.Minute
	// unreachableAfter is how long WaitForJob tolerates a server that does not answer.
	unreachableAfter = 30 * time.Second
)

// The paths of jobs.
const (
	UploadPath = "/api/timeline/upload"
	statusPath = "/api/timeline/status/"
)

// StatusPath is the path of a job's status.
func StatusPath(id job.ID) string { return statusPath + string(id) }

// JobStatus is the API's representation of a job.
type JobStatus struct {
	JobID      job.ID          `json:"jobId"`
	Status     job.State       `json:"status"`
	Attempt    int             `json:"attempt"`
	Version    int64           `json:"version"`
	UpdatedAt  time.Time       `json:"updatedAt"`
	FinishedAt *time.Time      `json:"finishedAt"`
	Error      *job.Failure    `json:"error"`
	Answerable *Answerable     `json:"answerable"`
	Data       json.RawMessage `json:"data"` // the result of a job that is done
	// WorkerStartSeconds is how long the start of a worker usually takes, while there is none and the job waits for it.
	WorkerStartSeconds int `json:"workerStartSeconds"`
}

// Answerable says that the owner of a failed job can choose a degree for it, and until when.
type Answerable struct {
	Kind    string       `json:"kind"`
	Until   time.Time    `json:"until"`
	Degrees []DegreeName `json:"degrees"` // the nearest, the best first
}

// DegreeName names a degree.
type DegreeName struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// AnswerDegree chooses the degree of a job that failed for want of one. The job runs again under its id.
func (c *Client) AnswerDegree(ctx context.Context, id job.ID, degree string) (accepted JobStatus, err error) {
	body, err := json.Marshal(map[string]string{"degree": degree})
	if err != nil {
		return accepted, err
	}
	err = c.retryOperation(ctx, func(ctx context.Context) error {
		return c.sendAndDecode(ctx, Request{
			Method: http.MethodPost, Path: "/api/timeline/" + string(id) + "/degree", ContentType: "application/json", Body: body,
		}, &accepted)
	})
	return accepted, err
}

// LoadReading returns what was read of the document of a job that has ended; not_found when that is not known.
func (c *Client) LoadReading(ctx context.Context, id job.ID) (document.Reading, error) {
	var status struct {
		Data document.Reading `json:"data"`
	}
	err := c.sendAndDecode(ctx, Request{Path: StatusPath(id) + "?view=facts"}, &status)
	return status.Data, err
}

// Upload is a document to submit.
type Upload struct {
	Form           Form
	Force          bool   // create a new job even if one of the same document exists
	Degree         string // the id of the degree that takes the place of the document's; "" for the document's own
	Calendar       string // the edition that takes the place of the admission's, such as "2025-26"; "" for that
	IdempotencyKey string // a repeat with the same key returns the job of the first request
	OnSent         func(total int)
}

// SubmitUpload sends a document and returns its job, which may be an earlier one of the same document.
func (c *Client) SubmitUpload(ctx context.Context, u Upload) (accepted JobStatus, err error) {
	query := url.Values{}
	if u.Force {
		query.Set("force", "true")
	}
	if u.Degree != "" {
		query.Set("degree", u.Degree)
	}
	if u.Calendar != "" {
		query.Set("calendar", u.Calendar)
	}
	path := UploadPath
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	err = c.retryOperation(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, uploadTimeout)
		defer cancel()
		return c.sendAndDecode(ctx, Request{
			Method: http.MethodPost, Path: path, ContentType: u.Form.ContentType, IdempotencyKey: u.IdempotencyKey,
			Body: u.Form.Body, OnSent: u.OnSent,
		}, &accepted)
	})
	return accepted, err
}

// LoadStatus returns the status of a job, with its result or without.
func (c *Client) LoadStatus(ctx context.Context, id job.ID, withResult bool) (s JobStatus, err error) {
	err = c.retryOperation(ctx, func(ctx context.Context) error {
		return c.sendAndDecode(ctx, Request{Path: StatusPath(id) + "?result=" + strconv.FormatBool(withResult)}, &s)
	})
	return s, err
}

// WatchJob reads the events of a job until the job has ended or the stream breaks, and returns the last status.
// onChange is called for each event; it may be nil.
func (c *Client) WatchJob(ctx context.Context, id job.ID, onChange func(JobStatus)) (last JobStatus, err error) {
	resp, err := c.Open(ctx, Request{Path: StatusPath(id) + "/events", Accept: "text/event-stream"})
	if err != nil {
		return last, toConnectionError(ctx, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return last, readRefusal(resp.StatusCode, resp.Header, resp.Body)
	}
	for event, err := range sse.Read(resp.Body, nil) {
		if err != nil {
			return last, toConnectionError(ctx, err)
		}
		var next JobStatus
		if json.Unmarshal([]byte(event.Data), &next) != nil || next.Status == "" {
			continue
		}
		last = next
		if onChange != nil {
			onChange(last)
		}
		if last.Status.IsFinal() {
			return last, nil
		}
	}
	return last, ctx.Err()
}

// WaitForJob waits until a job has ended and returns its last status, without the result. It reads the job's events,
// reconnects when the stream breaks, and polls the status in between, which suffices behind a proxy that blocks
// streams.
func (c *Client) WaitForJob(ctx context.Context, id job.ID, onChange func(JobStatus)) (JobStatus, error) {
	if onChange == nil {
		onChange = func(JobStatus) {}
	}
	pause, lastAnswer := firstPause, time.Now()
	for {
		last, err := c.WatchJob(ctx, id, onChange)
		if err != nil || !last.Status.IsFinal() {
			last, err = c.LoadStatus(ctx, id, false)
		}
		switch {
		case err == nil && last.Status.IsFinal():
			return last, nil
		case err == nil:
			onChange(last)
			pause, lastAnswer = firstPause, time.Now()
		case !isTransient(err):
			return last, err
		case time.Since(lastAnswer) > unreachableAfter:
			return last, err
		}
		if err := sleepContext(ctx, pause); err != nil {
			return last, err
		}
		pause = min(2*pause, longestPause)
	}
}

// sendAndDecode sends a request and decodes the JSON of its response.
func (c *Client) sendAndDecode(ctx context.Context, q Request, into any) error {
	resp, err := c.Open(ctx, q)
	if err != nil {
		return toConnectionError(ctx, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusMultipleChoices {
		return readRefusal(resp.StatusCode, resp.Header, resp.Body)
	}
	if into == nil {
		return nil
	}
	if err := decodeJSON(resp.Body, into); err != nil {
		return toConnectionError(ctx, fmt.Errorf("an answer that is no JSON: %w", err))
	}
	return nil
}
