// Package jobstore stores the records, inputs and results of jobs in Redis, database 1. A job has the keys
//
//	job:timeline:<id>          hash: the record (see storedRecord), its history and, until the job ends, its input
//	job:timeline:<id>:result   the result, gzip
//	job:timeline:<id>:slim     its slim view, gzip
//	job:timeline:<id>:reading  what was read of the document, gzip, if it was reported
//	job:timeline:<id>:facts    the facts of a failed job that its owner may answer, encrypted; for an hour
//	job:timeline:<id>:life     list: the events of the job's life (see queuemodel.EncodeLifeEvent)
//	job:timeline:<id>:claim    the key of the idempotency claim that led to the job, if any
//
// The other keys are
//
//	job:idempotency:<sha256>   the claim of an owner's idempotency key: the id of the job that holds it
//	job:content:<sha256>       the claim of an owner's content while its job is open: the id of that job
//	job:timeline:open          sorted set: the ids of all jobs that are not final, by the time of their creation
//	job:open:<sha256>          the same of one owner
//	job:owned:<sha256>         sorted set: the ids of all jobs of one owner, by the time of their last change
//	job:results                sorted set: the ids of all jobs that have a result, by the time of its last change
//	job:sweeper                the holder of the lease on the repair of jobs
//	job:dead:<id>              a job that failed permanently, for operators: its record, its input and its history
//	job:dead                   sorted set: the ids of these, by the time of their failure
//
// All keys of a job expire together, 24 hours after the last write; those of a dead job 7 days after it failed. Each
// change of a record is one Lua script that checks fence and state, raises the version, maintains the indexes and
// publishes the new record, which WatchRecord delivers.
package jobstore

import (
	"context"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/account"
	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/dependency"
	"github.com/trackmydegree/trackmydegree/internal/executor"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
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
	_ account.Jobs   = (*Store)(nil)
)

// Deps is what a Store needs.
type Deps struct {
	Redis  redis.UniversalClient
	Clock  func() time.Time
	Logger *slog.Logger
	// Host names this machine in the history of jobs. It may be empty.
	Host string
	// Refresh is the interval at which watched records are read again, in case a message was lost; 0 means 3 s.
	Refresh time.Duration
}

// Store stores job records. It is safe for concurrent use.
//
// Errors: Redis that does not answer is queue_unavailable. Writes of an attempt (CompleteJob, ScheduleRetry, FailJob,
// RequeueJob) name the fence that BeginAttempt returned; behind a newer fence they change nothing and return
// job.ErrSuperseded.
//
// go-redis sends a script again when its answer was lost, so every write is idempotent in this sense: the second run of
// the same call changes nothing more and returns the same.
type Store struct {
	redis  redis.UniversalClient
	clock  func() time.Time
	logger *slog.Logger
	host   string
	hub    *hub
}

// New returns a store. A missing dependency is an error.
func New(d Deps) (*Store, error) {
	if err := dependency.Require("jobstore", d, "Redis", "Clock", "Logger"); err != nil {
		return nil, err
	}
	s := &Store{redis: d.Redis, clock: d.Clock, logger: d.Logger, host: d.Host}
	s.hub = newHub(d, s.LoadRecords)
	return s, nil
}

// Ping reports whether Redis answers.
func (s *Store) Ping(ctx context.Context) error {
	return toFault(ctx, "ping", s.redis.Ping(ctx).Err())
}

// toFault turns an error of Redis into queue_unavailable.
func toFault(ctx context.Context, op string, err error) error {
	return redisurl.ToFault(ctx, "jobstore: "+op, err)
}

// runScript runs a script on a job, with the keys and arguments that all scripts begin with.
func (s *Store) runScript(ctx context.Context, script *redis.Script, id job.ID, args ...any) *redis.Cmd {
	return script.Run(ctx, s.redis, keysOf(id), append(s.firstArgs(id), args...)...)
}

// firstArgs are the arguments that all scripts begin with.
func (s *Store) firstArgs(id job.ID) []any {
	return []any{string(id), s.clock().UnixMilli(), job.ResultTTL.Milliseconds()}
}
