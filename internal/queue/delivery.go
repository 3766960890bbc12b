package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/hibiken/asynq"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
	"github.com/trackmydegree/trackmydegree/internal/tracing"
)

// suspectCrashes is the number of lost workers from which on a task is a suspect, which never runs at the same time
// as another suspect. One lost worker is chance: all tasks of a failed node should run again at once. From the second
// crash on, suspects run alone, so that a task does not fail because of the tasks that happened to run at the same
// time.
const suspectCrashes = 2

// deliverTask runs one delivery, and returns the error that makes asynq record its outcome.
func (s *Server) deliverTask(ctx context.Context, task *asynq.Task) error {
	s.deliveries.Add(1)
	defer s.deliveries.Done()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	id, _ := asynq.GetTaskID(ctx)
	queue, _ := asynq.GetQueueName(ctx)
	// The claim comes first: the guard lets asynq record no outcome of a task that is not held.
	run, err := s.claimTask(ctx, queuemodel.Claim{Task: job.ID(id), Queue: queue, Cancel: cancel})
	if err != nil {
		return s.skipDelivery(job.ID(id), err)
	}
	defer run.endSuspect()
	ctx, span := s.tracer.StartConsumer(ctx, "attempt", task.Headers()[tracing.ParentHeader])
	o, err := s.runTask(ctx, cancel, task, run)
	if !run.end() {
		o = lost
	}
	endAttempt(span, o, err)
	s.metrics.countDelivery(o)
	if o == handedBack && s.interrupted.Err() != nil {
		<-s.returned
	}
	return asynqError(o, err)
}

// endAttempt ends the span of a delivery. Only what operators should examine marks it as failed.
func endAttempt(span tracing.Span, o outcome, err error) {
	span.SetText("job.outcome", string(o))
	if err == nil || o == handedBack || o == lost {
		span.End()
		return
	}
	span.EndWith(err)
}

// describeAttempt sets the attributes of the span of a delivery.
func describeAttempt(ctx context.Context, d job.Delivery) {
	span := tracing.SpanOf(ctx)
	span.SetText("job.id", string(d.ID))
	span.SetText("job.kind", string(d.Kind))
	span.SetText("job.priority", string(d.Priority))
	span.SetNumber("job.attempt", d.Attempt)
	span.SetNumber("job.crashes", d.Crashes)
}

// claimedRun is a task that this worker holds.
type claimedRun struct {
	end     func() bool
	crashes int
	// endSuspect lets the next suspect run. mustWait says that another suspect runs in this worker.
	endSuspect func()
	mustWait   bool
}

// claimTask claims a task. While a suspect runs in this worker, the claim of another one says that it only waits: if
// the first ends this worker before the other is postponed, the crash is not counted against the other. One task is
// claimed at a time, so that each claim sees whether a suspect has begun.
func (s *Server) claimTask(ctx context.Context, c queuemodel.Claim) (claimedRun, error) {
	s.claims.Lock()
	defer s.claims.Unlock()
	suspectRuns := len(s.suspects) > 0
	if suspectRuns {
		c.WaitFrom = suspectCrashes
	}
	end, crashes, err := s.liveness.ClaimTask(ctx, c)
	run := claimedRun{end: end, crashes: crashes, endSuspect: func() {}}
	if err != nil || !isSuspect(crashes) {
		return run, err
	}
	if suspectRuns {
		run.mustWait = true
		return run, nil
	}
	s.suspects <- struct{}{}
	run.endSuspect = func() { <-s.suspects }
	return run, nil
}

// isSuspect reports whether a task may have been the cause of its crashes. One with the most crashes does not run
// again.
func isSuspect(crashes int) bool { return crashes >= suspectCrashes && crashes < job.MaxCrashes }

// skipDelivery leaves a task that cannot be claimed to the rescuer, or to its other run.
func (s *Server) skipDelivery(id job.ID, err error) error {
	s.logger.Warn("a task cannot be claimed", "job_id", id, "error", err)
	o := postponed
	if errors.Is(err, queuemodel.ErrRunInProgress) {
		o = lost
	}
	s.metrics.countDelivery(o)
	return asynqError(o, &job.Postponement{After: shortWait, Cause: err})
}

// runTask runs a task that is held, and returns the outcome with the error that led to it.
func (s *Server) runTask(ctx context.Context, cancel context.CancelCauseFunc, task *asynq.Task, run claimedRun) (outcome, error) {
	d, err := toDelivery(ctx, task)
	if err != nil {
		s.logger.ErrorContext(ctx, "a task cannot be read", "type", task.Type(), "error", err)
		return archived, fault.Wrap(fault.Internal, err)
	}
	d.Crashes = run.crashes
	describeAttempt(ctx, d)
	if run.mustWait {
		// One of the tasks that ran when workers were lost is the cause. If suspects ran at the same time again, each
		// of them would count a crash.
		return postponed, &job.Postponement{After: shortWait}
	}
	// This also interrupts a task that is taken while the server stops.
	defer context.AfterFunc(s.interrupted, func() { cancel(job.ErrInterrupted) })()
	s.metrics.countRunning(1)
	defer s.metrics.countRunning(-1)
	err = s.callHandler(ctx, d)
	return outcomeOf(err, d.Last), err
}

// callHandler calls the handler and turns its panic into an internal fault. asynq would log the value of the panic,
// which may contain a document, and store it in Redis.
func (s *Server) callHandler(ctx context.Context, d job.Delivery) (err error) {
	defer func() {
		if v := recover(); v != nil {
			s.logger.ErrorContext(ctx, "a handler panicked", "job_id", d.ID, "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
			err = fault.New(fault.Internal)
		}
	}()
	return s.handler.Process(ctx, d)
}

// toDelivery decodes a task of asynq's. Its error contains nothing of the payload.
func toDelivery(ctx context.Context, task *asynq.Task) (job.Delivery, error) {
	if task.Type() != taskType {
		return job.Delivery{}, errors.New("queue: unknown type of task")
	}
	var d job.Delivery
	if err := json.Unmarshal(task.Payload(), &d.Task); err != nil {
		return job.Delivery{}, fmt.Errorf("queue: payload: %w", err)
	}
	if _, err := job.ParseID(string(d.ID)); err != nil {
		return job.Delivery{}, fmt.Errorf("queue: payload: %w", err)
	}
	retried, _ := asynq.GetRetryCount(ctx)
	queue, _ := asynq.GetQueueName(ctx)
	d.Priority = queuemodel.PriorityOf(queue)
	d.Attempt = retried + 1
	d.Last = d.Attempt >= job.MaxAttempts
	return d, nil
}
