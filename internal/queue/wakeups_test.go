package queue_test

import (
	"context"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
	"github.com/trackmydegree/trackmydegree/internal/queuetest"
)

// Whatever makes a task pending wakes the idle workers.
func TestWhatWakesWorkers(t *testing.T) {
	for name, act := range map[string]func(*testing.T, *queuetest.Env){
		"a new task": func(t *testing.T, e *queuetest.Env) { e.EnqueueTasks(t, queuetest.NewTask(job.Normal)) },
		"a task again": func(t *testing.T, e *queuetest.Env) {
			one := queuetest.NewTask(job.Normal)
			if err := e.RequeueArchived(t.Context(), one); err != nil {
				t.Error(err)
			}
		},
		"a queue that is resumed": func(t *testing.T, e *queuetest.Env) {
			if err := e.ResumeQueues(t.Context(), []string{queuemodel.Normal}); err != nil {
				t.Error(err)
			}
		},
		"a waiting task that an operator runs": func(t *testing.T, e *queuetest.Env) {
			one := queuetest.NewTask(job.Normal)
			if err := e.EnqueueAt(t.Context(), one, time.Now().Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
			if ran, err := e.RunNow(t.Context(), admin.Task{ID: one.ID, Queue: queuemodel.Normal}); err != nil || !ran {
				t.Errorf("got %t, %v, want that the task was made pending", ran, err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			queuetest.OnEachRedis(t, func(t *testing.T, e *queuetest.Env) {
				sub := e.Redis.Subscribe(t.Context(), queuemodel.WakeChannel)
				defer sub.Close()
				if _, err := sub.Receive(t.Context()); err != nil { // the confirmation
					t.Fatal(err)
				}
				act(t, e)
				queuetest.Receive(t, sub.Channel())
			})
		})
	}
}

// A task whose message was lost is taken all the same: one that a tool of asynq's enqueues has none.
func TestATaskWithoutAMessage(t *testing.T) {
	queuetest.OnEachRedis(t, func(t *testing.T, e *queuetest.Env) {
		got := make(chan job.Delivery, 1)
		e.StartWorker(t, queuetest.Patience, func(_ context.Context, d job.Delivery) error {
			got <- d
			return nil
		})
		for range 2 { // the second one when the worker is idle for certain
			payload := `{"jobId":"` + string(queuetest.NewTask(job.Normal).ID) + `","kind":"file"}`
			task := asynq.NewTask("timeline:v1", []byte(payload))
			if _, err := asynq.NewClientFromRedisClient(e.Redis).Enqueue(task, asynq.Queue(queuemodel.Normal)); err != nil {
				t.Fatal(err)
			}
			queuetest.Receive(t, got)
		}
	})
}
