// Package filestore keeps uploaded documents in a folder that the API and its workers share, until their jobs have
// ended. For a job there are
//
//	<id>.pdf    its document, if it has one
//	<id>.json   its ticket, from which the job can be made again (see job.Ticket)
//
// and, where operators want so, of a job that failed <id>.failed.pdf, its document.
//
// A document is there whole and on the disk, with its ticket, or not at all: it is written to a temporary name, and
// gets its own when both are synced. What a crash leaves carries a temporary name, or is a ticket, or half of one,
// without a document.
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

	"github.com/google/uuid"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

const (
	suffix       = ".pdf"
	ticketSuffix = ".json"
	// temporary ends the names of files that are being written.
	temporary = ".tmp"
	// DefaultMode lets a worker of another user in the folder's group read what the API wrote.
	DefaultMode fs.FileMode = 0o640
	// bufferSize is what an upload holds in memory, whatever its size. A usual transcript fits, and takes one write.
	bufferSize = 64 << 10
	openNow    = os.O_RDONLY | syscall.O_NONBLOCK
)

// Config says where documents are kept.
type Config struct {
	// Dir is the folder. It is made when its parent is there.
	Dir string
	// Mode is the mode of the files; DefaultMode when it is 0. The process's umask does not change it.
	Mode fs.FileMode
}

// Store is a folder of documents.
type Store struct {
	dir  string
	mode fs.FileMode
	// root opens names inside the folder only: no name, and no link, leads out of it.
	root    *os.Root
	folder  *os.File
	commits commits
	buffers sync.Pool
}

// New returns the store of a folder. It writes nothing; Check tells whether it could.
func New(cfg Config) (*Store, error) {
	if cfg.Mode == 0 {
		cfg.Mode = DefaultMode
	}
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
		dir: cfg.Dir, mode: cfg.Mode.Perm(), root: root, folder: folder,
		commits: commits{root: root, folder: folder, syncAll: syncAll(folder)},
		buffers: sync.Pool{New: func() any { return new([bufferSize]byte) }},
	}, nil
}

// Close gives the folder up.
func (s *Store) Close() error { return errors.Join(s.folder.Close(), s.root.Close()) }

// valid reports whether id names files: only the canonical form of a UUID does.
func valid(id job.ID) bool {
	u, err := uuid.Parse(string(id))
	return err == nil && u.String() == string(id)
}

// names are the files of a job: its document and its ticket.
func names(id job.ID) (document, ticket string, err error) {
	if !valid(id) {
		return "", "", fault.Wrap(fault.JobNotFound, errors.New("uploads: not the id of a job"))
	}
	return string(id) + suffix, string(id) + ticketSuffix, nil
}

// Save keeps a job's ticket and at most limit bytes of r, its document; r is nil for a job that has none. Both are
// durable and whole when it returns, or neither is there. More than limit bytes is too_large, no PDF header in the
// first 1024 bytes not_a_pdf, a failing disk storage_unavailable; an error of r comes back as it is.
func (s *Store) Save(ctx context.Context, t job.Ticket, r io.Reader, limit int64) (job.Saved, error) {
	pdf, ticket, err := names(t.ID)
	if err != nil {
		return job.Saved{}, err
	}
	d := &draft{pieces: make([]piece, 0, 2)}
	var saved job.Saved
	if r != nil {
		var p piece
		if p, saved, err = s.writeDocument(ctx, t.ID, pdf, r, limit); err != nil {
			return job.Saved{}, err
		}
		d.pieces = append(d.pieces, p)
	}
	// The ticket is written when the document is whole: a slow upload has none, and a ticket without its document is
	// what a crash left. One that has a document needs no temporary name: half of it, too, is such a ticket.
	p, err := s.writeTicket(t, ticket, r != nil)
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

// removeDraft removes all of a draft, the document before its ticket. What stays, because the disk fails, is swept.
func (s *Store) removeDraft(d *draft) {
	for i := len(d.pieces) - 1; i >= 0; i-- {
		_ = s.removeFile(d.pieces[i].from)
		_ = s.removeFile(d.pieces[i].to)
	}
}

// temporaryName is a temporary name for a file of a job.
func temporaryName(id job.ID) string { return string(id) + "." + rand.Text()[:8] + temporary }

// createFile makes a file that is to get a name.
func (s *Store) createFile(from, to string) (piece, error) {
	p := piece{from: from, to: to}
	var err error
	if p.file, err = s.root.OpenFile(from, os.O_CREATE|os.O_EXCL|os.O_WRONLY, s.mode); err != nil {
		return piece{}, wrapError("create", err)
	}
	// The mode of the process's umask may be narrower.
	if err := p.file.Chmod(s.mode); err != nil {
		p.file.Close()
		_ = s.removeFile(from)
		return piece{}, wrapError("set the mode", err)
	}
	return p, nil
}

// writeTicket writes a ticket to a file, at once under its name or under a temporary one.
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

	// Look before anything touches the disk.
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

// readAtLeast reads at least least bytes into b, or all that r has. Unlike io.ReadAtLeast it tells the end of r from a
// connection that was cut, which readers report as io.ErrUnexpectedEOF.
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
		// Fill the buffer: a write of a few bytes costs as much as one of many.
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

// Open returns the document of a job; storage_unavailable when it cannot be read, also when it is not there.
func (s *Store) Open(_ context.Context, id job.ID) (io.ReadCloser, error) {
	n, _, err := names(id)
	if err != nil {
		return nil, err
	}
	f, err := s.root.Open(n)
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

// Delete removes the document of a job and then its ticket, and leaves a document that is kept; removing what is not
// there is no error.
func (s *Store) Delete(_ context.Context, id job.ID) error {
	pdf, ticket, err := names(id)
	if err != nil {
		return err
	}
	// In this order: what a failure leaves is a ticket without a document, from which nothing can be made.
	if err := s.removeFile(pdf); err != nil {
		return err
	}
	return s.removeFile(ticket)
}

// removeFile needs no sync: what comes back after a crash is of a job that has ended, and is swept.
func (s *Store) removeFile(name string) error {
	if err := s.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return wrapError("remove", err)
	}
	return nil
}

// wrapError is an error of the file system as the project's.
func wrapError(op string, err error) error {
	return fault.Wrap(fault.StorageUnavailable, fmt.Errorf("uploads: %s: %w", op, err))
}
