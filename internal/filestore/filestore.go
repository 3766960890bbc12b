// Package filestore stores uploaded documents until their jobs have ended, in a folder that the API and its workers
// share. The files of a job are
//
//	<id>.pdf    its document, if it has one, followed by its ticket (see appendTrailer)
//	<id>.json   a ticket in a file of its own, from which the job can be made again (see job.Ticket)
//
// and, with TMD_KEEP_FAILED_UPLOADS, <id>.failed.pdf, the document of a failed job.
//
// The ticket is in a file of its own when the job has no document, when document or ticket are too large for one file
// (see fitsTrailer), when the ticket was replaced, and when a release that knew no other form wrote it. A ticket in a
// file of its own takes precedence.
//
// A document is stored completely and durably, with its ticket, or not at all. A file with its ticket gets its final
// name when it is complete, and is synced then: whatever a crash leaves of it, only the whole file has a ticket. A
// document whose ticket is in another file gets its name after both are synced. A crash leaves temporary files,
// tickets, complete or not, without a document, and documents without a ticket.
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

	"golang.org/x/sys/unix"

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
	system  syscall.RawConn // of folder
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
	system, err := folder.SyscallConn()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the folder of uploads: %w", err), folder.Close(), root.Close())
	}
	return &Store{
		dir: cfg.Dir, root: root, folder: folder, system: system,
		commits: commits{root: root, folder: folder, syncAll: syncAll(folder)},
		buffers: sync.Pool{New: func() any { return new([bufferSize]byte) }},
	}, nil
}

// Close closes the folder.
func (s *Store) Close() error { return errors.Join(s.folder.Close(), s.root.Close()) }

// withFolder calls f with the descriptor of the folder; an error when the store is closed.
func (s *Store) withFolder(f func(folder int) error) error {
	var err error
	if cerr := s.system.Control(func(fd uintptr) { err = f(int(fd)) }); cerr != nil {
		return cerr
	}
	return err
}

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
	encoded, err := t.Encode()
	if err != nil {
		return job.Saved{}, fault.Wrap(fault.Internal, err)
	}
	d := &draft{pieces: make([]piece, 0, 2)}
	var written writtenDocument
	if r != nil {
		if written, err = s.writeDocument(ctx, t.ID, names.Document, r, limit, encoded); err != nil {
			return job.Saved{}, err
		}
		d.pieces = append(d.pieces, written.piece)
	}
	if !written.hasTicket {
		// The ticket is written after the document is complete, so a slow upload has none. A ticket without its
		// document is the mark of a crash. The ticket of a document needs no temporary name, because half of a ticket
		// has the same meaning.
		from := names.Ticket
		if r == nil {
			from = temporaryName(t.ID)
		}
		p, err := s.writeTicket(encoded, from, names.Ticket)
		if err != nil {
			_ = d.closeFiles()
			s.removeDraft(d)
			return job.Saved{}, err
		}
		d.pieces = slices.Insert(d.pieces, 0, p)
	}
	if err := s.commits.commitDraft(d); err != nil {
		s.removeDraft(d)
		return job.Saved{}, err
	}
	return written.saved, nil
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

// createFile creates a file that may be renamed later. It calls the system directly: os.Root asks for five more calls
// to prepare a file for polling, which regular files do not support. The name is one of the store's, without a slash,
// and a link of this name is not followed.
func (s *Store) createFile(from, to string) (piece, error) {
	const flags = unix.O_CREAT | unix.O_EXCL | unix.O_WRONLY | unix.O_CLOEXEC | unix.O_NOFOLLOW
	var fd int
	err := s.withFolder(func(folder int) (err error) {
		fd, err = unix.Openat(folder, from, flags, uint32(fileMode))
		for errors.Is(err, unix.EINTR) {
			fd, err = unix.Openat(folder, from, flags, uint32(fileMode))
		}
		return err
	})
	if err != nil {
		return piece{}, wrapError("create", &fs.PathError{Op: "openat", Path: from, Err: err})
	}
	p := piece{file: os.NewFile(uintptr(fd), from), from: from, to: to}
	// The umask of the process may have removed permissions.
	if err := p.file.Chmod(fileMode); err != nil {
		p.file.Close()
		_ = s.removeFile(from)
		return piece{}, wrapError("set the mode", err)
	}
	return p, nil
}

