-- Deletes an archived task, with its hash.
--
-- KEYS 1 the task's hash
--      2 sorted set of archived tasks
-- ARGV 1 the task
-- Returns 1, or 0 when the task is not archived.
if redis.call('HGET', KEYS[1], 'state') ~= 'archived' then return 0 end
redis.call('ZREM', KEYS[2], ARGV[1])
return redis.call('DEL', KEYS[1])
