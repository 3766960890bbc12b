// Package liveness records in Redis which workers are alive and what they run, and requeues the tasks of dead
// workers. A Member is one worker process: it sends heartbeats, claims tasks, and takes turns with the others at
// rescuing orphans. A Registry reads the list of workers from outside.
//
// One worker at a time holds a task. A worker that was paused or disconnected learns from its next heartbeat which
// tasks it no longer holds. Until then both workers may run the same task, so a handler must fence its writes.
package liveness

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/dependency"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
)

const (
	// callTimeout bounds a heartbeat and a rescue, so that the next one starts on time.
	callTimeout = budget.HeartbeatCall
	// deregisterTimeout bounds the last call to Redis.
	deregisterTimeout = 500 * time.Millisecond
)

// Deps are the dependencies of a Member.
type Deps struct {
	Redis      redis.UniversalClient
	Host       string // the name of this machine, for others; empty means the host name
	Clock      func() time.Time
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

func (d Deps) validate() error {
	return dependency.Require("liveness", d, "Redis", "Clock", "Logger", "Registerer")
}

// Member is this process among the workers. It is safe for concurrent use.
type Member struct {
	heartbeat *heartbeat
	rescuer   *rescuer
	started   sync.Once // done when the wait for the start of this worker has been recorded
}

// New returns a member. The others see it once Run, SendHeartbeat or ClaimTask has written to Redis.
func New(d Deps) (*Member, error) {
	if err := d.validate(); err != nil {
		return nil, err
	}
	host := d.Host
	if host == "" {
		host, _ = os.Hostname() // in a pod its name
	}
	pid := os.Getpid()
	h := &heartbeat{
		redis: d.Redis, host: host, pid: pid, id: fmt.Sprintf("%s:%d:%s", host, pid, rand.Text()[:8]),
		started: d.Clock(), clock: d.Clock, logger: d.Logger, runs: map[job.ID]*run{},
	}
	return &Member{
		heartbeat: h,
		rescuer:   &rescuer{redis: d.Redis, heartbeat: h, clock: d.Clock, logger: d.Logger, metrics: newMetrics(d.Registerer)},
	}, nil
}

// WorkerID returns the id of this worker, <host>:<pid>:<random>.
func (m *Member) WorkerID() string { return m.heartbeat.id }

// Run sends heartbeats and rescues orphans until ctx ends, then deregisters this worker. Call it before the first
// task is taken, and end ctx after the last one is finished: other workers requeue the tasks of a silent worker.
func (m *Member) Run(ctx context.Context) {
	var loops sync.WaitGroup
	loops.Go(func() { m.heartbeat.sendPeriodically(ctx) })
	loops.Go(func() { m.rescuer.rescuePeriodically(ctx) })
	loops.Wait()
	m.Deregister(context.WithoutCancel(ctx))
}

// SendHeartbeat reports this worker and its runs. It cancels the runs whose tasks this worker no longer holds, with
// job.ErrSuperseded.
func (m *Member) SendHeartbeat(ctx context.Context) error { return m.heartbeat.send(ctx) }

// ClaimTask makes this worker the holder of a task of a queue, until end or Deregister. A task may only run while it is
// held: the others treat an unclaimed task as an orphan. If the task is lost, Cancel is called with job.ErrSuperseded.
//
// It returns the number of workers that were lost with the task, and a function to call when the handler has returned.
// That function reports whether the task is still held; afterwards the run stays in the heartbeats for a few seconds,
// in which asynq records the outcome. Errors: queuemodel.ErrRunInProgress, ErrHeldElsewhere, and those of Redis.
func (m *Member) ClaimTask(ctx context.Context, c queuemodel.Claim) (end func() (held bool), crashes int, err error) {
	r, crashes, err := m.heartbeat.claimTask(ctx, c)
	if err != nil {
		return nil, 0, err
	}
	m.started.Do(func() { m.heartbeat.recordStartup(ctx, c.Task) })
	return func() bool { return m.heartbeat.endRun(r) }, crashes, nil
}

// FindRun returns a function that removes the current run of a task in this process, because this worker no longer
// holds the task: asynq has recorded the outcome, for which it does not always wait for the handler. A run that is
// still in progress is cancelled with job.ErrSuperseded. The function does nothing if the task has no run, or has
// another one by the time of the call.
func (m *Member) FindRun(task job.ID) (remove func()) {
	r := m.heartbeat.findRun(task)
	return func() { m.heartbeat.removeRun(r) }
}

// StartDraining shows in the heartbeats that this worker takes no new tasks.
func (m *Member) StartDraining() { m.heartbeat.startDraining() }

// RescueOrphans requeues the tasks that no worker runs, unless another worker has done so within the last 400 ms. The
// caller decides whether this worker's view of the others can be trusted.
func (m *Member) RescueOrphans(ctx context.Context) error { return m.rescuer.rescueOrphans(ctx) }

// Deregister removes this worker from the list and requeues the tasks that it still holds, without counting a crash.
// Without it the others find the worker missing after a few seconds and count one. Errors are logged only.
func (m *Member) Deregister(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, deregisterTimeout)
	defer cancel()
	if _, err := requeueTasks(ctx, m.heartbeat.redis, selection{host: m.heartbeat.host, worker: m.heartbeat.id}); err != nil {
		m.heartbeat.logger.Debug("this worker cannot deregister", "error", err)
	}
}
