package jobstore

import (
	"context"
	"errors"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/submit"
)

// The outcomes of answer_job.lua.
const (
	answerNotFound  = 0
	answerAccepted  = 1
	answerRepeated  = 2 // the job has this answer already
	answerNotFailed = 3
	answerNoFacts   = 4
	answerOverLimit = 5
)

// AnswerJob queues a failed job again with the degree that its owner chose; see submit.Jobs. The record continues its
// fence and its version, and is created now, as a dead job is that operators retry. Idempotent.
func (s *Store) AnswerJob(ctx context.Context, a submit.Answer, maxOpenJobs int) (job.Record, job.Ticket, error) {
	keys := append(keysOf(a.ID), ownerIndex(a.Owner), deadPrefix+string(a.ID), deadIndex)
	args := append(s.firstArgs(a.ID), a.Degree, maxOpenJobs)
	values, err := answerJobScript.Run(ctx, s.redis, keys, args...).Slice()
	if err != nil {
		return job.Record{}, job.Ticket{}, toFault(ctx, "answer job", err)
	}
	outcome, _ := values[0].(int64)
	switch outcome {
	case answerAccepted, answerRepeated:
	case answerNotFailed:
		return job.Record{}, job.Ticket{}, fault.WithDetail(fault.Conflict, "The job does not wait for a degree. Read its status.")
	case answerNoFacts:
		return job.Record{}, job.Ticket{}, fault.New(fault.FactsExpired)
	case answerOverLimit:
		return job.Record{}, job.Ticket{}, errTooManyJobs(maxOpenJobs)
	default:
		return job.Record{}, job.Ticket{}, fault.New(fault.JobNotFound)
	}
	r, err := requireRecord(decodeRecord(a.ID, values[4:]))
	if err != nil {
		return job.Record{}, job.Ticket{}, err
	}
	claim, _ := values[2].(string)
	t := ticketOf(r, claim)
	if input, ok := values[3].(string); ok {
		t.Input = []byte(input)
	}
	if facts, ok := values[1].(string); ok {
		t.Facts = []byte(facts)
	}
	return r, t, nil
}

// LoadTicket returns the ticket of an open job that runs from facts; job_not_found for any other.
func (s *Store) LoadTicket(ctx context.Context, id job.ID) (job.Ticket, error) {
	r, err := s.LoadRecord(ctx, id)
	if err != nil {
		return job.Ticket{}, err
	}
	if r.State.IsFinal() || !r.FromFacts {
		return job.Ticket{}, fault.New(fault.JobNotFound)
	}
	values, err := s.redis.HMGet(ctx, recordPrefix+string(id), "input", "facts").Result()
	if err != nil {
		return job.Ticket{}, toFault(ctx, "load ticket", err)
	}
	claim, err := s.redis.Get(ctx, claimOfKey(id)).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return job.Ticket{}, toFault(ctx, "load ticket", err)
	}
	input, _ := values[0].(string)
	facts, _ := values[1].(string)
	if facts == "" {
		return job.Ticket{}, fault.New(fault.JobNotFound) // it was deleted in the meantime
	}
	t := ticketOf(r, claim)
	t.Input, t.Facts = []byte(input), []byte(facts)
	return t, nil
}

// ticketOf returns the ticket of a record without its input. claim is the name of its idempotency claim, "" for none.
func ticketOf(r job.Record, claim string) job.Ticket {
	return job.Ticket{
		ID: r.ID, Kind: r.Kind, Owner: r.Owner, Priority: r.Priority, CreatedAt: r.CreatedAt,
		Claim: strings.TrimPrefix(claim, claimKey("")),
	}
}

// LoadFacts returns the encrypted facts from which a job runs without a document; facts_expired when it has none.
func (s *Store) LoadFacts(ctx context.Context, id job.ID) ([]byte, error) {
	facts, err := s.redis.HGet(ctx, recordPrefix+string(id), "facts").Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, fault.New(fault.FactsExpired)
	}
	return facts, toFault(ctx, "load facts", err)
}

// LoadReading returns what was read of a job's document (gzip); not_found when the job has none.
func (s *Store) LoadReading(ctx context.Context, id job.ID) ([]byte, error) {
	reading, err := s.redis.Get(ctx, readingKey(id)).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, fault.WithDetail(fault.NotFound, "No document was read for this job, or its parser does not say where the rows are.")
	}
	return reading, toFault(ctx, "load reading", err)
}
