package queue_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queue"
	"github.com/trackmydegree/trackmydegree/internal/repair"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// A task in any of asynq's states is live, but for the one in which it would stay for ever.
func TestStates(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		pending, retrying, scheduled, archived, both, gone := task(job.High), task(job.Normal), task(job.Low), task(job.Normal), task(job.Normal), task(job.Normal)
		e.enqueue(t, pending, archived, both)
		// As asynq's server does with a task that failed, or is to run later.
		client := asynq.NewClientFromRedisClient(e.redis)
		for id, name := range map[job.ID]string{retrying.ID: queue.Normal, scheduled.ID: queue.Low} {
			if _, err := client.Enqueue(asynq.NewTask("timeline:v1", nil), asynq.TaskID(string(id)), asynq.Queue(name), asynq.ProcessIn(time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		for _, id := range []job.ID{archived.ID, both.ID} {
			if err := e.inspector.ArchiveTask(queue.Normal, string(id)); err != nil {
				t.Fatal(err)
			}
		}
		both.Priority = job.Low
		e.enqueue(t, both)
		ids := []job.ID{pending.ID, retrying.ID, scheduled.ID, archived.ID, both.ID, gone.ID}
		got, err := e.TaskStates(t.Context(), ids)
		if err != nil {
			t.Fatal(err)
		}
		want := map[job.ID]repair.TaskState{
			pending.ID: repair.Live, retrying.ID: repair.Live, scheduled.ID: repair.Live, archived.ID: repair.Archived, both.ID: repair.Live,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if got, err := e.TaskStates(t.Context(), nil); err != nil || len(got) != 0 {
			t.Errorf("nobody: %v, %v", got, err)
		}
	})
}

// A task that a worker has is live, until it is done.
func TestTheStateOfWhatRuns(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		running := task(job.Normal)
		e.enqueue(t, running)
		begun, end := make(chan struct{}), make(chan struct{})
		e.work(t, time.Second, func(context.Context, job.Delivery) error { close(begun); <-end; return nil })
		<-begun
		if got, err := e.TaskStates(t.Context(), []job.ID{running.ID}); err != nil || got[running.ID] != repair.Live {
			t.Errorf("%v, %v", got, err)
		}
		close(end)
		testenv.Eventually(t, "the task is gone", func() bool {
			got, err := e.TaskStates(t.Context(), []job.ID{running.ID})
			return err == nil && got[running.ID] == repair.Absent
		})
	})
}

// What was put away is handed over anew; what was not stays as it is.
func TestRevive(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		archived, pending, gone := task(job.Normal), task(job.Normal), task(job.Low)
		e.enqueue(t, archived, pending)
		if err := e.inspector.ArchiveTask(queue.Normal, string(archived.ID)); err != nil {
			t.Fatal(err)
		}
		for _, task := range []job.Task{archived, pending, gone, archived} {
			if err := e.RequeueArchived(t.Context(), task); err != nil {
				t.Fatal(err)
			}
		}
		if normal, low := e.stats(t, queue.Normal), e.stats(t, queue.Low); normal.Pending != 2 || normal.Archived != 0 || low.Pending != 1 {
			t.Errorf("%+v, %+v", normal, low)
		}
		if info, fresh := e.info(t, archived.ID), e.info(t, pending.ID); info.State != asynq.TaskStatePending || info.MaxRetry != fresh.MaxRetry {
			t.Errorf("%+v", info)
		}
	})
}

func TestStateWithoutRedis(t *testing.T) {
	t.Parallel()
	server := testenv.Redis(t)
	server.Kill()
	e := openWith(t, server.URL(1), 300*time.Millisecond)
	if _, err := e.TaskStates(t.Context(), []job.ID{task(job.Normal).ID}); fault.CodeOf(err) != fault.QueueUnavailable {
		t.Errorf("state: %v", err)
	}
	if err := e.RequeueArchived(t.Context(), task(job.Normal)); fault.CodeOf(err) != fault.QueueUnavailable {
		t.Errorf("revive: %v", err)
	}
}
