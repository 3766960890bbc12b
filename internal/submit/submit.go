// Package submit accepts work: it stores the document and the job's ticket, writes the record and enqueues the task.
//
// Once document and ticket are stored, the job can be restored whatever else is lost: repair creates the record and
// the task. So a later failure may not remove them when a client may have received the job's id.
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
	"github.com/trackmydegree/trackmydegree/internal/dependency"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/guest"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/tracing"
)

// The undoing of a failed submission is bounded. It does not depend on the client, which may have disconnected. A
// client that waits for its 503 should not wait for a second call to an unavailable queue.
const (
	// stepTimeout bounds the part before the body, and again the part after it: the answer comes within two seconds,
	// even with a slow queue.
	stepTimeout   = budget.AcceptStep
	undoTimeout   = budget.AcceptUndo
	undoUnreached = budget.AcceptUndoUnreached
)

// maxPlanInput bounds the input of a plan, in bytes, so that its ticket stays below job.MaxTicket.
const maxPlanInput = 512 << 10

// Deps are the dependencies of a Submitter. Without an Intake new work is always accepted. MaxJobs is the number of
// open jobs of an owner; 0 sets no limit.
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
type Submitter struct{ deps Deps }

// New returns a submitter. A missing dependency is an error.
func New(d Deps) (*Submitter, error) {
	if err := dependency.Require("submit", d, "Uploads", "Jobs", "Queue", "Clock", "NewID", "Logger"); err != nil {
		return nil, err
	}
	return &Submitter{d}, nil
}

// Request describes the caller of a submission. IdempotencyKey is the client's name for the submission: repeating it
// within 24 hours returns the same job. Empty means none. Force creates a new job even if an open one of the owner
// has the same content. Degree is the id of a degree that replaces the one of the document or of the saved timeline,
// and Calendar the edition that replaces the one of the admission; the caller has validated them. With another degree
// or edition, the same key or the same content is another job.
type Request struct {
	Owner          string
	Priority       job.Priority
	IdempotencyKey string
	Force          bool
	Degree         string
	Calendar       string
}

// Receipt names the accepted job. Existing says that an earlier request with the same key or the same content created
// it.
type Receipt struct {
	ID       job.ID
	Existing bool
}

// SubmitFile accepts a document: at most document.MaxBytes of body. It returns the errors of Uploads, Jobs and Queue:
// conflict while a request with the same key is under way; too_many_jobs, where possible before it reads the body.
func (s *Submitter) SubmitFile(ctx context.Context, r Request, body io.Reader) (Receipt, error) {
	input, err := job.Input{Degree: r.Degree, Calendar: r.Calendar}.Encode()
	if err != nil {
		return Receipt{}, fault.Wrap(fault.Internal, fmt.Errorf("submit: document: %w", err))
	}
	return s.submitJob(ctx, r, job.File, input, body)
}

// SubmitForm accepts a form that the caller has validated.
func (s *Submitter) SubmitForm(ctx context.Context, r Request, form timeline.Form) (Receipt, error) {
	input, err := json.Marshal(form)
	if err != nil {
		return Receipt{}, fault.Wrap(fault.Internal, fmt.Errorf("submit: form: %w", err))
	}
	return s.submitJob(ctx, r, job.Form, input, nil)
}

// SubmitTimeline accepts a saved timeline to be built again. The job checks that the owner has the timeline, unless the
// caller has checked before.
func (s *Submitter) SubmitTimeline(ctx context.Context, r Request, timelineID string) (Receipt, error) {
	input, err := job.Input{TimelineID: timelineID, Degree: r.Degree, Calendar: r.Calendar}.Encode()
	if err != nil {
		return Receipt{}, fault.Wrap(fault.Internal, fmt.Errorf("submit: saved timeline: %w", err))
	}
	return s.submitJob(ctx, r, job.TimelineData, input, nil)
}

// SubmitPlan accepts a plan, whose wishes the caller has checked. The job plans the timeline as it is in the input, so
// it needs nothing that may change or expire before it runs. An input beyond maxPlanInput is too_large.
func (s *Submitter) SubmitPlan(ctx context.Context, r Request, in timeline.PlanInput) (Receipt, error) {
	input, err := json.Marshal(in)
	if err != nil {
		return Receipt{}, fault.Wrap(fault.Internal, fmt.Errorf("submit: plan: %w", err))
	}
	if len(input) > maxPlanInput {
		return Receipt{}, fault.WithDetail(fault.TooLarge, "The timeline is too large to be planned. Remove terms from it.")
	}
	return s.submitJob(ctx, r, job.Plan, input, nil)
}

