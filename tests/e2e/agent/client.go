package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"sync"
	"time"
)

const (
	requestTimeout = 20 * time.Second
	pollInterval   = 200 * time.Millisecond
	// uploaders send documents at the same time.
	uploaders = 8
)

// Job is an upload and what became of it.
type Job struct {
	ID       string    `json:"id"`
	Document string    `json:"document,omitempty"`
	Sent     time.Time `json:"sent,omitzero"` // when the upload began
	Status   string    `json:"status,omitempty"`
	Attempt  int       `json:"attempt,omitempty"`
	Error    string    `json:"error,omitempty"`
}

func (j Job) final() bool { return j.Status == "done" || j.Status == "failed" }

// Report is what a load met.
type Report struct {
	Requests int      `json:"requests"`
	Failures []string `json:"failures"`
	Jobs     []Job    `json:"jobs"`
}

// documents returns a function that makes the n-th document: the template, told apart by a comment behind its end.
func documents(template, name string, delay time.Duration) (func(n int) (string, []byte), error) {
	pdf, err := os.ReadFile(template)
	if err != nil {
		return nil, err
	}
	return func(n int) (string, []byte) {
		own := fmt.Sprintf("%s-%d", name, n)
		return own, fmt.Appendf(bytes.Clone(pdf), "\n%%name=%s\n%%delay=%s\n", own, delay)
	}, nil
}

// client is a user of the API. It repeats nothing that fails.
type client struct {
	base, token string
	kept        *http.Client // keeps connections, as browsers do
}

func (c *client) request(ctx context.Context, method, path, contentType string, body []byte) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := c.kept.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, 8<<20))
	return res.StatusCode, b, err
}

func (c *client) upload(ctx context.Context, document string, pdf []byte) (Job, error) {
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	part, err := form.CreateFormFile("file", "transcript.pdf")
	if err != nil {
		return Job{}, err
	}
	_, _ = part.Write(pdf)
	_ = form.Close()
	sent := time.Now()
	status, answer, err := c.request(ctx, http.MethodPost, "/api/timeline/upload", form.FormDataContentType(), b.Bytes())
	if err != nil {
		return Job{}, err
	}
	var accepted struct {
		JobID string `json:"jobId"`
	}
	if status != http.StatusAccepted || json.Unmarshal(answer, &accepted) != nil || accepted.JobID == "" {
		return Job{}, fmt.Errorf("upload: %d %s", status, answer)
	}
	return Job{ID: accepted.JobID, Document: document, Sent: sent, Status: "queued"}, nil
}

func (c *client) status(ctx context.Context, j Job) (Job, error) {
	status, answer, err := c.request(ctx, http.MethodGet, "/api/timeline/status/"+j.ID+"?result=false", "", nil)
	if err != nil {
		return j, err
	}
	var said struct {
		Status  string `json:"status"`
		Attempt int    `json:"attempt"`
		Error   *struct {
			Code string `json:"code"`
		} `json:"error"`
	}
	if status != http.StatusOK || json.Unmarshal(answer, &said) != nil {
		return j, fmt.Errorf("status: %d %s", status, answer)
	}
	j.Status, j.Attempt, j.Error = said.Status, said.Attempt, ""
	if said.Error != nil {
		j.Error = said.Error.Code
	}
	return j, nil
}

func (c *client) uploadAll(ctx context.Context, docs func(int) (string, []byte), count int) ([]Job, error) {
	jobs, errs := make([]Job, count), make([]error, count)
	turn := make(chan struct{}, uploaders)
	var wg sync.WaitGroup
	for n := range count {
		turn <- struct{}{}
		wg.Go(func() {
			defer func() { <-turn }()
			name, pdf := docs(n)
			jobs[n], errs[n] = c.upload(ctx, name, pdf)
		})
	}
	wg.Wait()
	return jobs, errors.Join(errs...)
}

// awaitAll polls until each job is done or failed, or ctx ends: the jobs say which. An API that is away for a moment is
// asked again: this tells of jobs, not of requests.
func (c *client) awaitAll(ctx context.Context, ids []string) []Job {
	jobs := make([]Job, len(ids))
	for n, id := range ids {
		jobs[n] = Job{ID: id}
	}
	for {
		open, failure := 0, error(nil)
		for n, j := range jobs {
			if j.final() {
				continue
			}
			if known, err := c.status(ctx, j); err != nil {
				failure = err
			} else {
				jobs[n] = known
			}
			if !jobs[n].final() {
				open++
			}
		}
		if open == 0 {
			return jobs
		}
		select {
		case <-ctx.Done():
			if failure != nil && !errors.Is(failure, context.DeadlineExceeded) {
				fmt.Fprintln(os.Stderr, "agent: the last answer:", failure)
			}
			return jobs
		case <-time.After(pollInterval):
		}
	}
}

// until asks for the address until it answers with the status.
func (c *client) until(ctx context.Context, want int) error {
	last := "nothing was asked"
	for {
		status, _, err := c.request(ctx, http.MethodGet, "", "", nil)
		if err == nil && status == want {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%s: %s, want %d", c.base, last, want)
		}
		last = fmt.Sprint(status, " ", err)
		select {
		case <-ctx.Done():
		case <-time.After(pollInterval / 4):
		}
	}
}
