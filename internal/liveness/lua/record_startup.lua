-- Records how long a job waited for the start of a worker, if it was accepted before this worker started, and no other
-- worker takes tasks. The call follows the first claim of a worker.
--
-- KEYS 1 set of the ids of workers
--      2 the job's record
--      3 list of the events of the job's life
--      4 list of the waits in milliseconds, the newest first
-- ARGV 1 id of this worker  2 its start in Unix milliseconds  3 the longest wait that counts, in milliseconds
--      4 how many waits are kept  5 the owner whose jobs do not count: they wait on purpose
for _, id in ipairs(redis.call('SMEMBERS', KEYS[1])) do
	if id ~= ARGV[1] and redis.call('HGET', WORKER_PREFIX .. id, 'draining') == '0' then return 0 end
end
if redis.call('HGET', KEYS[2], 'owner') == ARGV[5] then return 0 end
local accepted = tonumber(string.match(redis.call('LINDEX', KEYS[3], 0) or '', '^%d+'))
if not accepted or accepted > tonumber(ARGV[2]) then return 0 end
local wait = now_in_milliseconds() - accepted
if wait > tonumber(ARGV[3]) then return 0 end
redis.call('LPUSH', KEYS[4], wait)
redis.call('LTRIM', KEYS[4], 0, ARGV[4] - 1)
return 1
