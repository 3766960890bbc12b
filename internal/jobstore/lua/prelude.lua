-- Functions of the scripts on a job. Go declares MOVES and RECORD_FIELDS before them. The scripts begin with the same
--
-- KEYS 1 the record's hash
--      2 the result
--      3 its slim view
--      4 the key of the idempotency claim that led to the job
-- ARGV 1 the job's id
--      2 now, in Unix milliseconds
--      3 time to live, in milliseconds

-- is_open_state reports whether a state is not final.
local function is_open_state(state) return MOVES[state].processing or MOVES[state].queued end

-- read_record returns the fields of the record.
local function read_record() return redis.call('HMGET', KEYS[1], unpack(RECORD_FIELDS)) end

-- owned_index returns the index of all jobs of the owner of an index of open jobs.
local function owned_index(open_index) return OWNED_PREFIX .. string.sub(open_index, #OPEN_PREFIX + 1) end

-- index_job adds the job to the index of all jobs of an owner, and removes those that were last changed so long ago
-- that nothing of them is stored.
local function index_job(open_index)
	local index = owned_index(open_index)
	redis.call('ZADD', index, ARGV[2], ARGV[1])
	redis.call('ZREMRANGEBYSCORE', index, '-inf', string.format('%.0f', tonumber(ARGV[2]) - DEAD_TTL))
	redis.call('PEXPIRE', index, DEAD_TTL)
end

-- renew_keys lets the keys of the job expire together.
local function renew_keys()
	for i = 1, 4 do redis.call('PEXPIRE', KEYS[i], ARGV[3]) end
	redis.call('PEXPIRE', KEYS[1] .. READING_SUFFIX, ARGV[3])
	redis.call('PEXPIRE', KEYS[1] .. LIFE_SUFFIX, ARGV[3])
	local open_index = redis.call('HGET', KEYS[1], 'owned')
	if open_index then index_job(open_index) end
end

-- record_event adds an event to the life of the job.
local function record_event(event, attempt, worker, code) record_life(ARGV[1], ARGV[2], event, attempt, worker, code) end

-- start_life records the first event of a record that is new, and continues a life that is still stored.
local function start_life(event)
	redis.call('RPUSH', KEYS[1] .. LIFE_SUFFIX, ARGV[2] .. ' ' .. event .. ' 0 - -')
end

-- index_result adds the job to the index of results, and removes those that have expired.
local function index_result()
	redis.call('ZADD', RESULTS_INDEX, ARGV[2], ARGV[1])
	redis.call('ZREMRANGEBYSCORE', RESULTS_INDEX, '-inf', string.format('%.0f', tonumber(ARGV[2]) - tonumber(ARGV[3])))
	redis.call('PEXPIRE', RESULTS_INDEX, ARGV[3])
end

-- publish_message publishes without an error: a user without rights on the channel must not end a script between two
-- writes. Watchers read their records again within seconds.
local function publish_message(message) redis.pcall('PUBLISH', EVENTS_CHANNEL, message) end

-- publish_record publishes the record as it is now.
local function publish_record()
	local record = read_record()
	for i = 1, #record do record[i] = record[i] or '' end
	publish_message(ARGV[1] .. ' ' .. cjson.encode(record))
end

-- is_open reports whether a job has a record that a worker may begin.
local function is_open(id)
	local state = redis.call('HGET', RECORD_PREFIX .. id, 'state')
	return state and MOVES[state] and MOVES[state].processing
end

-- close_job removes the job from the indexes of open jobs, and releases the claim of its content.
local function close_job()
	local stored = redis.call('HMGET', KEYS[1], 'owned', 'content')
	local owner_index, content_claim = stored[1], stored[2]
	redis.call('ZREM', OPEN_INDEX, ARGV[1])
	if owner_index then redis.call('ZREM', owner_index, ARGV[1]) end
	if content_claim and redis.call('GET', content_claim) == ARGV[1] then redis.call('DEL', content_claim) end
	redis.call('HDEL', KEYS[1], 'content')
end

-- count_open counts the open jobs of an owner's index. At the limit it removes the ids whose records have expired.
local function count_open(index, limit)
	local n = redis.call('ZCARD', index)
	if n < limit then return n end
	for _, id in ipairs(redis.call('ZRANGE', index, 0, -1)) do
		if not is_open(id) then redis.call('ZREM', index, id) end
	end
	return redis.call('ZCARD', index)
end

-- finish_change ends each change of a record.
local function finish_change()
	redis.call('HINCRBY', KEYS[1], 'version', 1)
	redis.call('HSET', KEYS[1], 'updatedAt', ARGV[2])
	renew_keys()
	publish_record()
end

-- delete_record deletes the keys of the job, and its claim: the owner may submit the same content again.
local function delete_record()
	local claim = redis.call('GET', KEYS[4])
	if claim and redis.call('GET', claim) == ARGV[1] then redis.call('DEL', claim) end
	local open_index = redis.call('HGET', KEYS[1], 'owned')
	if open_index then redis.call('ZREM', owned_index(open_index), ARGV[1]) end
	close_job()
	redis.call('ZREM', RESULTS_INDEX, ARGV[1])
	redis.call('DEL', KEYS[1] .. FACTS_SUFFIX, KEYS[1] .. READING_SUFFIX, KEYS[1] .. LIFE_SUFFIX)
	if redis.call('DEL', unpack(KEYS)) > 0 then publish_message(ARGV[1] .. ' ') end
end

