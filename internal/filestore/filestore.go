// Package filestore stores uploaded documents until their jobs have ended, in a folder that the API and its workers
// share. The files of a job are
//
//	<id>.pdf    its document, if it has one
//	<id>.json   its ticket, from which the job can be made again (see job.Ticket)
//
// and, with TMD_KEEP_FAILED_UPLOADS, <id>.failed.pdf, the document of a failed job.
//
// A document is stored completely and durably, with its ticket, or not at all: it is written under a temporary name,
// and renamed after both are synced. A crash leaves only temporary files, and tickets, complete or not, without a
// document.
package filestore

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
	"syscall"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

const (
	// fileMode lets a worker of another user in the folder's group read what the API wrote. The umask of the process
	// does not change it.
	fileMode fs.FileMode = 0o640
	// bufferSize is the memory of one upload, whatever its size. A usual transcript fits, and takes one write.
	bufferSize = 64 << 10
	openNow    = os.O_RDONLY | syscall.O_NONBLOCK
)

// Config describes the folder of documents.
type Config struct {
	// Dir is the folder. It is created if its parent exists.
	Dir string
}

// Store is a folder of documents.
type Store struct {
	dir string
	// root opens names inside the folder only: neither names nor links lead out of it.
	root    *os.Root
	folder  *os.File
	commits commits
	buffers sync.Pool
}

// New returns the store of a folder. It writes nothing; CheckAccess tests whether it could.
func New(cfg Config) (*Store, error) {
	if err := os.Mkdir(cfg.Dir, 0o770); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("make the folder of uploads: %w", err)
	}
	root, err := os.OpenRoot(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("open the folder of uploads: %w", err)
	}
	folder, err := root.Open(".")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the folder of uploads: %w", err), root.Close())
	}
	return &Store{
		dir: cfg.Dir, root: root, folder: folder,
		commits: commits{root: root, folder: folder, syncAll: syncAll(folder)},
		buffers: sync.Pool{New: func() any { return new([bufferSize]byte) }},
	}, nil
}

// Close closes the folder.
func (s *Store) Close() error { return errors.Join(s.folder.Close(), s.root.Close()) }

// fileNames returns the names of a job's files; job_not_found for what is not an id.
func fileNames(id job.ID) (job.FileNames, error) {
	names, err := job.FileNamesOf(id)
	if err != nil {
		return job.FileNames{}, fault.Wrap(fault.JobNotFound, fmt.Errorf("uploads: %w", err))
	}
	return names, nil
}

// Save stores a job's ticket and at most limit bytes of r, its document; r is nil for a job without one. When it
// returns, both are durable and complete, or neither is stored. It returns too_large for more than limit bytes,
// not_a_pdf without a PDF header in the first 1024 bytes, and storage_unavailable for a failing disk; an error of r
// is returned unchanged.
func (s *Store) Save(ctx context.Context, t job.Ticket, r io.Reader, limit int64) (job.Saved, error) {
	names, err := fileNames(t.ID)
	if err != nil {
		return job.Saved{}, err
	}
	d := &draft{pieces: make([]piece, 0, 2)}
	var saved job.Saved
	if r != nil {
		var p piece
		if p, saved, err = s.writeDocument(ctx, t.ID, names.Document, r, limit); err != nil {
			return job.Saved{}, err
		}
		d.pieces = append(d.pieces, p)
	}
	// The ticket is written after the document is complete, so a slow upload has none. A ticket without its document
	// is the mark of a crash. The ticket of a document needs no temporary name, because half of a ticket has the same
	// meaning.
	p, err := s.writeTicket(t, names.Ticket, r != nil)
	if err == nil {
		d.pieces = slices.Insert(d.pieces, 0, p)
		err = s.commits.commitDraft(d)
	} else {
		_ = d.closeFiles()
	}
	if err != nil {
		s.removeDraft(d)
		return job.Saved{}, err
	}
	return saved, nil
}

// removeDraft removes all files of a draft, the document before its ticket. Repair removes what a failing disk
// leaves.
func (s *Store) removeDraft(d *draft) {
	for i := len(d.pieces) - 1; i >= 0; i-- {
		_ = s.removeFile(d.pieces[i].from)
		_ = s.removeFile(d.pieces[i].to)
	}
}

// temporaryName returns a temporary name for a file of a job.
func temporaryName(id job.ID) string { return string(id) + "." + rand.Text()[:8] + job.TemporarySuffix }

// createFile creates a file that is renamed later.
func (s *Store) createFile(from, to string) (piece, error) {
	p := piece{from: from, to: to}
	var err error
	if p.file, err = s.root.OpenFile(from, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fileMode); err != nil {
		return piece{}, wrapError("create", err)
	}
	// The umask of the process may have removed permissions.
	if err := p.file.Chmod(fileMode); err != nil {
		p.file.Close()
		_ = s.removeFile(from)
		return piece{}, wrapError("set the mode", err)
	}
	return p, nil
}

