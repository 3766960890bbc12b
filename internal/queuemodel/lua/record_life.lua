-- The number of events that a life keeps, and how many of these are its first ones.
local MAX_LIFE, FIRST_LIFE = 64, 8

-- trim_life replaces events in the middle of a life that is too long by one that counts them.
local function trim_life(key, length)
	local excess = length - MAX_LIFE
	if excess <= 0 then return end
	local counted = string.match(redis.call('LINDEX', key, FIRST_LIFE), ' omitted (%d+)')
	-- The first time one more is removed, which makes room for the count.
	local removed = counted and excess or excess + 1
	local from = counted and FIRST_LIFE + 1 or FIRST_LIFE
	local time = string.match(redis.call('LINDEX', key, from + removed - 1), '^%d+')
	for i = from, from + removed - 1 do redis.call('LSET', key, i, '') end
	redis.call('LSET', key, FIRST_LIFE, time .. ' omitted ' .. tonumber(counted or 0) + removed .. ' - -')
	redis.call('LREM', key, 0, '')
end

-- now_in_milliseconds returns the present time by the clock of Redis.
local function now_in_milliseconds()
	local time = redis.call('TIME')
	return time[1] .. string.format('%03d', math.floor(time[2] / 1000))
end

-- record_life adds an event to the life of a job that has one. An event that equals the latest, except for its time, is
-- the second run of a script whose answer was lost. An empty worker or code is none.
local function record_life(id, milliseconds, event, attempt, worker, code)
	local key = RECORD_PREFIX .. id .. LIFE_SUFFIX
	local latest = redis.call('LINDEX', key, -1)
	if not latest then return end
	local text = event .. ' ' .. (attempt or 0) .. ' ' .. (worker ~= '' and worker or '-') .. ' ' .. (code ~= '' and code or '-')
	if string.match(latest, ' (.*)') == text then return end
	trim_life(key, redis.call('RPUSH', key, milliseconds .. ' ' .. text))
end
