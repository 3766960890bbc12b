package controllercmd

import (
	"context"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/controller/fleet"
	"github.com/trackmydegree/trackmydegree/internal/controller/handover"
	"github.com/trackmydegree/trackmydegree/internal/queue"
)

var (
	_ fleet.Workers  = workers{}
	_ handover.Queue = workers{}
)

// workers is the queue's client as the reconcilers see it: adapters do not know each other.
type workers struct{ client *queue.Client }

// Workers returns the workers that are alive.
func (w workers) Workers(ctx context.Context) ([]fleet.Worker, error) {
	alive, err := w.client.ListWorkers(ctx)
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

// Recover puts back what the workers of a host had in their hands.
func (w workers) Recover(ctx context.Context, host string, before time.Time, crashed bool) (int, error) {
	jobs, err := w.client.RequeueOrphans(ctx, host, before, crashed)
	return len(jobs), err
}
