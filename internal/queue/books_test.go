package queue

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// The scripts of the asynq that is linked, as its server sends them.
type scripts struct{ take, done, retry, archive, requeue, forward string }

// recorder writes down the scripts that pass.
type recorder struct {
	redis.UniversalClient
	mu    sync.Mutex
	texts scripts
	tasks map[string]bool // the scripts that the guard takes for settling
}

func (r *recorder) EvalSha(ctx context.Context, _ string, _ []string, _ ...any) *redis.Cmd {
	cmd := redis.NewCmd(ctx)
	cmd.SetErr(noScript{})
	return cmd
}

func (r *recorder) Eval(ctx context.Context, text string, keys []string, args ...any) *redis.Cmd {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k[strings.LastIndex(k, "}:")+2:]
	}
	is := func(first ...string) bool { return len(names) >= len(first) && slices.Equal(names[:len(first)], first) }
	r.mu.Lock()
	_, settling := settles(keys, args)
	switch {
	case is("pending", "paused", "active", "lease"):
		r.texts.take = text
		r.tasks["take"] = settling
	case is("active", "lease", "pending"):
		r.texts.requeue = text
		r.tasks["requeue"] = settling
	case is("active", "lease") && len(names) == 5:
		r.texts.done = text
		r.tasks["done"] = settling
	case len(names) == 8 && names[3] == "retry":
		r.texts.retry = text
		r.tasks["retry"] = settling
	case len(names) == 9 && names[3] == "archived":
		r.texts.archive = text
		r.tasks["archive"] = settling
	case is("retry", "pending"):
		r.texts.forward = text
		r.tasks["forward"] = settling
	}
	r.mu.Unlock()
	return r.UniversalClient.Eval(ctx, text, keys, args...)
}

// record runs a server of asynq's until it has sent every script.
func record(t testing.TB) *recorder {
	t.Helper()
	inner := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
	t.Cleanup(func() { inner.Close() })
	r := &recorder{UniversalClient: inner, tasks: map[string]bool{}}
	server := asynq.NewServerFromRedisClient(r, asynq.Config{
		Queues: weights(), TaskCheckInterval: 5 * time.Millisecond, DelayedTaskCheckInterval: 5 * time.Millisecond,
		ShutdownTimeout: 5 * time.Millisecond, LogLevel: asynq.FatalLevel, Concurrency: 4,
	})
	hanging := make(chan struct{})
	if err := server.Start(asynq.HandlerFunc(func(ctx context.Context, task *asynq.Task) error {
		switch task.Type() {
		case "done":
			return nil
		case "retry":
			return errors.New("again")
		case "archive":
			return asynq.SkipRetry
		}
		close(hanging)
		<-ctx.Done()
		return ctx.Err()
	})); err != nil {
		t.Fatal(err)
	}
	client := asynq.NewClientFromRedisClient(inner)
	for _, kind := range []string{"done", "retry", "archive", "hang"} {
		if _, err := client.Enqueue(asynq.NewTask(kind, nil), asynq.Queue(Normal)); err != nil {
			t.Fatal(err)
		}
	}
	<-hanging
	testenv.Eventually(t, "the other tasks have settled", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.texts.done != "" && r.texts.retry != "" && r.texts.archive != "" && r.texts.forward != ""
	})
	server.Shutdown()
	return r
}

// The guard takes those scripts for what they are.
func TestTheGuardKnowsItsScripts(t *testing.T) {
	t.Parallel()
	want := map[string]bool{"take": false, "forward": false, "done": true, "retry": true, "archive": true, "requeue": true}
	if diff := cmp.Diff(want, record(t).tasks); diff != "" {
		t.Errorf("settling (-want +got):\n%s", diff)
	}
}

// books is a Redis with queues, and the workers that keep them.
type books struct {
	t         testing.TB
	redis     redis.UniversalClient
	client    *Client
	inspector *asynq.Inspector
	scripts   scripts
	clock     *testenv.Clock
	workers   []*fake
}

// fake is a worker of which the test is the handler and asynq.
type fake struct {
	*Server
	guard *guard
	runs  []*attempted
}

// attempted is a task that a fake has taken, whether or not it holds it.
type attempted struct {
	task  job.ID
	queue string
	lost  error
}

func openBooks(t testing.TB, url string, s scripts) *books {
	t.Helper()
	client, err := redisurl.Open(url, redisurl.Timeout(20*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return &books{
		t: t, redis: client, client: NewClient(ClientDeps{Redis: client, JobTimeout: time.Minute}),
		inspector: asynq.NewInspectorFromRedisClient(client), scripts: s, clock: testenv.NewClock(time.Now()),
	}
}

// onBooks runs a test on a real Redis and on the one that tmd all carries with it.
func onBooks(t *testing.T, test func(t *testing.T, b *books)) {
	t.Parallel()
	s := record(t).texts
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		test(t, openBooks(t, testenv.Redis(t).URL(1), s))
	})
	t.Run("miniredis", func(t *testing.T) {
		t.Parallel()
		test(t, openBooks(t, "redis://"+miniredis.RunT(t).Addr()+"/1", s))
	})
}