// writeTicket writes a ticket to a file, under its final name or a temporary one.
func (s *Store) writeTicket(t job.Ticket, name string, atOnce bool) (piece, error) {
	b, err := t.Encode()
	if err != nil {
		return piece{}, fault.Wrap(fault.Internal, err)
	}
	from := name
	if !atOnce {
		from = temporaryName(t.ID)
	}
	p, err := s.createFile(from, name)
	if err != nil {
		return piece{}, err
	}
	if _, err := p.file.Write(b); err != nil {
		p.file.Close()
		_ = s.removeFile(p.from)
		return piece{}, wrapError("write a ticket", err)
	}
	return p, nil
}

// writeDocument writes r to a temporary file.
func (s *Store) writeDocument(ctx context.Context, id job.ID, name string, r io.Reader, limit int64) (piece, job.Saved, error) {
	buffer := s.buffers.Get().(*[bufferSize]byte)
	defer s.buffers.Put(buffer)

	// It checks the first bytes before it writes to the disk.
	source := io.LimitReader(r, limit+1)
	n, _, err := readAtLeast(source, buffer[:], document.SniffLength)
	if err != nil {
		return piece{}, job.Saved{}, err
	}
	if err := document.Sniff(buffer[:min(n, document.SniffLength)]); err != nil {
		return piece{}, job.Saved{}, err
	}

	p, err := s.createFile(temporaryName(id), name)
	if err != nil {
		return piece{}, job.Saved{}, err
	}
	saved, err := copyDocument(ctx, p.file, source, buffer[:], n, limit)
	if err != nil {
		p.file.Close()
		_ = s.removeFile(p.from)
		return piece{}, job.Saved{}, err
	}
	return p, saved, nil
}

// readAtLeast reads at least least bytes into b, or all of r. Unlike io.ReadAtLeast it distinguishes the end of r
// from a broken connection, which readers report as io.ErrUnexpectedEOF.
func readAtLeast(r io.Reader, b []byte, least int) (n int, ended bool, err error) {
	for n < least {
		m, err := r.Read(b[n:])
		n += m
		if err == io.EOF {
			return n, true, nil
		}
		if err != nil {
			return n, false, err
		}
	}
	return n, false, nil
}

// copyDocument writes the first n bytes of buffer and then the rest of source to f.
func copyDocument(ctx context.Context, f *os.File, source io.Reader, buffer []byte, n int, limit int64) (job.Saved, error) {
	var saved job.Saved
	digest := sha256.New()
	for {
		// It fills the buffer first: a write of a few bytes costs as much as one of many.
		m, ended, err := readAtLeast(source, buffer[n:], len(buffer)-n)
		if err != nil {
			return job.Saved{}, err
		}
		n += m
		saved.Size += int64(n)
		if saved.Size > limit {
			return job.Saved{}, fault.New(fault.TooLarge)
		}
		if err := ctx.Err(); err != nil {
			return job.Saved{}, err
		}
		if _, err := f.Write(buffer[:n]); err != nil {
			return job.Saved{}, wrapError("write", err)
		}
		_, _ = digest.Write(buffer[:n]) // never fails
		if ended {
			digest.Sum(saved.SHA256[:0])
			return saved, nil
		}
		n = 0
	}
}

// Open returns the document of a job; storage_unavailable when it cannot be read or does not exist.
func (s *Store) Open(_ context.Context, id job.ID) (io.ReadCloser, error) {
	names, err := fileNames(id)
	if err != nil {
		return nil, err
	}
	f, err := s.root.Open(names.Document)
	if err != nil {
		return nil, wrapError("open", err)
	}
	return &file{f}, nil
}

// file is an open document whose read errors carry their code.
type file struct{ f *os.File }

func (f *file) Read(p []byte) (int, error) {
	n, err := f.f.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = wrapError("read", err)
	}
	return n, err
}

func (f *file) Close() error { return f.f.Close() }

// Delete removes the document of a job and then its ticket, and leaves a kept document; a missing file is no error.
func (s *Store) Delete(_ context.Context, id job.ID) error {
	names, err := fileNames(id)
	if err != nil {
		return err
	}
	// This order leaves, after a failure, a ticket without a document, from which no job is restored.
	if err := s.removeFile(names.Document); err != nil {
		return err
	}
	return s.removeFile(names.Ticket)
}

// removeFile does not sync: a file that reappears after a crash belongs to an ended job, and repair removes it.
func (s *Store) removeFile(name string) error {
	if err := ignoreMissing(s.root.Remove(name)); err != nil {
		return wrapError("remove", err)
	}
	return nil
}

// wrapError turns an error of the file system into a fault.
func wrapError(op string, err error) error {
	return fault.Wrap(fault.StorageUnavailable, fmt.Errorf("uploads: %s: %w", op, err))
}
