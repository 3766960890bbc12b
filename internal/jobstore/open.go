package jobstore

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

// ListOpen returns up to n ids of jobs that are not final, the oldest first, from the offset on. An id may be of a record that
// is no more: an index does not see it expire.
func (s *Store) ListOpen(ctx context.Context, offset, n int) ([]job.ID, error) {
	names, err := s.redis.ZRange(ctx, openIndex, int64(offset), int64(offset+n-1)).Result()
	if err != nil {
		return nil, failed(ctx, "open", err)
	}
	ids := make([]job.ID, len(names))
	for i, name := range names {
		ids[i] = job.ID(name)
	}
	return ids, nil
}

var forgetScript = script(`
if open(ARGV[1]) then return 0 end
close()
return 1
`)

// DeleteFromIndexes takes an id that has no open record out of the indexes.
func (s *Store) DeleteFromIndexes(ctx context.Context, id job.ID) error {
	return failed(ctx, "forget", s.run(ctx, forgetScript, id).Err())
}

// sweeperKey holds the name of who sweeps.
const sweeperKey = "job:sweeper"

// leadScript: KEYS 1 the lock; ARGV 1 who asks · 2 for how long, in milliseconds.
var leadScript = redis.NewScript(`
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`)

// yieldScript: as above.
var yieldScript = redis.NewScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`)

// AcquireLease makes holder the one that sweeps, for ttl from now, unless another is.
func (s *Store) AcquireLease(ctx context.Context, holder string, ttl time.Duration) (bool, error) {
	leads, err := leadScript.Run(ctx, s.redis, []string{sweeperKey}, holder, ttl.Milliseconds()).Bool()
	return leads, failed(ctx, "lead", err)
}

// ReleaseLease gives that up.
func (s *Store) ReleaseLease(ctx context.Context, holder string) error {
	return failed(ctx, "yield", yieldScript.Run(ctx, s.redis, []string{sweeperKey}, holder).Err())
}
