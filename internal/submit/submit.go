// Package submit accepts work: it keeps the document and the job's ticket, writes the record and hands the task to
// the queue.
//
// From the moment at which document and ticket are kept, the job can be brought back whatever else is lost: the sweep
// sees to it that a record and a task follow. So nothing that fails later may remove them once anybody was told of
// the job.
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

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// The undoing of a submission that failed is bounded. It does not depend on the client, who may be gone; but a client
// that waits for its 503 should not wait for the queue once more, which will hardly answer now.
const (
	// stepTimeout is for what comes before the body, and again for what comes after it: the answer is there within two
	// seconds, however slow the queue is.
	stepTimeout   = budget.AcceptStep
	undoTimeout   = budget.AcceptUndo
	undoUnreached = budget.AcceptUndoUnreached
)

// Deps is what a Submitter needs. Without an Intake work is always taken. MaxJobs is how many open jobs an owner may
// have; 0 sets no limit.
type Deps struct {
	Uploads Uploads
	Jobs    Jobs
	Queue   Queue
	Intake  Intake
	Clock   func() time.Time
	NewID   func() job.ID // random UUIDs
	Logger  *slog.Logger
	MaxJobs int
}

// Submitter accepts jobs. It is safe for concurrent use.
type Submitter struct{ Deps }

// New returns a submitter.
func New(d Deps) *Submitter { return &Submitter{d} }

// Request is who asks, and how. An IdempotencyKey is the client's name for this submission: repeating it within 24
// hours gives the same job again. Empty means none. Force makes a new job although an open one of the owner has the
// same content.
type Request struct {
	Owner          string
	Priority       job.Priority
	IdempotencyKey string
	Force          bool
}

// Receipt names the job that was accepted. Existing says that it was accepted by an earlier request: one with the
// same key, or with the same content.
type Receipt struct {
	ID       job.ID
	Existing bool
}

// File accepts a document: at most document.MaxBytes of body. Its errors are those of Uploads, Jobs and Queue: conflict
// while a request with the same key is under way, too_many_jobs, if it can be, before anything of body was read.
func (s *Submitter) File(ctx context.Context, r Request, body io.Reader) (Receipt, error) {
	return s.submitJob(ctx, r, job.File, nil, body)
}

// Form accepts a form, which the caller has checked.
func (s *Submitter) Form(ctx context.Context, r Request, form timeline.Form) (Receipt, error) {
	input, err := json.Marshal(form)
	if err != nil {
		return Receipt{}, fault.Wrap(fault.Internal, fmt.Errorf("submit: form: %w", err))
	}
	return s.submitJob(ctx, r, job.Form, input, nil)
}

// Load accepts a saved timeline to be built again. Whether the owner has such a timeline is found out by the job,
// unless the caller asks before.
func (s *Submitter) Load(ctx context.Context, r Request, timelineID string) (Receipt, error) {
	return s.submitJob(ctx, r, job.TimelineData, []byte(timelineID), nil)
}

