-- Runs before each of asynq's scripts that record the outcome of an active task: done, retry, archive, requeue. These
-- remove the task from the active list by its id, whichever worker runs it, so a process that was paused or disconnected
-- would take it from the present worker. On a task without a lease they fail halfway, and leave it in no state.
--
-- KEYS asynq's keys, then the hash from task to holder
-- ARGV 1 the task, then asynq's other arguments; last the id of this worker
-- Returns NOTHELD, unless this worker holds the task; then asynq's script follows.
if redis.call('HGET', KEYS[#KEYS], ARGV[1]) ~= ARGV[#ARGV] then return redis.status_reply('NOTHELD') end
redis.call('HDEL', KEYS[#KEYS], ARGV[1])
do
	local active, lease
	for _, key in ipairs(KEYS) do
		if key:sub(-7) == ':active' then active = key elseif key:sub(-6) == ':lease' then lease = key end
	end
	-- Restore a lost lease, so that asynq's script finds what it removes.
	if redis.call('LPOS', active, ARGV[1]) then redis.call('ZADD', lease, 'NX', 0, ARGV[1]) end
end
