package jobstore

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/submit"
)

// digestOf returns a name for what belongs to an owner that does not reveal the owner.
func digestOf(owner string, parts ...string) string {
	h := sha256.New()
	h.Write([]byte(strconv.Itoa(len(owner)) + ":" + owner))
	for _, s := range parts {
		h.Write([]byte(s))
	}
	return hex.EncodeToString(h.Sum(nil))
}

func ownerIndex(owner string) string { return openPrefix + digestOf(owner) }

// contentKey returns the key of the claim of a content; "" for none.
func contentKey(owner string, kind job.Kind, content []byte) string {
	if len(content) == 0 {
		return ""
	}
	return "job:content:" + digestOf(owner, string(kind), " ", string(content))
}

// The outcomes of create_record.lua.
const (
	createConflict  = 0 // another job has this record
	createAccepted  = 1
	createRepeated  = 2 // the same record exists
	createShared    = 3 // an open job has the same content
	createOverLimit = 4 // the owner has too many open jobs
)

// AdmitJob stores a new record at version 1 and its input, if the policy allows it; see submit.Jobs. Idempotent: a
// record of the same owner and time counts as this one.
func (s *Store) AdmitJob(ctx context.Context, r job.Record, input []byte, terms submit.AdmissionPolicy) (job.ID, error) {
	outcome, holder, err := s.createRecord(ctx, job.MilestoneAccepted, r, input, terms, "", nil)
	switch {
	case err != nil:
		return "", err
	case outcome == createConflict:
		return "", fault.Wrap(fault.Conflict, errors.New("jobstore: admit job: the id is taken"))
	case outcome == createOverLimit:
		return "", errTooManyJobs(terms.MaxOpenJobs)
	case outcome == createShared:
		return holder, nil
	}
	return r.ID, nil
}

// RestoreRecord restores the record of a ticket, and reports whether it did; false when there is a record. The new
// fence is the current time in milliseconds, which is above any fence of the job's earlier life, so none of the
// earlier attempts can write. Idempotent.
func (s *Store) RestoreRecord(ctx context.Context, t job.Ticket) (bool, error) {
	now := s.clock()
	r := job.Record{
		ID: t.ID, Kind: t.Kind, Owner: t.Owner, Priority: t.Priority, State: job.Queued,
		Fence: now.UnixMilli(), Base: now.UnixMilli(), CreatedAt: t.CreatedAt, UpdatedAt: now,
	}
	r.FromFacts = len(t.Facts) > 0
	outcome, _, err := s.createRecord(ctx, job.MilestoneRestored, r, t.Input, submit.AdmissionPolicy{}, t.Claim, t.Facts)
	return outcome == createAccepted, err
}

func (s *Store) createRecord(ctx context.Context, first job.Milestone, r job.Record, input []byte, terms submit.AdmissionPolicy,
	claim string, facts []byte) (
	outcome int64, holder job.ID, err error,
) {
	r.Version = 1
	fields, err := encodeRecord(r)
	if err != nil {
		return 0, "", err
	}
	if input != nil {
		fields = append(fields, "input", input)
	}
	if len(facts) > 0 {
		fields = append(fields, "facts", facts)
	}
	keys := keysOf(r.ID)
	record := keys[0] // in place of a claim, means none
	contentClaim, idempotencyClaim := cmp.Or(contentKey(r.Owner, r.Kind, terms.ContentDigest), record), record
	if claim != "" {
		idempotencyClaim = claimKey(claim)
	}
	keys = append(keys, ownerIndex(r.Owner), contentClaim, idempotencyClaim)
	args := append(s.firstArgs(r.ID), encodeTime(r.CreatedAt), terms.MaxOpenJobs, string(first))
	answer, err := createRecordScript.Run(ctx, s.redis, keys, append(args, fields...)...).Slice()
	if err != nil {
		return 0, "", toFault(ctx, "create record, "+string(first), err)
	}
	outcome, _ = answer[0].(int64)
	id, _ := answer[1].(string)
	return outcome, job.ID(id), nil
}

// errTooManyJobs says what an owner can do about the limit.
func errTooManyJobs(limit int) error {
	return fault.WithDetail(fault.TooManyJobs,
		fmt.Sprintf("You have %d jobs under way, which is as many as there may be. Wait until some of them are done and try again.", limit))
}

// CheckQuota returns too_many_jobs when the owner has limit open jobs or more. AdmitJob decides again.
func (s *Store) CheckQuota(ctx context.Context, owner string, limit int) error {
	n, err := countOpenScript.Run(ctx, s.redis, []string{ownerIndex(owner)}, append(s.firstArgs(""), limit)...).Int()
	if err != nil {
		return toFault(ctx, "check quota", err)
	}
	if n >= limit {
		return errTooManyJobs(limit)
	}
	return nil
}

// WithdrawJob deletes the record of a submission that failed, and reports whether there was one. It returns conflict
// when a worker has begun the job, or another request has received its id. Idempotent.
func (s *Store) WithdrawJob(ctx context.Context, id job.ID) (found bool, err error) {
	n, err := s.runScript(ctx, withdrawJobScript, id).Int()
	if err != nil {
		return false, toFault(ctx, "withdraw job", err)
	}
	if n < 0 {
		return true, fault.Wrap(fault.Conflict, errors.New("jobstore: withdraw job: the job continues"))
	}
	return n > 0, nil
}
