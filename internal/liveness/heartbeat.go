package liveness

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
)

const (
	heartbeatInterval = budget.HeartbeatInterval
	heartbeatTTL      = budget.HeartbeatTTL
	// maxRoundTrip is the longest round trip of a heartbeat, and maxGap the longest time between two, with which a
	// worker trusts its own view of the others.
	maxRoundTrip = time.Second
	maxGap       = 2 * heartbeatInterval
	// outcomeWindow is how long a run that has ended stays in the heartbeats. asynq tries once to record the outcome; a
	// task that is still active after this time has no worker.
	outcomeWindow = 5 * time.Second
)

// ErrHeldElsewhere is the error of a claim on a task that another worker holds, or that is not active.
var ErrHeldElsewhere = errors.New("liveness: the task is held by another worker")

// run is one delivery of a task to this process.
type run struct {
	task   job.ID
	queue  string
	since  time.Time
	cancel context.CancelCauseFunc // called with job.ErrSuperseded when the task is lost
	// waitFrom is the number of crashes from which the claimed task only waits; 0 if it runs in any case.
	waitFrom int
	ended    time.Time // zero while the handler runs
	lost     bool      // this worker no longer holds the task
}

// heartbeat sends the heartbeats of this process and keeps the runs that they report.
type heartbeat struct {
	redis   redis.UniversalClient
	id      string
	host    string
	pid     int
	started time.Time
	clock   func() time.Time
	logger  *slog.Logger

	calls  sync.Mutex // held over a call to Redis, so that heartbeats arrive in the order of their numbers
	number int64      // of the last heartbeat

	mu       sync.Mutex
	runs     map[job.ID]*run
	draining bool
	// last is when the last successful heartbeat was sent, steadySince when the first of an unbroken series was; zero
	// for none.
	last, steadySince time.Time
}

func (h *heartbeat) claimTask(ctx context.Context, c queuemodel.Claim) (*run, int, error) {
	h.calls.Lock()
	defer h.calls.Unlock()
	r := &run{task: c.Task, queue: c.Queue, since: h.clock(), cancel: c.Cancel, waitFrom: c.WaitFrom}
	if !h.addRun(r) {
		return nil, 0, queuemodel.ErrRunInProgress
	}
	crashes, err := h.call(ctx, r)
	if err == nil && crashes < 0 {
		err = ErrHeldElsewhere
	}
	if err != nil {
		h.discardRun(r)
		return nil, 0, err
	}
	return r, crashes, nil
}

func (h *heartbeat) send(ctx context.Context) error {
	h.calls.Lock()
	defer h.calls.Unlock()
	_, err := h.call(ctx, nil)
	return err
}

// call sends a heartbeat, and claims the task of a run unless that is nil. Callers hold calls.
func (h *heartbeat) call(ctx context.Context, claim *run) (crashes int, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	h.number++
	began := h.clock()
	keys := []string{queuemodel.WorkerPrefix + h.id, queuemodel.WorkersKey, queuemodel.HoldersKey}
	answer, err := heartbeatScript.Run(ctx, h.redis, keys, h.scriptArgs(began, claim)...).Slice()
	h.recordRoundTrip(began, h.clock().Sub(began), err)
	if err != nil {
		return 0, err
	}
	n, _ := answer[0].(int64)
	for _, lost := range answer[1:] {
		if task, ok := lost.(string); ok {
			h.removeRun(h.findRun(job.ID(task)))
		}
	}
	return int(n), nil
}

// scriptArgs returns ARGV of heartbeat.lua. It drops the runs whose outcomeWindow is over.
func (h *heartbeat) scriptArgs(now time.Time, claim *run) []any {
	h.mu.Lock()
	defer h.mu.Unlock()
	task, taskKey, draining, waitFrom := "", "", 0, 0
	if claim != nil {
		task, taskKey = string(claim.task), queuemodel.TaskKey(claim.queue, claim.task)
		waitFrom = claim.waitFrom
	}
	if h.draining {
		draining = 1
	}
	args := []any{
		h.id, heartbeatTTL.Milliseconds(), h.number, task, taskKey, h.host, h.pid, h.started.UnixMilli(), draining,
		waitFrom,
	}
	for id, r := range h.runs {
		if !r.ended.IsZero() && now.Sub(r.ended) >= outcomeWindow {
			delete(h.runs, id)
			continue
		}
		args = append(args, string(id), r.queue+" "+strconv.FormatInt(r.since.UnixMilli(), 10))
	}
	return args
}

// recordRoundTrip keeps track of how steadily this worker reaches Redis.
func (h *heartbeat) recordRoundTrip(began time.Time, took time.Duration, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case err != nil || took > maxRoundTrip:
		h.steadySince = time.Time{}
		return
	case h.steadySince.IsZero() || began.Sub(h.last) > maxGap:
		h.steadySince = began
	}
	h.last = began
}

// isTrusted reports whether a worker whose key has expired is really lost. After an outage of Redis every key has
// expired although no worker is lost. When this worker has sent heartbeats without a gap for longer than a key lives,
// the others had the same opportunity.
func (h *heartbeat) isTrusted() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.clock()
	return !h.steadySince.IsZero() && now.Sub(h.steadySince) >= heartbeatTTL+heartbeatInterval && now.Sub(h.last) <= maxGap
}

// addRun reports whether the run was added: a task has one run at a time in a process.
func (h *heartbeat) addRun(r *run) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, exists := h.runs[r.task]; exists {
		return false
	}
	h.runs[r.task] = r
	return true
}

// endRun records that the handler of a run has returned, and reports whether the task is still held.
func (h *heartbeat) endRun(r *run) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	r.ended = h.clock()
	return !r.lost
}

// findRun returns the run of a task in this process, nil if there is none.
func (h *heartbeat) findRun(task job.ID) *run {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.runs[task]
}

// removeRun removes a run whose task this worker no longer holds, and cancels it if its handler has not returned.
func (h *heartbeat) removeRun(r *run) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r == nil || h.runs[r.task] != r {
		return
	}
	delete(h.runs, r.task)
	if r.ended.IsZero() {
		r.lost = true
		r.cancel(job.ErrSuperseded)
		h.logger.Warn("this worker no longer holds a job that it runs", "job_id", r.task)
	}
}

// discardRun removes a run whose claim failed. Its handler was never called, so nothing is cancelled.
func (h *heartbeat) discardRun(r *run) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.runs[r.task] == r {
		delete(h.runs, r.task)
	}
}

func (h *heartbeat) startDraining() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.draining = true
}

// sendPeriodically sends a heartbeat every heartbeatInterval until ctx ends.
func (h *heartbeat) sendPeriodically(ctx context.Context) {
	tick := time.NewTicker(heartbeatInterval)
	defer tick.Stop()
	for {
		if err := h.send(ctx); err != nil && ctx.Err() == nil {
			// asynq logs an outage of Redis at a higher level already.
			h.logger.Debug("a heartbeat failed", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
