package jobstore

import (
	"context"
	"slices"
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

// deadSince is the oldest failure time, as a score, that is still within DeadTTL.
func (s *Store) deadSince() string {
	return strconv.FormatInt(s.clock().Add(-job.DeadTTL).UnixMilli(), 10)
}

// ListDead returns the ids of the dead jobs, in the order in which they failed.
func (s *Store) ListDead(ctx context.Context) ([]job.ID, error) {
	names, err := s.redis.ZRangeByScore(ctx, deadIndex, &redis.ZRangeBy{Min: "(" + s.deadSince(), Max: "+inf"}).Result()
	if err != nil {
		return nil, toFault(ctx, "list dead jobs", err)
	}
	return toIDs(names), nil
}

// CountDead returns the number of the jobs that ListDead returns.
func (s *Store) CountDead(ctx context.Context) (int, error) {
	n, err := s.redis.ZCount(ctx, deadIndex, "("+s.deadSince(), "+inf").Result()
	return int(n), toFault(ctx, "count dead jobs", err)
}

// LoadDeadRecords returns the records of the ids that are dead jobs.
func (s *Store) LoadDeadRecords(ctx context.Context, ids []job.ID) (map[job.ID]job.Record, error) {
	return s.loadRecordsAt(ctx, deadPrefix, ids)
}

// LoadDead returns a dead job; job_not_found.
func (s *Store) LoadDead(ctx context.Context, id job.ID) (job.Dead, error) {
	values, err := s.redis.HMGet(ctx, deadPrefix+string(id), append(slices.Clone(recordFields), "input", "history")...).Result()
	if err != nil {
		return job.Dead{}, toFault(ctx, "load dead job", err)
	}
	r, err := requireRecord(decodeRecord(id, values))
	if err != nil {
		return job.Dead{}, err
	}
	d := job.Dead{Record: r}
	if input, ok := values[len(values)-2].(string); ok {
		d.Input = []byte(input)
	}
	history, _ := values[len(values)-1].(string)
	d.History, err = decodeHistory(history)
	return d, err
}

// CleanupDead removes the ids of jobs that are no longer kept from the index; their copies expire through their TTL.
// Idempotent.
func (s *Store) CleanupDead(ctx context.Context) error {
	return toFault(ctx, "clean up dead jobs", s.redis.ZRemRangeByScore(ctx, deadIndex, "-inf", s.deadSince()).Err())
}

// RetryDead creates the record of a dead job again and deletes its copy: queued, without an attempt, created now. Fence
// and version continue, so that no attempt of the earlier life can write, and no client mistakes the record for one
// that it knows. conflict when the job has changed since it was loaded, or has an open record. Idempotent.
func (s *Store) RetryDead(ctx context.Context, d job.Dead) (job.Record, error) {
	now := s.clock().Truncate(time.Millisecond).UTC()
	r := job.Record{
		ID: d.ID, Kind: d.Kind, Owner: d.Owner, Priority: d.Priority, State: job.Queued,
		Fence: d.Fence + 1, Base: d.Fence + 1, Version: d.Version + 1, CreatedAt: now, UpdatedAt: now,
	}
	fields, err := encodeRecord(r)
	if err != nil {
		return job.Record{}, err
	}
	if d.Input != nil {
		fields = append(fields, "input", d.Input)
	}
	keys := append(keysOf(d.ID), ownerIndex(d.Owner), deadPrefix+string(d.ID), deadIndex)
	args := append(s.firstArgs(d.ID), encodeTime(d.FinishedAt), encodeTime(now))
	retried, err := retryDeadScript.Run(ctx, s.redis, keys, append(args, fields...)...).Bool()
	if err != nil {
		return job.Record{}, toFault(ctx, "retry dead job", err)
	}
	if !retried {
		return job.Record{}, fault.WithDetail(fault.Conflict, "The job has moved on in this moment. Look at it again.")
	}
	r.Version++
	return r, nil
}
