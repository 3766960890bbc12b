package queue

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// asynqScripts are the scripts of the linked asynq, as its server sends them.
type asynqScripts struct{ take, done, retry, archive, requeue, forward string }

// outcomeCall returns the script with which asynq records an outcome, and its keys and arguments.
func (s asynqScripts) outcomeCall(d *delivered, how, message string, now time.Time) (text string, keys []string, args []any) {
	for part, names := range map[string]string{
		"done":    "active lease task processed:d processed",
		"retry":   "task active lease retry processed:d failed:d processed failed",
		"archive": "task active lease archived processed:d failed:d processed failed t:",
		"requeue": "active lease pending task",
	} {
		if part != how {
			continue
		}
		for name := range strings.FieldsSeq(names) {
			key := queuemodel.QueueKey(d.queue, name)
			if name == "task" {
				key = queuemodel.TaskKey(d.queue, d.task)
			}
			keys = append(keys, key)
		}
	}
	id, seconds, most := string(d.task), now.Unix(), int64(1<<60)
	switch how {
	case "done":
		return s.done, keys, []any{id, seconds, most}
	case "retry":
		return s.retry, keys, []any{id, []byte(message), seconds + 2, seconds, true, most}
	case "archive":
		return s.archive, keys, []any{id, []byte(message), seconds, int64(0), 10000, seconds, most}
	default:
		return s.requeue, keys, []any{id}
	}
}

// scriptRecorder is a Redis client that records the scripts of an asynq server.
type scriptRecorder struct {
	redis.UniversalClient
	mu      sync.Mutex
	scripts asynqScripts
	guarded map[string]bool // whether the guard takes a script for one that records an outcome
}

func (r *scriptRecorder) EvalSha(ctx context.Context, _ string, _ []string, _ ...any) *redis.Cmd {
	cmd := redis.NewCmd(ctx)
	cmd.SetErr(noScript{})
	return cmd
}

func (r *scriptRecorder) Eval(ctx context.Context, text string, keys []string, args ...any) *redis.Cmd {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k[strings.LastIndex(k, "}:")+2:]
	}
	beginWith := func(first ...string) bool { return len(names) >= len(first) && slices.Equal(names[:len(first)], first) }
	_, guarded := findOutcomeTask(keys, args)
	r.mu.Lock()
	record := func(name string, script *string) { *script, r.guarded[name] = text, guarded }
	switch {
	case beginWith("pending", "paused", "active", "lease"):
		record("take", &r.scripts.take)
	case beginWith("active", "lease", "pending"):
		record("requeue", &r.scripts.requeue)
	case beginWith("active", "lease") && len(names) == 5:
		record("done", &r.scripts.done)
	case len(names) == 8 && names[3] == "retry":
		record("retry", &r.scripts.retry)
	case len(names) == 9 && names[3] == "archived":
		record("archive", &r.scripts.archive)
	case beginWith("retry", "pending"):
		record("forward", &r.scripts.forward)
	}
	r.mu.Unlock()
	return r.UniversalClient.Eval(ctx, text, keys, args...)
}

// recordScripts runs asynq's server until it has sent every script.
func recordScripts(t testing.TB) *scriptRecorder {
	t.Helper()
	inner := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
	t.Cleanup(func() { inner.Close() })
	r := &scriptRecorder{UniversalClient: inner, guarded: map[string]bool{}}
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
		if _, err := client.Enqueue(asynq.NewTask(kind, nil), asynq.Queue(queuemodel.Normal)); err != nil {
			t.Fatal(err)
		}
	}
	<-hanging
	testenv.Eventually(t, "the outcomes of the other tasks are recorded", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.scripts.done != "" && r.scripts.retry != "" && r.scripts.archive != "" && r.scripts.forward != ""
	})
	server.Shutdown()
	return r
}
