package liveness

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
)

// Registry reads and corrects the list of workers from outside. It is safe for concurrent use. Errors of Redis are
// queue_unavailable.
type Registry struct{ redis redis.UniversalClient }

// NewRegistry returns a registry.
func NewRegistry(client redis.UniversalClient) *Registry { return &Registry{client} }

// ListWorkers returns the workers that are alive, ordered by id, and their runs, the oldest first. A worker counts as
// alive for 4 s after its last heartbeat.
func (r *Registry) ListWorkers(ctx context.Context) ([]queuemodel.Worker, error) {
	ids, err := r.redis.SMembers(ctx, queuemodel.WorkersKey).Result()
	if err != nil {
		return nil, redisurl.ToFault(ctx, "liveness: list workers", err)
	}
	slices.Sort(ids)
	hashes := make([]*redis.MapStringStringCmd, len(ids))
	if _, err := r.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range ids {
			hashes[i] = p.HGetAll(ctx, queuemodel.WorkerPrefix+id)
		}
		return nil
	}); err != nil {
		return nil, redisurl.ToFault(ctx, "liveness: list workers", err)
	}
	workers := make([]queuemodel.Worker, 0, len(ids))
	for i, id := range ids {
		if hash := hashes[i].Val(); len(hash) > 0 { // empty: it has expired
			workers = append(workers, toWorker(id, hash))
		}
	}
	return workers, nil
}

func toWorker(id string, hash map[string]string) queuemodel.Worker {
	pid, _ := strconv.Atoi(hash["pid"])
	w := queuemodel.Worker{
		ID: id, Host: hash["host"], PID: pid, Started: toTime(hash["started"]), Draining: hash["draining"] == "1",
	}
	for field, value := range hash {
		if task, ok := strings.CutPrefix(field, queuemodel.TaskField); ok {
			queue, since, _ := strings.Cut(value, " ")
			w.Running = append(w.Running, queuemodel.Run{Task: job.ID(task), Queue: queue, Since: toTime(since)})
		}
	}
	slices.SortFunc(w.Running, func(a, b queuemodel.Run) int {
		if n := a.Since.Compare(b.Since); n != 0 {
			return n
		}
		return strings.Compare(string(a.Task), string(b.Task))
	})
	return w
}

// toTime reads Unix milliseconds; zero for an invalid number.
func toTime(milliseconds string) time.Time {
	n, err := strconv.ParseInt(milliseconds, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}

// RequeueOrphans puts the tasks that workers on a host hold back at the heads of their queues at once, and returns
// them. It is for a caller that knows, before the heartbeats expire, that these workers are dead. A worker that is
// still alive learns of it from its next heartbeat and can write nothing more for those tasks. With crashed, each
// task counts a lost worker.
//
// A restarted container keeps the name of the host: before limits the call to workers that started earlier. A zero
// time means all. Calling it again is safe: the workers of the first call are no longer in the list.
func (r *Registry) RequeueOrphans(ctx context.Context, host string, before time.Time, crashed bool) ([]job.ID, error) {
	tasks, err := requeueTasks(ctx, r.redis, selection{host: host, before: before, crashed: crashed})
	return tasks, redisurl.ToFault(ctx, "liveness: requeue orphans", err)
}
