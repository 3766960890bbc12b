package repair

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// repairFiles repairs the stored files. open are the jobs that are known to be open.
func (s *Repairer) repairFiles(ctx context.Context, files []job.StoredFiles, open map[job.ID]bool) error {
	var errs []error
	var ofJobs, kept []job.StoredFiles
	for _, f := range files {
		switch {
		case f.Kept:
			if !open[f.ID] {
				kept = append(kept, f)
			}
		case f.ID != "" && !open[f.ID] && s.isOlder(f.Modified, settled):
			ofJobs = append(ofJobs, f)
		case f.ID == "" && s.isOlder(f.Modified, abandoned):
			errs = append(errs, s.repairConfirmed(job.ID(f.Temporary), draftLeft, func() (bool, error) { return true, s.deps.Uploads.DeleteTemporary(ctx, f) }))
		}
	}
	for some := range slices.Chunk(ofJobs, batch) {
		ids := make([]job.ID, len(some))
		for i, f := range some {
			ids[i] = f.ID
		}
		records, err := s.deps.Jobs.LoadRecords(ctx, ids)
		if err != nil {
			return errors.Join(append(errs, fmt.Errorf("sweep: records: %w", err))...)
		}
		for _, f := range some {
			r, recorded := records[f.ID]
			switch {
			case recorded && !r.State.IsFinal():
			case recorded:
				errs = append(errs, s.deleteEnded(ctx, f))
			case s.isOlder(f.Modified, expired):
				errs = append(errs, s.deleteFiles(ctx, f, filesExpired))
			default: // a document contains its ticket, or has none
				errs = append(errs, s.repairLostRecord(ctx, f))
			}
		}
	}
	errs = append(errs, s.cleanupKept(ctx, kept))
	return errors.Join(errs...)
}

func (s *Repairer) deleteFiles(ctx context.Context, f job.StoredFiles, what finding) error {
	return s.repairConfirmed(f.ID, what, func() (bool, error) { return true, s.deps.Uploads.Delete(ctx, f.ID) })
}

// deleteEnded deletes the files of a job that has ended, and records it. The record is best effort.
func (s *Repairer) deleteEnded(ctx context.Context, f job.StoredFiles) error {
	return s.repairConfirmed(f.ID, filesLeft, func() (bool, error) {
		if err := s.deps.Uploads.Delete(ctx, f.ID); err != nil {
			return false, err
		}
		if f.Document {
			_ = s.deps.Jobs.RecordDocumentsDeleted(ctx, []job.ID{f.ID})
		}
		return true, nil
	})
}

// cleanupKept removes the kept documents of jobs that operators can no longer retry: they are personal data.
func (s *Repairer) cleanupKept(ctx context.Context, files []job.StoredFiles) error {
	var errs []error
	for some := range slices.Chunk(files, batch) {
		ids := make([]job.ID, len(some))
		for i, f := range some {
			ids[i] = f.ID
		}
		dead, err := s.deps.Jobs.LoadDeadRecords(ctx, ids)
		if err != nil {
			return errors.Join(append(errs, fmt.Errorf("sweep: dead jobs: %w", err))...)
		}
		for _, f := range some {
			if _, ok := dead[f.ID]; !ok {
				errs = append(errs, s.repairConfirmed(f.ID, keptExpired, func() (bool, error) { return true, s.deps.Uploads.DeleteAll(ctx, f.ID) }))
			}
		}
	}
	return errors.Join(errs...)
}

// repairLostRecord repairs a job that has a ticket and no record.
func (s *Repairer) repairLostRecord(ctx context.Context, f job.StoredFiles) error {
	t, err := s.deps.Uploads.LoadTicket(ctx, f.ID)
	damaged := errors.Is(err, job.ErrTicket)
	switch {
	case fault.CodeOf(err) == fault.JobNotFound:
		return nil // it was deleted in the meantime, or the document is what a crash left of an upload
	case err != nil && !damaged:
		return err
	case !f.Document && (damaged || t.NeedsDocument()):
		// Save writes the ticket first, and Delete removes it last: a document without a ticket is of no use.
		if s.isOlder(f.Modified, abandoned) {
			return s.deleteFiles(ctx, f, filesExpired)
		}
		return nil
	case damaged:
		return nil // the document stays for a day, in case its owner can be found
	}
	return s.repairConfirmed(f.ID, recordLost, func() (bool, error) { return s.restoreRecord(ctx, t) })
}

// restoreRecord restores the record of a job and queues its task.
func (s *Repairer) restoreRecord(ctx context.Context, t job.Ticket) (bool, error) {
	created, err := s.deps.Jobs.RestoreRecord(ctx, t)
	if err != nil || !created {
		return false, err // another process was faster: the submission itself, or another repair
	}
	// The owner may have deleted the job in the meantime: the files first, then the record, which was missing. If the
	// ticket is still there, the owner's deletion will find the record.
	if _, err := s.deps.Uploads.LoadTicket(ctx, t.ID); fault.CodeOf(err) == fault.JobNotFound {
		_, err := s.deps.Jobs.WithdrawJob(ctx, t.ID)
		return false, err
	}
	return true, s.deps.Queue.Enqueue(ctx, job.Task{ID: t.ID, Kind: t.Kind, Priority: t.Priority})
}
