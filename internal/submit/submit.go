// Package submit accepts work: it keeps the document and the job's ticket, writes the record and hands the task to the queue.
//
// From the moment at which document and ticket are kept, the job can be brought back whatever else is lost: the sweep sees
// to it that a record and a task follow. So nothing that fails later may remove them once anybody was told of the job.
package submit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// The undoing of a submission that failed is bounded. It does not depend on the client, who may be gone; but a client that
// waits for its 503 should not wait for the queue once more, which will hardly answer now.
const (
	undoTimeout   = 5 * time.Second
	undoUnreached = 300 * time.Millisecond
)

// Deps is what a Submitter needs. MaxJobs is how many open jobs an owner may have; 0 sets no limit.
type Deps struct {
	Uploads Uploads
	Jobs    Jobs
	Queue   Queue
	Clock   func() time.Time
	NewID   func() job.ID // random UUIDs
	Logger  *slog.Logger
	MaxJobs int
}

// Submitter accepts jobs. It is safe for concurrent use.
type Submitter struct{ Deps }

// New returns a submitter.
func New(d Deps) *Submitter { return &Submitter{d} }

// Request is who asks, and how. An IdempotencyKey is the client's name for this submission: repeating it within 24 hours
// gives the same job again. Empty means none. Force makes a new job although an open one of the owner has the same content.
type Request struct {
	Owner          string
	Priority       job.Priority
	IdempotencyKey string
	Force          bool
}

// Receipt names the job that was accepted. Existing says that it was accepted by an earlier request: one with the same key,
// or with the same content.
type Receipt struct {
	ID       job.ID
	Existing bool
}

// File accepts a document: at most document.MaxBytes of body. Its errors are those of Uploads, Jobs and Queue: conflict
// while a request with the same key is under way, too_many_jobs, if it can be, before anything of body was read.
func (s *Submitter) File(ctx context.Context, r Request, body io.Reader) (Receipt, error) {
	return s.submit(ctx, r, job.File, nil, body)
}

// Form accepts a form, which the caller has checked.
func (s *Submitter) Form(ctx context.Context, r Request, form timeline.Form) (Receipt, error) {
	input, err := json.Marshal(form)
	if err != nil {
		return Receipt{}, fault.Wrap(fault.Internal, fmt.Errorf("submit: form: %w", err))
	}
	return s.submit(ctx, r, job.Form, input, nil)
}

// Load accepts a saved timeline to be built again. Whether the owner has such a timeline is found out by the job, unless
// the caller asks before.
func (s *Submitter) Load(ctx context.Context, r Request, timelineID string) (Receipt, error) {
	return s.submit(ctx, r, job.TimelineData, []byte(timelineID), nil)
}

// submit does what every kind of job has in common.
func (s *Submitter) submit(ctx context.Context, r Request, kind job.Kind, input []byte, body io.Reader) (Receipt, error) {
	t := job.Ticket{
		ID: s.NewID(), Kind: kind, Owner: r.Owner, Priority: r.Priority, CreatedAt: s.Clock().UTC(), Input: input,
		Claim: claim(r.Owner, r.IdempotencyKey),
	}
	if t.Claim != "" {
		holder, claimed, err := s.Jobs.Claim(ctx, t.Claim, t.ID)
		if err != nil {
			return Receipt{}, fmt.Errorf("submit: %w", err)
		}
		if !claimed {
			return Receipt{ID: holder, Existing: true}, nil
		}
	}
	if s.MaxJobs > 0 {
		// Admit is exact; this spares the body.
		if err := s.Jobs.Room(ctx, r.Owner, s.MaxJobs); err != nil {
			s.undo(ctx, t, nothing, err)
			return Receipt{}, fmt.Errorf("submit: %w", err)
		}
	}
	saved, err := s.Uploads.Save(ctx, t, body, document.MaxBytes)
	if err != nil {
		s.undo(ctx, t, nothing, err)
		return Receipt{}, fmt.Errorf("submit: save: %w", err)
	}
	record := job.Record{
		ID: t.ID, Kind: kind, Owner: r.Owner, Priority: r.Priority, State: job.Queued, CreatedAt: t.CreatedAt, UpdatedAt: s.Clock(),
	}
	terms := Terms{Limit: s.MaxJobs}
	if !r.Force {
		terms.Content = content(t, saved)
	}
	holder, err := s.Jobs.Admit(ctx, record, input, terms)
	if err != nil {
		s.undo(ctx, t, kept, err)
		return Receipt{}, fmt.Errorf("submit: %w", err)
	}
	if holder != t.ID {
		s.discard(ctx, t.ID)
		return Receipt{ID: holder, Existing: true}, nil
	}
	if err := s.Queue.Enqueue(ctx, job.Task{ID: t.ID, Kind: kind, Priority: r.Priority}); err != nil {
		s.undo(ctx, t, recorded, err)
		return Receipt{}, fmt.Errorf("submit: %w", err)
	}
	return Receipt{ID: t.ID}, nil
}

