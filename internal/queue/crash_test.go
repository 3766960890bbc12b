package queue_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queue"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// workerURL is the variable that makes the test program a worker, and says on which Redis.
const workerURL = "TMD_TEST_WORKER"

// What the workers and the tests tell each other, in Redis: a task does what the key test:do:<id> says, "hold" or "kill",
// and every run is told twice.
const (
	doKey   = "test:do:"
	runsKey = "test:runs"
	endsKey = "test:ends"
)

// told is a run of a task in a worker process.
type told struct {
	PID     int
	Task    job.ID
	Attempt int
	Crashes int
	Cause   string
}

// workerProcess runs tasks until it is told to stop.
func workerProcess(url string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	client, err := redisurl.Open(url)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer client.Close()
	tell := func(key string, run told) {
		b, _ := json.Marshal(run)
		client.RPush(context.Background(), key, b)
	}
	server := queue.New(queue.Deps{
		Redis: client, Concurrency: 2, Grace: 2 * time.Second, Clock: time.Now,
		Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)), Registerer: prometheus.NewRegistry(),
		Handler: handler(func(ctx context.Context, d job.Delivery) error {
			run := told{PID: os.Getpid(), Task: d.ID, Attempt: d.Attempt, Crashes: d.Crashes}
			tell(runsKey, run)
			defer func() {
				if cause := context.Cause(ctx); cause != nil {
					run.Cause = cause.Error()
				}
				tell(endsKey, run)
			}()
			if d.Crashes >= job.MaxCrashes {
				return fault.New(fault.WorkerLost)
			}
			for {
				switch client.Get(ctx, doKey+string(d.ID)).Val() {
				case "kill":
					_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				case "hold":
				default:
					if ctx.Err() != nil {
						return job.ErrInterrupted
					}
					return nil
				}
				select {
				case <-ctx.Done():
					return job.ErrInterrupted
				case <-time.After(20 * time.Millisecond):
				}
			}
		}),
	})
	if err := server.Run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// fleet is worker processes on a Redis.
type fleet struct {
	*env
	t     testing.TB
	url   string
	byPID map[int]*testenv.Process
}

func newFleet(t testing.TB, workers int) *fleet {
	t.Helper()
	url := testenv.Redis(t).URL(1)
	f := &fleet{env: open(t, url), t: t, url: url, byPID: map[int]*testenv.Process{}}
	for range workers {
		f.start()
	}
	testenv.Eventually(t, "the workers beat", func() bool {
		all, err := f.Workers(t.Context())
		return err == nil && len(all) == workers
	})
	return f
}

func (f *fleet) start() {
	f.t.Helper()
	self, err := os.Executable()
	if err != nil {
		f.t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), workerURL+"="+f.url)
	p := testenv.Start(f.t, cmd)
	f.byPID[p.Pid()] = p
}

// do enqueues a task that does what it is told.
func (f *fleet) do(what string) job.ID {
	f.t.Helper()
	one := task(job.Normal)
	if what != "" {
		f.redis.Set(f.t.Context(), doKey+string(one.ID), what, 0)
	}
	f.enqueue(f.t, one)
	return one.ID
}

// release lets a task that is held end.
func (f *fleet) release(id job.ID) { f.redis.Del(f.t.Context(), doKey+string(id)) }

// of returns what was told of a task.
func (f *fleet) of(key string, id job.ID) []told {
	f.t.Helper()
	lines, err := f.redis.LRange(f.t.Context(), key, 0, -1).Result()
	if err != nil {
		f.t.Fatal(err)
	}
	var found []told
	for _, line := range lines {
		var run told
		if err := json.Unmarshal([]byte(line), &run); err != nil {
			f.t.Fatal(err)
		}
		if run.Task == id {
			found = append(found, run)
		}
	}
	return found
}

// run waits for the nth run of a task.
func (f *fleet) run(id job.ID, n int) told {
	f.t.Helper()
	testenv.Eventually(f.t, fmt.Sprint("run ", n, " of the task"), func() bool { return len(f.of(runsKey, id)) >= n })
	return f.of(runsKey, id)[n-1]
}

