package queue

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

const (
	defaultConcurrency = 2
	defaultGrace       = 20 * time.Second

	// pickup is how often an idle worker looks for a task. asynq sleeps half of it and up to once more, so at most 30 ms
	// pass between an upload and its worker.
	pickup = 20 * time.Millisecond
	// forward is how often tasks whose wait is over are made pending. asynq's 5 s would turn a backoff of 2 s into 7 s.
	forward = 250 * time.Millisecond
	// interruption is the part of the grace in which handlers that were told to stop write that down.
	interruption = budget.Interruption
	// farewell is how long the last word to Redis may take.
	farewell = 500 * time.Millisecond
)

// Handler runs one attempt. What its error means is outcomeOf's table.
type Handler interface {
	Process(ctx context.Context, d job.Delivery) error
}

// Deps is what a Server needs. Grace is how long Run may take to end after its context has: running jobs have all of it
// but the last second, in which those that still run are told to stop. Redis should have deadlines of its own (see
// redisurl): asynq waits for it without any.
type Deps struct {
	Redis       redis.UniversalClient
	Handler     Handler
	Host        string        // as which the others know this worker's machine; empty means its name
	Concurrency int           // 0 means 2
	Grace       time.Duration // 0 means 20 s
	Clock       func() time.Time
	Logger      *slog.Logger
	Registerer  prometheus.Registerer
}

// Server takes tasks from the queues and runs them.
type Server struct {
	redis       redis.UniversalClient
	handler     Handler
	concurrency int
	grace       time.Duration
	clock       func() time.Time
	logger      *slog.Logger
	metrics     *metrics
	beats       *beats
	suspects    chan struct{} // held by the one suspect that runs

	stopping context.Context // done when running handlers are to stop
	stop     context.CancelFunc
	released chan struct{}  // closed when asynq has put back what was handed back
	handlers sync.WaitGroup // deliveries in progress
}

// New returns a server. It runs once.
func New(d Deps) *Server {
	stopping, stop := context.WithCancel(context.Background())
	return &Server{
		redis: d.Redis, handler: d.Handler,
		concurrency: cmp.Or(d.Concurrency, defaultConcurrency), grace: cmp.Or(d.Grace, defaultGrace),
		clock: d.Clock, logger: d.Logger, metrics: newMetrics(d.Registerer),
		beats: newBeats(d), suspects: make(chan struct{}, 1),
		stopping: stopping, stop: stop, released: make(chan struct{}),
	}
}

// Run takes and runs tasks until ctx ends, then drains: it takes no more, lets running jobs finish within the grace,
// interrupts those that do not, and puts their tasks back in front of their queues. A Redis that is down, at the start or
// later, is waited for.
func (s *Server) Run(ctx context.Context) error {
	if err := supported(); err != nil {
		return err
	}
	guarded := &guard{UniversalClient: s.redis, beats: s.beats, logger: s.logger}
	server := asynq.NewServerFromRedisClient(guarded, asynq.Config{
		Concurrency:              s.concurrency,
		Queues:                   weights(),
		TaskCheckInterval:        pickup,
		DelayedTaskCheckInterval: forward,
		RetryDelayFunc: func(n int, err error, _ *asynq.Task) time.Duration {
			return delay(time.Now(), n, err) // the clock of asynq, which adds this to its own
		},
		IsFailure:       counts,
		ShutdownTimeout: s.grace,
		Logger:          logger{s.logger},
		LogLevel:        asynq.WarnLevel,
	})
	// To the very end, so that what still runs is not taken for orphaned.
	living, die := context.WithCancel(context.WithoutCancel(ctx))
	defer die()
	var loops sync.WaitGroup
	loops.Go(func() { s.beats.loop(living) })
	loops.Go(func() { s.reaping(living) })
	if err := server.Start(asynq.HandlerFunc(s.deliver)); err != nil {
		die()
		loops.Wait()
		return fmt.Errorf("queue: start: %w", err)
	}
	<-ctx.Done()

	s.logger.Info("draining jobs", "running", s.Running())
	s.beats.drain()
	patience := time.AfterFunc(s.grace-min(interruption, s.grace/2), s.stop)
	// asynq gives a task back as soon as the grace is over, whether or not its handler has ended. Handlers that were
	// interrupted have written so by then, and wait in deliver for just that: it is asynq's one way to put a task back
	// without counting the attempt.
	server.Shutdown()
	patience.Stop()
	s.stop()
	close(s.released)
	err := s.leave()
	die()
	loops.Wait()
	s.say(context.WithoutCancel(ctx))
	return err
}

