package controllerapp

import (
	"context"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/controller/externalmetrics"
	"github.com/trackmydegree/trackmydegree/internal/controller/fleet"
	"github.com/trackmydegree/trackmydegree/internal/controller/handover"
	"github.com/trackmydegree/trackmydegree/internal/controller/scaler"
	"github.com/trackmydegree/trackmydegree/internal/liveness"
	"github.com/trackmydegree/trackmydegree/internal/scaling"
)

var (
	_ fleet.Workers  = workerSource{}
	_ handover.Queue = workerSource{}
)

// workerSource adapts the list of workers to the reconcilers: adapters do not import each other.
type workerSource struct{ registry *liveness.Registry }

// Workers implements fleet.Workers.
func (w workerSource) Workers(ctx context.Context) ([]fleet.Worker, error) {
	alive, err := w.registry.ListWorkers(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]fleet.Worker, len(alive))
	for i, one := range alive {
		all[i] = fleet.Worker{ID: one.ID, Host: one.Host, Started: one.Started, Draining: one.Draining, Running: make([]fleet.Run, len(one.Running))}
		for j, r := range one.Running {
			all[i].Running[j] = fleet.Run{Queue: r.Queue, Since: r.Since}
		}
	}
	return all, nil
}

// RequeueJobsOf implements handover.Queue.
func (w workerSource) RequeueJobsOf(ctx context.Context, host string, before time.Time, crashed bool) (int, error) {
	jobs, err := w.registry.RequeueOrphans(ctx, host, before, crashed)
	return len(jobs), err
}

// scalerQueue adapts the depths of the queues and the list of workers to the scaler and to the external metric.
type scalerQueue struct {
	depths  *scaling.Reader
	workers *liveness.Registry
}

var (
	_ scaler.Queue            = scalerQueue{}
	_ externalmetrics.Backlog = scalerQueue{}
)

// Depth sums up the queues. OldestPending is the greatest of all.
func (b scalerQueue) Depth(ctx context.Context) (scaler.Depth, error) {
	all, err := b.depths.ReadDepths(ctx)
	var sum scaler.Depth
	for _, d := range all {
		sum.Pending += d.Pending
		sum.Running += d.Active
		sum.Retry += d.Retry
		sum.Scheduled += d.Scheduled
		sum.OldestPending = max(sum.OldestPending, d.OldestPending)
	}
	return sum, err
}

// CountBacklog implements externalmetrics.Backlog.
func (b scalerQueue) CountBacklog(ctx context.Context) (int64, error) {
	all, err := b.depths.ReadDepths(ctx)
	var sum int64
	for _, d := range all {
		sum += d.Backlog()
	}
	return sum, err
}

// Workers counts the workers that do not drain.
func (b scalerQueue) Workers(ctx context.Context) (scaler.Workers, error) {
	all, err := b.workers.ListWorkers(ctx)
	var sum scaler.Workers
	for _, w := range all {
		if w.Draining {
			continue
		}
		sum.Alive++
		if len(w.Running) > 0 {
			sum.Busy++
		}
	}
	return sum, err
}
