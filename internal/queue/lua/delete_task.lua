-- Deletes a task from its queues, unless a worker has it.
--
-- ARGV 1 the task
--      2… beginning of the keys of each queue
local task = ARGV[1]
for i = 2, #ARGV do
	local queue = ARGV[i]
	local task_key = queue .. 't:' .. task
	local state = redis.call('HGET', task_key, 'state')
	if state and state ~= 'active' then
		if state == 'pending' then
			redis.call('LREM', queue .. state, 0, task)
		else
			redis.call('ZREM', queue .. state, task)
		end
		redis.call('DEL', task_key)
	end
end
return 1
