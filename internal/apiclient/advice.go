package apiclient

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/trackmydegree/trackmydegree/internal/advising"
	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// TimelinePath returns the path of a saved timeline.
func TimelinePath(id string) string { return "/api/timelines/" + url.PathEscape(id) }

// LoadAudit returns the audit of a timeline under a degree, under its own when degree is empty. The path is StatusPath
// or TimelinePath.
func (c *Client) LoadAudit(ctx context.Context, path, degree string) (*audit.Audit, error) {
	path += "/audit"
	if degree != "" {
		path = path[:len(path)-len("audit")] + "what-if?degree=" + url.QueryEscape(degree)
	}
	var out audit.Audit
	err := c.retryOperation(ctx, func(ctx context.Context) error { return c.sendAndDecode(ctx, Request{Path: path}, &out) })
	if err != nil {
		return nil, err
	}
	return &out, nil
}

// CompareDegrees returns what the record of a timeline is worth for every degree.
func (c *Client) CompareDegrees(ctx context.Context, path string) (*advising.Comparison, error) {
	var out advising.Comparison
	err := c.retryOperation(ctx, func(ctx context.Context) error {
		return c.sendAndDecode(ctx, Request{Path: path + "/what-if"}, &out)
	})
	if err != nil {
		return nil, err
	}
	return &out, nil
}

// RequestPlan asks for a plan. The API answers with the plan or, for one that takes long, with a job, whose id is
// returned instead. Repeating the request while that job is open returns the same job.
func (c *Client) RequestPlan(ctx context.Context, path string, q audit.PlanRequest) (plan *advising.Plan, id job.ID, err error) {
	body, err := json.Marshal(q)
	if err != nil {
		return nil, "", fmt.Errorf("encode the wishes: %w", err)
	}
	err = c.retryOperation(ctx, func(ctx context.Context) error {
		resp, err := c.Open(ctx, Request{Method: http.MethodPost, Path: path + "/plan", ContentType: "application/json", Body: body})
		if err != nil {
			return toConnectionError(ctx, err)
		}
		defer resp.Body.Close()
		switch {
		case resp.StatusCode >= http.StatusMultipleChoices:
			return readRefusal(resp.StatusCode, resp.Header, resp.Body)
		case resp.StatusCode == http.StatusAccepted:
			var accepted JobStatus
			err = decodeJSON(resp.Body, &accepted)
			id = accepted.JobID
		default:
			plan = &advising.Plan{}
			err = decodeJSON(resp.Body, plan)
		}
		if err != nil {
			return toConnectionError(ctx, fmt.Errorf("an answer that is no JSON: %w", err))
		}
		return nil
	})
	if err != nil {
		return nil, "", err
	}
	return plan, id, nil
}
