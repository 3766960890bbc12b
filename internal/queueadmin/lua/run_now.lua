-- Makes a task pending that is in retry or scheduled, as asynq does when its time has come.
--
-- ARGV 1 the task
--      2 beginning of the keys of its queue
-- Returns 1, or 0 when the task does not wait for its time.
local task, queue = ARGV[1], ARGV[2]
local task_key = queue .. 't:' .. task
local state = redis.call('HGET', task_key, 'state')
if state ~= 'retry' and state ~= 'scheduled' then return 0 end
if redis.call('ZREM', queue .. state, task) == 0 then return 0 end
mark_pending(task_key)
redis.call('LPUSH', queue .. 'pending', task)
return 1
