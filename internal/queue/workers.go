package queue

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

// Worker is a process that runs tasks, as its last beat has it.
type Worker struct {
	ID       string // host:pid:random
	Host     string // in a pod its name
	PID      int
	Started  time.Time
	Draining bool // it takes no more tasks
	Running  []Run
}

// Run is a task that a worker runs.
type Run struct {
	Task  job.ID
	Queue string
	Since time.Time
}

// ListWorkers returns the workers that live, by their ids; their runs, the oldest first. A worker counts as alive for 4 s after
// its last beat.
func (c *Client) ListWorkers(ctx context.Context) ([]Worker, error) {
	ids, err := c.redis.SMembers(ctx, workersKey).Result()
	if err != nil {
		return nil, failed(ctx, "workers", err)
	}
	slices.Sort(ids)
	states := make([]*redis.MapStringStringCmd, len(ids))
	if _, err := c.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range ids {
			states[i] = p.HGetAll(ctx, workerKey+id)
		}
		return nil
	}); err != nil {
		return nil, failed(ctx, "workers", err)
	}
	workers := make([]Worker, 0, len(ids))
	for i, id := range ids {
		if state := states[i].Val(); len(state) > 0 {
			workers = append(workers, workerOf(id, state))
		}
	}
	return workers, nil
}

func workerOf(id string, state map[string]string) Worker {
	pid, _ := strconv.Atoi(state["pid"])
	w := Worker{ID: id, Host: state["host"], PID: pid, Started: unixMilli(state["started"]), Draining: state["draining"] == "1"}
	for field, value := range state {
		if task, ok := strings.CutPrefix(field, taskField); ok {
			queue, since, _ := strings.Cut(value, " ")
			w.Running = append(w.Running, Run{Task: job.ID(task), Queue: queue, Since: unixMilli(since)})
		}
	}
	slices.SortFunc(w.Running, func(a, b Run) int {
		if n := a.Since.Compare(b.Since); n != 0 {
			return n
		}
		return strings.Compare(string(a.Task), string(b.Task))
	})
	return w
}

func unixMilli(s string) time.Time {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}

// RequeueOrphans puts the tasks that workers on a host hold back at the head of their queues at once, and says which. It is for
// whoever knows that they are gone before their beats run out; a worker that lives after all is told at its next beat and
// can write nothing more of those tasks. crashed counts against each task as a worker lost with it.
//
// A container that is started again keeps the host's name: before bounds whose tasks are meant, those of workers that
// started earlier. All are when it is zero.
func (c *Client) RequeueOrphans(ctx context.Context, host string, before time.Time, crashed bool) ([]job.ID, error) {
	tasks, err := handOver(ctx, c.redis, host, "", before, crashed)
	return tasks, failed(ctx, "recover", err)
}
