package queue

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"log/slog"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
)

// errLeaveTask is the error that asynq gets for a run whose task this process no longer holds. asynq would move the
// task to retry and store this text; the guard recognises the text and leaves the task alone.
var errLeaveTask = errors.New("left-to-its-holder")

// notHeld is the answer of guard.lua for a task that this worker does not hold.
const notHeld = "NOTHELD"

//go:embed lua/guard.lua
var guardLua string

// guard is the Redis client that asynq's server gets. It lets asynq record the outcome of the tasks that this worker
// holds, and of no others. asynq's own recoverer goes through it as well and so finds nothing to do: orphans belong to
// the rescuer of package liveness.
type guard struct {
	redis.UniversalClient
	liveness Liveness
	pacer    *pacer
	logger   *slog.Logger
	scripts  sync.Map // SHA-1 of one of asynq's scripts → *redis.Script, the same with guard.lua before it
}

// noScript is the answer of Redis for the digest of an unknown script, upon which the caller sends the text.
type noScript struct{}

func (noScript) Error() string { return "NOSCRIPT the guard does not know the script" }

// RedisError marks noScript as an answer of the server.
func (noScript) RedisError() {}

// EvalSha runs a script by its digest. It asks for the text of a script that it has to guard and does not know.
func (g *guard) EvalSha(ctx context.Context, digest string, keys []string, args ...any) *redis.Cmd {
	task, ok := findOutcomeTask(keys, args)
	if !ok {
		return g.pacer.pace(ctx, keys, func() *redis.Cmd { return g.UniversalClient.EvalSha(ctx, digest, keys, args...) })
	}
	if script, ok := g.scripts.Load(digest); ok {
		return g.runGuarded(ctx, script.(*redis.Script), task, keys, args)
	}
	cmd := redis.NewCmd(ctx)
	cmd.SetErr(noScript{})
	return cmd
}

// Eval runs a script by its text.
func (g *guard) Eval(ctx context.Context, text string, keys []string, args ...any) *redis.Cmd {
	task, ok := findOutcomeTask(keys, args)
	if !ok {
		return g.pacer.pace(ctx, keys, func() *redis.Cmd { return g.UniversalClient.Eval(ctx, text, keys, args...) })
	}
	script, _ := g.scripts.LoadOrStore(redis.NewScript(text).Hash(), redis.NewScript(guardLua+text))
	return g.runGuarded(ctx, script.(*redis.Script), task, keys, args)
}

// findOutcomeTask returns the task whose outcome a script of asynq's records, and false for other scripts. Such a
// script has the list of active tasks among its keys and the task as its first argument. The script that takes a task
// has the list as well, but a number as its first argument.
func findOutcomeTask(keys []string, args []any) (job.ID, bool) {
	if len(args) == 0 {
		return "", false
	}
	task, ok := args[0].(string)
	if !ok {
		return "", false
	}
	for _, key := range keys {
		if strings.HasPrefix(key, "asynq:{") && strings.HasSuffix(key, "}:active") {
			return job.ID(task), true
		}
	}
	return "", false
}

// runGuarded runs a guarded script, and removes the run of the task once the outcome is recorded.
func (g *guard) runGuarded(ctx context.Context, script *redis.Script, task job.ID, keys []string, args []any) *redis.Cmd {
	if isTaskLeft(args) {
		cmd := redis.NewCmd(ctx)
		cmd.SetVal("OK")
		return cmd
	}
	removeRun := g.liveness.FindRun(task)
	// asynq owns the slices, so they are copied.
	keys = append(append(make([]string, 0, len(keys)+1), keys...), queuemodel.HoldersKey)
	args = append(append(make([]any, 0, len(args)+1), args...), g.liveness.WorkerID())
	cmd := script.Run(ctx, g.UniversalClient, keys, args...)
	switch answer, err := cmd.Text(); {
	case err != nil && !isRedisAnswer(err):
		// The script may have run or not. The run stays in the heartbeats until a retry succeeds or its time is over.
	case answer == notHeld:
		g.logger.Warn("the outcome of a job that this worker does not hold is not recorded", "job_id", task)
	default:
		removeRun()
		g.pacer.observeOutcome(ctx, keys, args)
	}
	return cmd
}

// isRedisAnswer reports whether Redis answered with an error, rather than that the call failed on its way.
func isRedisAnswer(err error) bool {
	var answer redis.Error
	return errors.As(err, &answer)
}

// isTaskLeft reports whether the message that asynq would store has the text of errLeaveTask.
func isTaskLeft(args []any) bool {
	if len(args) < 2 {
		return false
	}
	switch message := args[1].(type) {
	case []byte:
		return bytes.Contains(message, []byte(errLeaveTask.Error()))
	case string:
		return strings.Contains(message, errLeaveTask.Error())
	}
	return false
}
