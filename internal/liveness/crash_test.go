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

// The job of a killed worker runs on another worker, and no attempt is counted.
func TestAKilledWorker(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 2)
	id := f.enqueueTask("hold")
	first := f.waitForRun(id, 1)
	f.byPID[first.PID].Kill()
	second := f.waitForRun(id, 2)
	if second.PID == first.PID || second.Attempt != 1 || second.Crashes != 1 {
		t.Errorf("second run: got %+v after %+v, want attempt 1 in another process, with 1 lost worker", second, first)
	}
	f.releaseTask(id)
	f.waitUntilEmpty()
	if runs := f.reportsOf(runsKey, id); len(runs) != 2 {
		t.Errorf("runs: got %+v, want 2", runs)
	}
	testenv.Eventually(t, "the dead worker is no longer listed", func() bool { return f.Redis.SCard(t.Context(), "queue:workers").Val() == 1 })
	if left := f.Redis.HLen(t.Context(), "queue:holders").Val(); left != 0 {
		t.Errorf("holders: got %d, want 0", left)
	}
}

// A worker was paused, or disconnected from Redis, for longer than the TTL of its heartbeats. It stops the run of its
// job, which another worker runs by then, and does not disturb that run.
func TestAWorkerThatReturns(t *testing.T) {
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
				t.Errorf("end of the old run: got %+v, want process %d and %v", end, first.PID, job.ErrSuperseded)
			}
			// asynq has a free place again once the old run has ended.
			testenv.Eventually(t, "the old worker runs others", func() bool {
				f.enqueueTask("")
				return slices.ContainsFunc(f.allReports(runsKey), func(r reportedRun) bool { return r.PID == first.PID && r.Task != id })
			})
			testenv.Eventually(t, "the others are done", func() bool { return f.DepthOf(t, queuemodel.Normal).Backlog() == 1 })
			if d := f.DepthOf(t, queuemodel.Normal); d.Active != 1 {
				t.Errorf("depth: got %+v, want the job active", d)
			}
			if w := f.holderPID(id); w != second.PID {
				t.Errorf("holder: got process %d, want %d", w, second.PID)
			}
			f.releaseTask(id)
			f.waitUntilEmpty()
			if runs := f.reportsOf(runsKey, id); len(runs) != 2 {
				t.Errorf("runs: got %+v, want 2", runs)
			}
		})
	}
}

// A job that kills its workers fails after three, without another run. The job that ran at the same time does not.
func TestAJobThatKillsItsWorkers(t *testing.T) {
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
		t.Errorf("last run: got %+v, want attempt 1 with %d lost workers", last, job.MaxCrashes)
	}
	testenv.Eventually(t, "the job is archived", func() bool { return f.DepthOf(t, queuemodel.Normal).Archived == 1 })
	f.releaseTask(innocent)
	testenv.Eventually(t, "the other is done", func() bool {
		ends := f.reportsOf(endsKey, innocent)
		return len(ends) > 0 && ends[len(ends)-1].Cause == ""
	})
	for _, run := range f.reportsOf(runsKey, innocent) {
		if run.Crashes >= job.MaxCrashes {
			t.Errorf("run of the other job: got %+v, want fewer than %d lost workers", run, job.MaxCrashes)
		}
	}
	if info := f.TaskInfo(t, poison); info.LastErr != "worker_lost: skip retry for the task" {
		t.Errorf("error that asynq stores: got %q, want worker_lost alone", info.LastErr)
	}
}

// Redis does not answer for longer than a worker's key lasts while a job runs: no worker is lost, and nothing runs
// twice.
func TestAnOutageOfRedisWhileAJobRuns(t *testing.T) {
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
			server := testenv.StartRedis(t)
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
			// A rescue removes a task without a message from the active list. The test waits for that: the rescuer
			// ran, and requeued nothing.
			active := "asynq:{" + queuemodel.Normal + "}:active"
			testenv.Eventually(t, "Redis answers", func() bool { return e.Redis.LPush(t.Context(), active, "nobody").Err() == nil })
			testenv.Eventually(t, "a worker rescues orphans", func() bool {
				return e.Redis.LPos(t.Context(), active, "nobody", redis.LPosArgs{}).Err() == redis.Nil //nolint:errorlint // as go-redis has it
			})
			close(finish)
			testenv.Eventually(t, "the job is done", func() bool {
				all, err := e.ReadDepths(t.Context())
				return err == nil && all[1].Backlog() == 0
			})
			if n := runs.Load(); n != 1 {
				t.Errorf("runs: got %d, want 1", n)
			}
		})
	}
}

// The same on each Redis, in one process: a worker that is lost, and tasks without a claim.
func TestOrphansArePutBack(t *testing.T) {
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
		// Taken just now; its worker died at that moment, or the answer of Redis was lost.
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
			t.Errorf("lost workers: got %v, want 1 for %s alone", crashes, dead.ID)
		}
		testenv.Eventually(t, "nothing is left", func() bool { return e.DepthOf(t, queuemodel.Normal).Backlog() == 0 })
		if m := queuetest.GatherMetrics(t, w.Registry); m["tmd_queue_recovered_total crash"] != 1 || m["tmd_queue_recovered_total orphan"] != 2 {
			t.Errorf("metrics: got %v, want 1 crash and 2 orphans", m)
		}
	})
}

// Jobs that ran when workers were lost do not run at the same time again: otherwise the cause among them could not be
// found.
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
					t.Error("suspects at a time: got 2, want 1")
				}
				defer together.Add(-1)
			}
			began <- d
			<-finish
			return nil
		})
		if d := queuetest.Receive(t, began); !suspects[d.ID] {
			t.Errorf("first run: got %+v, want a suspect", d)
		}
		testenv.Eventually(t, "the other waits", func() bool { return e.DepthOf(t, queuemodel.Normal).Retry == 1 })
		// Its claim said so: the crash that the first suspect may cause is not counted against it.
		waiting := 0
		for id := range suspects {
			n, _ := e.Redis.HGet(t.Context(), queuemodel.TaskKey(queuemodel.Normal, id), queuemodel.WaitingField).Int()
			waiting += n
		}
		if waiting != 1 {
			t.Errorf("suspects that only wait: got %d, want 1", waiting)
		}
		// The second slot is for tasks that are not suspects.
		clean := queuetest.NewTask(job.Normal)
		e.EnqueueTasks(t, clean)
		if d := queuetest.Receive(t, began); d.ID != clean.ID {
			t.Errorf("second run: got %+v, want %s", d, clean.ID)
		}
		close(finish)
		if d := queuetest.Receive(t, began); !suspects[d.ID] || d.Attempt != 1 {
			t.Errorf("third run: got %+v, want attempt 1 of a suspect", d)
		}
		testenv.Eventually(t, "all are done", func() bool { return e.DepthOf(t, queuemodel.Normal).Backlog() == 0 })
	})
}
