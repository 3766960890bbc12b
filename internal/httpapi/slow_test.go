package httpapi_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/submit"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelines"
)

// stuck implements every port of the API and never answers before the request's deadline.
type stuck struct{}

func wait(ctx context.Context) error {
	<-ctx.Done()
	return fmt.Errorf("stuck: %w", ctx.Err())
}

func (stuck) LoadRecord(ctx context.Context, _ job.ID) (job.Record, error) {
	return job.Record{}, wait(ctx)
}
func (stuck) LoadWithResult(ctx context.Context, _ job.ID, _ bool) (job.Record, []byte, error) {
	return job.Record{}, nil, wait(ctx)
}
func (stuck) LoadReading(ctx context.Context, _ job.ID) ([]byte, error) { return nil, wait(ctx) }
func (stuck) DeleteJob(ctx context.Context, _ job.ID) error             { return wait(ctx) }
func (stuck) WatchRecord(ctx context.Context, _ job.ID) (<-chan job.Record, error) {
	return nil, wait(ctx)
}

type stuckEdit struct{}

func (stuckEdit) EditResult(ctx context.Context, _ string, _ job.ID, _ int64, _ timeline.Patch) (timelines.Edited, error) {
	return timelines.Edited{}, wait(ctx)
}
func (stuckEdit) EditTimeline(
	ctx context.Context, _, _ string, _ int64, _ timeline.Patch,
) (timeline.Saved, *timeline.Delta, error) {
	return timeline.Saved{}, nil, wait(ctx)
}
func (stuckEdit) CheckResultPatch(ctx context.Context, _ string, _ job.ID, _ int64, _ timeline.Patch) error {
	return wait(ctx)
}
func (stuckEdit) CheckTimelinePatch(ctx context.Context, _, _ string, _ int64, _ timeline.Patch) error {
	return wait(ctx)
}
func (stuckEdit) SaveResult(ctx context.Context, _ string, _ job.ID, _ string) (timeline.Saved, error) {
	return timeline.Saved{}, wait(ctx)
}
func (stuckEdit) UpdateTimeline(ctx context.Context, _, _ string, _ int64, _ *string, _ *job.ID) (timeline.Saved, error) {
	return timeline.Saved{}, wait(ctx)
}
func (stuckEdit) FindTimeline(ctx context.Context, _, _ string) (timeline.Saved, error) {
	return timeline.Saved{}, wait(ctx)
}
func (stuckEdit) ListTimelines(ctx context.Context, _, _ string, _ int) ([]timeline.Saved, string, error) {
	return nil, "", wait(ctx)
}
func (stuckEdit) DeleteTimeline(ctx context.Context, _, _ string, _ int64) error { return wait(ctx) }

type stuckCurriculum struct{}

func (stuckCurriculum) CurrentEditions(ctx context.Context) (*catalogue.Editions, error) {
	return nil, wait(ctx)
}

type stuckSubmit struct{ httpapi.Submitter }

func (stuckSubmit) SubmitTimeline(ctx context.Context, _ submit.Request, _ string) (submit.Receipt, error) {
	return submit.Receipt{}, wait(ctx)
}

// A part that hangs leads to 503 with the time to retry, and not to a disconnected client.
func TestNoAnswerWaitsForAPartThatHangs(t *testing.T) {
	t.Parallel()
	s := setup(t, func(d *httpapi.Deps) {
		d.Jobs, d.Timelines, d.Snapshot, d.Submit = stuck{}, stuckEdit{}, stuckCurriculum{}, stuckSubmit{d.Submit}
	})
	const (
		aJob      = "/api/timeline/status/0b8b7f0a-6a3a-4a39-9d8e-0d86b572ffea"
		aTimeline = "/api/timelines/0123456789abcdef01234567"
	)
	for _, q := range []struct{ method, path, body string }{
		{http.MethodGet, aJob, ""},
		{http.MethodGet, aJob + "?result=false", ""},
		{http.MethodGet, aJob + "?view=facts", ""},
		{http.MethodPost, "/api/timeline/0b8b7f0a-6a3a-4a39-9d8e-0d86b572ffea/degree", `{"degree":"BEng in Software Engineering"}`},
		{http.MethodPost, "/api/timeline/upload?degree=x", ""},
		{http.MethodPatch, aJob, `{"timelineName":"a"}`},
		{http.MethodDelete, aJob, ""},
		{http.MethodPost, "/api/timeline/form", `{"degree":"BEng in Software Engineering","firstTerm":"Fall 2026"}`},
		{http.MethodPost, "/api/timeline/0123456789abcdef01234567/load", ""},
		{http.MethodGet, "/api/timelines", ""},
		{http.MethodPost, "/api/timelines", `{"jobId":"0b8b7f0a-6a3a-4a39-9d8e-0d86b572ffea"}`},
		{http.MethodGet, aTimeline, ""},
		{http.MethodPut, aTimeline, `{"timelineName":"a"}`},
		{http.MethodPatch, aTimeline, `{"timelineName":"a"}`},
		{http.MethodDelete, aTimeline, ""},
	} {
		t.Run(q.method+" "+q.path, func(t *testing.T) {
			t.Parallel()
			a := s.in(t).json(q.method, "ann", q.path, q.body)
			a.wantProblem(t, fault.Timeout)
			if a.Header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
		})
	}
}

func (stuckEdit) ImportTimeline(ctx context.Context, _ string, _ timeline.Saved, _ string) (timeline.Saved, error) {
	return timeline.Saved{}, wait(ctx)
}
