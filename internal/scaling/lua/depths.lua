-- Counts the tasks of each queue, and finds how long the oldest pending one has waited.
--
-- ARGV the beginning of the keys of each queue
-- Returns for each queue the number of tasks that are pending, active, in retry, scheduled and archived, then the wait
-- of the oldest pending task in milliseconds.

-- The oldest task is among the next ones to be taken: tasks arrive in order, and only those that a worker returned
-- are in front of them. 32 is more than a few workers return at a time.
local CANDIDATES = 32

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local answer = {}
for _, queue in ipairs(ARGV) do
	for _, list in ipairs({'pending', 'active'}) do answer[#answer + 1] = redis.call('LLEN', queue .. list) end
	for _, set in ipairs({'retry', 'scheduled', 'archived'}) do answer[#answer + 1] = redis.call('ZCARD', queue .. set) end
	local oldest = now
	for _, task in ipairs(redis.call('LRANGE', queue .. 'pending', -CANDIDATES, -1)) do
		local since = redis.call('HGET', queue .. 't:' .. task, 'pending_since')
		if since then oldest = math.min(oldest, math.floor(since / 1000000)) end
	end
	answer[#answer + 1] = now - oldest
end
return answer
