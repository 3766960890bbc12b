-- Records that a worker is alive and what it runs, and claims one task for it if one is named. The heartbeats of a
-- worker are numbered: one that was delayed on its way changes nothing after a later one.
--
-- KEYS 1 the worker's hash
--      2 set of the ids of workers
--      3 hash from task to holder
-- ARGV 1 id of the worker
--      2 time to live of its hash, in milliseconds
--      3 number of this heartbeat
--      4 task to claim, or empty
--      5 key of that task's hash, or empty
--      6 host   7 pid   8 start in Unix milliseconds   9 draining, 0 or 1
--      10 a claimed task that lost at least this many workers only waits here, so that it is not blamed if this worker
--         dies; 0 if every task runs
--      11… for each run the task, then "<queue> <start in Unix milliseconds>"
-- Returns the number of workers lost with the claimed task, or -1 when this worker may not run it, followed by the
-- tasks that this worker runs and no longer holds.
local worker_key, holders_key = KEYS[1], KEYS[3]
local worker_id, number, claimed, wait_from = ARGV[1], ARGV[3], ARGV[4], tonumber(ARGV[10])

if tonumber(redis.call('HGET', worker_key, 'beat') or 0) > tonumber(number) then return {-1} end

local crashes = -1
if claimed ~= '' and redis.call('HGET', ARGV[5], 'state') == 'active' then
	local holder = redis.call('HGET', holders_key, claimed)
	-- A holder that does not list the task in its own hash no longer runs it.
	if not holder or holder == worker_id or redis.call('HEXISTS', WORKER_PREFIX .. holder, TASK_FIELD .. claimed) == 0 then
		redis.call('HSET', holders_key, claimed, worker_id)
		crashes = tonumber(redis.call('HGET', ARGV[5], CRASHES_FIELD) or 0)
		if wait_from > 0 and crashes >= wait_from then
			redis.call('HSET', ARGV[5], WAITING_FIELD, 1)
		else
			redis.call('HDEL', ARGV[5], WAITING_FIELD)
		end
		record_life(claimed, now_in_milliseconds(), 'claimed', 0, ARGV[6], '')
	end
end

redis.call('DEL', worker_key)
redis.call('HSET', worker_key, 'beat', number, 'host', ARGV[6], 'pid', ARGV[7], 'started', ARGV[8], 'draining', ARGV[9])
local answer = {crashes}
for i = 11, #ARGV, 2 do
	local task = ARGV[i]
	if redis.call('HGET', holders_key, task) == worker_id then
		redis.call('HSET', worker_key, TASK_FIELD .. task, ARGV[i + 1])
	elseif task ~= claimed then
		answer[#answer + 1] = task
	end
end
redis.call('PEXPIRE', worker_key, ARGV[2])
redis.call('SADD', KEYS[2], worker_id)
return answer
