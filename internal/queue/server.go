package queue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/dependency"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
	"github.com/trackmydegree/trackmydegree/internal/tracing"
)

const (
	defaultConcurrency = 2
	defaultGrace       = 20 * time.Second

	// askInterval is how often asynq asks for a task while the queues are empty. The pacer answers: it waits for a
	// wake-up before it asks Redis.
	askInterval = time.Millisecond
	// forwardInterval is how often asynq asks whether tasks wait whose time has come. Its default of 5 s would turn a
	// backoff of 2 s into 7 s. The pacer passes on what can be due.
	forwardInterval = 250 * time.Millisecond
	// interruptTime is the part of the grace in which interrupted handlers record that they were interrupted.
	interruptTime = budget.Interruption
)

// Deps are the dependencies of a Server. Redis should have deadlines of its own (see package redisurl): asynq waits
// for it without any.
type Deps struct {
	Redis       redis.UniversalClient
	Liveness    Liveness
	Handler     Handler
	Concurrency int // jobs at a time, plans aside; 0 means 2
	// Grace is how long Run may take to return after its context has ended; 0 means 20 s. Running jobs have all of it
	// except the last second. Then those that still run are interrupted.
	Grace      time.Duration
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	Tracer     *tracing.Tracer // nil traces nothing
}

func (d Deps) validate() error {
	return dependency.Require("queue", d, "Redis", "Liveness", "Handler", "Logger", "Registerer")
}

// Server takes tasks from the queues and runs them.
type Server struct {
	redis       redis.UniversalClient
	liveness    Liveness
	handler     Handler
	concurrency int
	grace       time.Duration
	logger      *slog.Logger
	metrics     *metrics
	tracer      *tracing.Tracer
	suspects    chan struct{} // holds a value while a suspect task runs
	claims      sync.Mutex    // held while a task is claimed

	interrupted context.Context // done when running handlers are interrupted
	interrupt   context.CancelFunc
	returned    chan struct{}  // closed when asynq has requeued the tasks of interrupted handlers
	deliveries  sync.WaitGroup // in progress
}

// NewServer returns a server. It runs once.
func NewServer(d Deps) (*Server, error) {
	if err := d.validate(); err != nil {
		return nil, err
	}
	interrupted, interrupt := context.WithCancel(context.Background())
	return &Server{
		redis: d.Redis, liveness: d.Liveness, handler: d.Handler,
		concurrency: cmp.Or(d.Concurrency, defaultConcurrency), grace: cmp.Or(d.Grace, defaultGrace),
		logger: d.Logger, metrics: newMetrics(d.Registerer), tracer: d.Tracer, suspects: make(chan struct{}, 1),
		interrupted: interrupted, interrupt: interrupt, returned: make(chan struct{}),
	}, nil
}

// Run takes and runs tasks until ctx ends, then drains: it takes no more tasks, lets running jobs finish within the
// grace, interrupts those that do not, and puts their tasks back at the heads of their queues. It waits while Redis
// is unavailable, at the start or later. An error means that it could not start, or that a handler ignored its
// interruption.
func (s *Server) Run(ctx context.Context) error {
	if err := checkVersion(); err != nil {
		return err
	}
	stopping, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	wakeUps := newWakeUps(s.redis)
	servers := []*asynq.Server{
		s.newAsynqServer(stopping, wakeUps, weights(), s.concurrency),
		s.newAsynqServer(stopping, wakeUps, map[string]int{queuemodel.Plans: 1}, plansAtATime),
	}
	// This worker sends heartbeats until the very end, so that the others do not rescue what it still runs.
	alive, die := context.WithCancel(context.WithoutCancel(ctx))
	defer die()
	var liveness sync.WaitGroup
	liveness.Go(func() { s.liveness.Run(alive) })
	liveness.Go(func() { wakeUps.run(stopping) })
	for i, server := range servers {
		if err := server.Start(asynq.HandlerFunc(s.deliverTask)); err != nil {
			stop()
			shutDown(servers[:i])
			die()
			liveness.Wait()
			return fmt.Errorf("queue: start: %w", err)
		}
	}
	<-ctx.Done()
	stop() // asynq's Shutdown waits for a call that takes a task

	s.logger.Info("draining jobs", "running", s.Running())
	s.liveness.StartDraining()
	timer := time.AfterFunc(s.grace-min(interruptTime, s.grace/2), s.interrupt)
	// asynq returns a task as soon as the grace is over, whether or not its handler has ended. Interrupted handlers
	// have recorded the interruption by then, and wait in deliverTask for exactly that: it is asynq's only way to
	// requeue a task without counting the attempt.
	shutDown(servers)
	timer.Stop()
	s.interrupt()
	close(s.returned)
	err := s.waitForHandlers()
	die()
	liveness.Wait()
	return err
}

// shutDown shuts servers down at the same time: each has the whole grace.
func shutDown(servers []*asynq.Server) {
	var ended sync.WaitGroup
	for _, server := range servers {
		ended.Go(server.Shutdown)
	}
	ended.Wait()
}

func (s *Server) newAsynqServer(stopping context.Context, w *wakeUps, queues map[string]int, concurrency int) *asynq.Server {
	p := newPacer(pacerDeps{
		wakeUps: w, signal: w.subscribe(), stopping: stopping.Done(), running: s.Running, clock: time.Now,
		queues: slices.Sorted(maps.Keys(queues)), anyExists: s.anyExists,
	})
	guarded := &guard{UniversalClient: s.redis, liveness: s.liveness, pacer: p, logger: s.logger}
	return asynq.NewServerFromRedisClient(guarded, asynq.Config{
		Concurrency:              concurrency,
		Queues:                   queues,
		TaskCheckInterval:        askInterval,
		DelayedTaskCheckInterval: forwardInterval,
		RetryDelayFunc: func(n int, err error, _ *asynq.Task) time.Duration {
			return retryDelay(time.Now(), n, err) // asynq adds this to its own time.Now
		},
		IsFailure:       countsAsAttempt,
		ShutdownTimeout: s.grace,
		Logger:          asynqLogger{s.logger},
		LogLevel:        asynq.WarnLevel,
	})
}

// anyExists reports whether one of the keys may exist: it does, or Redis did not answer.
func (s *Server) anyExists(ctx context.Context, keys []string) bool {
	n, err := s.redis.Exists(ctx, keys...).Result()
	return err != nil || n > 0
}

// waitForHandlers waits for the last handlers to return, but not for one that ignores its interruption: the process
// is about to end, and the fence of the record makes such a handler harmless.
func (s *Server) waitForHandlers() error {
	ended := make(chan struct{})
	go func() { s.deliveries.Wait(); close(ended) }()
	select {
	case <-ended:
		return nil
	case <-time.After(interruptTime):
		return errors.New("queue: a handler does not stop")
	}
}

// Running returns the number of jobs that run now.
func (s *Server) Running() int { return int(s.metrics.inFlight.Load()) }