// submitJob is the part that all kinds of jobs share.
func (s *Submitter) submitJob(ctx context.Context, r Request, kind job.Kind, input []byte, body io.Reader) (Receipt, error) {
	t := job.Ticket{
		ID: s.deps.NewID(), Kind: kind, Owner: r.Owner, Priority: r.Priority, CreatedAt: s.deps.Clock().UTC(), Input: input,
		Claim: digestKey(r),
	}
	before, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	if t.Claim != "" {
		holder, mine, err := s.deps.Jobs.ClaimKey(before, t.Claim, t.ID)
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
	maxJobs := s.maxJobsOf(r.Owner)
	if maxJobs > 0 {
		// AdmitJob is exact; this check avoids reading the body.
		if err := s.deps.Jobs.CheckQuota(before, r.Owner, maxJobs); err != nil {
			s.undoSubmission(ctx, t, claimed, err)
			return Receipt{}, fmt.Errorf("submit: %w", err)
		}
	}
	saving, span := tracing.StartSpan(ctx, "save document")
	saved, err := s.deps.Uploads.Save(saving, t, body, document.MaxBytes)
	span.EndWith(err)
	if err != nil {
		s.undoSubmission(ctx, t, claimed, err)
		return Receipt{}, fmt.Errorf("submit: save: %w", err)
	}
	err = ctx.Err() // the last moment at which a client that left costs nothing
	if err == nil {
		// The body may have taken a minute: a caller that waits for empty queues must not meet this job.
		err = s.checkIntake(ctx)
	}
	if err != nil {
		s.undoSubmission(ctx, t, kept, err)
		return Receipt{}, fmt.Errorf("submit: %w", err)
	}
	after, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	record := job.Record{
		ID: t.ID, Kind: kind, Owner: r.Owner, Priority: r.Priority, State: job.Queued, CreatedAt: t.CreatedAt, UpdatedAt: s.deps.Clock(),
		Trace: tracing.ParentOf(ctx),
	}
	terms := AdmissionPolicy{MaxOpenJobs: maxJobs}
	if !r.Force {
		terms.ContentDigest = digestContent(t, saved)
	}
	admitting, span := tracing.StartSpan(after, "admit job")
	holder, err := s.deps.Jobs.AdmitJob(admitting, record, input, terms)
	span.EndWith(err)
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
	if err := s.deps.Queue.Enqueue(after, job.Task{ID: t.ID, Kind: kind, Priority: r.Priority}); err != nil {
		s.undoSubmission(ctx, t, admitted, err)
		return Receipt{}, fmt.Errorf("submit: %w", err)
	}
	return Receipt{ID: t.ID}, nil
}

// checkIntake returns draining while operators have paused the intake.
func (s *Submitter) checkIntake(ctx context.Context) error {
	if s.deps.Intake != nil && s.deps.Intake.IsIntakePaused(ctx) {
		return fault.New(fault.Draining)
	}
	return nil
}

// digestKey returns the digest of an owner's idempotency key, the given degree and the given edition: keys have any
// length, and may contain data that must not be stored.
func digestKey(r Request) string {
	if r.IdempotencyKey == "" {
		return ""
	}
	text := strconv.Itoa(len(r.Owner)) + ":" + r.Owner + r.IdempotencyKey
	if r.Degree != "" {
		text = "degree " + strconv.Itoa(len(r.Degree)) + ":" + r.Degree + text // other texts begin with a digit
	}
	if r.Calendar != "" {
		text = "calendar " + strconv.Itoa(len(r.Calendar)) + ":" + r.Calendar + text
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// digestContent returns the digest of the content of a job.
func digestContent(t job.Ticket, saved job.Saved) []byte {
	if t.Kind == job.File && len(t.Input) == 0 {
		return saved.SHA256[:]
	}
	h := sha256.New()
	if t.Kind == job.File {
		h.Write(saved.SHA256[:])
	}
	h.Write(t.Input)
	return h.Sum(nil)
}

// reached is the progress of a submission.
type reached int

const (
	claimed  reached = iota // Save removes its own files on failure
	kept                    // document and ticket are stored
	admitted                // there may be a record, and others may have received its id
)

// undoSubmission undoes a failed submission. When its record cannot be withdrawn for certain, the submission stands,
// with its claim: another request of the same key or content may have received the job, which then must run. If none
// has, the run does no harm.
func (s *Submitter) undoSubmission(ctx context.Context, t job.Ticket, how reached, cause error) {
	limit := undoTimeout
	if code := fault.CodeOf(cause); code == fault.QueueUnavailable || code == fault.Timeout {
		limit = undoUnreached
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	if how == admitted {
		// This order matters: files without a record are a complete job, which repair restores; a record without
		// files is not.
		if found, err := s.deps.Jobs.WithdrawJob(ctx, t.ID); err != nil || !found {
			s.deps.Logger.WarnContext(ctx, "a failed submission continues", "job_id", t.ID, "error", err)
			return
		}
	}
	if how >= kept {
		s.deleteUpload(ctx, t.ID)
	}
	if t.Claim == "" {
		return
	}
	if err := s.deps.Jobs.ReleaseKey(ctx, t.Claim, t.ID); err != nil {
		s.deps.Logger.WarnContext(ctx, "a failed submission's claim stays for some minutes", "job_id", t.ID, "error", err)
	}
}

// deleteUpload removes document and ticket.
func (s *Submitter) deleteUpload(ctx context.Context, id job.ID) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	if err := s.deps.Uploads.Delete(ctx, id); err != nil {
		s.deps.Logger.ErrorContext(ctx, "a submission's document stays", "job_id", id, "error", err)
	}
}

// maxJobsOf returns how many open jobs an owner may have, 0 for any number. Guests may have few.
func (s *Submitter) maxJobsOf(owner string) int {
	if guest.IsOwner(owner) && (s.deps.MaxJobs == 0 || s.deps.MaxJobs > guest.MaxOpenJobs) {
		return guest.MaxOpenJobs
	}
	return s.deps.MaxJobs
}
