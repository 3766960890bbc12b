-- Puts back the active tasks that no worker runs:
--
--   - the hash of the holder has expired: the worker died with the task, which counts as a crash
--   - the holder is alive and does not list the task: the end of the run was not recorded
--   - no worker has claimed the task in time: its worker died in between, or the answer of Redis was lost. A task
--     without asynq's lease was not taken just now, so no claim will follow.
--
-- KEYS 1 hash from task to holder
--      2 set of the ids of workers
--      3 lock of the rescuer
-- ARGV 1 id of the rescuing worker
--      2 time to live of the lock, in milliseconds
--      3 end of the leases that are due, in Unix seconds: an unclaimed task with a lease up to it is put back
--      4… beginning of the keys of each queue
-- Returns for each task that was put back: its id, its holder or empty, and 1 for a crash or 0.
local holders_key = KEYS[1]
if not redis.call('SET', KEYS[3], ARGV[1], 'NX', 'PX', ARGV[2]) then return {} end

local answer, held = {}, {}
-- One question finds out that nothing runs anywhere, which is the usual case of an idle worker.
local owners = {holders_key}
for i = 4, #ARGV do owners[#owners + 1] = ARGV[i] .. 'active' end
local idle = redis.call('EXISTS', unpack(owners)) == 0
for i = 4, idle and 3 or #ARGV do
	local queue = ARGV[i]
	for _, task in ipairs(active_tasks(queue)) do
		local holder, orphaned, crashed = redis.call('HGET', holders_key, task), false, false
		if holder then
			orphaned = redis.call('HEXISTS', WORKER_PREFIX .. holder, TASK_FIELD .. task) == 0
			crashed = orphaned and redis.call('EXISTS', WORKER_PREFIX .. holder) == 0
		else
			local lease = redis.call('ZSCORE', queue .. 'lease', task)
			orphaned = not lease or tonumber(lease) <= tonumber(ARGV[3])
		end
		if not orphaned then
			held[task] = true
		elseif put_back(queue, task, holder, crashed) then
			for _, v in ipairs({task, holder or '', crashed and 1 or 0}) do answer[#answer + 1] = v end
		end
	end
end

-- Remove what refers to tasks that are no longer active and to workers that are no longer alive.
for _, task in ipairs(idle and {} or redis.call('HKEYS', holders_key)) do
	if not held[task] then redis.call('HDEL', holders_key, task) end
end
for _, worker in ipairs(redis.call('SMEMBERS', KEYS[2])) do
	if redis.call('EXISTS', WORKER_PREFIX .. worker) == 0 then redis.call('SREM', KEYS[2], worker) end
end

-- asynq writes the list of queues once in the life of a process. A Redis that lost its data has none until then.
local queues = {}
for i = 4, #ARGV do queues[#queues + 1] = string.match(ARGV[i], '{(.*)}') end
redis.call('SADD', 'asynq:queues', unpack(queues))
return answer
