package jobstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

const (
	deadIndex  = "job:dead"
	deadPrefix = deadIndex + ":"
)

// incident is an entry of a history as the scripts write it.
type incident struct {
	Attempt int        `json:"attempt"`
	At      int64      `json:"at"` // Unix milliseconds
	Code    fault.Code `json:"code"`
	Worker  string     `json:"worker"`
}

func decodeHistory(s string) ([]job.Incident, error) {
	if s == "" {
		return nil, nil
	}
	var stored []incident
	if err := json.Unmarshal([]byte(s), &stored); err != nil {
		return nil, fault.Wrap(fault.Internal, fmt.Errorf("jobs: history: %w", err))
	}
	history := make([]job.Incident, len(stored))
	for i, e := range stored {
		history[i] = job.Incident{Attempt: e.Attempt, At: time.UnixMilli(e.At).UTC(), Code: e.Code, Worker: e.Worker}
	}
	return history, nil
}

// LoadHistory returns the incidents of a job that has a record, the oldest first.
func (s *Store) LoadHistory(ctx context.Context, id job.ID) ([]job.Incident, error) {
	stored, err := s.redis.HGet(ctx, prefix+string(id), "history").Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, failed(ctx, "history", err)
	}
	return decodeHistory(stored)
}

// kept is from when on a job must have failed to be kept still.
func (s *Store) kept() string { return strconv.FormatInt(s.clock().Add(-job.DeadTTL).UnixMilli(), 10) }

// ListDead returns the ids of the jobs that failed for good and are kept, those first that failed first.
func (s *Store) ListDead(ctx context.Context) ([]job.ID, error) {
	names, err := s.redis.ZRangeByScore(ctx, deadIndex, &redis.ZRangeBy{Min: "(" + s.kept(), Max: "+inf"}).Result()
	if err != nil {
		return nil, failed(ctx, "dead", err)
	}
	ids := make([]job.ID, len(names))
	for i, name := range names {
		ids[i] = job.ID(name)
	}
	return ids, nil
}

// CountDead returns how many there are.
func (s *Store) CountDead(ctx context.Context) (int, error) {
	n, err := s.redis.ZCount(ctx, deadIndex, "("+s.kept(), "+inf").Result()
	return int(n), failed(ctx, "dead", err)
}

// LoadDeadRecords returns the records of those of the ids that are among them.
func (s *Store) LoadDeadRecords(ctx context.Context, ids []job.ID) (map[job.ID]job.Record, error) {
	return s.records(ctx, deadPrefix, ids)
}

// LoadDead returns one of them; job_not_found.
func (s *Store) LoadDead(ctx context.Context, id job.ID) (job.Dead, error) {
	answer, err := s.redis.HMGet(ctx, deadPrefix+string(id), append(fields[:], "input", "history")...).Result()
	if err != nil {
		return job.Dead{}, failed(ctx, "dead", err)
	}
	r, err := found(decode(id, answer))
	if err != nil {
		return job.Dead{}, err
	}
	d := job.Dead{Record: r}
	if input, ok := answer[len(fields)].(string); ok {
		d.Input = []byte(input)
	}
	history, _ := answer[len(fields)+1].(string)
	d.History, err = decodeHistory(history)
	return d, err
}

// CleanupDead forgets the ids of jobs that are kept no more.
func (s *Store) CleanupDead(ctx context.Context) error {
	return failed(ctx, "prune", s.redis.ZRemRangeByScore(ctx, deadIndex, "-inf", s.kept()).Err())
}

// reviveScript makes the record of a dead job again, and the job dead no more.
//
// KEYS 5 the owner's index · 6 the dead job · 7 the index of dead jobs. ARGV 4 when it failed, as it was read · 5 when it is
// created · 6… field, value, …
var reviveScript = script(`
if redis.call('HGET', KEYS[6], 'finishedAt') ~= ARGV[4] then
	-- Run again, perhaps, because the answer was lost.
	local now = redis.call('HMGET', KEYS[1], 'state', 'createdAt')
	if now[1] == 'queued' and now[2] == ARGV[5] then return 1 end
	return 0
end
local state = redis.call('HGET', KEYS[1], 'state')
if state and state ~= 'failed' then return 0 end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
redis.call('HSET', KEYS[1], 'owned', KEYS[5], unpack(ARGV, 6))
local history = redis.call('HGET', KEYS[6], 'history')
if history then redis.call('HSET', KEYS[1], 'history', history) end
redis.call('ZADD', '` + openIndex + `', ARGV[5], ARGV[1])
redis.call('ZADD', KEYS[5], ARGV[5], ARGV[1])
redis.call('PEXPIRE', KEYS[5], ARGV[3])
redis.call('DEL', KEYS[6])
redis.call('ZREM', KEYS[7], ARGV[1])
changed()
return 1
`)

// RetryDead makes the record of a dead job again: queued, without an attempt, and of an age that counts from now. Fence and
// version go on from where they were, so that no attempt of the earlier life can write, and no client takes the record for
// one that it knows. conflict when the job is not as it was read.
func (s *Store) RetryDead(ctx context.Context, d job.Dead) (job.Record, error) {
	now := s.clock().Truncate(time.Millisecond).UTC()
	r := job.Record{
		ID: d.ID, Kind: d.Kind, Owner: d.Owner, Priority: d.Priority, State: job.Queued, Fence: d.Fence + 1, Base: d.Fence + 1,
		Version: d.Version + 1, CreatedAt: now, UpdatedAt: now,
	}
	set, err := values(r)
	if err != nil {
		return job.Record{}, err
	}
	if d.Input != nil {
		set = append(set, "input", d.Input)
	}
	names := append(keys(d.ID), ownersIndex(d.Owner), deadPrefix+string(d.ID), deadIndex)
	args := append(s.shared(d.ID), encodeTime(d.FinishedAt), encodeTime(now))
	revived, err := reviveScript.Run(ctx, s.redis, names, append(args, set...)...).Bool()
	if err != nil {
		return job.Record{}, failed(ctx, "revive", err)
	}
	if !revived {
		return job.Record{}, fault.Detailed(fault.Conflict, "The job has moved on in this moment. Look at it again.")
	}
	r.Version++
	return r, nil
}