// claim is the digest of an owner's idempotency key: clients choose keys of any length, and may put into them what should
// not be stored.
func claim(owner, key string) string {
	if key == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(strconv.Itoa(len(owner)) + ":" + owner + key))
	return hex.EncodeToString(sum[:])
}

// content is the digest of what a job is made of.
func content(t job.Ticket, saved job.Saved) []byte {
	if t.Kind == job.File {
		return saved.SHA256[:]
	}
	sum := sha256.Sum256(t.Input)
	return sum[:]
}

// reached is how far a submission came for certain.
type reached int

const (
	nothing  reached = iota // Save leaves nothing behind by itself
	kept                    // document and ticket are kept; the record may be, if only the answer was lost
	recorded                // and the record
)

// undo ends a submission that failed. What it cannot end goes on by itself: a job that was not accepted and runs
// nevertheless does no harm, one that another request was given, of the same key or content, must run.
func (s *Submitter) undo(ctx context.Context, t job.Ticket, how reached, cause error) {
	limit := undoTimeout
	if fault.CodeOf(cause) == fault.QueueUnavailable {
		limit = undoUnreached
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	if how >= kept && !s.withdraw(ctx, t.ID, how, cause) {
		return
	}
	if t.Claim == "" {
		return
	}
	if err := s.Jobs.Release(ctx, t.Claim, t.ID); err != nil {
		s.Logger.Warn("a failed submission's claim stays for some minutes", "job_id", t.ID, "error", err)
	}
}

// withdraw takes back record, document and ticket, in this order: files without a record are a job that the sweep makes
// again, a record without files is one that fails. It says no when the job goes on.
func (s *Submitter) withdraw(ctx context.Context, id job.ID, how reached, cause error) bool {
	switch fault.CodeOf(cause) {
	case fault.TooManyJobs, fault.Conflict: // there is no record
	default:
		found, err := s.Jobs.Withdraw(ctx, id)
		switch {
		case fault.CodeOf(err) == fault.Conflict:
			return false
		case how == recorded && (err != nil || !found):
			// It cannot be reached, or was lost meanwhile together with whom it was given to.
			s.Logger.Warn("a failed submission goes on", "job_id", id, "error", err)
			return false
		case err != nil:
			// Hardly ever is there a record: the files of every upload of an outage are not kept for that. The sweep ends
			// one that has lost its files.
			s.Logger.Warn("a failed submission's record may stay", "job_id", id, "error", err)
		}
	}
	s.discard(ctx, id)
	return true
}

// discard removes document and ticket.
func (s *Submitter) discard(ctx context.Context, id job.ID) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	if err := s.Uploads.Delete(ctx, id); err != nil {
		s.Logger.Error("a submission's document stays", "job_id", id, "error", err)
	}
}
