package liveness

import (
	"context"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
)

// rescuerKey is the lock of the worker that looks for orphans. The name dates from when the rescuer was called a
// reaper.
const rescuerKey = "queue:reaper"

// rescuer requeues the tasks that no worker runs.
type rescuer struct {
	redis     redis.UniversalClient
	heartbeat *heartbeat
	clock     func() time.Time
	logger    *slog.Logger
	metrics   *metrics
}

// rescuePeriodically rescues orphans every budget.RescueInterval until ctx ends, while the heartbeats are steady.
func (r *rescuer) rescuePeriodically(ctx context.Context) {
	tick := time.NewTicker(budget.RescueInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if !r.heartbeat.isTrusted() {
			continue
		}
		if err := r.rescueOrphans(ctx); err != nil && ctx.Err() == nil {
			r.logger.Debug("a rescue of orphans failed", "error", err)
		}
	}
}

func (r *rescuer) rescueOrphans(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	// A lease that ends before this time was taken longer than budget.TaskClaim ago.
	due := r.clock().Add(budget.TaskLease - budget.TaskClaim).Unix()
	args := append([]any{r.heartbeat.id, budget.RescueLock.Milliseconds(), due}, queuemodel.QueuePrefixes()...)
	keys := []string{queuemodel.HoldersKey, queuemodel.WorkersKey, rescuerKey}
	rescued, err := rescueScript.Run(ctx, r.redis, keys, args...).Slice()
	if err != nil {
		return err
	}
	for i := 0; i+2 < len(rescued); i += 3 {
		crashed := rescued[i+2] == int64(1)
		r.metrics.observeRescue(crashed)
		r.logger.Warn("a job that no worker runs is put back", "job_id", rescued[i], "worker", rescued[i+1], "crashed", crashed)
	}
	return nil
}

// selection names the workers whose tasks are requeued.
type selection struct {
	host   string
	worker string    // one worker of the host; empty for all
	before time.Time // only workers that started earlier; zero for all
	// crashed counts a lost worker against each task.
	crashed bool
}

// requeueTasks requeues the tasks of the selected workers, and returns them. It removes the workers from the list.
func requeueTasks(ctx context.Context, client redis.UniversalClient, s selection) ([]job.ID, error) {
	crashed, before := 0, int64(0)
	if s.crashed {
		crashed = 1
	}
	if !s.before.IsZero() {
		before = s.before.UnixMilli()
	}
	args := append([]any{s.host, s.worker, crashed, before}, queuemodel.QueuePrefixes()...)
	found, err := requeueScript.Run(ctx, client, []string{queuemodel.HoldersKey, queuemodel.WorkersKey}, args...).StringSlice()
	if err != nil {
		return nil, err
	}
	tasks := make([]job.ID, len(found))
	for i, id := range found {
		tasks[i] = job.ID(id)
	}
	return tasks, nil
}
