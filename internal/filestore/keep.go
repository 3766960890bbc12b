package filestore

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// KeepDocument keeps the document of a failed job for operators, under a name from which no job is restored, and
// removes the ticket. A job without a document, or with a kept one, is no error.
func (s *Store) KeepDocument(_ context.Context, id job.ID) error {
	names, err := fileNames(id)
	if err != nil {
		return err
	}
	if err := ignoreMissing(s.root.Rename(names.Document, names.Kept)); err != nil {
		return wrapError("keep", err)
	}
	return s.removeFile(names.Ticket)
}

// HasKeptDocument reports whether the document of a job is kept.
func (s *Store) HasKeptDocument(_ context.Context, id job.ID) (bool, error) {
	names, err := job.FileNamesOf(id)
	if err != nil {
		return false, nil //nolint:nilerr // what is not an id has no document
	}
	_, err = s.root.Stat(names.Kept)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, wrapError("look for a kept document", err)
	}
	return true, nil
}

// RestoreDocument makes a kept document the job's document again, with a new ticket, durable when it returns;
// job_not_found when none is kept.
func (s *Store) RestoreDocument(ctx context.Context, t job.Ticket) error {
	names, err := fileNames(t.ID)
	if err != nil {
		return err
	}
	// The modification time counts as that of a new document. It is set first, so that a missing document leaves no
	// ticket.
	now := time.Now()
	if err := s.root.Chtimes(names.Kept, now, now); errors.Is(err, fs.ErrNotExist) {
		return fault.Wrap(fault.JobNotFound, errors.New("uploads: restore: no document is kept"))
	} else if err != nil {
		return wrapError("restore", err)
	}
	if _, err := s.Save(ctx, t, nil, 0); err != nil {
		return err
	}
	if err := s.root.Rename(names.Kept, names.Document); err != nil {
		_ = s.removeFile(names.Ticket)
		return wrapError("restore", err)
	}
	if err := s.folder.Sync(); err != nil {
		return wrapError("sync the folder", err)
	}
	return nil
}

// DeleteAll removes all files of a job, a kept document included.
func (s *Store) DeleteAll(ctx context.Context, id job.ID) error {
	names, err := fileNames(id)
	if err != nil {
		return err
	}
	if err := s.Delete(ctx, id); err != nil {
		return err
	}
	return s.removeFile(names.Kept)
}

// ReplaceTicket stores another ticket for a job that has one, durable when it returns, and leaves the document;
// job_not_found without a ticket. A failure leaves the ticket as it was.
func (s *Store) ReplaceTicket(ctx context.Context, t job.Ticket) error {
	names, err := fileNames(t.ID)
	if err != nil {
		return err
	}
	if _, err := s.LoadTicket(ctx, t.ID); err != nil {
		return err
	}
	encoded, err := t.Encode()
	if err != nil {
		return fault.Wrap(fault.Internal, err)
	}
	p, err := s.writeTicket(encoded, temporaryName(t.ID), names.Ticket)
	if err != nil {
		return err
	}
	if err := s.commits.commitDraft(&draft{pieces: []piece{p}}); err != nil {
		_ = s.removeFile(p.from)
		return err
	}
	return nil
}
