package jobs

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
// A script that is run again, because the answer to its first run was lost, changes nothing more and answers the same.
var (
	fetchScript   = script(fetchLua)
	createScript  = script(createLua)
	beginScript   = script(beginLua)
	moveScript    = script(moveLua)
	replaceScript = script(replaceLua)
	deleteScript  = script(deleteLua)
	claimScript   = script(claimLua)
	releaseScript = script(releaseLua)
)

func script(body string) *redis.Script { return redis.NewScript(prelude() + body) }

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
	return fmt.Sprintf(preludeLua, moves.String(), "'"+strings.Join(fields[:], "','")+"'", eventsChannel)
}

const preludeLua = `
local moves = {%s}
local function read() return redis.call('HMGET', KEYS[1], %s) end
local function renew()
	for i = 1, #KEYS do redis.call('PEXPIRE', KEYS[i], ARGV[3]) end
end
-- tell publishes the record as it is now to everybody who watches it.
local function tell()
	local record = read()
	for i = 1, #record do record[i] = record[i] or '' end
	redis.call('PUBLISH', '%s', ARGV[1] .. ' ' .. cjson.encode(record))
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

// ARGV 4… field, value, …
const createLua = `
local known = redis.call('HMGET', KEYS[1], 'version', 'owner', 'createdAt')
if known[1] then
	local same = {}
	for i = 4, #ARGV, 2 do same[ARGV[i]] = ARGV[i + 1] end
	if known[1] == '1' and known[2] == same.owner and known[3] == same.createdAt then return 1 end
	return 0
end
redis.call('HSET', KEYS[1], unpack(ARGV, 4))
renew()
-- The claim of the submission lasts as long as the job from here on.
local claim = redis.call('GET', KEYS[4])
if claim and redis.call('GET', claim) == ARGV[1] then redis.call('PEXPIRE', claim, ARGV[3]) end
return 1
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
// 9 its slim view, for done. Answers 1, or 0 for a writer whose time is over.
const moveLua = `
local now = redis.call('HMGET', KEYS[1], 'state', 'fence')
local state, next = now[1], ARGV[5]
if not state or now[2] ~= ARGV[4] then return 0 end
if state == next then return 1 end
if not moves[state][next] then return 0 end
redis.call('HSET', KEYS[1], 'state', next)
if ARGV[6] == '' then redis.call('HDEL', KEYS[1], 'error') else redis.call('HSET', KEYS[1], 'error', ARGV[6]) end
if ARGV[7] == '' then redis.call('HDEL', KEYS[1], 'retryAt') else redis.call('HSET', KEYS[1], 'retryAt', ARGV[7]) end
if not (moves[next].processing or moves[next].queued) then
	redis.call('HSET', KEYS[1], 'finishedAt', ARGV[2])
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
const deleteLua = `
local claim = redis.call('GET', KEYS[4])
if claim and redis.call('GET', claim) == ARGV[1] then redis.call('DEL', claim) end
if redis.call('DEL', unpack(KEYS)) > 0 then redis.call('PUBLISH', '` + eventsChannel + `', ARGV[1] .. ' ') end
return 1
`

// KEYS[1] is the claim, KEYS[2] where the job of ARGV[1] keeps its name. Answers the holder, and whether its record exists.
const claimLua = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then
	return {holder, redis.call('EXISTS', '` + prefix + `' .. holder)}
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
redis.call('SET', KEYS[2], KEYS[1], 'PX', ARGV[3])
return {ARGV[1], 1}
`

// Keys as for a claim.
const releaseLua = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
redis.call('DEL', KEYS[2])
return 1
`
