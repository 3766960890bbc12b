// Package jobstore keeps the records, inputs and results of jobs in Redis, database 1. For a job there are
//
//	job:timeline:<id>          hash: the record (see fields), its history and, until the job has ended, its input
//	job:timeline:<id>:result   the result, gzip
//	job:timeline:<id>:slim     its slim view, gzip
//	job:timeline:<id>:claim    the name of the idempotency claim that led to the job, if any
//
// and beside these
//
//	job:idempotency:<sha256>   the claim of an owner's key: the id of the job that holds it
//	job:content:<sha256>       the claim of what an owner's job is made of, while it is open: its id
//	job:timeline:open          sorted set: the ids of all jobs that are not final, by the time of their creation
//	job:open:<sha256>          the same of one owner
//	job:sweeper                who sweeps
//	job:dead:<id>              a job that failed for good, for operators: its record, its input and its history
//	job:dead                   sorted set: the ids of these, by when they failed
//
// All keys of a job end together, 24 hours after the last write, those of a dead one 7 days after it failed. Each change is one Lua script that checks fence and
// state, raises the version, keeps the indexes and publishes the new record, which Watch hands to those who wait.
package jobstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/executor"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/repair"
	"github.com/trackmydegree/trackmydegree/internal/submit"
	"github.com/trackmydegree/trackmydegree/internal/timelines"
)

var (
	_ submit.Jobs    = (*Store)(nil)
	_ executor.Jobs  = (*Store)(nil)
	_ timelines.Jobs = (*Store)(nil)
	_ repair.Jobs    = (*Store)(nil)
	_ admin.Jobs     = (*Store)(nil)
)

// Deps is what a Store needs. Host is this process's machine, for the history of jobs; it may be empty. Refresh is how often watched records are read again in case a message was lost; 0 means
// every 3 s.
type Deps struct {
	Redis   redis.UniversalClient
	Clock   func() time.Time
	Logger  *slog.Logger
	Host    string
	Refresh time.Duration
}

// Store is the job records. It is safe for concurrent use. Errors of Redis are queue_unavailable.
type Store struct {
	redis  redis.UniversalClient
	clock  func() time.Time
	logger *slog.Logger
	host   string
	hub    *hub
}

// New returns a store.
func New(d Deps) *Store {
	s := &Store{redis: d.Redis, clock: d.Clock, logger: d.Logger, host: d.Host}
	s.hub = newHub(d, s.LoadRecords)
	return s
}

// Ping reports whether Redis answers.
func (s *Store) Ping(ctx context.Context) error {
	return failed(ctx, "ping", s.redis.Ping(ctx).Err())
}

// LoadRecord returns a record in one round trip; job_not_found when there is none.
func (s *Store) LoadRecord(ctx context.Context, id job.ID) (job.Record, error) {
	answer, err := s.redis.HMGet(ctx, prefix+string(id), fields[:]...).Result()
	if err != nil {
		return job.Record{}, failed(ctx, "get", err)
	}
	return found(decode(id, answer))
}

// LoadWithResult returns a record and, when it is done, its result or the slim view of it (gzip, as stored), as they are at one
// moment, in one round trip.
func (s *Store) LoadWithResult(ctx context.Context, id job.ID, slim bool) (job.Record, []byte, error) {
	k := keys(id)
	result := k[1]
	if slim {
		result = k[2]
	}
	var (
		record *redis.SliceCmd
		packed *redis.StringCmd
	)
	_, err := s.redis.TxPipelined(ctx, func(p redis.Pipeliner) error {
		record = p.HMGet(ctx, k[0], fields[:]...)
		packed = p.Get(ctx, result)
		return nil
	})
	if redis.IsExecAbortError(err) {
		return s.fetchByScript(ctx, id, k[0], result)
	}
	if err != nil && !errors.Is(err, redis.Nil) {
		return job.Record{}, nil, failed(ctx, "fetch", err)
	}
	r, err := found(decode(id, record.Val()))
	if err != nil || r.State != job.Done {
		return r, nil, err
	}
	b, err := packed.Bytes()
	if err != nil {
		// Record and result end together; only a hand on the database parts them.
		return job.Record{}, nil, fault.Wrap(fault.JobNotFound, fmt.Errorf("jobs: fetch: a record without its result: %w", err))
	}
	return r, b, nil
}

// fetchByScript is Fetch for a server that is out of memory: it refuses transactions, those that only read as well, and
// takes scripts. They cost twice as much, so they are not the rule.
func (s *Store) fetchByScript(ctx context.Context, id job.ID, record, result string) (job.Record, []byte, error) {
	answer, err := fetchScript.Run(ctx, s.redis, []string{record, result}).Slice()
	if err != nil {
		return job.Record{}, nil, failed(ctx, "fetch", err)
	}
	r, err := found(decode(id, answer))
	if packed, ok := answer[len(answer)-1].(string); ok && err == nil && r.State == job.Done {
		return r, []byte(packed), nil
	}
	return r, nil, err
}

// LoadResult returns a record and, when it is done, its full result (gzip).
func (s *Store) LoadResult(ctx context.Context, id job.ID) (job.Record, []byte, error) {
	return s.LoadWithResult(ctx, id, false)
}

