-- mark_pending records in the hash of a task that it is pending since now (in nanoseconds), as asynq does, and wakes
-- idle workers. A user without rights on the channel must not end the script half-way.
local function mark_pending(task_key)
	local time = redis.call('TIME')
	local nanoseconds = time[1] .. string.format('%06d', tonumber(time[2])) .. '000'
	redis.call('HSET', task_key, 'state', 'pending', 'pending_since', nanoseconds)
	redis.pcall('PUBLISH', WAKE_CHANNEL, '')
end
