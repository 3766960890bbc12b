-- The names that Go declares in keys.go, in the same spelling. A test compares them.
local WORKER_PREFIX = 'queue:worker:'
local TASK_FIELD = 'task:'
local CRASHES_FIELD = 'tmd_crashes'
local WAITING_FIELD = 'tmd_waiting'
local WAKE_CHANNEL = 'job:wake'
local RECORD_PREFIX = 'job:timeline:'
local LIFE_SUFFIX = ':life'
