package queue_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
	"github.com/trackmydegree/trackmydegree/internal/queuetest"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

func TestDeleteTask(t *testing.T) {
	queuetest.OnEachRedis(t, func(t *testing.T, e *queuetest.Env) {
		waiting := queuetest.NewTask(job.Normal)
		e.PutIntoRetry(t, waiting)
		archived := queuetest.NewTask(job.Normal)
		e.EnqueueTasks(t, archived)
		w := e.StartWorker(t, time.Second, func(context.Context, job.Delivery) error { return fault.New(fault.Encrypted) })
		testenv.Eventually(t, "the task is archived", func() bool { return e.DepthOf(t, queuemodel.Normal).Archived == 1 })
		if err := w.Drain(); err != nil {
			t.Fatal(err)
		}
		if _, ok, err := e.FindTask(t.Context(), archived.ID); ok || err != nil {
			t.Errorf("FindTask of an archived task: got %v, %v, want false", ok, err)
		}
		pending := queuetest.NewTask(job.High)
		e.EnqueueTasks(t, pending)
		for _, id := range []job.ID{waiting.ID, archived.ID, pending.ID, pending.ID, "nobody"} {
			if err := e.DeleteTask(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
		for _, key := range e.Redis.Keys(t.Context(), "*").Val() {
			for _, id := range []job.ID{waiting.ID, archived.ID, pending.ID} {
				if strings.Contains(key, string(id)) {
					t.Errorf("key of a deleted task: got %s, want none", key)
				}
			}
		}
		for _, name := range queuemodel.QueueNames() {
			if d := e.DepthOf(t, name); d.Backlog() != 0 || d.Archived != 0 {
				t.Errorf("depth: got %+v, want no tasks", d)
			}
		}
	})
}

// A running task stays with its worker, which otherwise could not record its outcome.
func TestDeleteTaskLeavesATaskThatRuns(t *testing.T) {
	queuetest.OnEachRedis(t, func(t *testing.T, e *queuetest.Env) {
		one := queuetest.NewTask(job.Normal)
		e.EnqueueTasks(t, one)
		began, end := make(chan struct{}), make(chan struct{})
		e.StartWorker(t, time.Second, func(context.Context, job.Delivery) error { close(began); <-end; return nil })
		<-began
		if err := e.DeleteTask(t.Context(), one.ID); err != nil {
			t.Fatal(err)
		}
		if got := e.FindTaskOf(t, one.ID); got.State != admin.Active {
			t.Errorf("got %+v, want it active", got)
		}
		close(end)
		testenv.Eventually(t, "the task ends", func() bool { return e.DepthOf(t, queuemodel.Normal).Backlog() == 0 })
	})
}
