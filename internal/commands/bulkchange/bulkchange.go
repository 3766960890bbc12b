// Package bulkchange retries or deletes jobs: those that are named, or all that a filter selects, page by page.
package bulkchange

import (
	"context"
	"slices"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// Change is one kind of change.
type Change struct {
	Verb, Past string // "retry", "retried"

	changeOne func(*admin.Operator, context.Context, job.ID) error
	checkOne  func(*admin.Operator, context.Context, admin.Job) error // whether changeOne would succeed; nil: always
	changeAll func(*admin.Operator, context.Context, admin.Bulk) (admin.Report, error)
}

// The changes.
var (
	Retry = Change{
		Verb: "retry", Past: "retried",
		changeOne: (*admin.Operator).Retry, checkOne: (*admin.Operator).Retryable, changeAll: (*admin.Operator).RetryAll,
	}
	Delete = Change{
		Verb: "delete", Past: "deleted",
		changeOne: (*admin.Operator).Delete, changeAll: (*admin.Operator).DeleteAll,
	}
)

// ApplyToNamed changes the jobs that are named, each once. A dry run only reports which of them it would change. The
// report holds what was done before an error.
func (ch Change) ApplyToNamed(ctx context.Context, o *admin.Operator, ids []string, dryRun bool) (admin.Report, error) {
	report := newReport(dryRun)
	for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) {
		d, err := o.Show(ctx, job.ID(id))
		if err == nil {
			err = ch.applyToOne(ctx, o, d.Job, dryRun)
		}
		switch code := fault.CodeOf(err); {
		case err == nil:
			report.Jobs = append(report.Jobs, d.Job)
		case ctx.Err() != nil, code.Outage():
			return report, err
		default:
			refused := d.Job
			refused.ID = job.ID(id)
			report.Failed = append(report.Failed, admin.Refusal{Job: refused, Reason: code, Detail: fault.From(err).Message()})
		}
	}
	return report, nil
}

func (ch Change) applyToOne(ctx context.Context, o *admin.Operator, j admin.Job, dryRun bool) error {
	switch {
	case !dryRun:
		return ch.changeOne(o, ctx, j.ID)
	case ch.checkOne != nil:
		return ch.checkOne(o, ctx, j)
	}
	return nil
}

// ApplyToAll changes all jobs that the filter selects. The report holds what was done before an error.
func (ch Change) ApplyToAll(ctx context.Context, o *admin.Operator, filter admin.Filter, dryRun bool) (admin.Report, error) {
	total := newReport(dryRun)
	page := admin.Bulk{Filter: filter, Page: admin.Page{Limit: admin.MaxLimit}, DryRun: dryRun}
	for {
		report, err := ch.changeAll(o, ctx, page)
		total.Jobs, total.Failed = append(total.Jobs, report.Jobs...), append(total.Failed, report.Failed...)
		if err != nil || report.Next == "" {
			return total, err
		}
		page.Cursor = report.Next
	}
}

func newReport(dryRun bool) admin.Report {
	return admin.Report{DryRun: dryRun, Jobs: []admin.Job{}, Failed: []admin.Refusal{}}
}