// BeginAttempt starts an attempt; see process.Jobs.
func (s *Store) BeginAttempt(ctx context.Context, id job.ID, attempt int) (job.Record, []byte, error) {
	answer, err := s.run(ctx, beginScript, id, attempt).Slice()
	if errors.Is(err, redis.Nil) {
		return job.Record{}, nil, fault.New(fault.JobNotFound)
	}
	if err != nil {
		return job.Record{}, nil, failed(ctx, "begin", err)
	}
	r, err := found(decode(id, answer))
	if err != nil {
		return job.Record{}, nil, err
	}
	if input, ok := answer[len(answer)-1].(string); ok && len(answer) > len(fields) {
		return r, []byte(input), nil
	}
	return r, nil, nil
}

// CompleteJob stores the result and sets done.
func (s *Store) CompleteJob(ctx context.Context, id job.ID, fence int64, result job.Stored) error {
	return s.move(ctx, "finish", id, fence, job.Done, nil, time.Time{}, result)
}

// ScheduleRetry sets retrying, with the reason and the time of the next attempt.
func (s *Store) ScheduleRetry(ctx context.Context, id job.ID, fence int64, why job.Failure, at time.Time) error {
	return s.move(ctx, "retry", id, fence, job.Retrying, &why, at, job.Stored{})
}

// FailJob sets failed, with the reason.
func (s *Store) FailJob(ctx context.Context, id job.ID, fence int64, why job.Failure) error {
	return s.move(ctx, "fail", id, fence, job.Failed, &why, time.Time{}, job.Stored{})
}

// RequeueJob sets queued again after an interruption.
func (s *Store) RequeueJob(ctx context.Context, id job.ID, fence int64) error {
	return s.move(ctx, "requeue", id, fence, job.Queued, nil, time.Time{}, job.Stored{})
}

func (s *Store) move(ctx context.Context, op string, id job.ID, fence int64, next job.State, why *job.Failure, at time.Time, result job.Stored) error {
	failure, err := encodeFailure(why)
	if err != nil {
		return err
	}
	code := fault.Code("")
	if why != nil {
		code = why.Code
	}
	moved, err := s.run(ctx, moveScript, id, fence, string(next), failure, encodeTime(at), result.Full, result.Slim,
		string(code), s.host, job.DeadTTL.Milliseconds(), job.MaxHistory).Bool()
	if err != nil {
		return failed(ctx, op, err)
	}
	if !moved {
		return job.ErrSuperseded
	}
	return nil
}

// ReplaceResult stores an edited result; see edit.Jobs.
func (s *Store) ReplaceResult(ctx context.Context, id job.ID, version int64, result job.Stored) (int64, error) {
	n, err := s.run(ctx, replaceScript, id, version, rand.Text(), result.Full, result.Slim).Int64()
	switch {
	case err != nil:
		return 0, failed(ctx, "replace", err)
	case n == -1:
		return 0, fault.New(fault.JobNotFound)
	case n == -2:
		return 0, fault.New(fault.Conflict)
	case n == -3:
		return 0, fault.New(fault.PreconditionFailed)
	}
	return n, nil
}

// Delete forgets the record, its input, its result and its claim, and what is kept of it if it failed. What is not there is
// deleted already.
func (s *Store) Delete(ctx context.Context, id job.ID) error {
	return failed(ctx, "delete", s.run(ctx, deleteScript, id).Err())
}

// run runs a script on a job, with the keys and arguments that all of them share.
func (s *Store) run(ctx context.Context, script *redis.Script, id job.ID, args ...any) *redis.Cmd {
	return script.Run(ctx, s.redis, keys(id), append(s.shared(id), args...)...)
}

// shared are the arguments that all scripts begin with.
func (s *Store) shared(id job.ID) []any {
	return []any{string(id), s.clock().UnixMilli(), job.ResultTTL.Milliseconds()}
}

// LoadRecords reads several records in one round trip; what is gone is missing from the answer, and so is what is no record: it
// must not keep the others from being read.
func (s *Store) LoadRecords(ctx context.Context, ids []job.ID) (map[job.ID]job.Record, error) {
	return s.records(ctx, prefix, ids)
}

func (s *Store) records(ctx context.Context, prefix string, ids []job.ID) (map[job.ID]job.Record, error) {
	cmds := make([]*redis.SliceCmd, len(ids))
	_, err := s.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range ids {
			cmds[i] = p.HMGet(ctx, prefix+string(id), fields[:]...)
		}
		return nil
	})
	if err != nil {
		return nil, failed(ctx, "records", err)
	}
	records := make(map[job.ID]job.Record, len(ids))
	for i, id := range ids {
		r, ok, err := decode(id, cmds[i].Val())
		if err != nil {
			s.logger.Warn("a record cannot be read", "job_id", id, "error", err)
		} else if ok {
			records[id] = r
		}
	}
	return records, nil
}

func found(r job.Record, ok bool, err error) (job.Record, error) {
	if err != nil {
		return job.Record{}, fault.Wrap(fault.Internal, err)
	}
	if !ok {
		return job.Record{}, fault.New(fault.JobNotFound)
	}
	return r, nil
}

// failed turns an error of Redis into queue_unavailable. A caller who gave up, or whose time is over, gets that instead:
// Redis is not to blame.
func failed(ctx context.Context, op string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("jobs: %s: %w", op, ctx.Err())
	}
	return fault.Wrap(fault.QueueUnavailable, fmt.Errorf("jobs: %s: %w", op, err))
}
