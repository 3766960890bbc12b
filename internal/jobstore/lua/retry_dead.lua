-- Creates the record of a dead job again, and deletes its copy.
--
-- KEYS 5 the owner's index
--      6 the copy of the dead job
--      7 the index of dead jobs
-- ARGV 4 when the job failed, as it was read
--      5 when the new record is created
--      6… field, value, …
-- Returns 1, or 0 when the job has changed since it was read or has an open record.
if redis.call('HGET', KEYS[6], 'finishedAt') ~= ARGV[4] then
	-- Perhaps this is the second run of a call whose answer was lost.
	local stored = redis.call('HMGET', KEYS[1], 'state', 'createdAt')
	if stored[1] == 'queued' and stored[2] == ARGV[5] then return 1 end
	return 0
end
local state = redis.call('HGET', KEYS[1], 'state')
if state and state ~= 'failed' then return 0 end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[1] .. FACTS_SUFFIX, KEYS[1] .. READING_SUFFIX)
redis.call('HSET', KEYS[1], 'owned', KEYS[5], unpack(ARGV, 6))
start_life('retried')
local history = redis.call('HGET', KEYS[6], 'history')
if history then redis.call('HSET', KEYS[1], 'history', history) end
redis.call('ZADD', OPEN_INDEX, ARGV[5], ARGV[1])
redis.call('ZADD', KEYS[5], ARGV[5], ARGV[1])
redis.call('PEXPIRE', KEYS[5], ARGV[3])
redis.call('DEL', KEYS[6])
redis.call('ZREM', KEYS[7], ARGV[1])
finish_change()
return 1
