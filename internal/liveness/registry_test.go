package liveness_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
	"github.com/trackmydegree/trackmydegree/internal/queuetest"
)

// The keys are a contract with operators and the controller, so the test reads them by name.
func TestListWorkers(t *testing.T) {
	onEachRedis(t, func(t *testing.T, f *fixture) {
		started := f.clock.Now().UTC().Truncate(time.Millisecond)
		m := f.newMember("pod-1")
		f.clock.Advance(3 * time.Second)
		first := f.claimNew(m, job.Normal)
		f.clock.Advance(time.Second)
		second := f.claimNew(m, job.High)
		f.sendHeartbeat(m)

		ctx, id := t.Context(), m.WorkerID()
		want := queuemodel.Worker{ID: id, Host: "pod-1", PID: os.Getpid(), Started: started, Running: []queuemodel.Run{
			{Task: first.task, Queue: queuemodel.Normal, Since: started.Add(3 * time.Second)},
			{Task: second.task, Queue: queuemodel.High, Since: started.Add(4 * time.Second)},
		}}
		f.wantWorkers(want)
		if ttl := f.Redis.PTTL(ctx, "queue:worker:"+id).Val(); ttl <= 0 || ttl > 4*time.Second {
			t.Errorf("time to live of the worker's key: got %s, want up to 4s", ttl)
		}
		holders := map[string]string{string(first.task): id, string(second.task): id}
		if diff := cmp.Diff(holders, f.Redis.HGetAll(ctx, "queue:holders").Val()); diff != "" {
			t.Errorf("holders (-want +got):\n%s", diff)
		}

		f.finishTask(m, first)
		m.StartDraining()
		f.sendHeartbeat(m)
		want.Running, want.Draining = want.Running[1:], true
		f.wantWorkers(want)

		m.Deregister(ctx)
		f.wantWorkers()
		if n := f.Redis.SCard(ctx, "queue:workers").Val(); n != 0 {
			t.Errorf("workers in the set after the last has deregistered: got %d, want 0", n)
		}
		f.wantTask(second, "pending", 0)
	})
}

func TestRequeueOrphans(t *testing.T) {
	onEachRedis(t, func(t *testing.T, f *fixture) {
		first, second, other := f.newMember("pod-1"), f.newMember("pod-1"), f.newMember("pod-10")
		one, two, three := f.claimNew(first, job.High), f.claimNew(second, job.Low), f.claimNew(other, job.Low)
		f.wantRequeued("pod-1", time.Time{}, true, one.task, two.task)
		f.wantTask(one, "pending", 1)
		f.wantTask(two, "pending", 1)
		f.wantTask(three, "active", 0)
		workers, err := f.ListWorkers(t.Context())
		if err != nil || len(workers) != 1 || workers[0].Host != "pod-10" {
			t.Errorf("workers: got %+v, %v, want the one of pod-10", workers, err)
		}

		t.Log("the tasks are at the heads of their queues")
		f.EnqueueTasks(t, queuetest.NewTask(job.High))
		if next := f.takeTask(queuemodel.High); next != one.task {
			t.Errorf("next task: got %s, want %s", next, one.task)
		}

		t.Log("a worker that is alive after all learns of it")
		f.sendHeartbeat(first)
		if !errors.Is(one.cause, job.ErrSuperseded) {
			t.Errorf("cause of the cancelled run: got %v, want %v", one.cause, job.ErrSuperseded)
		}
		f.wantRequeued("pod-1", time.Time{}, false)
	})
}

// A restarted container has the host name of the one before it.
func TestRequeueOrphansOfAnEarlierProcess(t *testing.T) {
	queuetest.OnEachRedis(t, func(t *testing.T, e *queuetest.Env) {
		f := &fixture{Env: e, t: t}
		held := make(chan job.ID)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		start := func(ahead time.Duration) {
			s := queuetest.NewServer(t, queuetest.Deps{
				Redis: e.Redis, Host: "w1", Concurrency: 1, Grace: time.Second,
				Clock: func() time.Time { return time.Now().Add(ahead) },
				Handler: queuetest.HandlerFunc(func(ctx context.Context, d job.Delivery) error {
					select {
					case held <- d.ID:
					case <-ctx.Done():
					}
					<-ctx.Done()
					return job.ErrInterrupted
				}),
			})
			go func() { ended <- s.Run(ctx) }()
		}
		earlier := time.Now()
		start(0)
		e.EnqueueTasks(t, queuetest.NewTask(job.Normal))
		first := <-held
		start(time.Hour) // started an hour later by its clock
		e.EnqueueTasks(t, queuetest.NewTask(job.Normal))
		second := <-held

		f.wantRequeued("w1", earlier.Add(-time.Minute), true)
		f.wantRequeued("w1", earlier.Add(30*time.Minute), true, first)
		ids, err := e.RequeueOrphans(t.Context(), "w1", earlier.Add(30*time.Minute), true)
		if err != nil || slices.Contains(ids, second) {
			t.Errorf("requeued again: got %v, %v, want none of the later worker (%s)", ids, err, second)
		}
		stop()
		for range 2 {
			if err := <-ended; err != nil {
				t.Errorf("Run: got %v, want nil", err)
			}
		}
	})
}