// submitJob does what every kind of job has in common.
func (s *Submitter) submitJob(ctx context.Context, r Request, kind job.Kind, input []byte, body io.Reader) (Receipt, error) {
	t := job.Ticket{
		ID: s.NewID(), Kind: kind, Owner: r.Owner, Priority: r.Priority, CreatedAt: s.Clock().UTC(), Input: input,
		Claim: digestKey(r.Owner, r.IdempotencyKey),
	}
	before, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	if t.Claim != "" {
		holder, mine, err := s.Jobs.ClaimKey(before, t.Claim, t.ID)
		if err != nil {
			return Receipt{}, fmt.Errorf("submit: %w", err)
		}
		if !mine {
			return Receipt{ID: holder, Existing: true}, nil
		}
	}
	if err := s.checkIntake(ctx); err != nil {
		s.undoSubmission(ctx, t, claimed, err)
		return Receipt{}, fmt.Errorf("submit: %w", err)
	}
	if s.MaxJobs > 0 {
		// Admit is exact; this spares the body.
		if err := s.Jobs.CheckQuota(before, r.Owner, s.MaxJobs); err != nil {
			s.undoSubmission(ctx, t, claimed, err)
			return Receipt{}, fmt.Errorf("submit: %w", err)
		}
	}
	saved, err := s.Uploads.Save(ctx, t, body, document.MaxBytes)
	if err != nil {
		s.undoSubmission(ctx, t, claimed, err)
		return Receipt{}, fmt.Errorf("submit: save: %w", err)
	}
	err = ctx.Err() // the last moment at which a client that left costs nothing
	if err == nil {
		// A slow one may have taken a minute: whoever waits for the queues to be empty should not meet its job.
		err = s.checkIntake(ctx)
	}
	if err != nil {
		s.undoSubmission(ctx, t, kept, err)
		return Receipt{}, fmt.Errorf("submit: %w", err)
	}
	after, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	record := job.Record{
		ID: t.ID, Kind: kind, Owner: r.Owner, Priority: r.Priority, State: job.Queued, CreatedAt: t.CreatedAt, UpdatedAt: s.Clock(),
	}
	terms := AdmissionPolicy{MaxOpenJobs: s.MaxJobs}
	if !r.Force {
		terms.ContentDigest = digestContent(t, saved)
	}
	holder, err := s.Jobs.AdmitJob(after, record, input, terms)
	switch code := fault.CodeOf(err); {
	case code == fault.TooManyJobs, code == fault.Conflict:
		s.undoSubmission(ctx, t, kept, err)
		return Receipt{}, fmt.Errorf("submit: %w", err)
	case err != nil: // it may have been admitted, if only the answer was lost
		s.undoSubmission(ctx, t, admitted, err)
		return Receipt{}, fmt.Errorf("submit: %w", err)
	}
	if holder != t.ID {
		s.deleteUpload(ctx, t.ID)
		return Receipt{ID: holder, Existing: true}, nil
	}
	if err := s.Queue.Enqueue(after, job.Task{ID: t.ID, Kind: kind, Priority: r.Priority}); err != nil {
		s.undoSubmission(ctx, t, admitted, err)
		return Receipt{}, fmt.Errorf("submit: %w", err)
	}
	return Receipt{ID: t.ID}, nil
}

// checkIntake is draining while operators have stopped the intake.
func (s *Submitter) checkIntake(ctx context.Context) error {
	if s.Intake != nil && s.Intake.IsIntakePaused(ctx) {
		return fault.New(fault.Draining)
	}
	return nil
}

// digestKey is the digest of an owner's idempotency key: clients choose keys of any length, and may put into them
// what should not be stored.
func digestKey(owner, key string) string {
	if key == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(strconv.Itoa(len(owner)) + ":" + owner + key))
	return hex.EncodeToString(sum[:])
}

// digestContent is the digest of what a job is made of.
func digestContent(t job.Ticket, saved job.Saved) []byte {
	if t.Kind == job.File {
		return saved.SHA256[:]
	}
	sum := sha256.Sum256(t.Input)
	return sum[:]
}

// reached is how far a submission came.
type reached int

const (
	claimed  reached = iota // Save leaves nothing behind by itself
	kept                    // document and ticket are kept
	admitted                // and there may be a record, of which others may have been told
)

// undoSubmission ends a submission that failed. One whose record cannot be taken back for certain goes on, with its
// claim: another request may have been given the job, of the same key or content, and then it must run; if none was,
// that it runs does no harm.
func (s *Submitter) undoSubmission(ctx context.Context, t job.Ticket, how reached, cause error) {
	limit := undoTimeout
	if code := fault.CodeOf(cause); code == fault.QueueUnavailable || code == fault.Timeout {
		limit = undoUnreached
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	if how == admitted {
		// In this order: files without a record are a whole job, which the sweep gets going; a record without files
		// is none.
		if found, err := s.Jobs.WithdrawJob(ctx, t.ID); err != nil || !found {
			s.Logger.Warn("a submission that failed goes on", "job_id", t.ID, "error", err)
			return
		}
	}
	if how >= kept {
		s.deleteUpload(ctx, t.ID)
	}
	if t.Claim == "" {
		return
	}
	if err := s.Jobs.ReleaseKey(ctx, t.Claim, t.ID); err != nil {
		s.Logger.Warn("a failed submission's claim stays for some minutes", "job_id", t.ID, "error", err)
	}
}

// deleteUpload removes document and ticket.
func (s *Submitter) deleteUpload(ctx context.Context, id job.ID) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	if err := s.Uploads.Delete(ctx, id); err != nil {
		s.Logger.Error("a submission's document stays", "job_id", id, "error", err)
	}
}
