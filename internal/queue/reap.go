package queue

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

const (
	// reaperKey is held by the worker that looks for orphans at the moment.
	reaperKey = "queue:reaper"
	// reapEvery is how often each worker would look. Its lock lets one of them through in that time.
	reapEvery = budget.RescueInterval
	reapLock  = budget.RescueLock
	// lease is asynq's own on a task, from when it was taken; claiming is how long a worker has to claim it after that.
	lease    = budget.TaskLease
	claiming = budget.TaskClaim
	// crashesField is what this package adds to asynq's hash of a task: how many workers were lost with it.
	crashesField = "tmd_crashes"
)

// pendingLua notes in a task's hash that it waits in its queue, since now in nanoseconds, as asynq does.
const pendingLua = `
local function pending(task)
	local time = redis.call('TIME')
	redis.call('HSET', task, 'state', 'pending', 'pending_since', time[1] .. string.format('%06d', tonumber(time[2])) .. '000')
end
`

// backLua puts an active task at the head of its queue, as asynq does with one that a worker hands back. A task without a
// message has been deleted, and is cleared away. Answers whether there is something to run.
//
// KEYS 1 is holders, in every script with this in it.
const backLua = pendingLua + `
local function back(queue, id, crashed)
	local task = queue .. 't:' .. id
	redis.call('LREM', queue .. 'active', 0, id)
	redis.call('ZREM', queue .. 'lease', id)
	redis.call('HDEL', KEYS[1], id)
	if redis.call('HEXISTS', task, 'msg') == 0 then
		redis.call('DEL', task)
		return false
	end
	if crashed then redis.call('HINCRBY', task, '` + crashesField + `', 1) end
	pending(task)
	redis.call('RPUSH', queue .. 'pending', id)
	return true
end
local function active(queue) return redis.call('LRANGE', queue .. 'active', 0, -1) end
`

// reapScript takes back the tasks that nobody runs:
//
//   - the worker that holds it is gone: it died with the task, which counts against the task
//   - its holder lives and does not run it: the end of the run was not written down
//   - nobody has claimed it: its worker died in between, or the answer of Redis was lost on its way. A task without
//     asynq's lease was not taken just now, so nobody will.
//
// KEYS 1 holders · 2 workers · 3 the lock; ARGV 1 id of the reaper · 2 of the lock the TTL in ms · 3 the end in Unix seconds
// of leases that are due · then the prefix of each queue. Answers task, worker or empty, and 1 if it died, for each.
var reapScript = redis.NewScript(backLua + `
if not redis.call('SET', KEYS[3], ARGV[1], 'NX', 'PX', ARGV[2]) then return {} end
local taken, held = {}, {}
for i = 4, #ARGV do
	for _, id in ipairs(active(ARGV[i])) do
		local holder, orphan, crashed = redis.call('HGET', KEYS[1], id), false, false
		if holder then
			orphan = redis.call('HEXISTS', '` + workerKey + `' .. holder, '` + taskField + `' .. id) == 0
			crashed = orphan and redis.call('EXISTS', '` + workerKey + `' .. holder) == 0
		else
			local lease = redis.call('ZSCORE', ARGV[i] .. 'lease', id)
			orphan = not lease or tonumber(lease) <= tonumber(ARGV[3])
		end
		if not orphan then
			held[id] = true
		elseif back(ARGV[i], id, crashed) then
			for _, v in ipairs({id, holder or '', crashed and 1 or 0}) do taken[#taken + 1] = v end
		end
	end
end
for _, id in ipairs(redis.call('HKEYS', KEYS[1])) do
	if not held[id] then redis.call('HDEL', KEYS[1], id) end
end
for _, id in ipairs(redis.call('SMEMBERS', KEYS[2])) do
	if redis.call('EXISTS', '` + workerKey + `' .. id) == 0 then redis.call('SREM', KEYS[2], id) end
end
-- asynq writes this once in the life of a process; a Redis that lost everything has no list of queues until then.
for i = 4, #ARGV do redis.call('SADD', 'asynq:queues', string.match(ARGV[i], '{(.*)}')) end
return taken
`)

// recoverScript takes back what the workers of a host hold, and forgets the workers.
//
// KEYS 1 holders · 2 workers; ARGV 1 the host · 2 one worker of it, or empty for all · 3 1 if that counts as a crash · 4 in
// Unix milliseconds when a worker must have started that is not meant, 0 if all are · then the prefix of each queue.
// Answers the tasks.
var recoverScript = redis.NewScript(backLua + `
local function meant(id)
	if (ARGV[2] ~= '' and id ~= ARGV[2]) or string.match(id, '^(.*):%d+:[^:]+$') ~= ARGV[1] then return false end
	if ARGV[4] == '0' then return true end
	local started = redis.call('HGET', '` + workerKey + `' .. id, 'started')
	return started and tonumber(started) < tonumber(ARGV[4])
end
local taken = {}
for i = 5, #ARGV do
	for _, id in ipairs(active(ARGV[i])) do
		local holder = redis.call('HGET', KEYS[1], id)
		if holder and meant(holder) and back(ARGV[i], id, ARGV[3] == '1') then taken[#taken + 1] = id end
	end
end
for _, id in ipairs(redis.call('SMEMBERS', KEYS[2])) do
	if meant(id) then
		redis.call('DEL', '` + workerKey + `' .. id)
		redis.call('SREM', KEYS[2], id)
	end
end
return taken
`)

// prefixes are the queues as the scripts take them.
func prefixes() []any {
	all := make([]any, 0, len(queues))
	for _, name := range Names() {
		all = append(all, key(name, ""))
	}
	return all
}

// reaping looks for orphans until ctx ends.
func (s *Server) reaping(ctx context.Context) {
	tick := time.NewTicker(reapEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if !s.beats.trusted() {
			continue
		}
		if err := s.reap(ctx); err != nil && ctx.Err() == nil {
			s.logger.Debug("orphans cannot be looked for", "error", err)
		}
	}
}

// reap takes back the tasks that nobody runs, unless another worker is at it.
func (s *Server) reap(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	args := append([]any{s.beats.id, reapLock.Milliseconds(), s.clock().Add(lease - claiming).Unix()}, prefixes()...)
	taken, err := reapScript.Run(ctx, s.redis, []string{holdersKey, workersKey, reaperKey}, args...).Slice()
	if err != nil {
		return err
	}
	for i := 0; i+2 < len(taken); i += 3 {
		crashed := taken[i+2] == int64(1)
		s.metrics.reaped(crashed)
		s.logger.Warn("a job that nobody runs is taken back", "job_id", taken[i], "worker", taken[i+1], "crashed", crashed)
	}
	return nil
}

// handOver puts back what a worker holds, or all workers of a host that started before a time, if one is given.
func handOver(ctx context.Context, client redis.UniversalClient, host, worker string, before time.Time, crashed bool) ([]job.ID, error) {
	counts, bound := 0, int64(0)
	if crashed {
		counts = 1
	}
	if !before.IsZero() {
		bound = before.UnixMilli()
	}
	args := append([]any{host, worker, counts, bound}, prefixes()...)
	found, err := recoverScript.Run(ctx, client, []string{holdersKey, workersKey}, args...).StringSlice()
	if err != nil {
		return nil, err
	}
	tasks := make([]job.ID, len(found))
	for i, id := range found {
		tasks[i] = job.ID(id)
	}
	return tasks, nil
}
