package queue

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// What Redis knows of workers. The names are for operators and the controller as well.
const (
	workersKey = "queue:workers" // set: the ids of the workers
	holdersKey = "queue:holders" // hash: task → id of the worker that runs it
	workerKey  = "queue:worker:" // + id, hash: host, pid, started, draining, beat, and task:<id> for each task that it runs
	taskField  = "task:"
)

const (
	beatEvery = budget.HeartbeatInterval
	// beatTTL is how long a worker counts as alive after a beat: three may be missed.
	beatTTL = budget.HeartbeatTTL
	// callTimeout bounds a beat, so that the next one can follow.
	callTimeout = budget.HeartbeatCall
	// quick is what a beat may take, and gap what may lie between two, for a worker that trusts its own view of the others.
	quick = time.Second
	gap   = 2 * beatEvery
	// settling is how long a run that has ended stays in the beats. asynq tries once to write down what came of it, for
	// callTimeout at most; a task that is still active afterwards has nobody.
	settling = 5 * time.Second
)

// beatScript tells that a worker lives and what it runs, and claims a task for it if one is named. All of a worker's beats
// have a number, so that one that was held up on its way does not undo a later one.
//
// KEYS 1 the worker · 2 workers · 3 holders
// ARGV 1 id · 2 TTL in ms · 3 number · 4 the task to claim, or empty · 5 its hash · 6 host · 7 pid · 8 started · 9 draining ·
// then for each task its id and what is known of the run
//
// Answers how many workers were lost with the task that is claimed, or -1 when it is not this worker's to run, and then the
// tasks that this worker has lost.
var beatScript = redis.NewScript(`
if tonumber(redis.call('HGET', KEYS[1], 'beat') or 0) > tonumber(ARGV[3]) then return {-1} end
local claim, crashes = ARGV[4], -1
if claim ~= '' and redis.call('HGET', ARGV[5], 'state') == 'active' then
	local holder = redis.call('HGET', KEYS[3], claim)
	if not holder or holder == ARGV[1] or redis.call('HEXISTS', '` + workerKey + `' .. holder, '` + taskField + `' .. claim) == 0 then
		redis.call('HSET', KEYS[3], claim, ARGV[1])
		crashes = tonumber(redis.call('HGET', ARGV[5], '` + crashesField + `') or 0)
	end
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'beat', ARGV[3], 'host', ARGV[6], 'pid', ARGV[7], 'started', ARGV[8], 'draining', ARGV[9])
local answer = {crashes}
for i = 10, #ARGV, 2 do
	if redis.call('HGET', KEYS[3], ARGV[i]) == ARGV[1] then
		redis.call('HSET', KEYS[1], '` + taskField + `' .. ARGV[i], ARGV[i + 1])
	elseif ARGV[i] ~= claim then
		answer[#answer + 1] = ARGV[i]
	end
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('SADD', KEYS[2], ARGV[1])
return answer
`)

// run is a delivery of a task to this process.
type run struct {
	task   job.ID
	queue  string
	since  time.Time
	cancel context.CancelCauseFunc // called with job.ErrSuperseded when the task is taken back
	ended  time.Time               // zero while the handler runs
	lost   bool                    // the task is no longer this run's
}

// beats tells the other workers that this process lives and what it runs. They take back the tasks of one that has stopped
// beating; its own next beat tells it so.
type beats struct {
	redis   redis.UniversalClient
	id      string
	host    string
	pid     int
	started time.Time
	clock   func() time.Time
	logger  *slog.Logger

	calls  sync.Mutex // held over a beat or a claim: each knows of the one before
	number int64      // of the last one

	mu       sync.Mutex
	runs     map[job.ID]*run
	draining bool
	// last is when the last beat that succeeded was sent, steady when the first of those that came without a gap was; zero
	// for none.
	last, steady time.Time
}

func newBeats(d Deps) *beats {
	host := d.Host
	if host == "" {
		host, _ = os.Hostname() // in a pod its name
	}
	pid := os.Getpid()
	return &beats{
		redis: d.Redis, host: host, pid: pid, id: fmt.Sprintf("%s:%d:%s", host, pid, rand.Text()[:8]),
		started: d.Clock(), clock: d.Clock, logger: d.Logger, runs: map[job.ID]*run{},
	}
}

var (
	// errElsewhere says that a task that was delivered here is not this worker's to run.
	errElsewhere = errors.New("queue: the task is with another worker")
	// errHere says that this process is not done with an earlier run of the task.
	errHere = errors.New("queue: an earlier run of the task is not over")
)

