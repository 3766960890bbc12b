package queue_test

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
				what, err := client.Get(ctx, doKey+string(d.ID)).Result()
				switch {
				case what == "kill":
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
	addr  string
	byPID map[int]*testenv.Process
	links map[int]*link // the way of each to Redis
}

func newFleet(t testing.TB, workers int) *fleet {
	t.Helper()
	server := testenv.Redis(t)
	f := &fleet{env: open(t, server.URL(1)), t: t, addr: server.Addr(), byPID: map[int]*testenv.Process{}, links: map[int]*link{}}
	for range workers {
		f.start()
	}
	testenv.Eventually(t, "the workers beat", func() bool {
		all, err := f.ListWorkers(t.Context())
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
	l := newLink(f.t, f.addr)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), workerURL+"=redis://"+l.Addr().String()+"/1")
	p := testenv.Start(f.t, cmd)
	f.byPID[p.Pid()], f.links[p.Pid()] = p, l
}

// link is a way through TCP that can be cut.
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
			if err != nil || !l.keep(in, out) {
				in.Close()
				continue
			}
			all.Go(func() { _, _ = io.Copy(out, in); in.Close(); out.Close() })
			all.Go(func() { _, _ = io.Copy(in, out); in.Close(); out.Close() })
		}
	})
	t.Cleanup(func() { l.Close(); l.set(true); all.Wait() })
	return l
}

// keep reports whether a connection may go on.
func (l *link) keep(conns ...net.Conn) bool {
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

// set cuts the link, or mends it.
func (l *link) set(cut bool) {
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
	return slices.DeleteFunc(f.all(key), func(r told) bool { return r.Task != id })
}

// all returns what was told of every task.
func (f *fleet) all(key string) []told {
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
		found = append(found, run)
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

// holder is the process that holds a task.
func (f *fleet) holder(id job.ID) int {
	f.t.Helper()
	all, err := f.ListWorkers(f.t.Context())
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
