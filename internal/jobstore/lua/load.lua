-- Returns the record and the wanted result as they are at one moment.
--
-- KEYS 1 the record
--      2 the wanted result
local record = read_record()
record[#record + 1] = redis.call('GET', KEYS[2])
return record
