package queue_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
	"github.com/trackmydegree/trackmydegree/internal/queuetest"
	"github.com/trackmydegree/trackmydegree/internal/repair"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

func TestEnqueue(t *testing.T) {
	queuetest.OnEachRedis(t, func(t *testing.T, e *queuetest.Env) {
		high, normal, low := queuetest.NewTask(job.High), queuetest.NewTask(job.Normal), queuetest.NewTask(job.Low)
		plan := queuetest.NewTask(job.Normal)
		plan.Kind = job.Plan
		e.EnqueueTasks(t, high, normal, low, normal, normal, plan)
		for _, name := range queuemodel.QueueNames() {
			wantDepth(t, e, queuemodel.Depth{Queue: name, Pending: 1})
		}
		info := e.TaskInfo(t, normal.ID)
		// The outcome of a delivery ends a task, not a limit of asynq's.
		if info.MaxRetry < 1000 || info.Retention != 0 || info.Timeout != 90*time.Second || !info.Deadline.IsZero() {
			t.Errorf("got %+v, want no limit of retries, no retention, a timeout of 90s and no deadline", info)
		}
		if info := testenv.Must(e.Asynq.GetTaskInfo(queuemodel.Plans, string(plan.ID))); info.Timeout != budget.PlanJob+30*time.Second {
			t.Errorf("got a timeout of %s for a plan, want %s", info.Timeout, budget.PlanJob+30*time.Second)
		}
		// The payload holds ids and nothing else.
		var payload map[string]string
		if err := json.Unmarshal(info.Payload, &payload); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]string{"jobId": string(normal.ID), "kind": "file"}, payload); diff != "" {
			t.Errorf("payload (-want +got):\n%s", diff)
		}
	})
}

func TestEnqueueOfAnUnknownPriority(t *testing.T) {
	t.Parallel()
	e := queuetest.OpenEnv(t, "redis://127.0.0.1:1/1")
	if err := e.Enqueue(t.Context(), queuetest.NewTask("urgent")); fault.CodeOf(err) != fault.Internal {
		t.Errorf("got %v, want %s", err, fault.Internal)
	}
}

