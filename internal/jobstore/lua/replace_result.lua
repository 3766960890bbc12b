-- Stores an edited result, if the record is done and at the version that was edited.
--
-- ARGV 4 the version that was edited
--      5 the name of this edit, which identifies its repetition
--      6 the result
--      7 its slim view
-- Returns the new version, -1 for no record, -2 for a record that is not done, -3 for another version.
local stored = redis.call('HMGET', KEYS[1], 'state', 'version', 'edit')
local state, version, last_edit = stored[1], stored[2], stored[3]
if not state then return -1 end
if state ~= 'done' then return -2 end
if last_edit == ARGV[5] then return tonumber(version) end
if version ~= ARGV[4] then return -3 end
redis.call('HSET', KEYS[1], 'edit', ARGV[5])
redis.call('SET', KEYS[2], ARGV[6])
redis.call('SET', KEYS[3], ARGV[7])
index_result()
finish_change()
return tonumber(redis.call('HGET', KEYS[1], 'version'))
