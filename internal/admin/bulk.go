package admin

import (
	"context"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// reserve is what is left of a context's time when a bulk begins no further job: the answer should still reach the
// caller.
const reserve = budget.BulkReserve

// Bulk is a page of jobs that something is done to. With DryRun nothing is: the report tells which jobs are meant.
type Bulk struct {
	Filter
	Page
	DryRun bool
}

// Report is what came of a bulk. Next is the cursor of the jobs that fit as well and were not come to; "" at the end.
type Report struct {
	DryRun bool      `json:"dryRun"`
	Jobs   []Job     `json:"jobs"` // those that it was done to; in a dry run, those that it would be
	Failed []Refusal `json:"failed"`
	Next   string    `json:"next,omitempty"`
}

// Refusal is a job that stayed as it was, and why.
type Refusal struct {
	Job
	Reason fault.Code `json:"reason"`
	Detail string     `json:"detail"`
}

// RetryAll retries the jobs that fit.
func (o *Operator) RetryAll(ctx context.Context, b Bulk) (Report, error) {
	return o.applyToPage(ctx, b, o.Retry, o.Retryable)
}

// DeleteAll deletes the jobs that fit.
func (o *Operator) DeleteAll(ctx context.Context, b Bulk) (Report, error) {
	return o.applyToPage(ctx, b, o.Delete, func(context.Context, Job) error { return nil })
}

// applyToPage does something to a page of jobs. A job that it cannot be done to does not keep the others from it; a
// part of the system that is away does: then the report tells how far it came. A dry run asks whether it could be
// done.
func (o *Operator) applyToPage(ctx context.Context, b Bulk, do func(context.Context, job.ID) error, could func(context.Context, Job) error) (Report, error) {
	if len(b.States) == 0 {
		return Report{}, &fault.Error{Code: fault.BadRequest, Detail: "Say which jobs are meant: name one state or more.",
			Fields: []fault.Field{{Path: "state", Message: "Name one state or more."}}}
	}
	jobs, next, err := o.List(ctx, b.Filter, b.Page)
	report := Report{DryRun: b.DryRun, Jobs: []Job{}, Failed: []Refusal{}, Next: next}
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
		case ctx.Err() != nil, fault.CodeOf(err).Outage():
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
