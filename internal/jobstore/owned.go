package jobstore

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

const (
	openPrefix  = "job:open:"
	ownedPrefix = "job:owned:"
)

// ownedIndex is the sorted set of all jobs of an owner, by the time of their last change.
func ownedIndex(owner string) string { return ownedPrefix + digestOf(owner) }

// ListOwned returns the records of an owner's jobs, the latest change first. Of a job that failed and is kept for
// operators, and whose record has expired, it returns the copy. Jobs that were last changed by a version before this
// index are not listed.
func (s *Store) ListOwned(ctx context.Context, owner string) ([]job.Record, error) {
	since := strconv.FormatInt(s.clock().Add(-job.DeadTTL).UnixMilli(), 10)
	names, err := s.redis.ZRangeByScore(ctx, ownedIndex(owner), &redis.ZRangeBy{Min: since, Max: "+inf"}).Result()
	if err != nil || len(names) == 0 {
		return nil, toFault(ctx, "list an owner's jobs", err)
	}
	ids := toIDs(names)
	dead, err := s.LoadDeadRecords(ctx, ids)
	if err != nil {
		return nil, err
	}
	records, err := s.LoadRecords(ctx, ids)
	if err != nil {
		return nil, err
	}
	for id, r := range dead {
		if _, ok := records[id]; !ok {
			records[id] = r
		}
	}
	owned := slices.DeleteFunc(slices.Collect(maps.Values(records)), func(r job.Record) bool { return r.Owner != owner })
	slices.SortFunc(owned, func(a, b job.Record) int {
		return cmp.Or(b.UpdatedAt.Compare(a.UpdatedAt), cmp.Compare(a.ID, b.ID))
	})
	return owned, nil
}

// TransferJob makes to the owner of a job, unless the job has an owner other than from. Idempotent. A worker that runs
// the job continues: the fence stays.
func (s *Store) TransferJob(ctx context.Context, id job.ID, from, to string) error {
	keys := append(keysOf(id), ownerIndex(to), deadPrefix+string(id))
	return toFault(ctx, "transfer job", transferJobScript.Run(ctx, s.redis, keys, append(s.firstArgs(id), from, to)...).Err())
}
