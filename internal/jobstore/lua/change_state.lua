-- Writes the outcome of an attempt, if its fence is the newest.
--
-- ARGV  4 the fence
--       5 the next state
--       6 the failure as JSON, or empty
--       7 the time of the next attempt in Unix milliseconds, or empty
--       8 the result and 9 its slim view, for done
--      10 the code of the failure, or empty
--      11 the host of the writer
--      12 how long the copy of a failed job is kept, in milliseconds
--      13 how many incidents the history holds
--      14 what was read of the document, or empty
--      15 the encrypted facts of a failed job that its owner may answer, or empty
--      16 until when, in Unix milliseconds, and 17 how long from now, in milliseconds
--      18 the event of the job's life
-- Returns 1, or 0 for a writer behind a newer fence, or in a state that has no such next state.
local stored = redis.call('HMGET', KEYS[1], 'state', 'fence', 'attempt', 'history')
local state, fence, attempt, stored_history = stored[1], stored[2], stored[3], stored[4]
local next_state, failure, retry_at, code = ARGV[5], ARGV[6], ARGV[7], ARGV[10]
if not state or fence ~= ARGV[4] then return 0 end
if state == next_state then return 1 end
if not MOVES[state][next_state] then return 0 end

redis.call('HSET', KEYS[1], 'state', next_state)
if failure == '' then redis.call('HDEL', KEYS[1], 'error') else redis.call('HSET', KEYS[1], 'error', failure) end
if retry_at == '' then redis.call('HDEL', KEYS[1], 'retryAt') else redis.call('HSET', KEYS[1], 'retryAt', retry_at) end
if code ~= '' then
	local history = cjson.decode(stored_history or '[]')
	history[#history + 1] = {attempt = tonumber(attempt), at = tonumber(ARGV[2]), code = code, worker = ARGV[11]}
	while #history > tonumber(ARGV[13]) do table.remove(history, 1) end
	redis.call('HSET', KEYS[1], 'history', cjson.encode(history))
end
if not is_open_state(next_state) then
	redis.call('HSET', KEYS[1], 'finishedAt', ARGV[2])
	close_job()
	if next_state == 'failed' then
		local dead = DEAD_PREFIX .. ARGV[1]
		redis.call('COPY', KEYS[1], dead, 'REPLACE')
		redis.call('HDEL', dead, 'owned', 'shared', 'facts', 'fromFacts', 'answerUntil')
		redis.call('PEXPIRE', dead, ARGV[12])
		redis.call('ZADD', DEAD_INDEX, ARGV[2], ARGV[1])
	end
	redis.call('HDEL', KEYS[1], 'input', 'facts', 'fromFacts')
	if ARGV[14] ~= '' then redis.call('SET', KEYS[1] .. READING_SUFFIX, ARGV[14]) end
	if next_state == 'failed' and ARGV[15] ~= '' then
		redis.call('HSET', KEYS[1], 'answerUntil', ARGV[16])
		redis.call('SET', KEYS[1] .. FACTS_SUFFIX, ARGV[15], 'PX', ARGV[17])
	end
end
if next_state == 'done' then
	redis.call('SET', KEYS[2], ARGV[8])
	redis.call('SET', KEYS[3], ARGV[9])
	index_result()
end
record_event(ARGV[18], attempt, ARGV[11], code)
finish_change()
-- Operators look at a failed job for as long as its copy is kept.
if next_state == 'failed' then redis.call('PEXPIRE', KEYS[1] .. LIFE_SUFFIX, ARGV[12]) end
return 1
