-- Reads whether a worker takes tasks, and how long jobs have waited for the start of one.
--
-- KEYS 1 set of the ids of workers  2 list of the waits in milliseconds
-- Returns 1 if a worker takes tasks and otherwise 0, followed by the waits.
local answer = {0}
for _, id in ipairs(redis.call('SMEMBERS', KEYS[1])) do
	if redis.call('HGET', WORKER_PREFIX .. id, 'draining') == '0' then answer[1] = 1 end
end
for _, wait in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do answer[#answer + 1] = tonumber(wait) end
return answer
