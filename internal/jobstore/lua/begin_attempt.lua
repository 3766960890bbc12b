-- Begins an attempt: raises the fence and sets processing, unless the record is final.
--
-- ARGV 4 the number of the attempt
-- Returns the record and its input, or nothing when there is no record.
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return false end
if MOVES[state].processing then
	redis.call('HSET', KEYS[1], 'state', 'processing', 'attempt', ARGV[4])
	redis.call('HDEL', KEYS[1], 'error', 'retryAt')
	redis.call('HINCRBY', KEYS[1], 'fence', 1)
	finish_change()
end
local record = read_record()
record[#record + 1] = redis.call('HGET', KEYS[1], 'input')
return record