// claim makes a task this worker's own, and says how many workers were lost with it. Without a claim nothing may be run:
// the others would take the task for an orphan.
func (b *beats) claim(ctx context.Context, task job.ID, queue string, cancel context.CancelCauseFunc) (*run, int, error) {
	b.calls.Lock()
	defer b.calls.Unlock()
	r := &run{task: task, queue: queue, since: b.clock(), cancel: cancel}
	b.mu.Lock()
	_, here := b.runs[task]
	if !here {
		b.runs[task] = r
	}
	b.mu.Unlock()
	if here {
		return nil, 0, errHere
	}
	crashes, err := b.call(ctx, r)
	if err == nil && crashes < 0 {
		err = errElsewhere
	}
	if err != nil {
		b.drop(r)
		return nil, 0, err
	}
	return r, crashes, nil
}

// beat tells what this process runs.
func (b *beats) beat(ctx context.Context) error {
	b.calls.Lock()
	defer b.calls.Unlock()
	_, err := b.call(ctx, nil)
	return err
}

// call sends a beat, with a claim or without.
func (b *beats) call(ctx context.Context, claim *run) (crashes int, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	b.number++
	began := b.clock()
	answer, err := beatScript.Run(ctx, b.redis, []string{workerKey + b.id, workersKey, holdersKey}, b.state(began, claim)...).Slice()
	b.judge(began, b.clock().Sub(began), err)
	if err != nil {
		return 0, err
	}
	n, _ := answer[0].(int64)
	for _, lost := range answer[1:] {
		if task, ok := lost.(string); ok {
			b.lose(b.current(job.ID(task)))
		}
	}
	return int(n), nil
}

// state is the arguments of a beat.
func (b *beats) state(now time.Time, claim *run) []any {
	b.mu.Lock()
	defer b.mu.Unlock()
	task, hash, draining := "", "", 0
	if claim != nil {
		task, hash = string(claim.task), key(claim.queue, "t:"+string(claim.task))
	}
	if b.draining {
		draining = 1
	}
	args := []any{b.id, beatTTL.Milliseconds(), b.number, task, hash, b.host, b.pid, b.started.UnixMilli(), draining}
	for id, r := range b.runs {
		if !r.ended.IsZero() && now.Sub(r.ended) >= settling {
			delete(b.runs, id)
			continue
		}
		args = append(args, string(id), r.queue+" "+strconv.FormatInt(r.since.UnixMilli(), 10))
	}
	return args
}

// judge keeps account of how steadily this worker beats.
func (b *beats) judge(began time.Time, took time.Duration, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case err != nil || took > quick:
		b.steady = time.Time{}
		return
	case b.steady.IsZero() || began.Sub(b.last) > gap:
		b.steady = began
	}
	b.last = began
}

// trusted reports whether a worker whose key is gone is gone. When Redis was away, everybody's key has run out: whoever
// has beaten without a gap for longer than a key lasts knows that all others could.
func (b *beats) trusted() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.clock()
	return !b.steady.IsZero() && now.Sub(b.steady) >= beatTTL+beatEvery && now.Sub(b.last) <= gap
}

// end says that a handler has returned. It reports whether the task is still this run's.
func (b *beats) end(r *run) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	r.ended = b.clock()
	return !r.lost
}

// current is the run of a task, nil for none.
func (b *beats) current(task job.ID) *run {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.runs[task]
}

// lose ends a run whose task is not this worker's any more: it was given to another, or asynq has written down what
// becomes of it, for which it does not always wait for the handler.
func (b *beats) lose(r *run) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r == nil || b.runs[r.task] != r {
		return
	}
	delete(b.runs, r.task)
	if r.ended.IsZero() {
		r.lost = true
		r.cancel(job.ErrSuperseded)
		b.logger.Warn("a running job is not this worker's any more", "job_id", r.task)
	}
}

// drop forgets a run that did not come about.
func (b *beats) drop(r *run) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.runs[r.task] == r {
		delete(b.runs, r.task)
	}
}

// drain says in the beats that this worker takes no more tasks.
func (b *beats) drain() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.draining = true
}

// loop beats until ctx ends.
func (b *beats) loop(ctx context.Context) {
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for {
		if err := b.beat(ctx); err != nil && ctx.Err() == nil {
			// asynq says already that Redis is down.
			b.logger.Debug("a beat failed", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
