-- Deletes a record that no worker has begun and no second request has received.
--
-- Returns 1 when the record was deleted, 0 when there is none, -1 when it stays.
local stored = redis.call('HMGET', KEYS[1], 'version', 'shared')
local version, shared = stored[1], stored[2]
if not version then return 0 end
if version ~= '1' or shared then return -1 end
delete_record()
return 1