// say tells the other workers that this one is gone, and puts back what asynq could not. Without that they would find out
// by themselves, and take it for a crash.
func (s *Server) say(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, farewell)
	defer cancel()
	if _, err := handOver(ctx, s.redis, s.beats.host, s.beats.id, time.Time{}, false); err != nil {
		s.logger.Debug("the others are not told of this worker's end", "error", err)
	}
}

// leave waits for the last handlers to return, but not for one that does not listen: its process is about to end, and the
// fence keeps it from harm.
func (s *Server) leave() error {
	ended := make(chan struct{})
	go func() { s.handlers.Wait(); close(ended) }()
	select {
	case <-ended:
		return nil
	case <-time.After(interruption):
		return errors.New("queue: a handler does not stop")
	}
}

// Running is the number of jobs that run at the moment.
func (s *Server) Running() int { return int(s.metrics.inFlight.Load()) }

// deliver runs one delivery and tells asynq what to do next.
func (s *Server) deliver(ctx context.Context, task *asynq.Task) error {
	s.handlers.Add(1)
	defer s.handlers.Done()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	id, _ := asynq.GetTaskID(ctx)
	name, _ := asynq.GetQueueName(ctx)
	// First of all: an unclaimed task belongs to nobody, and asynq could not even put it away.
	r, crashes, err := s.beats.claim(ctx, job.ID(id), name, cancel)
	if err != nil {
		return s.unclaimed(job.ID(id), err)
	}
	o, err := s.attempt(ctx, cancel, task, crashes)
	if !s.beats.end(r) {
		o = takenBack
	}
	s.metrics.count(o)
	if o == handedBack && s.stopping.Err() != nil {
		<-s.released
	}
	return result(o, err)
}

// unclaimed leaves a task that cannot be claimed to those who look for orphans, or to its other run.
func (s *Server) unclaimed(id job.ID, err error) error {
	s.logger.Warn("a task cannot be claimed", "job_id", id, "error", err)
	o := postponed
	if errors.Is(err, errHere) {
		o = takenBack
	}
	s.metrics.count(o)
	return result(o, &job.Postponement{After: soon, Cause: err})
}

// suspected is from how many lost workers on a task is run beside no other of its kind. One is chance: what ran on a node
// that is gone should run again at once, all of it. A task is never given up for neighbours that it had by chance: it
// had two at the most by then.
const suspected = 2

// attempt runs a task that is claimed, and says what is to become of it.
func (s *Server) attempt(ctx context.Context, cancel context.CancelCauseFunc, task *asynq.Task, crashes int) (outcome, error) {
	d, err := delivery(ctx, task)
	if err != nil {
		s.logger.Error("a task cannot be read", "type", task.Type(), "error", err)
		return putAway, fault.Wrap(fault.Internal, err)
	}
	d.Crashes = crashes
	if crashes >= suspected && crashes < job.MaxCrashes {
		// One of those that ran where workers were lost did it. Run together again, they would all be blamed.
		select {
		case s.suspects <- struct{}{}:
			defer func() { <-s.suspects }()
		default:
			return postponed, &job.Postponement{After: soon}
		}
	}
	// A task that is taken while the server stops is interrupted like the others.
	defer context.AfterFunc(s.stopping, func() { cancel(job.ErrInterrupted) })()
	s.metrics.begin()
	defer s.metrics.end()
	err = s.run(ctx, d)
	return outcomeOf(err, d.Last), err
}

// run calls the handler. Its panic is a fault like others here: asynq would log it with the value, which may hold
// anything, and keep it in Redis.
func (s *Server) run(ctx context.Context, d job.Delivery) (err error) {
	defer func() {
		if v := recover(); v != nil {
			s.logger.Error("a handler panicked", "job_id", d.ID, "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
			err = fault.New(fault.Internal)
		}
	}()
	return s.handler.Process(ctx, d)
}

func delivery(ctx context.Context, task *asynq.Task) (job.Delivery, error) {
	if task.Type() != taskType {
		return job.Delivery{}, errors.New("queue: unknown type of task")
	}
	var d job.Delivery
	if err := json.Unmarshal(task.Payload(), &d.Task); err != nil {
		return job.Delivery{}, fmt.Errorf("queue: payload: %w", err)
	}
	if d.ID == "" {
		return job.Delivery{}, errors.New("queue: payload without an id")
	}
	n, _ := asynq.GetRetryCount(ctx)
	name, _ := asynq.GetQueueName(ctx)
	for priority, queue := range queues {
		if queue == name {
			d.Priority = priority
		}
	}
	d.Attempt = n + 1
	d.Last = d.Attempt >= job.MaxAttempts
	return d, nil
}
