-- Makes another owner the owner of a job and of its copy for operators.
--
-- KEYS 5 the new owner's index of open jobs
--      6 the copy of the dead job
-- ARGV 4 the owner that the job must have
--      5 the new owner
-- Returns 1, or 0 when neither has that owner.
local transferred = 0
if redis.call('HGET', KEYS[6], 'owner') == ARGV[4] then
	redis.call('HSET', KEYS[6], 'owner', ARGV[5])
	transferred = 1
end
local stored = redis.call('HMGET', KEYS[1], 'owner', 'state', 'owned', 'createdAt', 'content')
local owner, state, old_index, created, content_claim = stored[1], stored[2], stored[3], stored[4], stored[5]
if owner == ARGV[4] then
	-- The claim of a content is of one owner: the new one may submit the same again.
	if content_claim and redis.call('GET', content_claim) == ARGV[1] then redis.call('DEL', content_claim) end
	redis.call('HDEL', KEYS[1], 'content')
	if old_index then
		redis.call('ZREM', old_index, ARGV[1])
		redis.call('ZREM', owned_index(old_index), ARGV[1])
	end
	redis.call('HSET', KEYS[1], 'owner', ARGV[5], 'owned', KEYS[5])
	if is_open_state(state) then
		redis.call('ZADD', KEYS[5], created, ARGV[1])
		redis.call('PEXPIRE', KEYS[5], ARGV[3])
	end
	if state == 'done' then index_result() end
	finish_change()
	return 1
end
if transferred == 1 then index_job(KEYS[5]) end
return transferred
