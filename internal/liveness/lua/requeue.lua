-- Puts back the tasks that the workers of a host hold, and removes these workers from the list.
--
-- KEYS 1 hash from task to holder
--      2 set of the ids of workers
-- ARGV 1 the host
--      2 id of one worker of it, or empty for all
--      3 1 if each task counts a lost worker, else 0
--      4 only workers that started before this time, in Unix milliseconds; 0 for all
--      5… beginning of the keys of each queue
-- Returns the tasks that were put back.
local holders_key = KEYS[1]
local host, only_worker, crashed, before = ARGV[1], ARGV[2], ARGV[3] == '1', ARGV[4]

-- is_selected reports whether a worker, by its id <host>:<pid>:<random>, is one of those that the caller named.
local function is_selected(worker)
	if (only_worker ~= '' and worker ~= only_worker) or string.match(worker, '^(.*):%d+:[^:]+$') ~= host then return false end
	if before == '0' then return true end
	local started = redis.call('HGET', WORKER_PREFIX .. worker, 'started')
	return started and tonumber(started) < tonumber(before)
end

local answer = {}
for i = 5, #ARGV do
	for _, task in ipairs(active_tasks(ARGV[i])) do
		local holder = redis.call('HGET', holders_key, task)
		if holder and is_selected(holder) and put_back(ARGV[i], task, holder, crashed) then answer[#answer + 1] = task end
	end
end
for _, worker in ipairs(redis.call('SMEMBERS', KEYS[2])) do
	if is_selected(worker) then
		redis.call('DEL', WORKER_PREFIX .. worker)
		redis.call('SREM', KEYS[2], worker)
	end
end
return answer
