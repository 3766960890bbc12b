package repair

import (
	"context"
	"errors"
	"fmt"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// jobsWithDocument returns the jobs whose document is stored.
func jobsWithDocument(files []job.StoredFiles) map[job.ID]bool {
	there := make(map[job.ID]bool, len(files))
	for _, f := range files {
		if f.Document {
			there[f.ID] = true
		}
	}
	return there
}

// repairTasks repairs the open jobs, and returns their ids. there are the stored documents, when they are known.
func (s *Repairer) repairTasks(ctx context.Context, there map[job.ID]bool, known bool) (map[job.ID]bool, error) {
	open := map[job.ID]bool{}
	var errs []error
	for offset := 0; ; offset += batch {
		// A removal from the index shifts later ids, which this walk may miss: the next round finds them.
		ids, err := s.deps.Jobs.ListOpen(ctx, offset, batch)
		if err != nil {
			return nil, fmt.Errorf("sweep: open jobs: %w", err)
		}
		// It reads the tasks first: a job that ends in between no longer has a task, and then no open record.
		states, err := s.deps.Queue.TaskStates(ctx, ids)
		if err != nil {
			return nil, fmt.Errorf("sweep: states of tasks: %w", err)
		}
		records, err := s.deps.Jobs.LoadRecords(ctx, ids)
		if err != nil {
			return nil, fmt.Errorf("sweep: records: %w", err)
		}
		for _, id := range ids {
			r, recorded := records[id]
			if !recorded || r.State.IsFinal() {
				errs = append(errs, s.repairConfirmed(id, indexLeft, func() (bool, error) { return true, s.deps.Jobs.DeleteFromIndexes(ctx, id) }))
				continue
			}
			open[id] = true
			if s.isOlder(r.UpdatedAt, settled) {
				errs = append(errs, s.repairTask(ctx, r, states[id], there[id] || !known))
			}
		}
		if len(ids) < batch {
			return open, errors.Join(errs...)
		}
	}
}

// repairTask repairs one open job.
func (s *Repairer) repairTask(ctx context.Context, r job.Record, state TaskState, document bool) error {
	t := job.Task{ID: r.ID, Kind: r.Kind, Priority: r.Priority}
	switch {
	case state == Live:
		return nil
	case r.NeedsDocument() && !document:
		return s.repairConfirmed(r.ID, documentLost, func() (bool, error) { return s.failJob(ctx, r) })
	case state == Archived:
		return s.repairConfirmed(r.ID, taskArchived, func() (bool, error) { return true, s.deps.Queue.RequeueArchived(ctx, t) })
	}
	return s.repairConfirmed(r.ID, taskLost, func() (bool, error) { return true, s.deps.Queue.Enqueue(ctx, t) })
}

// failJob fails a job whose document was missing in two rounds, because its submission or a disk failed.
func (s *Repairer) failJob(ctx context.Context, r job.Record) (bool, error) {
	begun, _, err := s.deps.Jobs.BeginAttempt(ctx, r.ID, r.Attempt)
	if fault.CodeOf(err) == fault.JobNotFound || err == nil && begun.State.IsFinal() {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	err = s.deps.Jobs.FailJob(ctx, r.ID, begun.Fence, job.Failure{
		Code: fault.StorageUnavailable, Message: "The document is no longer stored. Upload it again.",
	})
	if errors.Is(err, job.ErrSuperseded) {
		return false, nil
	}
	return true, err
}