// empty waits until no task is left.
func (f *fleet) empty() {
	f.t.Helper()
	testenv.Eventually(f.t, "no task is left", func() bool { return f.stats(f.t, queue.Normal).Waiting() == 0 })
}

// A worker is killed: its job runs on another, and it cost no attempt.
func TestAKilledWorker(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 2)
	id := f.do("hold")
	first := f.run(id, 1)
	f.byPID[first.PID].Kill()
	second := f.run(id, 2)
	if second.PID == first.PID || second.Attempt != 1 || second.Crashes != 1 {
		t.Errorf("%+v after %+v", second, first)
	}
	f.release(id)
	f.empty()
	if runs := f.of(runsKey, id); len(runs) != 2 {
		t.Errorf("%+v", runs)
	}
	testenv.Eventually(t, "the dead worker is forgotten", func() bool { return f.redis.SCard(t.Context(), "queue:workers").Val() == 1 })
	if left := f.redis.HLen(t.Context(), "queue:holders").Val(); left != 0 {
		t.Errorf("%d holders are left", left)
	}
}

// A worker is paused for longer than it may be and comes back: it finds its job with another, stops, and takes nothing from
// the other.
func TestAPausedWorker(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 2)
	id := f.do("hold")
	first := f.run(id, 1)
	f.byPID[first.PID].Signal(syscall.SIGSTOP)
	second := f.run(id, 2)
	f.byPID[first.PID].Signal(syscall.SIGCONT)
	testenv.Eventually(t, "the old run ends", func() bool { return len(f.of(endsKey, id)) == 1 })
	if end := f.of(endsKey, id)[0]; end.PID != first.PID || end.Cause != job.ErrSuperseded.Error() {
		t.Errorf("%+v", end)
	}
	// It runs others again, so asynq has settled the old run.
	for range 8 {
		f.do("")
	}
	testenv.Eventually(t, "the others are done", func() bool { return f.stats(t, queue.Normal).Waiting() == 1 })
	if d := f.stats(t, queue.Normal); d.Active != 1 {
		t.Errorf("the job is not with its new worker: %+v", d)
	}
	if w := f.holder(id); w != second.PID {
		t.Errorf("process %d holds the job, not %d", w, second.PID)
	}
	f.release(id)
	f.empty()
	if runs := f.of(runsKey, id); len(runs) != 2 {
		t.Errorf("%+v", runs)
	}
}

// holder is the process that holds a task.
func (f *fleet) holder(id job.ID) int {
	f.t.Helper()
	all, err := f.Workers(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	holder := f.redis.HGet(f.t.Context(), "queue:holders", string(id)).Val()
	for _, w := range all {
		if w.ID == holder {
			return w.PID
		}
	}
	return 0
}

// A job that kills its workers is given up after three, without being run again; the one that ran beside it is not.
func TestAPoisonousJob(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 1)
	innocent, poison := f.do("hold"), f.do("hold")
	f.run(innocent, 1)
	f.run(poison, 1)
	for range job.MaxCrashes {
		f.start()
	}
	f.redis.Set(t.Context(), doKey+string(poison), "kill", 0)
	last := f.run(poison, job.MaxCrashes+1)
	if last.Crashes != job.MaxCrashes || last.Attempt != 1 {
		t.Errorf("%+v", last)
	}
	testenv.Eventually(t, "the job is put away", func() bool { return f.stats(t, queue.Normal).Archived == 1 })
	f.release(innocent)
	testenv.Eventually(t, "the other is done", func() bool {
		ends := f.of(endsKey, innocent)
		return len(ends) > 0 && ends[len(ends)-1].Cause == ""
	})
	for _, run := range f.of(runsKey, innocent) {
		if run.Crashes > 1 {
			t.Errorf("the other is blamed: %+v", run)
		}
	}
	if info := f.info(t, poison); info.LastErr != "worker_lost: skip retry for the task" {
		t.Errorf("asynq keeps %q", info.LastErr)
	}
}

