package admin

import (
	"context"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// reserve is the part of a context's time in which a bulk operation starts no further job, so that the report still
// reaches the caller.
const reserve = budget.BulkReserve

// BulkRequest selects a page of jobs for an operation. With DryRun the operation changes nothing, and the report lists
// the selected jobs.
type BulkRequest struct {
	Filter
	Page
	DryRun bool
}

// BulkReport is the result of a bulk operation. Next is the cursor of the matching jobs that were not reached; "" at
// the end.
type BulkReport struct {
	DryRun bool      `json:"dryRun"`
	Jobs   []Job     `json:"jobs"` // the changed jobs; in a dry run, the jobs that would be changed
	Failed []Refusal `json:"failed"`
	Next   string    `json:"next,omitempty"`
}

// Refusal is a job that was not changed, and the reason.
type Refusal struct {
	Job
	Reason fault.Code `json:"reason"`
	Detail string     `json:"detail"`
}

// applyToPage applies an operation to a page of jobs. A job that refuses the operation does not stop the others. An
// unavailable dependency does: the report then says how far the operation came. A dry run only checks whether the
// operation is possible.
func (o *Service) applyToPage(ctx context.Context, b BulkRequest, do func(context.Context, job.ID) error, could func(context.Context, Job) error) (BulkReport, error) {
	if len(b.States) == 0 {
		return BulkReport{}, &fault.Error{Code: fault.BadRequest, Detail: "Say which jobs are meant: name one state or more.",
			Fields: []fault.Field{{Path: "state", Message: "Name one state or more."}}}
	}
	jobs, next, err := o.ListJobs(ctx, b.Filter, b.Page)
	report := BulkReport{DryRun: b.DryRun, Jobs: []Job{}, Failed: []Refusal{}, Next: next}
	if err != nil {
		return report, err
	}
	for i, j := range jobs {
		if i > 0 && outOfTime(ctx) {
			report.Next = encodeCursor(jobs[i-1])
			return report, nil
		}
		if b.DryRun {
			err = could(ctx, j)
		} else {
			err = do(ctx, j.ID)
		}
		switch {
		case err == nil:
			report.Jobs = append(report.Jobs, j)
		case ctx.Err() != nil, fault.CodeOf(err).IsOutage():
			if i > 0 {
				report.Next = encodeCursor(jobs[i-1])
			} else {
				report.Next = b.Cursor
			}
			return report, err
		default:
			cause := fault.From(err)
			report.Failed = append(report.Failed, Refusal{j, cause.Code, cause.Message()})
		}
	}
	return report, nil
}

func outOfTime(ctx context.Context) bool {
	end, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && time.Until(end) < reserve
}
