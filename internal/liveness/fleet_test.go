package liveness_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/liveness"
	"github.com/trackmydegree/trackmydegree/internal/queue"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
	"github.com/trackmydegree/trackmydegree/internal/queuetest"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// workerURL is the environment variable that makes the test program a worker of the Redis at a URL.
const workerURL = "TMD_TEST_WORKER"

// The keys through which tests instruct the worker processes: a task does what the key test:do:<id> says, "hold" or
// "kill", and each run is reported when it begins and when it ends.
const (
	doKey   = "test:do:"
	runsKey = "test:runs"
	endsKey = "test:ends"
)

// reportedRun is a run of a task in a worker process.
type reportedRun struct {
	PID     int
	Task    job.ID
	Attempt int
	Crashes int
	Cause   string
}

// runWorkerProcess runs tasks until the process gets SIGTERM.
func runWorkerProcess(url string) (exitCode int) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	client, err := redisurl.Open(url)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer client.Close()
	server, err := newProcessServer(client)
	if err == nil {
		err = server.Run(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func newProcessServer(client redis.UniversalClient) (*queue.Server, error) {
	logger, registry := slog.New(slog.NewTextHandler(os.Stderr, nil)), prometheus.NewRegistry()
	member, err := liveness.New(liveness.Deps{Redis: client, Clock: time.Now, Logger: logger, Registerer: registry})
	if err != nil {
		return nil, err
	}
	return queue.NewServer(queue.Deps{
		Redis: client, Liveness: member, Concurrency: 2, Grace: 2 * time.Second, Logger: logger, Registerer: registry,
		Handler: queuetest.HandlerFunc(func(ctx context.Context, d job.Delivery) error { return runInstructed(ctx, client, d) }),
	})
}

// runInstructed runs a task as the key doKey plus its id says, and reports the begin and the end of the run.
func runInstructed(ctx context.Context, client redis.UniversalClient, d job.Delivery) error {
	report := func(key string, run reportedRun) {
		b, _ := json.Marshal(run)
		client.RPush(context.Background(), key, b)
	}
	run := reportedRun{PID: os.Getpid(), Task: d.ID, Attempt: d.Attempt, Crashes: d.Crashes}
	report(runsKey, run)
	defer func() {
		if cause := context.Cause(ctx); cause != nil {
			run.Cause = cause.Error()
		}
		report(endsKey, run)
	}()
	if d.Crashes >= job.MaxCrashes {
		return fault.New(fault.WorkerLost)
	}
	for {
		instruction, err := client.Get(ctx, doKey+string(d.ID)).Result()
		switch {
		case instruction == "kill":
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		case errors.Is(err, redis.Nil):
			return nil
		}
		select {
		case <-ctx.Done():
			return job.ErrInterrupted
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// fleet is worker processes on a Redis.
type fleet struct {
	*queuetest.Env
	t     testing.TB
	addr  string
	byPID map[int]*testenv.Process
	links map[int]*link // the connection of each to Redis
}

func newFleet(t testing.TB, workers int) *fleet {
	t.Helper()
	server := testenv.StartRedis(t)
	f := &fleet{Env: queuetest.OpenEnv(t, server.URL(1)), t: t, addr: server.Addr(), byPID: map[int]*testenv.Process{}, links: map[int]*link{}}
	for range workers {
		f.startWorker()
	}
	testenv.Eventually(t, "the workers send heartbeats", func() bool {
		all, err := f.ListWorkers(t.Context())
		return err == nil && len(all) == workers
	})
	return f
}

func (f *fleet) startWorker() {
	f.t.Helper()
	self, err := os.Executable()
	if err != nil {
		f.t.Fatal(err)
	}
	l := newLink(f.t, f.addr)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), workerURL+"=redis://"+l.Addr().String()+"/1")
	p := testenv.StartProcess(f.t, cmd)
	f.byPID[p.Pid()], f.links[p.Pid()] = p, l
}

// link is a TCP proxy whose connections can be cut.
type link struct {
	net.Listener
	mu    sync.Mutex
	cut   bool
	conns []net.Conn
}

func newLink(t testing.TB, to string) *link {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &link{Listener: listener}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil || !l.addConns(in, out) {
				in.Close()
				continue
			}
			all.Go(func() { _, _ = io.Copy(out, in); in.Close(); out.Close() })
			all.Go(func() { _, _ = io.Copy(in, out); in.Close(); out.Close() })
		}
	})
	t.Cleanup(func() { l.Close(); l.setCut(true); all.Wait() })
	return l
}

// addConns adds connections; false when the link is cut.
func (l *link) addConns(conns ...net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut {
		for _, c := range conns {
			c.Close()
		}
		return false
	}
	l.conns = append(l.conns, conns...)
	return true
}

// setCut cuts the link, or restores it.
func (l *link) setCut(cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut = cut; !cut {
		return
	}
	for _, c := range l.conns {
		c.Close()
	}
	l.conns = nil
}

// enqueueTask enqueues a task that follows an instruction; "" ends at once.
func (f *fleet) enqueueTask(what string) job.ID {
	f.t.Helper()
	one := queuetest.NewTask(job.Normal)
	if what != "" {
		f.Redis.Set(f.t.Context(), doKey+string(one.ID), what, 0)
	}
	f.EnqueueTasks(f.t, one)
	return one.ID
}

// releaseTask lets a held task end.
func (f *fleet) releaseTask(id job.ID) { f.Redis.Del(f.t.Context(), doKey+string(id)) }

// reportsOf returns the reports on a task under a key.
func (f *fleet) reportsOf(key string, id job.ID) []reportedRun {
	f.t.Helper()
	return slices.DeleteFunc(f.allReports(key), func(r reportedRun) bool { return r.Task != id })
}

// allReports returns the reports on every task under a key.
func (f *fleet) allReports(key string) []reportedRun {
	f.t.Helper()
	lines, err := f.Redis.LRange(f.t.Context(), key, 0, -1).Result()
	if err != nil {
		f.t.Fatal(err)
	}
	var found []reportedRun
	for _, line := range lines {
		var run reportedRun
		if err := json.Unmarshal([]byte(line), &run); err != nil {
			f.t.Fatal(err)
		}
		found = append(found, run)
	}
	return found
}

// waitForRun waits for the nth run of a task.
func (f *fleet) waitForRun(id job.ID, n int) reportedRun {
	f.t.Helper()
	testenv.Eventually(f.t, fmt.Sprint("run ", n, " of the task"), func() bool { return len(f.reportsOf(runsKey, id)) >= n })
	return f.reportsOf(runsKey, id)[n-1]
}

// waitUntilEmpty waits until no task is left.
func (f *fleet) waitUntilEmpty() {
	f.t.Helper()
	testenv.Eventually(f.t, "no task is left", func() bool { return f.DepthOf(f.t, queuemodel.Normal).Backlog() == 0 })
}

// holderPID returns the process that holds a task.
func (f *fleet) holderPID(id job.ID) int {
	f.t.Helper()
	all, err := f.ListWorkers(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	holder := f.Redis.HGet(f.t.Context(), "queue:holders", string(id)).Val()
	for _, w := range all {
		if w.ID == holder {
			return w.PID
		}
	}
	return 0
}
