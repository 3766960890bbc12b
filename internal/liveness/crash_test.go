package liveness_test

import (
	"context"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
	"github.com/trackmydegree/trackmydegree/internal/queuetest"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// A worker is killed: its job runs on another, and it cost no attempt.
func TestAKilledWorker(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 2)
	id := f.enqueueTask("hold")
	first := f.waitForRun(id, 1)
	f.byPID[first.PID].Kill()
	second := f.waitForRun(id, 2)
	if second.PID == first.PID || second.Attempt != 1 || second.Crashes != 1 {
		t.Errorf("%+v after %+v", second, first)
	}
	f.releaseTask(id)
	f.waitUntilEmpty()
	if runs := f.reportsOf(runsKey, id); len(runs) != 2 {
		t.Errorf("%+v", runs)
	}
	testenv.Eventually(t, "the dead worker is forgotten", func() bool { return f.Redis.SCard(t.Context(), "queue:workers").Val() == 1 })
	if left := f.Redis.HLen(t.Context(), "queue:holders").Val(); left != 0 {
		t.Errorf("%d holders are left", left)
	}
}

// A worker is paused, or cut off from Redis, for longer than it may be, and comes back: it finds its job with another,
// stops, and takes nothing from the other.
func TestAWorkerThatComesBack(t *testing.T) {
	for name, away := range map[string]func(f *fleet, pid int, away bool){
		"paused": func(f *fleet, pid int, away bool) {
			if away {
				f.byPID[pid].Signal(syscall.SIGSTOP)
			} else {
				f.byPID[pid].Signal(syscall.SIGCONT)
			}
		},
		"cut off": func(f *fleet, pid int, away bool) { f.links[pid].setCut(away) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, 2)
			id := f.enqueueTask("hold")
			first := f.waitForRun(id, 1)
			away(f, first.PID, true)
			second := f.waitForRun(id, 2)
			away(f, first.PID, false)
			testenv.Eventually(t, "the old run ends", func() bool { return len(f.reportsOf(endsKey, id)) == 1 })
			if end := f.reportsOf(endsKey, id)[0]; end.PID != first.PID || end.Cause != job.ErrSuperseded.Error() {
				t.Errorf("%+v", end)
			}
			// asynq has a place free again when it has settled the old run.
			testenv.Eventually(t, "the old worker runs others", func() bool {
				f.enqueueTask("")
				return slices.ContainsFunc(f.allReports(runsKey), func(r reportedRun) bool { return r.PID == first.PID && r.Task != id })
			})
			testenv.Eventually(t, "the others are done", func() bool { return f.DepthOf(t, queuemodel.Normal).Backlog() == 1 })
			if d := f.DepthOf(t, queuemodel.Normal); d.Active != 1 {
				t.Errorf("the job is not with its new worker: %+v", d)
			}
			if w := f.holderPID(id); w != second.PID {
				t.Errorf("process %d holds the job, not %d", w, second.PID)
			}
			f.releaseTask(id)
			f.waitUntilEmpty()
			if runs := f.reportsOf(runsKey, id); len(runs) != 2 {
				t.Errorf("%+v", runs)
			}
		})
	}
}

// A job that kills its workers is given up after three, without being run again; the one that ran beside it is not.
func TestAPoisonousJob(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 1)
	innocent, poison := f.enqueueTask("hold"), f.enqueueTask("hold")
	f.waitForRun(innocent, 1)
	f.waitForRun(poison, 1)
	for range job.MaxCrashes {
		f.startWorker()
	}
	f.Redis.Set(t.Context(), doKey+string(poison), "kill", 0)
	last := f.waitForRun(poison, job.MaxCrashes+1)
	if last.Crashes != job.MaxCrashes || last.Attempt != 1 {
		t.Errorf("%+v", last)
	}
	testenv.Eventually(t, "the job is put away", func() bool { return f.DepthOf(t, queuemodel.Normal).Archived == 1 })
	f.releaseTask(innocent)
	testenv.Eventually(t, "the other is done", func() bool {
		ends := f.reportsOf(endsKey, innocent)
		return len(ends) > 0 && ends[len(ends)-1].Cause == ""
	})
	for _, run := range f.reportsOf(runsKey, innocent) {
		if run.Crashes >= job.MaxCrashes {
			t.Errorf("the other is blamed: %+v", run)
		}
	}
	if info := f.TaskInfo(t, poison); info.LastErr != "worker_lost: skip retry for the task" {
		t.Errorf("asynq keeps %q", info.LastErr)
	}
}

