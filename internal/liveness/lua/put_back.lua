-- Functions that both scripts of the rescuer use. In both, KEYS[1] is the hash from task to holder, and a queue is the
-- beginning of its keys, "asynq:{<name>}:".

-- put_back moves an active task to the head of its queue, as asynq does with one that a worker returns, and counts a
-- lost worker if crashed is true and the task did not only wait there. The holder may be nil. A task without a message was deleted: the script
-- removes the rest of it. Returns whether the task is pending now.
local function put_back(queue, task, holder, crashed)
	local task_key = queue .. 't:' .. task
	redis.call('LREM', queue .. 'active', 0, task)
	redis.call('ZREM', queue .. 'lease', task)
	redis.call('HDEL', KEYS[1], task)
	if redis.call('HEXISTS', task_key, 'msg') == 0 then
		redis.call('DEL', task_key)
		return false
	end
	local waited = redis.call('HDEL', task_key, WAITING_FIELD) == 1
	if crashed and not waited then redis.call('HINCRBY', task_key, CRASHES_FIELD, 1) end
	mark_pending(task_key)
	redis.call('RPUSH', queue .. 'pending', task)
	record_life(task, now_in_milliseconds(), 'recovered', 0, string.match(holder or '', '^(.*):%d+:[^:]+$') or '', crashed and 'worker_lost' or '')
	return true
end

-- active_tasks returns the tasks of a queue that a worker has taken.
local function active_tasks(queue) return redis.call('LRANGE', queue .. 'active', 0, -1) end