// writeTicket writes an encoded ticket to the file from, which is renamed to name later if that differs.
func (s *Store) writeTicket(encoded []byte, from, name string) (piece, error) {
	p, err := s.createFile(from, name)
	if err != nil {
		return piece{}, err
	}
	if _, err := p.file.Write(encoded); err != nil {
		p.file.Close()
		_ = s.removeFile(p.from)
		return piece{}, wrapError("write a ticket", err)
	}
	return p, nil
}

// writtenDocument is a document in a file that is not durable yet. With its ticket it has its final name.
type writtenDocument struct {
	piece     piece
	saved     job.Saved
	hasTicket bool
}

// writeDocument writes r to a temporary file, with the encoded ticket if it fits. A file with its ticket is renamed at
// once.
func (s *Store) writeDocument(ctx context.Context, id job.ID, name string, r io.Reader, limit int64, ticket []byte) (writtenDocument, error) {
	buffer := s.buffers.Get().(*[bufferSize]byte)
	defer s.buffers.Put(buffer)

	// It checks the first bytes before it writes to the disk.
	source := io.LimitReader(r, limit+1)
	n, _, err := readAtLeast(source, buffer[:], document.SniffLength)
	if err != nil {
		return writtenDocument{}, err
	}
	if err := document.Sniff(buffer[:min(n, document.SniffLength)]); err != nil {
		return writtenDocument{}, err
	}

	var d writtenDocument
	if d.piece, err = s.createFile(temporaryName(id), name); err != nil {
		return writtenDocument{}, err
	}
	d.saved, d.hasTicket, err = copyDocument(ctx, d.piece.file, source, buffer[:], n, limit, ticket)
	if err == nil && d.hasTicket {
		// A crash that stores the name without all of the file leaves a file without a trailer, or one that differs
		// from it. One sync makes both durable.
		if err = s.root.Rename(d.piece.from, name); err != nil {
			err = wrapError("rename", err)
		}
	}
	if err != nil {
		d.piece.file.Close()
		_ = s.removeFile(d.piece.from)
		return writtenDocument{}, err
	}
	if d.hasTicket {
		d.piece.from = name
	}
	return d, nil
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

// copyDocument writes the first n bytes of buffer and then the rest of source to f, and behind them the ticket if it
// fits.
func copyDocument(
	ctx context.Context, f *os.File, source io.Reader, buffer []byte, n int, limit int64, ticket []byte,
) (saved job.Saved, hasTicket bool, err error) {
	digest := sha256.New()
	for {
		// It fills the buffer first: a write of a few bytes costs as much as one of many.
		m, ended, err := readAtLeast(source, buffer[n:], len(buffer)-n)
		if err != nil {
			return job.Saved{}, false, err
		}
		n += m
		saved.Size += int64(n)
		if saved.Size > limit {
			return job.Saved{}, false, fault.New(fault.TooLarge)
		}
		if err := ctx.Err(); err != nil {
			return job.Saved{}, false, err
		}
		_, _ = digest.Write(buffer[:n]) // never fails
		piece := buffer[:n]
		if ended {
			digest.Sum(saved.SHA256[:0])
			if hasTicket = fitsTrailer(len(ticket), saved.Size, limit); hasTicket {
				piece = appendTrailer(piece, ticket, saved)
			}
		}
		if _, err := f.Write(piece); err != nil {
			return job.Saved{}, false, wrapError("write", err)
		}
		if ended {
			return saved, hasTicket, nil
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
	t, size, err := readTrailer(id, f)
	switch {
	case err == nil:
		size = t.saved.Size
	case !errors.Is(err, errTorn): // otherwise the whole file is the document
		f.Close()
		return nil, err
	}
	return &file{f, io.NewSectionReader(f, 0, size)}, nil
}

// file is an open document whose read errors carry their code.
type file struct {
	f        *os.File
	document *io.SectionReader
}

func (f *file) Read(p []byte) (int, error) {
	n, err := f.document.Read(p)
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
