package apiclient

import (
	"context"
	"encoding/json"
	"net/http"
)

const accountPath = "/api/me"

// ExportAccount returns everything that the API stores of the caller, as its JSON.
func (c *Client) ExportAccount(ctx context.Context) (all json.RawMessage, err error) {
	err = c.retryOperation(ctx, func(ctx context.Context) error {
		return c.sendAndDecode(ctx, Request{Path: accountPath}, &all)
	})
	return all, err
}

// EraseAccount deletes everything that the API stores of the caller.
func (c *Client) EraseAccount(ctx context.Context) error {
	return c.retryOperation(ctx, func(ctx context.Context) error {
		return c.sendAndDecode(ctx, Request{Method: http.MethodDelete, Path: accountPath}, nil)
	})
}
