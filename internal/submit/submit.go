// Package submit accepts work: it stores the document, writes the job's record and hands its task to the queue.
package submit

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
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

// Deps is what a Submitter needs.
type Deps struct {
	Uploads Uploads
	Jobs    Jobs
	Queue   Queue
	Clock   func() time.Time
	NewID   func() job.ID // random UUIDs
	Logger  *slog.Logger
}

// Submitter accepts jobs. It is safe for concurrent use.
type Submitter struct{ Deps }

// New returns a submitter.
func New(d Deps) *Submitter { return &Submitter{d} }

// Request is who asks, and how. An IdempotencyKey is the client's name for this submission: repeating it within 24 hours
// gives the same job again. Empty means none.
type Request struct {
	Owner          string
	Priority       job.Priority
	IdempotencyKey string
}

// Receipt names the job that was accepted. Existing says that it was accepted by an earlier request with the same key.
type Receipt struct {
	ID       job.ID
	Existing bool
}

// File accepts a document: at most document.MaxBytes of body. Its errors are those of Uploads, Jobs and Queue; conflict
// while a request with the same key is under way.
func (s *Submitter) File(ctx context.Context, r Request, body io.Reader) (Receipt, error) {
	return s.submit(ctx, r, job.File, nil, func(id job.ID) error {
		_, err := s.Uploads.Save(ctx, id, body, document.MaxBytes)
		return err
	})
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

// submit does what every kind of job has in common. save stores what does not fit into the record, and may be nil.
func (s *Submitter) submit(ctx context.Context, r Request, kind job.Kind, input []byte, save func(job.ID) error) (Receipt, error) {
	id := s.NewID()
	if r.IdempotencyKey != "" {
		holder, claimed, err := s.Jobs.Claim(ctx, r.Owner, r.IdempotencyKey, id)
		if err != nil {
			return Receipt{}, fmt.Errorf("submit: %w", err)
		}
		if !claimed {
			return s.again(ctx, r, kind, holder)
		}
	}
	if save != nil {
		if err := save(id); err != nil {
			s.undo(ctx, r, id, nothing, err)
			return Receipt{}, fmt.Errorf("submit: save: %w", err)
		}
	}
	now := s.Clock()
	record := job.Record{
		ID: id, Kind: kind, Owner: r.Owner, Priority: r.Priority, State: job.Queued, CreatedAt: now, UpdatedAt: now,
	}
	if err := s.Jobs.Create(ctx, record, input); err != nil {
		s.undo(ctx, r, id, saved, err)
		return Receipt{}, fmt.Errorf("submit: %w", err)
	}
	// A task without a record does no harm, its worker finds no job: an enqueue that failed need not be undone itself.
	if err := s.Queue.Enqueue(ctx, job.Task{ID: id, Kind: kind, Priority: r.Priority}); err != nil {
		s.undo(ctx, r, id, recorded, err)
		return Receipt{}, fmt.Errorf("submit: %w", err)
	}
	return Receipt{ID: id}, nil
}

// again answers a repeated request. The task is enqueued once more, which does nothing if it is there: the first request
// may have lost it together with Redis.
func (s *Submitter) again(ctx context.Context, r Request, kind job.Kind, holder job.ID) (Receipt, error) {
	if err := s.Queue.Enqueue(ctx, job.Task{ID: holder, Kind: kind, Priority: r.Priority}); err != nil {
		return Receipt{}, fmt.Errorf("submit: enqueue again: %w", err)
	}
	return Receipt{ID: holder, Existing: true}, nil
}

// reached is how far a submission came for certain.
type reached int

const (
	nothing  reached = iota // Save leaves nothing behind by itself
	saved                   // the document is kept; the record may be, if only the answer was lost
	recorded                // and the record
)

// undo removes what a failed submission left. A record that cannot be removed keeps its document: the two together are a
// job that a repeated request, or a sweep, can still hand to the queue; one without the other is not.
func (s *Submitter) undo(ctx context.Context, r Request, id job.ID, how reached, cause error) {
	limit := undoTimeout
	if fault.CodeOf(cause) == fault.QueueUnavailable {
		limit = undoUnreached
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	if how >= saved {
		if err := s.Jobs.Delete(ctx, id); err != nil {
			s.Logger.Error("a failed submission's record stays", "job_id", id, "error", err)
			if how == recorded {
				return
			}
		}
		if err := s.Uploads.Delete(ctx, id); err != nil {
			s.Logger.Error("a failed submission's document stays", "job_id", id, "error", err)
		}
	}
	if r.IdempotencyKey == "" {
		return
	}
	if err := s.Jobs.Release(ctx, r.Owner, r.IdempotencyKey, id); err != nil {
		s.Logger.Warn("a failed submission's claim stays for some minutes", "job_id", id, "error", err)
	}
}
