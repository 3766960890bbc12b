package queue

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/liveness"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
)

// The guard recognises the scripts of the linked asynq.
func TestTheGuardRecognisesOutcomeScripts(t *testing.T) {
	t.Parallel()
	want := map[string]bool{"take": false, "forward": false, "done": true, "retry": true, "archive": true, "requeue": true}
	if diff := cmp.Diff(want, recordScripts(t).guarded); diff != "" {
		t.Errorf("guarded scripts (-want +got):\n%s", diff)
	}
}

// A worker that was disconnected learns from its next heartbeat that its task is lost, and asynq cannot record its
// outcome.
func TestTheOutcomeOfALostTaskIsNotRecorded(t *testing.T) {
	onEachRedis(t, func(t *testing.T, f *fixture) {
		old, other := f.addWorker("a"), f.addWorker("b")
		d := f.beginRun(old, job.Normal)
		f.expireWorker(old)
		f.rescueNow(other)
		f.wantTask(d, "pending", 1)
		next := f.takeTask(other, queuemodel.Normal)
		if crashes, err := f.claimTask(other, next); err != nil || crashes != 1 {
			t.Errorf("claim by the other worker: got %d lost workers, %v, want 1", crashes, err)
		}
		f.sendHeartbeat(old)
		if !errors.Is(d.cause, job.ErrSuperseded) {
			t.Errorf("cause of the cancelled run: got %v, want %v", d.cause, job.ErrSuperseded)
		}
		if d.end() {
			t.Error("the end of the lost run: got held, want not held")
		}
		f.wantRecorded(old, d, "done", "", notHeld)
		f.wantTask(d, "active", 1)
		if _, err := f.claimTask(old, d); !errors.Is(err, liveness.ErrHeldElsewhere) {
			t.Errorf("late claim: got %v, want %v", err, liveness.ErrHeldElsewhere)
		}
		f.wantRecorded(other, next, "done", "", "")
		f.wantNoTask(d)
	})
}

// A worker that was paused takes its own task again while the old run of it is still in progress.
func TestATaskReturnsToItsOldWorker(t *testing.T) {
	onEachRedis(t, func(t *testing.T, f *fixture) {
		w, other := f.addWorker("a"), f.addWorker("b")
		d := f.beginRun(w, job.Normal)
		f.expireWorker(w)
		f.rescueNow(other)
		next := f.takeTask(w, queuemodel.Normal)
		if _, err := f.claimTask(w, next); !errors.Is(err, queuemodel.ErrRunInProgress) {
			t.Fatalf("claim of the new delivery: got %v, want %v", err, queuemodel.ErrRunInProgress)
		}
		// asynq records neither the skipped delivery nor the end of the old run.
		f.wantRecorded(w, next, "retry", errLeaveTask.Error(), "")
		f.wantRecorded(w, d, "done", "", notHeld)
		f.wantTask(d, "active", 1)
		f.sendHeartbeat(w)
		if d.end() {
			t.Error("the end of the old run: got held, want not held")
		}
		// No worker has claimed the new delivery, so it is an orphan once the time for a claim is over.
		f.rescueNow(other)
		f.wantTask(d, "active", 1)
		f.clock.Advance(claimDeadline + time.Second)
		f.rescueNow(other)
		f.wantTask(d, "pending", 1)
	})
}

// Redis missed the end of the run: the worker is alive and no longer runs the task. That is no crash.
func TestAMissedOutcomeIsNoCrash(t *testing.T) {
	onEachRedis(t, func(t *testing.T, f *fixture) {
		w, other := f.addWorker("a"), f.addWorker("b")
		d := f.beginRun(w, job.Normal)
		d.end()
		f.clock.Advance(outcomeWindow - time.Second)
		f.sendHeartbeat(w)
		f.rescueNow(other)
		f.wantTask(d, "active", 0) // asynq may still record the outcome
		f.clock.Advance(time.Second)
		f.sendHeartbeat(w)
		f.rescueNow(other)
		f.wantTask(d, "pending", 0)
	})
}
