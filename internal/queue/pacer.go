package queue

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
)

const (
	// idlePoll is how often an idle worker looks at the queues without a wake-up, in the mean: after a lost message,
	// or when a tool of asynq's has enqueued a task.
	idlePoll = 2 * time.Second
	// failurePoll is the same after an error of Redis.
	failurePoll = 250 * time.Millisecond
	// yieldTime is how long a woken worker waits for each job that it runs, so that a worker with fewer jobs takes the
	// task.
	yieldTime = 2 * time.Millisecond
	// forwardPoll is how often a worker looks for waiting tasks of others whose time has come.
	forwardPoll = 2 * time.Second
	// forwardSlack is how long after the time of its own waiting task a worker looks at each of asynq's requests.
	// asynq's times are in seconds.
	forwardSlack = 2 * time.Second
)

// pacer decides which of asynq's scripts are sent to Redis. asynq polls: an idle server asks every queue for a task,
// and for tasks whose time has come, some hundred times a second if a task is to start soon. The pacer lets it ask when
// there can be something, and answers otherwise that there is nothing.
type pacer struct {
	pacerDeps

	// empty is the number of queues in succession that had no task; only asynq's processor, which is one goroutine,
	// takes tasks.
	empty int
	// poll is how long the next wait lasts without a wake-up.
	poll time.Duration

	mu sync.Mutex
	// forwards are, by the key of a set of waiting tasks, the last look at it and the time until which a task of this
	// worker waits in it.
	forwards map[string]forwardTimes
	// waitingUntil is the time until which the sets are looked at one by one, because tasks wait in some of them.
	waitingUntil time.Time
}

type forwardTimes struct{ looked, until time.Time }

type pacerDeps struct {
	wakeUps  *wakeUps
	signal   <-chan struct{} // of the wake-ups
	stopping <-chan struct{} // closed when this worker takes no more tasks
	running  func() int      // jobs of this worker
	clock    func() time.Time
	queues   []string // from which asynq's server takes tasks
	// anyExists reports whether one of some keys may exist in Redis: true for an error.
	anyExists func(ctx context.Context, keys []string) bool
}

func newPacer(d pacerDeps) *pacer {
	return &pacer{pacerDeps: d, forwards: map[string]forwardTimes{}}
}

// pace sends a script of asynq's, now or later, or answers it as Redis would when there is nothing to do.
func (p *pacer) pace(ctx context.Context, keys []string, send func() *redis.Cmd) *redis.Cmd {
	switch {
	case isTake(keys):
		return p.takeTask(ctx, send)
	case isForward(keys):
		return p.forwardTasks(ctx, keys[0], send)
	}
	return send()
}

// isTake reports whether a script takes a task from a queue (asynq v0.26, rdb.Dequeue).
func isTake(keys []string) bool {
	return len(keys) == 4 && strings.HasSuffix(keys[0], "}:pending") && strings.HasSuffix(keys[1], "}:paused")
}

// isForward reports whether a script makes waiting tasks pending whose time has come (asynq v0.26, rdb.forward).
func isForward(keys []string) bool {
	return len(keys) == 2 && isWaitingSet(keys[0]) && strings.HasSuffix(keys[1], "}:pending")
}

func isWaitingSet(key string) bool {
	return strings.HasSuffix(key, "}:retry") || strings.HasSuffix(key, "}:scheduled")
}

func (p *pacer) takeTask(ctx context.Context, send func() *redis.Cmd) *redis.Cmd {
	if !p.waitForTurn(ctx) {
		cmd := redis.NewCmd(ctx)
		cmd.SetErr(redis.Nil)
		return cmd
	}
	cmd := send()
	switch err := cmd.Err(); {
	case err == nil:
		p.empty = 0
	case errors.Is(err, redis.Nil):
		p.empty, p.poll = p.empty+1, idlePoll
	case !redis.HasErrorPrefix(err, "NOSCRIPT"): // asynq sends the text of the script next
		p.empty, p.poll = len(p.queues), failurePoll
	}
	return cmd
}

