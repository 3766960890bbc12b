package jobstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/submit"
)

// acceptance is how long a claim lasts whose job has no record yet: longer than an upload may take, and short enough
// that a submission that died with its process does not block its key.
const acceptance = 5 * time.Minute

// openIndex is the sorted set of the jobs that are not final.
const openIndex = prefix + "open"

// digest names what belongs to an owner without naming the owner.
func digest(owner string, of ...string) string {
	h := sha256.New()
	h.Write([]byte(strconv.Itoa(len(owner)) + ":" + owner))
	for _, s := range of {
		h.Write([]byte(s))
	}
	return hex.EncodeToString(h.Sum(nil))
}

func ownersIndex(owner string) string { return "job:open:" + digest(owner) }

func claimKey(claim string) string { return "job:idempotency:" + claim }

// contentKey is the claim of what a job is made of; "" for none.
func contentKey(owner string, kind job.Kind, content []byte) string {
	if len(content) == 0 {
		return ""
	}
	return "job:content:" + digest(owner, string(kind), " ", string(content))
}

// AdmitJob stores a new record, at version 1, and its input, if the terms allow it; see submit.Jobs.
func (s *Store) AdmitJob(ctx context.Context, r job.Record, input []byte, terms submit.Terms) (job.ID, error) {
	outcome, holder, err := s.create(ctx, "admit", r, input, terms, "")
	switch {
	case err != nil:
		return "", err
	case outcome == refused:
		return "", fault.Wrap(fault.Conflict, errors.New("jobs: admit: the id is taken"))
	case outcome == crowded:
		return "", tooMany(terms.Limit)
	case outcome == sharing:
		return holder, nil
	}
	return r.ID, nil
}

// Create stores a new record and its input on no terms. An id that another job has is conflict.
func (s *Store) Create(ctx context.Context, r job.Record, input []byte) error {
	_, err := s.AdmitJob(ctx, r, input, submit.Terms{})
	return err
}

// RestoreRecord makes the record of a ticket again. Its fence is the present time: higher than any of the job's earlier life, so
// that none of its attempts writes to this one.
func (s *Store) RestoreRecord(ctx context.Context, t job.Ticket) (bool, error) {
	now := s.clock()
	r := job.Record{
		ID: t.ID, Kind: t.Kind, Owner: t.Owner, Priority: t.Priority, State: job.Queued, Fence: now.UnixMilli(), Base: now.UnixMilli(),
		CreatedAt: t.CreatedAt, UpdatedAt: now,
	}
	outcome, _, err := s.create(ctx, "restore", r, t.Input, submit.Terms{}, t.Claim)
	return outcome == accepted, err
}

func (s *Store) create(ctx context.Context, op string, r job.Record, input []byte, terms submit.Terms, claim string) (int64, job.ID, error) {
	r.Version = 1
	set, err := values(r)
	if err != nil {
		return 0, "", err
	}
	if input != nil {
		set = append(set, "input", input)
	}
	if claim != "" {
		claim = claimKey(claim)
	}
	names := append(keys(r.ID), ownersIndex(r.Owner), contentKey(r.Owner, r.Kind, terms.Content), claim)
	args := append(s.shared(r.ID), encodeTime(r.CreatedAt), terms.Limit)
	answer, err := createScript.Run(ctx, s.redis, names, append(args, set...)...).Slice()
	if err != nil {
		return 0, "", failed(ctx, op, err)
	}
	outcome, _ := answer[0].(int64)
	holder, _ := answer[1].(string)
	return outcome, job.ID(holder), nil
}

// tooMany says what its owner can do about the limit.
func tooMany(limit int) error {
	return fault.Detailed(fault.TooManyJobs,
		fmt.Sprintf("You have %d jobs under way, which is as many as there may be. Wait until some of them are done and try again.", limit))
}

// roomScript looks at an owner's index as Admit does.
//
// KEYS 1 the owner's index; ARGV 4 the limit.
var roomScript = script(`return crowd(KEYS[1], tonumber(ARGV[4]))`)

// CheckQuota is too_many_jobs when the owner has limit open jobs or more.
func (s *Store) CheckQuota(ctx context.Context, owner string, limit int) error {
	n, err := roomScript.Run(ctx, s.redis, []string{ownersIndex(owner)}, append(s.shared(""), limit)...).Int()
	if err != nil {
		return failed(ctx, "room", err)
	}
	if n >= limit {
		return tooMany(limit)
	}
	return nil
}

// withdrawScript answers 1 when the record was removed, 0 when there was none, -1 when it stays.
var withdrawScript = script(removeLua + `
local now = redis.call('HMGET', KEYS[1], 'version', 'shared')
if not now[1] then return 0 end
if now[1] ~= '1' or now[2] then return -1 end
remove()
return 1
`)

// WithdrawJob forgets the record of a submission that failed; see submit.Jobs.
func (s *Store) WithdrawJob(ctx context.Context, id job.ID) (found bool, err error) {
	n, err := s.run(ctx, withdrawScript, id).Int()
	if err != nil {
		return false, failed(ctx, "withdraw", err)
	}
	if n < 0 {
		return true, fault.Wrap(fault.Conflict, errors.New("jobs: withdraw: the job goes on"))
	}
	return n > 0, nil
}

// claimScript binds a claim, unless another job holds it: one that has a record, or is being submitted, as its name of the
// claim tells. What is left of a job that was deleted holds nothing.
//
// KEYS 1 the claim · 2 where the job of ARGV 1 keeps its name; ARGV 3 the time to live. Answers the holder, and whether it
// has a record.
var claimScript = redis.NewScript(`
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then
	local record = '` + prefix + `' .. holder
	if redis.call('EXISTS', record) == 1 then
		redis.call('HSET', record, 'shared', 1)
		return {holder, 1}
	end
	if redis.call('GET', record .. ':claim') == KEYS[1] then return {holder, 0} end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
redis.call('SET', KEYS[2], KEYS[1], 'PX', ARGV[3])
return {ARGV[1], 1}
`)

// releaseScript gives a claim up. Keys as for a claim.
var releaseScript = redis.NewScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
redis.call('DEL', KEYS[2])
return 1
`)

// ClaimKey binds a claim to id; see submit.Jobs. While the job that holds it has no record yet, its submission is still under
// way and the claim is conflict.
func (s *Store) ClaimKey(ctx context.Context, claim string, id job.ID) (job.ID, bool, error) {
	answer, err := claimScript.Run(ctx, s.redis, []string{claimKey(claim), keys(id)[3]},
		string(id), 0, acceptance.Milliseconds()).Slice()
	if err != nil {
		return "", false, failed(ctx, "claim", err)
	}
	holder, _ := answer[0].(string)
	if holder == string(id) {
		return id, true, nil
	}
	if recorded, _ := answer[1].(int64); recorded == 0 {
		return "", false, fault.Detailed(fault.Conflict,
			"The same request is being accepted at this moment. Wait a few seconds and send it again.")
	}
	return job.ID(holder), false, nil
}

// ReleaseKey gives up a claim of id.
func (s *Store) ReleaseKey(ctx context.Context, claim string, id job.ID) error {
	return failed(ctx, "release", releaseScript.Run(ctx, s.redis, []string{claimKey(claim), keys(id)[3]}, string(id)).Err())
}
