-- Binds an idempotency claim to a job, unless another job holds it: one that has a record, or whose submission is in
-- progress, which the key of its claim shows. A job that was deleted holds nothing.
--
-- KEYS 1 the claim
--      2 the name of the claim that led to the job of ARGV 1
-- ARGV 1 the job's id
--      3 time to live, in milliseconds
-- Returns the holder, and 1 if it has a record (or is this job), else 0.
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then
	local record = RECORD_PREFIX .. holder
	if redis.call('EXISTS', record) == 1 then
		redis.call('HSET', record, 'shared', 1)
		return {holder, 1}
	end
	if redis.call('GET', record .. ':claim') == KEYS[1] then return {holder, 0} end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
redis.call('SET', KEYS[2], KEYS[1], 'PX', ARGV[3])
return {ARGV[1], 1}
