package apiclient

import (
	"context"
	"net/url"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
)

// ListSequences returns the published sequences of a degree; calendar "" is the newest edition.
func (c *Client) ListSequences(ctx context.Context, degreeID, calendar string) ([]catalogue.Sequence, error) {
	path := "/api/degrees/" + url.PathEscape(degreeID) + "/sequences"
	if calendar != "" {
		path += "?" + url.Values{"calendar": {calendar}}.Encode()
	}
	var answer struct {
		Sequences []catalogue.Sequence `json:"sequences"`
	}
	err := c.retryOperation(ctx, func(ctx context.Context) error { return c.sendAndDecode(ctx, Request{Path: path}, &answer) })
	return answer.Sequences, err
}