// worker adds a worker on a host.
func (b *books) worker(host string) *fake {
	s := New(Deps{
		Redis: b.redis, Host: host, Clock: b.clock.Now, Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(),
	})
	w := &fake{Server: s, guard: &guard{UniversalClient: b.redis, beats: s.beats, logger: s.logger}}
	b.workers = append(b.workers, w)
	return w
}

func (b *books) enqueue(p job.Priority) job.ID {
	b.t.Helper()
	one := job.Task{ID: job.ID(uuid.NewString()), Kind: job.File, Priority: p}
	if err := b.client.Enqueue(b.t.Context(), one); err != nil {
		b.t.Fatal(err)
	}
	return one.ID
}

// take is asynq's taking of a task.
func (b *books) take(w *fake, queue string) *attempted {
	b.t.Helper()
	keys := []string{key(queue, "pending"), key(queue, "paused"), key(queue, "active"), key(queue, "lease")}
	err := redis.NewScript(b.scripts.take).Run(b.t.Context(), w.guard, keys, b.clock.Now().Add(lease).Unix(), key(queue, "t:")).Err()
	if errors.Is(err, redis.Nil) {
		return nil
	}
	if err != nil {
		b.t.Fatal(err)
	}
	a := &attempted{task: job.ID(b.redis.LIndex(b.t.Context(), key(queue, "active"), 0).Val()), queue: queue}
	w.runs = append(w.runs, a)
	return a
}

// claim has the worker claim what it took.
func (b *books) claim(w *fake, a *attempted) (*run, int, error) {
	return w.beats.claim(b.t.Context(), a.task, a.queue, func(cause error) { a.lost = cause })
}

// settle is asynq's writing down of what becomes of a task: "done", "retry", "archive" or "requeue". Empty is OK.
func (b *books) settle(w *fake, a *attempted, how, message string) string {
	b.t.Helper()
	of := func(state string) string { return key(a.queue, state) }
	id, task, now := string(a.task), of("t:"+string(a.task)), b.clock.Now().Unix()
	var (
		text string
		keys []string
		args []any
	)
	switch how {
	case "done":
		text, keys = b.scripts.done, []string{of("active"), of("lease"), task, of("processed:d"), of("processed")}
		args = []any{id, now, int64(1 << 60)}
	case "retry":
		text, keys = b.scripts.retry, []string{task, of("active"), of("lease"), of("retry"), of("processed:d"), of("failed:d"), of("processed"), of("failed")}
		args = []any{id, []byte(message), now + 2, now, true, int64(1 << 60)}
	case "archive":
		text, keys = b.scripts.archive, []string{task, of("active"), of("lease"), of("archived"), of("processed:d"), of("failed:d"), of("processed"), of("failed"), of("t:")}
		args = []any{id, []byte(message), now, int64(0), 10000, now, int64(1 << 60)}
	case "requeue":
		text, keys = b.scripts.requeue, []string{of("active"), of("lease"), of("pending"), task}
		args = []any{id}
	}
	cmd := redis.NewScript(text).Run(b.t.Context(), w.guard, keys, args...)
	if err := cmd.Err(); err != nil {
		return err.Error()
	}
	answer, _ := cmd.Text()
	return strings.TrimPrefix(answer, "OK")
}

// message is what asynq keeps of a task.
func (b *books) message(a *attempted) string {
	return b.redis.HGet(b.t.Context(), key(a.queue, "t:"+string(a.task)), "msg").Val()
}

// where returns the states in which Redis lists a task.
func (b *books) where(id job.ID) []string {
	ctx := b.t.Context()
	lists, sets := map[*redis.StringSliceCmd]string{}, map[*redis.FloatCmd]string{}
	_, err := b.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, queue := range Names() {
			for _, list := range []string{"pending", "active"} {
				lists[p.LRange(ctx, key(queue, list), 0, -1)] = list
			}
			for _, set := range []string{"retry", "scheduled", "archived", "completed"} {
				sets[p.ZScore(ctx, key(queue, set), string(id))] = set
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		b.t.Fatal(err)
	}
	var found []string
	for cmd, list := range lists {
		for _, one := range cmd.Val() {
			if one == string(id) {
				found = append(found, list)
			}
		}
	}
	for cmd, set := range sets {
		if cmd.Err() == nil {
			found = append(found, set)
		}
	}
	return found
}

func (b *books) crashes(queue string, id job.ID) int {
	n, _ := b.redis.HGet(b.t.Context(), key(queue, "t:"+string(id)), crashesField).Int()
	return n
}

// reapNow looks for orphans at once, whoever did so a moment ago.
func (b *books) reapNow(w *fake) {
	b.t.Helper()
	b.redis.Del(b.t.Context(), reaperKey)
	if err := w.reap(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
}
