package queueadmin_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queueadmin"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
	"github.com/trackmydegree/trackmydegree/internal/queuetest"
)

func wantListed(t *testing.T, e *queuetest.Env, queue string, s admin.State, want job.ID) {
	t.Helper()
	tasks, err := e.ListTasks(t.Context(), queue, s)
	if err != nil {
		t.Fatal(err)
	}
	if len(tasks) != 1 || tasks[0].ID != want || tasks[0].Queue != queue || tasks[0].State != s {
		t.Errorf("tasks of %s in %s: got %+v, want %s alone", queue, s, tasks, want)
	}
}

func TestTasksAreListedInTheirStates(t *testing.T) {
	queuetest.OnEachRedis(t, func(t *testing.T, e *queuetest.Env) {
		waiting := queuetest.NewTask(job.Low)
		e.PutIntoRetry(t, waiting)
		pending, running := queuetest.NewTask(job.High), queuetest.NewTask(job.Normal)
		e.EnqueueTasks(t, running)
		began, end := make(chan struct{}), make(chan struct{})
		defer close(end)
		e.StartWorker(t, time.Second, func(ctx context.Context, _ job.Delivery) error {
			began <- struct{}{}
			select {
			case <-end:
			case <-ctx.Done():
			}
			return nil
		})
		<-began
		if err := e.PauseQueues(t.Context(), []string{queuemodel.High}); err != nil {
			t.Fatal(err)
		}
		e.EnqueueTasks(t, pending)

		for id, want := range map[job.ID]admin.Task{
			pending.ID: {ID: pending.ID, Queue: queuemodel.High, State: admin.Pending},
			running.ID: {ID: running.ID, Queue: queuemodel.Normal, State: admin.Active},
			waiting.ID: {ID: waiting.ID, Queue: queuemodel.Low, State: admin.Retry},
		} {
			got := e.FindTaskOf(t, id)
			if want.State == admin.Retry {
				if until := time.Until(got.Due); until < 50*time.Minute || until > time.Hour+time.Second {
					t.Errorf("due time: got in %v, want in an hour", until)
				}
				want.Due = got.Due
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("task (-want +got):\n%s", diff)
			}
			wantListed(t, e, want.Queue, want.State, id)
		}
		if _, ok, err := e.FindTask(t.Context(), "nobody"); ok || err != nil {
			t.Errorf("FindTask of an unknown job: got %v, %v, want false", ok, err)
		}
		load, err := e.CurrentLoad(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(load.Workers) != 1 || !slices.Equal(load.Workers[0].Running, []job.ID{running.ID}) || !load.Draining.IsZero() {
			t.Errorf("load: got %+v, want one worker that runs %s, and an open intake", load, running.ID)
		}
		for i, q := range load.Queues {
			want := admin.QueueLoad{Name: queuemodel.QueueNames()[i], Oldest: q.Oldest}
			switch q.Name {
			case queuemodel.High:
				want.Paused, want.Pending = true, 1
			case queuemodel.Normal:
				want.Active = 1
			case queuemodel.Low:
				want.Retry = 1
			}
			if diff := cmp.Diff(want, q); diff != "" {
				t.Errorf("load of a queue (-want +got):\n%s", diff)
			}
		}
	})
}

// A waiting task becomes pending as if its time had come, also for asynq.
func TestRunNow(t *testing.T) {
	queuetest.OnEachRedis(t, func(t *testing.T, e *queuetest.Env) {
		one := queuetest.NewTask(job.Normal)
		e.PutIntoRetry(t, one)
		waiting := e.FindTaskOf(t, one.ID)
		for i, want := range []bool{true, false} { // the second call finds it pending
			if moved, err := e.RunNow(t.Context(), waiting); err != nil || moved != want {
				t.Errorf("call %d: got %v, %v, want %v", i+1, moved, err, want)
			}
		}
		if d := e.DepthOf(t, queuemodel.Normal); d.Pending != 1 || d.Retry != 0 {
			t.Errorf("depth: got %+v, want one pending task and none in retry", d)
		}
		if info := e.TaskInfo(t, one.ID); info.State.String() != "pending" {
			t.Errorf("state to asynq: got %s, want pending", info.State)
		}
		ran := make(chan job.Delivery, 1)
		e.StartWorker(t, time.Second, func(_ context.Context, d job.Delivery) error { ran <- d; return nil })
		if d := <-ran; d.ID != one.ID || d.Attempt != 1 {
			t.Errorf("delivery: got %+v, want attempt 1 of %s", d, one.ID)
		}
	})
}

func TestPauseQueues(t *testing.T) {
	queuetest.OnEachRedis(t, func(t *testing.T, e *queuetest.Env) {
		ctx := t.Context()
		for range 2 { // the second call changes nothing
			if err := e.PauseQueues(ctx, []string{queuemodel.Normal}); err != nil {
				t.Fatal(err)
			}
		}
		held, free := queuetest.NewTask(job.Normal), queuetest.NewTask(job.Low)
		e.EnqueueTasks(t, held, free)
		ran := make(chan job.ID, 2)
		e.StartWorker(t, time.Second, func(_ context.Context, d job.Delivery) error { ran <- d.ID; return nil })
		// The low queue is served although the normal one would come first three times out of four.
		if id := <-ran; id != free.ID {
			t.Errorf("the task that ran: got %s of the paused queue, want %s", id, free.ID)
		}
		if got := e.FindTaskOf(t, held.ID); got.State != admin.Pending {
			t.Errorf("the task of the paused queue: got %+v, want it pending", got)
		}
		for range 2 {
			if err := e.ResumeQueues(ctx, []string{queuemodel.Normal}); err != nil {
				t.Fatal(err)
			}
		}
		if id := <-ran; id != held.ID {
			t.Errorf("the task that ran: got %s, want %s", id, held.ID)
		}
	})
}

func TestNewInspectorRefusesMissingDependencies(t *testing.T) {
	t.Parallel()
	if _, err := queueadmin.NewInspector(queueadmin.Deps{}); err == nil {
		t.Error("got no error, want one")
	}
}

func TestWithoutRedis(t *testing.T) {
	t.Parallel()
	e := queuetest.OpenWithin(t, "redis://127.0.0.1:1/1", 100*time.Millisecond)
	ctx := t.Context()
	_, retry := e.ListTasks(ctx, queuemodel.Normal, admin.Retry)
	_, pending := e.ListTasks(ctx, queuemodel.Normal, admin.Pending)
	_, _, find := e.FindTask(ctx, "x")
	_, runNow := e.RunNow(ctx, admin.Task{Queue: queuemodel.Normal})
	_, load := e.CurrentLoad(ctx)
	for _, call := range []struct {
		name string
		err  error
	}{
		{"ListTasks of retry", retry},
		{"ListTasks of pending", pending},
		{"FindTask", find},
		{"RunNow", runNow},
		{"PauseQueues", e.PauseQueues(ctx, queuemodel.QueueNames())},
		{"ResumeQueues", e.ResumeQueues(ctx, queuemodel.QueueNames())},
		{"PauseIntake", e.PauseIntake(ctx)},
		{"ResumeIntake", e.ResumeIntake(ctx)},
		{"CurrentLoad", load},
	} {
		if fault.CodeOf(call.err) != fault.QueueUnavailable {
			t.Errorf("%s: got %v, want %s", call.name, call.err, fault.QueueUnavailable)
		}
	}
}
