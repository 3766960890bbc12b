-- Begins an attempt: raises the fence and sets processing, unless the record is final.
--
-- ARGV 4 the number of the attempt
--      5 the traceparent of the attempt, or empty
--      6 the host of the worker
-- Returns the record, its input and its earlier traceparent, or nothing when there is no record.
local stored = redis.call('HMGET', KEYS[1], 'state', 'trace')
local state, earlier_trace = stored[1], stored[2]
if not state then return false end
if MOVES[state].processing then
	redis.call('HSET', KEYS[1], 'state', 'processing', 'attempt', ARGV[4])
	redis.call('HDEL', KEYS[1], 'error', 'retryAt')
	if ARGV[5] ~= '' then redis.call('HSET', KEYS[1], 'trace', ARGV[5]) end
	redis.call('HINCRBY', KEYS[1], 'fence', 1)
	record_event('started', ARGV[4], ARGV[6], '')
	finish_change()
end
local record = read_record()
record[#record + 1] = redis.call('HGET', KEYS[1], 'input')
record[#record + 1] = earlier_trace
return record