// Redis hangs, or is killed and started again, for longer than a worker's key lasts, while a job runs: nobody is dead,
// and nothing runs twice.
func TestRedisIsAwayWhileAJobRuns(t *testing.T) {
	for name, away := range map[string]func(t *testing.T, s *testenv.RedisServer, wait func()){
		"hangs": func(t *testing.T, s *testenv.RedisServer, wait func()) {
			s.Signal(syscall.SIGSTOP)
			wait()
			s.Signal(syscall.SIGCONT)
		},
		"is killed": func(t *testing.T, s *testenv.RedisServer, wait func()) {
			s.Kill()
			wait()
			s.Restart(t)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := testenv.Redis(t)
			e := queuetest.OpenWithin(t, server.URL(1), redisurl.DefaultTimeout)
			var runs atomic.Int32
			begun, finish := make(chan struct{}, 4), make(chan struct{})
			h := func(ctx context.Context, _ job.Delivery) error {
				runs.Add(1)
				begun <- struct{}{}
				select {
				case <-finish:
					return nil
				case <-ctx.Done():
					return context.Cause(ctx)
				}
			}
			e.StartWorker(t, time.Second, h)
			e.StartWorker(t, time.Second, h)
			e.EnqueueTasks(t, queuetest.NewTask(job.Normal))
			queuetest.Receive(t, begun)
			away(t, server, func() { <-time.After(6 * time.Second) })
			// An orphan in the lists is cleared away when they are looked at: after that the job would have been taken.
			active := "asynq:{" + queuemodel.Normal + "}:active"
			testenv.Eventually(t, "Redis is back", func() bool { return e.Redis.LPush(t.Context(), active, "nobody").Err() == nil })
			testenv.Eventually(t, "somebody looks for orphans", func() bool {
				return e.Redis.LPos(t.Context(), active, "nobody", redis.LPosArgs{}).Err() == redis.Nil //nolint:errorlint // as go-redis has it
			})
			close(finish)
			testenv.Eventually(t, "the job is done", func() bool {
				all, err := e.ReadDepths(t.Context())
				return err == nil && all[1].Backlog() == 0
			})
			if n := runs.Load(); n != 1 {
				t.Errorf("%d runs", n)
			}
		})
	}
}

// The same on every Redis, in one process: a holder that is gone, and tasks that nobody claimed.
func TestOrphansAreTakenBack(t *testing.T) {
	queuetest.OnEachRedis(t, func(t *testing.T, e *queuetest.Env) {
		ctx, of := t.Context(), func(state string) string { return "asynq:{" + queuemodel.Normal + "}:" + state }
		dead, leaseless, unclaimed := queuetest.NewTask(job.Normal), queuetest.NewTask(job.Normal), queuetest.NewTask(job.Normal)
		for _, one := range []job.Task{dead, leaseless, unclaimed} {
			e.EnqueueTasks(t, one)
			if err := e.Redis.LMove(ctx, of("pending"), of("active"), "RIGHT", "LEFT").Err(); err != nil {
				t.Fatal(err)
			}
			e.Redis.HSet(ctx, of("t:"+string(one.ID)), "state", "active")
		}
		e.Redis.HSet(ctx, "queue:holders", string(dead.ID), "elsewhere:7:GONE")
		// Taken just now, and at that moment its worker died, or the answer was lost.
		e.Redis.ZAdd(ctx, of("lease"), redis.Z{Score: float64(time.Now().Add(30 * time.Second).Unix()), Member: string(unclaimed.ID)})
		got := make(chan job.Delivery, 3)
		w := e.StartWorker(t, time.Second, func(_ context.Context, d job.Delivery) error {
			got <- d
			return nil
		})
		crashes := map[job.ID]int{}
		for range 3 {
			d := queuetest.Receive(t, got)
			crashes[d.ID] = d.Crashes
		}
		if len(crashes) != 3 || crashes[dead.ID] != 1 || crashes[leaseless.ID] != 0 || crashes[unclaimed.ID] != 0 {
			t.Errorf("%v", crashes)
		}
		testenv.Eventually(t, "nothing is left", func() bool { return e.DepthOf(t, queuemodel.Normal).Backlog() == 0 })
		if m := queuetest.GatherMetrics(t, w.Registry); m["tmd_queue_recovered_total crash"] != 1 || m["tmd_queue_recovered_total orphan"] != 2 {
			t.Errorf("%v", m)
		}
	})
}

// Jobs that ran where a worker was lost do not run together again: which of them did it would never show.
func TestSuspectsRunOneAtATime(t *testing.T) {
	queuetest.OnEachRedis(t, func(t *testing.T, e *queuetest.Env) {
		suspects := map[job.ID]bool{}
		for range 2 {
			one := queuetest.NewTask(job.Normal)
			suspects[one.ID] = true
			e.EnqueueTasks(t, one)
			e.Redis.HSet(t.Context(), "asynq:{"+queuemodel.Normal+"}:t:"+string(one.ID), "tmd_crashes", 2)
		}
		began, finish := make(chan job.Delivery, 4), make(chan struct{})
		var together atomic.Int32
		e.StartWorker(t, time.Second, func(_ context.Context, d job.Delivery) error {
			if suspects[d.ID] {
				if together.Add(1) > 1 {
					t.Error("two suspects at a time")
				}
				defer together.Add(-1)
			}
			began <- d
			<-finish
			return nil
		})
		if d := queuetest.Receive(t, began); !suspects[d.ID] {
			t.Errorf("%+v", d)
		}
		testenv.Eventually(t, "the other waits", func() bool { return e.DepthOf(t, queuemodel.Normal).Retry == 1 })
		// The place of the other is free for those without a stain.
		clean := queuetest.NewTask(job.Normal)
		e.EnqueueTasks(t, clean)
		if d := queuetest.Receive(t, began); d.ID != clean.ID {
			t.Errorf("%+v", d)
		}
		close(finish)
		if d := queuetest.Receive(t, began); !suspects[d.ID] || d.Attempt != 1 {
			t.Errorf("%+v", d)
		}
		testenv.Eventually(t, "all are done", func() bool { return e.DepthOf(t, queuemodel.Normal).Backlog() == 0 })
	})
}
