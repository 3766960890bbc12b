package submit

import (
	"context"
	"fmt"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// Answer is the degree that an owner chose for a job that failed for want of one.
type Answer struct {
	ID     job.ID
	Owner  string
	Degree string // an id, which the caller has validated
}

// AnswerJob runs a failed job again from the facts that are kept with it, for the degree of the answer, and returns its
// record. The caller has checked the owner. The errors are those of Jobs.AnswerJob, draining, and those of a part that
// is unavailable.
//
// The record comes first, then the ticket, then the task. A crash in between leaves an open record, which package
// repair runs, or leaves the job as it was. When AnswerJob returns, the job can be restored without Redis. It is
// idempotent: a client that received no answer sends the same again.
func (s *Submitter) AnswerJob(ctx context.Context, a Answer) (job.Record, error) {
	if err := s.checkIntake(ctx); err != nil {
		return job.Record{}, fmt.Errorf("submit: answer: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	r, ticket, err := s.deps.Jobs.AnswerJob(ctx, a, s.maxJobsOf(a.Owner))
	if err != nil {
		return job.Record{}, fmt.Errorf("submit: answer: %w", err)
	}
	if r.State.IsFinal() {
		return r, nil // the same answer again, after its run
	}
	if _, err := s.deps.Uploads.Save(ctx, ticket, nil, document.MaxBytes); err != nil {
		return job.Record{}, fmt.Errorf("submit: answer: save: %w", err)
	}
	if err := s.deps.Queue.RequeueArchived(ctx, job.Task{ID: r.ID, Kind: r.Kind, Priority: r.Priority}); err != nil {
		return job.Record{}, fmt.Errorf("submit: answer: %w", err)
	}
	return r, nil
}
