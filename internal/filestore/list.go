package filestore

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// listBatch is the number of names of one read.
const listBatch = 512

// ListFiles returns one entry for each job, one for each kept document, and one for each temporary file, in no order.
// Files that are deleted during the listing may be left out. Files with other names are left out, because they do not
// belong to the store.
func (s *Store) ListFiles(ctx context.Context) ([]job.StoredFiles, error) {
	folder, err := s.root.Open(".")
	if err != nil {
		return nil, wrapError("list", err)
	}
	defer folder.Close()
	var found job.FileList
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		entries, err := folder.ReadDir(listBatch)
		for _, e := range entries {
			if job.ParseFileName(e.Name()) == (job.StoredFiles{}) || !e.Type().IsRegular() {
				continue
			}
			info, err := e.Info()
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return nil, wrapError("list", err)
			}
			found.AddFile(e.Name(), info.Size(), info.ModTime())
		}
		if errors.Is(err, io.EOF) {
			return found.StoredFiles(), nil
		}
		if err != nil {
			return nil, wrapError("list", err)
		}
	}
}

// LoadTicket returns the ticket of a job; job_not_found when there is none, job.ErrTicket when it is invalid, and
// storage_unavailable when it cannot be read.
func (s *Store) LoadTicket(_ context.Context, id job.ID) (job.Ticket, error) {
	names, err := fileNames(id)
	if err != nil {
		return job.Ticket{}, err
	}
	// A non-blocking open, in case the name is a pipe.
	f, err := s.root.OpenFile(names.Ticket, openNow, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return s.loadTrailer(id, names.Document)
	}
	if err != nil {
		return job.Ticket{}, wrapError("open a ticket", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, job.MaxTicket+1))
	if err != nil {
		return job.Ticket{}, wrapError("read a ticket", err)
	}
	return job.DecodeTicket(id, b)
}

// DeleteTemporary removes a temporary file that ListFiles returned. The caller chooses files old enough that no
// process writes them.
func (s *Store) DeleteTemporary(_ context.Context, l job.StoredFiles) error {
	if !strings.HasSuffix(l.Temporary, job.TemporarySuffix) {
		return fault.Wrap(fault.Internal, errors.New("uploads: discard: not a temporary file"))
	}
	return s.removeFile(l.Temporary)
}
