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

	changeOne func(*admin.Service, context.Context, job.ID) error
	checkOne  func(*admin.Service, context.Context, admin.Job) error // whether changeOne would succeed; nil: always
	changeAll func(*admin.Service, context.Context, admin.BulkRequest) (admin.BulkReport, error)
}

// The changes.
var (
	Retry = Change{
		Verb: "retry", Past: "retried",
		changeOne: (*admin.Service).RetryJob, checkOne: (*admin.Service).CheckRetry, changeAll: (*admin.Service).RetryAll,
	}
	Delete = Change{
		Verb: "delete", Past: "deleted",
		changeOne: (*admin.Service).DeleteJob, changeAll: (*admin.Service).DeleteAll,
	}
)

// ApplyToNamed changes the named jobs, each once. A dry run only reports which of them it would change. Before an
// error the report holds the completed changes.
func (ch Change) ApplyToNamed(ctx context.Context, o *admin.Service, ids []string, dryRun bool) (admin.BulkReport, error) {
	report := newReport(dryRun)
	for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) {
		d, err := o.FindJob(ctx, job.ID(id))
		if err == nil {
			err = ch.applyToOne(ctx, o, d.Job, dryRun)
		}
		switch code := fault.CodeOf(err); {
		case err == nil:
			report.Jobs = append(report.Jobs, d.Job)
		case ctx.Err() != nil, code.IsOutage():
			return report, err
		default:
			refused := d.Job
			refused.ID = job.ID(id)
			report.Failed = append(report.Failed, admin.Refusal{Job: refused, Reason: code, Detail: fault.From(err).Message()})
		}
	}
	return report, nil
}

func (ch Change) applyToOne(ctx context.Context, o *admin.Service, j admin.Job, dryRun bool) error {
	switch {
	case !dryRun:
		return ch.changeOne(o, ctx, j.ID)
	case ch.checkOne != nil:
		return ch.checkOne(o, ctx, j)
	}
	return nil
}

// ApplyToAll changes all jobs of the filter. Before an error the report holds the completed changes.
func (ch Change) ApplyToAll(ctx context.Context, o *admin.Service, filter admin.Filter, dryRun bool) (admin.BulkReport, error) {
	total := newReport(dryRun)
	page := admin.BulkRequest{Filter: filter, Page: admin.Page{Limit: admin.MaxLimit}, DryRun: dryRun}
	for {
		report, err := ch.changeAll(o, ctx, page)
		total.Jobs, total.Failed = append(total.Jobs, report.Jobs...), append(total.Failed, report.Failed...)
		if err != nil || report.Next == "" {
			return total, err
		}
		page.Cursor = report.Next
	}
}

func newReport(dryRun bool) admin.BulkReport {
	return admin.BulkReport{DryRun: dryRun, Jobs: []admin.Job{}, Failed: []admin.Refusal{}}
}
