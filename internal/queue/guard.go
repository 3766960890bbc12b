package queue

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

// asynq is the version whose scripts the guard knows.
const (
	asynqModule  = "github.com/hibiken/asynq"
	asynqVersion = "v0.26.0"
)

// supported holds the program to the asynq that this package was written for: it takes part in asynq's own bookkeeping, and
// another version may keep other books. Test programs do not say what they are linked with.
func supported() error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	return supports(info.Deps)
}

func supports(linked []*debug.Module) error {
	for _, m := range linked {
		if m.Path == asynqModule && (m.Version != asynqVersion || m.Replace != nil) {
			return fmt.Errorf("queue: linked with asynq %s, made for %s: build with that version, or read the changes of internal/rdb and processor.go between the two, adapt internal/queue and change asynqVersion",
				m.Version, asynqVersion)
		}
	}
	return nil
}

// errLeft is what asynq is told of a run whose task is not this process's any more. asynq would put the task into retry;
// the guard knows the text and leaves the task alone.
var errLeft = errors.New("left-to-its-holder")

// guardLua goes before each of asynq's scripts that say what becomes of an active task: done, retry, archive, requeue. They
// take the task out of the list by its id, whoever runs it: a process that was paused or cut off, and whose task was given
// to another, would take it from there. They fail halfway on a task without a lease, and leave it in no state at all.
//
// The last of KEYS is holders, the last of ARGV the worker; ARGV 1 is the task.
const guardLua = `
if redis.call('HGET', KEYS[#KEYS], ARGV[1]) ~= ARGV[#ARGV] then return redis.status_reply('` + notHeld + `') end
redis.call('HDEL', KEYS[#KEYS], ARGV[1])
do
	local active, lease
	for _, key in ipairs(KEYS) do
		if key:sub(-7) == ':active' then active = key elseif key:sub(-6) == ':lease' then lease = key end
	end
	if redis.call('LPOS', active, ARGV[1]) then redis.call('ZADD', lease, 'NX', 0, ARGV[1]) end
end
`

const notHeld = "NOTHELD"

// guard is the client that asynq's server gets. It lets asynq settle the tasks that this worker holds, and no others.
// asynq's own recoverer goes through it as well and finds nothing to do: orphans are the reaper's.
type guard struct {
	redis.UniversalClient
	beats   *beats
	logger  *slog.Logger
	scripts sync.Map // SHA-1 of a script of asynq's → *redis.Script with the guard in it
}

// noScript is Redis' answer to the digest of a script that it has not seen; whoever asked sends the text.
type noScript struct{}

func (noScript) Error() string { return "NOSCRIPT the guard has not seen it" }

// RedisError marks it as an answer of the server.
func (noScript) RedisError() {}

// EvalSha runs a script that has been seen.
func (g *guard) EvalSha(ctx context.Context, digest string, keys []string, args ...any) *redis.Cmd {
	task, ok := settles(keys, args)
	if !ok {
		return g.UniversalClient.EvalSha(ctx, digest, keys, args...)
	}
	if script, ok := g.scripts.Load(digest); ok {
		return g.settle(ctx, script.(*redis.Script), task, keys, args)
	}
	cmd := redis.NewCmd(ctx)
	cmd.SetErr(noScript{})
	return cmd
}

// Eval runs a script that has not.
func (g *guard) Eval(ctx context.Context, text string, keys []string, args ...any) *redis.Cmd {
	task, ok := settles(keys, args)
	if !ok {
		return g.UniversalClient.Eval(ctx, text, keys, args...)
	}
	script, _ := g.scripts.LoadOrStore(redis.NewScript(text).Hash(), redis.NewScript(guardLua+text))
	return g.settle(ctx, script.(*redis.Script), task, keys, args)
}

// settles recognises asynq's scripts for active tasks: they name the list of those, and the task first of all arguments.
// The one that takes a task names the list as well, but first of its arguments is a time.
func settles(keys []string, args []any) (job.ID, bool) {
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

func (g *guard) settle(ctx context.Context, script *redis.Script, task job.ID, keys []string, args []any) *redis.Cmd {
	if left(args) {
		cmd := redis.NewCmd(ctx)
		cmd.SetVal("OK")
		return cmd
	}
	run := g.beats.current(task)
	// Copies: the slices are asynq's.
	keys = append(append(make([]string, 0, len(keys)+1), keys...), holdersKey)
	args = append(append(make([]any, 0, len(args)+1), args...), g.beats.id)
	cmd := script.Run(ctx, g.UniversalClient, keys, args...)
	switch answer, err := cmd.Text(); {
	case err != nil && !isAnswer(err):
		// Nobody knows: the run stays in the beats until it has settled or its time is over.
	case answer == notHeld:
		g.logger.Warn("a job that this worker does not hold is left alone", "job_id", task)
	default:
		g.beats.lose(run)
	}
	return cmd
}

// isAnswer tells an error that Redis answers from one on the way.
func isAnswer(err error) bool {
	var answer redis.Error
	return errors.As(err, &answer)
}

// left reports whether a task is to be left alone: the message that asynq would store has the text of errLeft.
func left(args []any) bool {
	if len(args) < 2 {
		return false
	}
	switch message := args[1].(type) {
	case []byte:
		return bytes.Contains(message, []byte(errLeft.Error()))
	case string:
		return strings.Contains(message, errLeft.Error())
	}
	return false
}