func TestEnqueueAt(t *testing.T) {
	queuetest.OnEachRedis(t, func(t *testing.T, e *queuetest.Env) {
		later, now := queuetest.NewTask(job.Normal), queuetest.NewTask(job.Normal)
		if err := e.EnqueueAt(t.Context(), later, time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		e.EnqueueTasks(t, now, later) // the second is in its queue already
		wantDepth(t, e, queuemodel.Depth{Queue: queuemodel.Normal, Scheduled: 1, Pending: 1})
		for range 2 {
			for _, task := range []job.Task{later, now, queuetest.NewTask(job.Low)} {
				if err := e.DeleteTask(t.Context(), task.ID); err != nil {
					t.Errorf("DeleteTask: got %v, want nil", err)
				}
			}
		}
		wantDepth(t, e, queuemodel.Depth{Queue: queuemodel.Normal})
		e.EnqueueTasks(t, later) // its id is free again
		soon := queuetest.NewTask(job.High)
		if err := e.EnqueueAt(t.Context(), soon, time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		began, release := make(chan job.ID, 2), make(chan struct{})
		w := e.StartWorker(t, time.Second, func(_ context.Context, d job.Delivery) error {
			began <- d.ID
			<-release
			return nil
		})
		if first, second := <-began, <-began; first != later.ID || second != soon.ID {
			t.Errorf("order of the runs: got %s, %s, want %s, %s", first, second, later.ID, soon.ID)
		}
		if err := e.DeleteTask(t.Context(), soon.ID); err != nil {
			t.Errorf("DeleteTask of a task that runs: got %v, want nil", err)
		}
		wantDepth(t, e, queuemodel.Depth{Queue: queuemodel.High, Active: 1})
		close(release)
		if err := w.Drain(); err != nil {
			t.Errorf("Run: got %v, want nil", err)
		}
	})
}

func TestTaskStates(t *testing.T) {
	queuetest.OnEachRedis(t, func(t *testing.T, e *queuetest.Env) {
		pending, retrying, scheduled := queuetest.NewTask(job.High), queuetest.NewTask(job.Normal), queuetest.NewTask(job.Low)
		archived, both, absent := queuetest.NewTask(job.Normal), queuetest.NewTask(job.Normal), queuetest.NewTask(job.Normal)
		e.EnqueueTasks(t, pending, archived, both)
		// asynq's server does the same with a task that failed, or that runs later.
		client := asynq.NewClientFromRedisClient(e.Redis)
		for id, name := range map[job.ID]string{retrying.ID: queuemodel.Normal, scheduled.ID: queuemodel.Low} {
			options := []asynq.Option{asynq.TaskID(string(id)), asynq.Queue(name), asynq.ProcessIn(time.Hour)}
			if _, err := client.Enqueue(asynq.NewTask("timeline:v1", nil), options...); err != nil {
				t.Fatal(err)
			}
		}
		for _, id := range []job.ID{archived.ID, both.ID} {
			if err := e.Asynq.ArchiveTask(queuemodel.Normal, string(id)); err != nil {
				t.Fatal(err)
			}
		}
		both.Priority = job.Low
		e.EnqueueTasks(t, both)
		want := map[job.ID]repair.TaskState{
			pending.ID: repair.Live, retrying.ID: repair.Live, scheduled.ID: repair.Live, archived.ID: repair.Archived, both.ID: repair.Live,
		}
		ids := []job.ID{pending.ID, retrying.ID, scheduled.ID, archived.ID, both.ID, absent.ID}
		got, err := e.TaskStates(t.Context(), ids)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("states: %v (-want +got):\n%s", err, diff)
		}
		if got, err := e.TaskStates(t.Context(), nil); err != nil || len(got) != 0 {
			t.Errorf("states of no jobs: got %v, %v, want none", got, err)
		}
	})
}

func TestTheStateOfATaskThatRuns(t *testing.T) {
	queuetest.OnEachRedis(t, func(t *testing.T, e *queuetest.Env) {
		running := queuetest.NewTask(job.Normal)
		e.EnqueueTasks(t, running)
		begun, end := make(chan struct{}), make(chan struct{})
		e.StartWorker(t, time.Second, func(context.Context, job.Delivery) error { close(begun); <-end; return nil })
		<-begun
		if got, err := e.TaskStates(t.Context(), []job.ID{running.ID}); err != nil || got[running.ID] != repair.Live {
			t.Errorf("got %v, %v, want %v", got[running.ID], err, repair.Live)
		}
		close(end)
		testenv.Eventually(t, "the task is absent", func() bool {
			got, err := e.TaskStates(t.Context(), []job.ID{running.ID})
			return err == nil && got[running.ID] == repair.Absent
		})
	})
}

// RequeueArchived enqueues an archived task again, and does not change any other.
func TestRequeueArchived(t *testing.T) {
	queuetest.OnEachRedis(t, func(t *testing.T, e *queuetest.Env) {
		archived, pending, absent := queuetest.NewTask(job.Normal), queuetest.NewTask(job.Normal), queuetest.NewTask(job.Low)
		e.EnqueueTasks(t, archived, pending)
		if err := e.Asynq.ArchiveTask(queuemodel.Normal, string(archived.ID)); err != nil {
			t.Fatal(err)
		}
		for _, task := range []job.Task{archived, pending, absent, archived} {
			if err := e.RequeueArchived(t.Context(), task); err != nil {
				t.Fatal(err)
			}
		}
		wantDepth(t, e, queuemodel.Depth{Queue: queuemodel.Normal, Pending: 2})
		wantDepth(t, e, queuemodel.Depth{Queue: queuemodel.Low, Pending: 1})
		got, fresh := e.TaskInfo(t, archived.ID), e.TaskInfo(t, pending.ID)
		if got.State != asynq.TaskStatePending || got.MaxRetry != fresh.MaxRetry {
			t.Errorf("got %+v, want a pending task that may be retried %d times", got, fresh.MaxRetry)
		}
	})
}

func TestClientWithoutRedis(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts connections and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	server := testenv.StartRedis(t)
	server.Kill()
	task := queuetest.NewTask(job.Normal)
	for _, c := range []struct{ name, url string }{
		{"connections refused", server.URL(1)}, {"no answers", "redis://" + silent.Addr().String() + "/1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := queuetest.OpenWithin(t, c.url, 300*time.Millisecond)
			_, states := e.TaskStates(t.Context(), []job.ID{task.ID})
			for _, call := range []struct {
				name string
				err  error
			}{
				{"Enqueue", e.Enqueue(t.Context(), task)},
				{"EnqueueAt", e.EnqueueAt(t.Context(), task, time.Now())},
				{"TaskStates", states},
				{"DeleteTask", e.DeleteTask(t.Context(), task.ID)},
				{"RequeueArchived", e.RequeueArchived(t.Context(), task)},
			} {
				if fault.CodeOf(call.err) != fault.QueueUnavailable {
					t.Errorf("%s: got %v, want %s", call.name, call.err, fault.QueueUnavailable)
				}
			}
			cancelled, cancel := context.WithCancel(t.Context())
			cancel()
			if err := e.Enqueue(cancelled, task); !errors.Is(err, context.Canceled) {
				t.Errorf("Enqueue for a caller that gave up: got %v, want %v", err, context.Canceled)
			}
		})
	}
}

// wantDepth compares the depth of a queue.
func wantDepth(t *testing.T, e *queuetest.Env, want queuemodel.Depth) {
	t.Helper()
	if diff := cmp.Diff(want, e.DepthOf(t, want.Queue)); diff != "" {
		t.Errorf("depth (-want +got):\n%s", diff)
	}
}

func BenchmarkEnqueue(b *testing.B) {
	e := queuetest.OpenEnv(b, testenv.StartRedis(b).URL(1))
	b.ReportAllocs()
	for b.Loop() {
		e.EnqueueTasks(b, queuetest.NewTask(job.Normal))
	}
}
