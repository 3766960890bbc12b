package jobstore

import (
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

// Every change of a record is one of these scripts, so that nobody ever sees half of one. They share their first keys and
// arguments:
//
//	KEYS  1 the record · 2 the result · 3 its slim view · 4 the name of the claim that led to the job
//	ARGV  1 the job's id · 2 now, in Unix milliseconds · 3 the time to live, in milliseconds
//
// A script that is run again, because the answer to its first run was lost, changes nothing more and answers the same. What
// stands in a record beside its fields: input, edit (the name of the last one), owned (its owner's index), content (its
// claim of its content), shared (it was given to a second request).
var (
	fetchScript   = script(fetchLua)
	createScript  = script(createLua)
	beginScript   = script(beginLua)
	moveScript    = script(moveLua)
	replaceScript = script(replaceLua)
	deleteScript  = script(deleteLua)
)

func script(body string) *redis.Script { return redis.NewScript(prelude() + body) }

// What the scripts answer where there is more than yes and no.
const (
	refused  = 0 // somebody else's record is there
	accepted = 1
	repeated = 2 // the same record is there
	sharing  = 3 // another job has the content
	crowded  = 4 // the owner has too many
)

// prelude is what the scripts share; the legal moves in it come from the domain's table.
func prelude() string {
	var moves strings.Builder
	for _, from := range job.States() {
		fmt.Fprintf(&moves, "%s={", from)
		for _, to := range job.States() {
			if from.CanBecome(to) {
				fmt.Fprintf(&moves, "%s=true,", to)
			}
		}
		moves.WriteString("},")
	}
	return fmt.Sprintf(preludeLua, moves.String(), "'"+strings.Join(fields[:], "','")+"'", eventsChannel, prefix, openIndex)
}

const preludeLua = `
local moves = {%s}
local function read() return redis.call('HMGET', KEYS[1], %s) end
local function renew()
	for i = 1, 4 do redis.call('PEXPIRE', KEYS[i], ARGV[3]) end
end
-- tell publishes the record as it is now to everybody who watches it.
local function tell()
	local record = read()
	for i = 1, #record do record[i] = record[i] or '' end
	redis.call('PUBLISH', '%s', ARGV[1] .. ' ' .. cjson.encode(record))
end
-- open reports whether a job has a record that is not final.
local function open(id)
	local state = redis.call('HGET', '%s' .. id, 'state')
	return state and moves[state] and moves[state].processing
end
-- close takes a job out of the indexes of open jobs, and gives up its claim of its content.
local function close()
	local kept = redis.call('HMGET', KEYS[1], 'owned', 'content')
	redis.call('ZREM', '%[5]s', ARGV[1])
	if kept[1] then redis.call('ZREM', kept[1], ARGV[1]) end
	if kept[2] and redis.call('GET', kept[2]) == ARGV[1] then redis.call('DEL', kept[2]) end
	redis.call('HDEL', KEYS[1], 'content')
end
-- crowd counts the open jobs of an owner's index. Where that matters, it looks: a job that has expired left its id.
local function crowd(index, limit)
	local n = redis.call('ZCARD', index)
	if n < limit then return n end
	for _, id in ipairs(redis.call('ZRANGE', index, 0, -1)) do
		if not open(id) then redis.call('ZREM', index, id) end
	end
	return redis.call('ZCARD', index)
end
-- changed ends each change of a record.
local function changed()
	redis.call('HINCRBY', KEYS[1], 'version', 1)
	redis.call('HSET', KEYS[1], 'updatedAt', ARGV[2])
	renew()
	tell()
end
`

// KEYS 1 the record · 2 the result that is wanted. Answers both as they are at one moment.
const fetchLua = `
local record = read()
record[#record + 1] = redis.call('GET', KEYS[2])
return record
`

// KEYS 5 the owner's index · 6 the claim of the content · 7 the claim of an idempotency key that is made again; 6 and 7 may
// be empty. ARGV 4 when the job was created · 5 how many open jobs the owner may have, 0 for any number · 6… field, value, …
// Answers what became of it, and the id of the job that has the content.
const createLua = `
local known = redis.call('HMGET', KEYS[1], 'version', 'owner', 'createdAt')
if known[1] then
	local same = {}
	for i = 6, #ARGV, 2 do same[ARGV[i]] = ARGV[i + 1] end
	if known[2] == same.owner and known[3] == same.createdAt then return {2, ''} end
	return {0, ''}
end
local claim = redis.call('GET', KEYS[4])
local mine = claim and redis.call('GET', claim) == ARGV[1]
if KEYS[6] ~= '' then
	local holder = redis.call('GET', KEYS[6])
	if holder and open(holder) then
		redis.call('HSET', '` + prefix + `' .. holder, 'shared', 1)
		-- Who repeats this submission is given that job as well.
		if mine then redis.call('SET', claim, holder, 'PX', ARGV[3]) end
		redis.call('DEL', KEYS[4])
		return {3, holder}
	end
end
local limit = tonumber(ARGV[5])
if limit > 0 and crowd(KEYS[5], limit) >= limit then return {4, ''} end
redis.call('HSET', KEYS[1], 'owned', KEYS[5], unpack(ARGV, 6))
redis.call('ZADD', '` + openIndex + `', ARGV[4], ARGV[1])
redis.call('ZADD', KEYS[5], ARGV[4], ARGV[1])
redis.call('PEXPIRE', KEYS[5], ARGV[3])
if KEYS[6] ~= '' then
	redis.call('SET', KEYS[6], ARGV[1], 'PX', ARGV[3])
	redis.call('HSET', KEYS[1], 'content', KEYS[6])
end
if KEYS[7] ~= '' and redis.call('SET', KEYS[7], ARGV[1], 'NX', 'PX', ARGV[3]) then
	redis.call('SET', KEYS[4], KEYS[7])
end
renew()
-- The claim of the submission lasts as long as the job from here on.
if mine then redis.call('PEXPIRE', claim, ARGV[3]) end
return {1, ''}
`

// ARGV 4 attempt. Answers the record and its input, or nothing.
const beginLua = `
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return false end
if moves[state].processing then
	redis.call('HSET', KEYS[1], 'state', 'processing', 'attempt', ARGV[4])
	redis.call('HDEL', KEYS[1], 'error', 'retryAt')
	redis.call('HINCRBY', KEYS[1], 'fence', 1)
	changed()
end
local record = read()
record[#record + 1] = redis.call('HGET', KEYS[1], 'input')
return record
`

// ARGV 4 fence · 5 the next state · 6 the failure, or empty · 7 the time of the next attempt, or empty · 8 the result and
// 9 its slim view, for done · 10 the failure's code · 11 the host of the writer · 12 how long a job that failed is kept, in
// milliseconds · 13 how many incidents are remembered. Answers 1, or 0 for a writer whose time is over.
const moveLua = `
local now = redis.call('HMGET', KEYS[1], 'state', 'fence', 'attempt', 'history')
local state, next = now[1], ARGV[5]
if not state or now[2] ~= ARGV[4] then return 0 end
if state == next then return 1 end
if not moves[state][next] then return 0 end
redis.call('HSET', KEYS[1], 'state', next)
if ARGV[6] == '' then redis.call('HDEL', KEYS[1], 'error') else redis.call('HSET', KEYS[1], 'error', ARGV[6]) end
if ARGV[7] == '' then redis.call('HDEL', KEYS[1], 'retryAt') else redis.call('HSET', KEYS[1], 'retryAt', ARGV[7]) end
if ARGV[10] ~= '' then
	local history = cjson.decode(now[4] or '[]')
	history[#history + 1] = {attempt = tonumber(now[3]), at = tonumber(ARGV[2]), code = ARGV[10], worker = ARGV[11]}
	while #history > tonumber(ARGV[13]) do table.remove(history, 1) end
	redis.call('HSET', KEYS[1], 'history', cjson.encode(history))
end
if not (moves[next].processing or moves[next].queued) then
	redis.call('HSET', KEYS[1], 'finishedAt', ARGV[2])
	close()
	if next == 'failed' then
		local dead = '` + deadPrefix + `' .. ARGV[1]
		redis.call('COPY', KEYS[1], dead, 'REPLACE')
		redis.call('HDEL', dead, 'owned', 'shared')
		redis.call('PEXPIRE', dead, ARGV[12])
		redis.call('ZADD', '` + deadIndex + `', ARGV[2], ARGV[1])
	end
	redis.call('HDEL', KEYS[1], 'input')
end
if next == 'done' then
	redis.call('SET', KEYS[2], ARGV[8])
	redis.call('SET', KEYS[3], ARGV[9])
end
changed()
return 1
`

// ARGV 4 the version that was edited · 5 the name of this edit · 6 the result · 7 its slim view. Answers the new version,
// -1 for no record, -2 for one that is not done, -3 for another version.
const replaceLua = `
local now = redis.call('HMGET', KEYS[1], 'state', 'version', 'edit')
if not now[1] then return -1 end
if now[1] ~= 'done' then return -2 end
if now[3] == ARGV[5] then return tonumber(now[2]) end
if now[2] ~= ARGV[4] then return -3 end
redis.call('HSET', KEYS[1], 'edit', ARGV[5])
redis.call('SET', KEYS[2], ARGV[6])
redis.call('SET', KEYS[3], ARGV[7])
changed()
return tonumber(redis.call('HGET', KEYS[1], 'version'))
`

// A claim goes with its job: who deletes a job may submit the same again.
const removeLua = `
local function remove()
	local claim = redis.call('GET', KEYS[4])
	if claim and redis.call('GET', claim) == ARGV[1] then redis.call('DEL', claim) end
	close()
	if redis.call('DEL', unpack(KEYS)) > 0 then redis.call('PUBLISH', '` + eventsChannel + `', ARGV[1] .. ' ') end
end
`

const deleteLua = removeLua + `
remove()
redis.call('ZREM', '` + deadIndex + `', ARGV[1])
redis.call('DEL', '` + deadPrefix + `' .. ARGV[1])
return 1
`
