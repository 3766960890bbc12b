package jobstore

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// LoadRecord returns a record in one round trip; job_not_found when there is none.
func (s *Store) LoadRecord(ctx context.Context, id job.ID) (job.Record, error) {
	values, err := s.redis.HMGet(ctx, recordPrefix+string(id), recordFields...).Result()
	if err != nil {
		return job.Record{}, toFault(ctx, "load record", err)
	}
	return requireRecord(decodeRecord(id, values))
}

// LoadWithResult returns a record and, when the job is done, its result or the slim view of it (gzip, as stored). It
// reads both atomically, in one round trip. job_not_found when there is no record.
func (s *Store) LoadWithResult(ctx context.Context, id job.ID, slim bool) (job.Record, []byte, error) {
	record, result := recordPrefix+string(id), resultKey(id)
	if slim {
		result = slimKey(id)
	}
	var (
		fields *redis.SliceCmd
		packed *redis.StringCmd
	)
	_, err := s.redis.TxPipelined(ctx, func(p redis.Pipeliner) error {
		fields = p.HMGet(ctx, record, recordFields...)
		packed = p.Get(ctx, result)
		return nil
	})
	if redis.IsExecAbortError(err) {
		return s.loadByScript(ctx, id, record, result)
	}
	if err != nil && !errors.Is(err, redis.Nil) {
		return job.Record{}, nil, toFault(ctx, "load with result", err)
	}
	r, err := requireRecord(decodeRecord(id, fields.Val()))
	if err != nil || r.State != job.Done {
		return r, nil, err
	}
	b, err := packed.Bytes()
	if err != nil {
		// Record and result expire together, so an operator has deleted one of them.
		return job.Record{}, nil, fault.Wrap(fault.JobNotFound, fmt.Errorf("jobstore: a record without its result: %w", err))
	}
	return r, b, nil
}

// loadByScript is LoadWithResult for a server that is out of memory, which refuses transactions, even those that only
// read, and accepts scripts. A script costs twice as much, so it is not the default.
func (s *Store) loadByScript(ctx context.Context, id job.ID, record, result string) (job.Record, []byte, error) {
	values, err := loadScript.Run(ctx, s.redis, []string{record, result}).Slice()
	if err != nil {
		return job.Record{}, nil, toFault(ctx, "load with result", err)
	}
	r, err := requireRecord(decodeRecord(id, values))
	if packed, ok := values[len(values)-1].(string); ok && err == nil && r.State == job.Done {
		return r, []byte(packed), nil
	}
	return r, nil, err
}

// LoadResult is LoadWithResult of the full result.
func (s *Store) LoadResult(ctx context.Context, id job.ID) (job.Record, []byte, error) {
	return s.LoadWithResult(ctx, id, false)
}

// LoadRecords returns several records in one round trip. A missing record is left out. So is one that cannot be
// decoded, which is logged and does not stop the others.
func (s *Store) LoadRecords(ctx context.Context, ids []job.ID) (map[job.ID]job.Record, error) {
	return s.loadRecordsAt(ctx, recordPrefix, ids)
}

func (s *Store) loadRecordsAt(ctx context.Context, prefix string, ids []job.ID) (map[job.ID]job.Record, error) {
	answers := make([]*redis.SliceCmd, len(ids))
	_, err := s.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range ids {
			answers[i] = p.HMGet(ctx, prefix+string(id), recordFields...)
		}
		return nil
	})
	if err != nil {
		return nil, toFault(ctx, "load records", err)
	}
	records := make(map[job.ID]job.Record, len(ids))
	for i, id := range ids {
		r, ok, err := decodeRecord(id, answers[i].Val())
		if err != nil {
			s.logger.Warn("a record cannot be read", "job_id", id, "error", err)
		} else if ok {
			records[id] = r
		}
	}
	return records, nil
}

// requireRecord turns the answer of decodeRecord into a fault when there is no record, or none that can be read.
func requireRecord(r job.Record, ok bool, err error) (job.Record, error) {
	if err != nil {
		return job.Record{}, fault.Wrap(fault.Internal, err)
	}
	if !ok {
		return job.Record{}, fault.New(fault.JobNotFound)
	}
	return r, nil
}

// LoadHistory returns the incidents of a job that has a record, the oldest first; none for an unknown job.
func (s *Store) LoadHistory(ctx context.Context, id job.ID) ([]job.Incident, error) {
	stored, err := s.redis.HGet(ctx, recordPrefix+string(id), "history").Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, toFault(ctx, "load history", err)
	}
	return decodeHistory(stored)
}

// ListOpen returns up to n ids of jobs that are not final, the oldest first, from an offset on. An id may have no
// record: an index does not notice that a record expires.
func (s *Store) ListOpen(ctx context.Context, offset, n int) ([]job.ID, error) {
	names, err := s.redis.ZRange(ctx, openIndex, int64(offset), int64(offset+n-1)).Result()
	if err != nil {
		return nil, toFault(ctx, "list open jobs", err)
	}
	return toIDs(names), nil
}

func toIDs(names []string) []job.ID {
	ids := make([]job.ID, 0, len(names))
	for _, name := range names {
		ids = append(ids, job.ID(name))
	}
	return slices.Clip(ids)
}
