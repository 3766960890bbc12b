-- Creates a record, unless there is one, an open job has the same content, or the owner has too many open jobs.
--
-- KEYS 5 the owner's index
--      6 the claim of the content, or the record for none: an access list with prefixes refuses an empty key
--      7 the idempotency claim to set again for a restored record, or the record for none
-- ARGV 4 when the job was created
--      5 how many open jobs the owner may have, 0 for any number
--      6 the first event of the job's life
--      7… field, value, …
-- Returns the outcome (see createAccepted in Go) and the id of the open job with the same content, or empty.
local existing = redis.call('HMGET', KEYS[1], 'version', 'owner', 'createdAt')
if existing[1] then
	local new = {}
	for i = 7, #ARGV, 2 do new[ARGV[i]] = ARGV[i + 1] end
	if existing[2] == new.owner and existing[3] == new.createdAt then return {2, ''} end
	return {0, ''}
end

local claim = redis.call('GET', KEYS[4])
local holds_claim = claim and redis.call('GET', claim) == ARGV[1]
if KEYS[6] ~= KEYS[1] then
	local holder = redis.call('GET', KEYS[6])
	if holder and is_open(holder) then
		redis.call('HSET', RECORD_PREFIX .. holder, 'shared', 1)
		-- A repetition of this submission receives that job as well.
		if holds_claim then redis.call('SET', claim, holder, 'PX', ARGV[3]) end
		redis.call('DEL', KEYS[4])
		return {3, holder}
	end
end
local limit = tonumber(ARGV[5])
if limit > 0 and count_open(KEYS[5], limit) >= limit then return {4, ''} end

redis.call('HSET', KEYS[1], 'owned', KEYS[5], unpack(ARGV, 7))
start_life(ARGV[6])
redis.call('ZADD', OPEN_INDEX, ARGV[4], ARGV[1])
redis.call('ZADD', KEYS[5], ARGV[4], ARGV[1])
redis.call('PEXPIRE', KEYS[5], ARGV[3])
if KEYS[6] ~= KEYS[1] then
	redis.call('SET', KEYS[6], ARGV[1], 'PX', ARGV[3])
	redis.call('HSET', KEYS[1], 'content', KEYS[6])
end
if KEYS[7] ~= KEYS[1] and redis.call('SET', KEYS[7], ARGV[1], 'NX', 'PX', ARGV[3]) then
	redis.call('SET', KEYS[4], KEYS[7])
end
renew_keys()
-- From now on the claim of the submission lasts as long as the job.
if holds_claim then redis.call('PEXPIRE', claim, ARGV[3]) end
return {1, ''}
