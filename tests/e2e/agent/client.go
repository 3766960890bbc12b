package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/apiclient"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

const (
	requestTimeout = 20 * time.Second
	pollInterval   = 200 * time.Millisecond
	// maxUploads bounds the uploads at the same time.
	maxUploads = 8
)

// Job is an upload and its outcome.
type Job struct {
	ID       string    `json:"id"`
	Document string    `json:"document,omitempty"`
	Sent     time.Time `json:"sent,omitzero"` // the start of the upload
	Status   string    `json:"status,omitempty"`
	Attempt  int       `json:"attempt,omitempty"`
	Error    string    `json:"error,omitempty"`
}

func (j Job) hasEnded() bool { return job.State(j.Status).IsFinal() }

// Report is the outcome of a load.
type Report struct {
	Requests int      `json:"requests"`
	Failures []string `json:"failures"`
	Jobs     []Job    `json:"jobs"`
}

// newDocuments returns a function that makes the n-th document: the template with a comment behind its end, from
// which the fake parser reads its name and delay.
func newDocuments(template, name string, delay time.Duration) (func(n int) (string, []byte), error) {
	pdf, err := os.ReadFile(template)
	if err != nil {
		return nil, err
	}
	return func(n int) (string, []byte) {
		own := fmt.Sprintf("%s-%d", name, n)
		return own, fmt.Appendf(bytes.Clone(pdf), "\n%%name=%s\n%%delay=%s\n", own, delay)
	}, nil
}

// client is a user of the API. It repeats no request that fails.
type client struct {
	url string
	api *apiclient.Client
}

// newClient returns a user. One with keepAlives reuses connections, as browsers do.
func newClient(url, token string, keepAlives bool) *client {
	return &client{url: url, api: apiclient.New(apiclient.Options{BaseURL: url, Token: token, HTTP: &http.Client{
		Timeout: requestTimeout, Transport: &http.Transport{DisableKeepAlives: !keepAlives},
	}})}
}

func (c *client) uploadDocument(ctx context.Context, name string, pdf []byte) (Job, error) {
	sent := time.Now()
	accepted, err := c.api.SubmitUpload(ctx, apiclient.Upload{Form: apiclient.NewDocumentForm(pdf)})
	if err != nil {
		return Job{}, fmt.Errorf("upload: %w", err)
	}
	if accepted.JobID == "" {
		return Job{}, errors.New("upload: the answer names no job")
	}
	return Job{ID: string(accepted.JobID), Document: name, Sent: sent, Status: string(job.Queued)}, nil
}

func (c *client) loadStatus(ctx context.Context, j Job) (Job, error) {
	s, err := c.api.LoadStatus(ctx, job.ID(j.ID), false)
	if err != nil {
		return j, fmt.Errorf("status: %w", err)
	}
	j.Status, j.Attempt, j.Error = string(s.Status), s.Attempt, ""
	if s.Error != nil {
		j.Error = string(s.Error.Code)
	}
	return j, nil
}

func (c *client) uploadAll(ctx context.Context, newDocument func(int) (string, []byte), count int) ([]Job, error) {
	jobs, errs := make([]Job, count), make([]error, count)
	turn := make(chan struct{}, maxUploads)
	var wg sync.WaitGroup
	for n := range count {
		turn <- struct{}{}
		wg.Go(func() {
			defer func() { <-turn }()
			name, pdf := newDocument(n)
			jobs[n], errs[n] = c.uploadDocument(ctx, name, pdf)
		})
	}
	wg.Wait()
	return jobs, errors.Join(errs...)
}

// waitForAll polls until each job is done or failed, or ctx ends; the states of the jobs show which. A failed request
// is repeated: the result is about jobs, not about requests.
func (c *client) waitForAll(ctx context.Context, ids []string) []Job {
	jobs := make([]Job, len(ids))
	for n, id := range ids {
		jobs[n] = Job{ID: id}
	}
	for {
		open, failure := 0, error(nil)
		for n, j := range jobs {
			if j.hasEnded() {
				continue
			}
			if polled, err := c.loadStatus(ctx, j); err != nil {
				failure = err
			} else {
				jobs[n] = polled
			}
			if !jobs[n].hasEnded() {
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

// waitForResponse repeats a GET of the address until its status is the wanted one.
func (c *client) waitForResponse(ctx context.Context, want int) error {
	last := "no request was sent"
	for {
		resp, err := c.api.Send(ctx, apiclient.Request{})
		if err == nil && resp.StatusCode == want {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%s: %s, want %d", c.url, last, want)
		}
		last = fmt.Sprint(resp.StatusCode, " ", err)
		select {
		case <-ctx.Done():
		case <-time.After(pollInterval / 4):
		}
	}
}
