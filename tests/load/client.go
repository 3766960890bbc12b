//go:build load

package load

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/apiclient"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// client is one user of the API. It reuses its connections, as a browser does, and repeats no request.
type client struct {
	base, token string
	*apiclient.Client
}

func newClient(base, token string) *client {
	return &client{base: base, token: token, Client: apiclient.New(apiclient.Options{
		BaseURL: base, Token: token,
		// Results are measured as they are transferred: compressed.
		Header: http.Header{"Accept-Encoding": {"gzip"}},
		HTTP: &http.Client{
			Timeout:   30 * time.Second,
			Transport: &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true},
		},
	})}
}

// upload sends a document and returns its job. It asks for a new job: all uploads send the same document.
func (c *client) upload(ctx context.Context, form apiclient.Form) (job.ID, error) {
	accepted, err := c.SubmitUpload(ctx, apiclient.Upload{Form: form, Force: true})
	return accepted.JobID, err
}

// loadState returns the state of a job. The failure of the job is an error.
func (c *client) loadState(ctx context.Context, id job.ID) (job.State, error) {
	s, err := c.LoadStatus(ctx, id, false)
	if err != nil {
		return "", err
	}
	return s.Status, checkOutcome(id, s)
}

// readResult reads the result of a job as it is stored, and returns its size on the wire.
func (c *client) readResult(ctx context.Context, id job.ID) (int64, error) {
	resp, err := c.Open(ctx, apiclient.Request{Path: apiclient.StatusPath(id)})
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("result: %s", resp.Status)
	}
	return io.Copy(io.Discard, resp.Body)
}

// waitUntilDone reads the events of a job until it is done.
func (c *client) waitUntilDone(ctx context.Context, id job.ID) error {
	last, err := c.WatchJob(ctx, id, nil)
	if err != nil {
		return err
	}
	if !last.Status.IsFinal() {
		return fmt.Errorf("job %s: the events ended before the job", id)
	}
	return checkOutcome(id, last)
}

// runPath uploads a document, waits for its job and reads the result.
func (c *client) runPath(ctx context.Context, form apiclient.Form) error {
	id, err := c.upload(ctx, form)
	if err != nil {
		return err
	}
	if err := c.waitUntilDone(ctx, id); err != nil {
		return err
	}
	_, err = c.readResult(ctx, id)
	return err
}

func checkOutcome(id job.ID, s apiclient.JobStatus) error {
	if s.Status != job.Failed {
		return nil
	}
	return fmt.Errorf("job %s failed: %+v", id, s.Error)
}