// waitForTurn waits until a task may be pending: at once while the queues are not all known to be empty, else for a
// wake-up or a poll that finds one. It returns false when the worker takes no more tasks.
func (p *pacer) waitForTurn(ctx context.Context) bool {
	if p.empty < len(p.queues) {
		return !p.isStopping()
	}
	if !p.waitForTask(ctx) {
		return false
	}
	p.empty = 0
	yield := time.NewTimer(time.Duration(p.running()) * yieldTime)
	defer yield.Stop()
	select {
	case <-p.stopping:
		return false
	case <-yield.C:
		return true
	}
}

// waitForTask waits for a wake-up, or for a poll that finds a pending task. It returns false when the worker takes no
// more tasks.
func (p *pacer) waitForTask(ctx context.Context) bool {
	for {
		// From half to one and a half: the polls of many workers spread.
		poll := time.NewTimer(p.poll/2 + rand.N(p.poll))
		select {
		case <-p.stopping:
			poll.Stop()
			return false
		case <-p.signal:
			poll.Stop()
			return true
		case <-poll.C:
			if p.anyExists(ctx, p.queueKeys("pending")) {
				return true
			}
			p.poll = idlePoll
		}
	}
}

// queueKeys returns the keys of some parts of all queues.
func (p *pacer) queueKeys(parts ...string) []string {
	var keys []string
	for _, queue := range p.queues {
		for _, part := range parts {
			keys = append(keys, queuemodel.QueueKey(queue, part))
		}
	}
	return keys
}

func (p *pacer) isStopping() bool {
	select {
	case <-p.stopping:
		return true
	default:
		return false
	}
}

// forwardTasks looks at a set of waiting tasks when one of this worker's may be due, and from time to time. It wakes
// the workers when tasks have become pending.
func (p *pacer) forwardTasks(ctx context.Context, set string, send func() *redis.Cmd) *redis.Cmd {
	if !p.isForwardDue(set) || p.areSetsEmpty(ctx, set) {
		cmd := redis.NewCmd(ctx)
		cmd.SetVal(int64(0))
		return cmd
	}
	cmd := send()
	if n, err := cmd.Int64(); err == nil && n > 0 {
		p.wakeUps.broadcast(ctx)
		return cmd // asynq asks again at once: one script moves a hundred tasks
	}
	if err := cmd.Err(); err == nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		t := p.forwards[set]
		t.looked = p.clock()
		p.forwards[set] = t
	}
	return cmd
}

func (p *pacer) isForwardDue(set string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, t := p.clock(), p.forwards[set]
	return !now.Before(t.looked.Add(forwardPoll)) || now.Before(t.until)
}

// areSetsEmpty reports whether no task waits in any set. It asks for all sets in one command and remembers the answer
// for each; a set in which a task of this worker waits is always looked at.
func (p *pacer) areSetsEmpty(ctx context.Context, set string) bool {
	p.mu.Lock()
	now := p.clock()
	mayWait := now.Before(p.forwards[set].until) || now.Before(p.waitingUntil)
	p.mu.Unlock()
	if mayWait {
		return false
	}
	sets := p.queueKeys("retry", "scheduled")
	exists := p.anyExists(ctx, sets)
	p.mu.Lock()
	defer p.mu.Unlock()
	if exists {
		p.waitingUntil = now.Add(forwardPoll)
		return false
	}
	for _, set := range sets {
		t := p.forwards[set]
		t.looked = now
		p.forwards[set] = t
	}
	return true
}

// observeOutcome takes note of a recorded outcome: a task that waits for its retry, or one that is pending again. The
// third argument of asynq's script for a retry is its time in Unix seconds (asynq v0.26, rdb.Retry).
func (p *pacer) observeOutcome(ctx context.Context, keys []string, args []any) {
	for _, key := range keys {
		switch {
		case strings.HasSuffix(key, "}:pending"):
			p.wakeUps.broadcast(ctx)
		case isWaitingSet(key) && len(args) > 2:
			if at, ok := args[2].(int64); ok {
				p.expectForward(key, time.Unix(at, 0))
			}
		}
	}
}

// expectForward makes the pacer look at a set until a time has come.
func (p *pacer) expectForward(set string, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.forwards[set]
	if until := at.Add(forwardSlack); until.After(t.until) {
		t.until = until
	}
	p.forwards[set] = t
}
