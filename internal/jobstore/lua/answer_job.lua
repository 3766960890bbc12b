-- Lets a failed job run again from the facts that are kept with it.
--
-- KEYS 5 the owner's index
--      6 the copy of the dead job
--      7 the index of dead jobs
-- ARGV 4 the degree that the owner chose
--      5 how many open jobs the owner may have, 0 for any number
-- Returns the outcome (see answerAccepted in Go), the facts, the name of the idempotency claim and the input, or nil, and
-- the fields of the record.
local function answer(outcome)
	local values = {outcome, redis.call('HGET', KEYS[1], 'facts'), redis.call('GET', KEYS[4]), redis.call('HGET', KEYS[1], 'input')}
	for _, value in ipairs(read_record()) do values[#values + 1] = value end
	return values
end

local stored = redis.call('HMGET', KEYS[1], 'state', 'answer', 'fence')
local state, given, fence = stored[1], stored[2], stored[3]
if not state then return {0} end
if state ~= 'failed' then
	-- The same answer again: its first sending succeeded, and perhaps its response was lost.
	if given == ARGV[4] then return answer(2) end
	return answer(3)
end
local facts = redis.call('GET', KEYS[1] .. FACTS_SUFFIX)
if not facts then
	local until_time = redis.call('HGET', KEYS[1], 'answerUntil')
	return answer(until_time and until_time ~= '' and 4 or 3)
end
local limit = tonumber(ARGV[5])
if limit > 0 and count_open(KEYS[5], limit) >= limit then return answer(5) end

-- What else the owner chose with the upload stays. The record of a failed job has no input, its copy has.
local input = redis.call('HGET', KEYS[6], 'input')
input = input and input ~= '' and cjson.decode(input) or {}
input.degree = ARGV[4]

local next_fence = string.format('%.0f', tonumber(fence) + 1)
redis.call('HSET', KEYS[1], 'state', 'queued', 'attempt', 0, 'fence', next_fence, 'base', next_fence, 'createdAt', ARGV[2],
	'owned', KEYS[5], 'input', cjson.encode(input), 'answer', ARGV[4], 'facts', facts, 'fromFacts', 1)
redis.call('HDEL', KEYS[1], 'error', 'retryAt', 'finishedAt', 'answerUntil')
redis.call('DEL', KEYS[1] .. FACTS_SUFFIX, KEYS[6])
redis.call('ZREM', KEYS[7], ARGV[1])
redis.call('ZADD', OPEN_INDEX, ARGV[2], ARGV[1])
redis.call('ZADD', KEYS[5], ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[5], ARGV[3])
start_life('answered')
finish_change()
return answer(1)