// Redis hangs, or is killed and started again, for longer than a worker's key lasts, while a job runs: nobody is dead, and
// nothing runs twice.
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
			e := openWith(t, server.URL(1), redisurl.DefaultTimeout)
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
			e.work(t, time.Second, h)
			e.work(t, time.Second, h)
			e.enqueue(t, task(job.Normal))
			receive(t, begun)
			away(t, server, func() { <-time.After(6 * time.Second) })
			// An orphan in the lists is cleared away when they are looked at: after that the job would have been taken.
			active := "asynq:{" + queue.Normal + "}:active"
			testenv.Eventually(t, "Redis is back", func() bool { return e.redis.LPush(t.Context(), active, "nobody").Err() == nil })
			testenv.Eventually(t, "somebody looks for orphans", func() bool {
				return e.redis.LPos(t.Context(), active, "nobody", redis.LPosArgs{}).Err() == redis.Nil //nolint:errorlint // as go-redis has it
			})
			close(finish)
			testenv.Eventually(t, "the job is done", func() bool {
				all, err := e.Stats(t.Context())
				return err == nil && all[1].Waiting() == 0
			})
			if n := runs.Load(); n != 1 {
				t.Errorf("%d runs", n)
			}
		})
	}
}

// The same on every Redis, in one process: a holder that is gone, and tasks that nobody claimed.
func TestOrphansAreTakenBack(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		ctx, of := t.Context(), func(state string) string { return "asynq:{" + queue.Normal + "}:" + state }
		dead, leaseless, unclaimed := task(job.Normal), task(job.Normal), task(job.Normal)
		for _, one := range []job.Task{dead, leaseless, unclaimed} {
			e.enqueue(t, one)
			if err := e.redis.LMove(ctx, of("pending"), of("active"), "RIGHT", "LEFT").Err(); err != nil {
				t.Fatal(err)
			}
			e.redis.HSet(ctx, of("t:"+string(one.ID)), "state", "active")
		}
		e.redis.HSet(ctx, "queue:holders", string(dead.ID), "elsewhere:7:GONE")
		// Taken just now, and at that moment its worker died, or the answer was lost.
		e.redis.ZAdd(ctx, of("lease"), redis.Z{Score: float64(time.Now().Add(30 * time.Second).Unix()), Member: string(unclaimed.ID)})
		got := make(chan job.Delivery, 3)
		w := e.work(t, time.Second, func(_ context.Context, d job.Delivery) error {
			got <- d
			return nil
		})
		crashes := map[job.ID]int{}
		for range 3 {
			d := receive(t, got)
			crashes[d.ID] = d.Crashes
		}
		if len(crashes) != 3 || crashes[dead.ID] != 1 || crashes[leaseless.ID] != 0 || crashes[unclaimed.ID] != 0 {
			t.Errorf("%v", crashes)
		}
		testenv.Eventually(t, "nothing is left", func() bool { return e.stats(t, queue.Normal).Waiting() == 0 })
		if m := gather(t, w.registry); m["tmd_queue_recovered_total crash"] != 1 || m["tmd_queue_recovered_total orphan"] != 2 {
			t.Errorf("%v", m)
		}
	})
}

// Jobs that ran where a worker was lost do not run together again: which of them did it would never show.
func TestSuspectsRunOneAtATime(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		suspects := map[job.ID]bool{}
		for range 2 {
			one := task(job.Normal)
			suspects[one.ID] = true
			e.enqueue(t, one)
			e.redis.HSet(t.Context(), "asynq:{"+queue.Normal+"}:t:"+string(one.ID), "tmd_crashes", 1)
		}
		began, finish := make(chan job.Delivery, 4), make(chan struct{})
		var together atomic.Int32
		e.work(t, time.Second, func(_ context.Context, d job.Delivery) error {
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
		if d := receive(t, began); !suspects[d.ID] {
			t.Errorf("%+v", d)
		}
		testenv.Eventually(t, "the other waits", func() bool { return e.stats(t, queue.Normal).Retry == 1 })
		// The place of the other is free for those without a stain.
		clean := task(job.Normal)
		e.enqueue(t, clean)
		if d := receive(t, began); d.ID != clean.ID {
			t.Errorf("%+v", d)
		}
		close(finish)
		if d := receive(t, began); !suspects[d.ID] || d.Attempt != 1 {
			t.Errorf("%+v", d)
		}
		testenv.Eventually(t, "all are done", func() bool { return e.stats(t, queue.Normal).Waiting() == 0 })
	})
}
