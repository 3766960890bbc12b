package apiclient

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// savedPath is the path of a saved timeline, without its id.
const savedPath = "/api/timelines/"

// Edited is the answer to an edit: the job, or the saved timeline, at its new version, and what changed.
type Edited struct {
	JobID   job.ID          `json:"jobId"` // of a job
	ID      string          `json:"_id"`   // of a saved timeline
	Version int64           `json:"version"`
	Changed *timeline.Delta `json:"changed"`
}

// EditResult edits the result of a job and returns what changed. With version 0 it edits any version, else the record
// must be at it. It sends the edit once: whether one that failed was made shows in the record's version.
func (c *Client) EditResult(ctx context.Context, id job.ID, version int64, p timeline.Patch) (Edited, error) {
	return c.EditPath(ctx, StatusPath(id), version, p)
}

// EditTimeline edits a saved timeline, as EditResult does.
func (c *Client) EditTimeline(ctx context.Context, id string, version int64, p timeline.Patch) (Edited, error) {
	return c.EditPath(ctx, savedPath+id, version, p)
}

// EditPath edits what a path names: StatusPath of a job, or TimelinePath.
func (c *Client) EditPath(ctx context.Context, path string, version int64, p timeline.Patch) (edited Edited, err error) {
	body, err := json.Marshal(p)
	if err != nil {
		return Edited{}, fmt.Errorf("encode the edit: %w", err)
	}
	q := Request{Method: http.MethodPatch, Path: path, ContentType: "application/json", Prefer: "return=minimal", Body: body}
	if version != 0 {
		q.IfMatch = strconv.Quote(strconv.FormatInt(version, 10))
	}
	err = c.sendAndDecode(ctx, q, &edited)
	return edited, err
}

// ImportTimeline stores an exported timeline, such as one of another API, as a new one of the caller, and returns it.
// It sends it once: a second import is a second timeline.
func (c *Client) ImportTimeline(ctx context.Context, exported json.RawMessage) (saved timeline.Saved, err error) {
	q := Request{Method: http.MethodPost, Path: strings.TrimSuffix(savedPath, "/"), ContentType: "application/json", Body: exported}
	err = c.sendAndDecode(ctx, q, &saved)
	return saved, err
}
