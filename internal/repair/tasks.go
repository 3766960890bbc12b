package repair

import (
	"context"
	"errors"
	"fmt"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// documents are the jobs whose document is there.
func documents(files []job.Leftover) map[job.ID]bool {
	there := make(map[job.ID]bool, len(files))
	for _, f := range files {
		if f.Document {
			there[f.ID] = true
		}
	}
	return there
}

// tasks looks after the open jobs, and returns their ids. there are the documents, when they are known.
func (s *Sweeper) tasks(ctx context.Context, there map[job.ID]bool, known bool) (map[job.ID]bool, error) {
	open := map[job.ID]bool{}
	var errs []error
	for offset := 0; ; offset += batch {
		// What goes from the index meanwhile moves others up, past this walk: the next round finds them.
		ids, err := s.Jobs.ListOpen(ctx, offset, batch)
		if err != nil {
			return nil, fmt.Errorf("sweep: open jobs: %w", err)
		}
		// Tasks first: a job that ends in between has no task any more, and then no open record.
		states, err := s.Queue.TaskStates(ctx, ids)
		if err != nil {
			return nil, fmt.Errorf("sweep: states of tasks: %w", err)
		}
		records, err := s.Jobs.LoadRecords(ctx, ids)
		if err != nil {
			return nil, fmt.Errorf("sweep: records: %w", err)
		}
		for _, id := range ids {
			r, recorded := records[id]
			if !recorded || r.State.Final() {
				errs = append(errs, s.heal(id, indexLeft, func() (bool, error) { return true, s.Jobs.DeleteFromIndexes(ctx, id) }))
				continue
			}
			open[id] = true
			if s.old(r.UpdatedAt, settled) {
				errs = append(errs, s.task(ctx, r, states[id], there[id] || !known))
			}
		}
		if len(ids) < batch {
			return open, errors.Join(errs...)
		}
	}
}

// task looks after one open job.
func (s *Sweeper) task(ctx context.Context, r job.Record, state TaskState, document bool) error {
	t := job.Task{ID: r.ID, Kind: r.Kind, Priority: r.Priority}
	switch {
	case state == Live:
		return nil
	case r.Kind == job.File && !document:
		return s.heal(r.ID, documentLost, func() (bool, error) { return s.end(ctx, r) })
	case state == Archived:
		return s.heal(r.ID, taskArchived, func() (bool, error) { return true, s.Queue.RequeueArchived(ctx, t) })
	}
	return s.heal(r.ID, taskLost, func() (bool, error) { return true, s.Queue.Enqueue(ctx, t) })
}

// end fails a job whose document was not there in two rounds. It is what is left of a submission that failed, or of a disk.
func (s *Sweeper) end(ctx context.Context, r job.Record) (bool, error) {
	begun, _, err := s.Jobs.BeginAttempt(ctx, r.ID, r.Attempt)
	if fault.CodeOf(err) == fault.JobNotFound || err == nil && begun.State.Final() {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	err = s.Jobs.FailJob(ctx, r.ID, begun.Fence, job.Failure{
		Code: fault.StorageUnavailable, Message: "The document is not there any more. Upload it again.",
	})
	if errors.Is(err, job.ErrSuperseded) {
		return false, nil
	}
	return true, err
}
