// Package uploads keeps uploaded documents in a folder that the API and its workers share, one file a job, until the job
// has ended.
//
// A document is there whole and on the disk, under the name of its job, or not at all: it is written to a temporary name,
// synced, and renamed. Whatever a crash leaves carries a temporary name, which Sweep removes.
package uploads

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"

	"github.com/google/uuid"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

const (
	suffix = ".pdf"
	// temporary ends the names of files that are being written.
	temporary = ".tmp"
	// DefaultMode lets a worker of another user in the folder's group read what the API wrote.
	DefaultMode fs.FileMode = 0o640
	// bufferSize is what an upload holds in memory, whatever its size. A usual transcript fits, and takes one write.
	bufferSize = 64 << 10
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

// name is the file of a job. Only the canonical form of a UUID is a name.
func name(id job.ID) (string, error) {
	if u, err := uuid.Parse(string(id)); err != nil || u.String() != string(id) {
		return "", fault.Wrap(fault.JobNotFound, errors.New("uploads: not the id of a job"))
	}
	return string(id) + suffix, nil
}

// Save stores at most limit bytes of r under the job's id, durable and whole or not at all, and says how many. More than
// limit bytes is too_large, no PDF header in the first 1024 bytes not_a_pdf, a failing disk storage_unavailable; an error
// of r comes back as it is. After an error nothing is left behind.
func (s *Store) Save(ctx context.Context, id job.ID, r io.Reader, limit int64) (int64, error) {
	final, err := name(id)
	if err != nil {
		return 0, err
	}
	d, size, err := s.draft(ctx, id, r, limit)
	if err != nil {
		return 0, err
	}
	d.to = final
	if err := s.commits.add(d); err != nil {
		// What stays is temporary, or has no record: both are swept.
		_ = s.remove(d.from)
		_ = s.remove(d.to)
		return 0, err
	}
	return size, nil
}

// draft writes r to a temporary file and says how many bytes that took.
func (s *Store) draft(ctx context.Context, id job.ID, r io.Reader, limit int64) (*draft, int64, error) {
	buffer := s.buffers.Get().(*[bufferSize]byte)
	defer s.buffers.Put(buffer)

	// Look before anything touches the disk.
	source := io.LimitReader(r, limit+1)
	n, _, err := fill(source, buffer[:], document.SniffLength)
	if err != nil {
		return nil, 0, err
	}
	if err := document.Sniff(buffer[:min(n, document.SniffLength)]); err != nil {
		return nil, 0, err
	}

	d := &draft{from: string(id) + "." + rand.Text()[:8] + temporary}
	if d.file, err = s.root.OpenFile(d.from, os.O_CREATE|os.O_EXCL|os.O_WRONLY, s.mode); err != nil {
		return nil, 0, failed("create", err)
	}
	size, err := s.write(ctx, d.file, source, buffer[:], n, limit)
	if err != nil {
		d.file.Close()
		_ = s.remove(d.from)
		return nil, 0, err
	}
	return d, size, nil
}

// fill reads at least least bytes into b, or all that r has. Unlike io.ReadAtLeast it tells the end of r from a
// connection that was cut, which readers report as io.ErrUnexpectedEOF.
func fill(r io.Reader, b []byte, least int) (n int, ended bool, err error) {
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

// write writes the first n bytes of buffer and then the rest of source to f.
func (s *Store) write(ctx context.Context, f *os.File, source io.Reader, buffer []byte, n int, limit int64) (int64, error) {
	// The mode of the process's umask may be narrower.
	if err := f.Chmod(s.mode); err != nil {
		return 0, failed("set the mode", err)
	}
	var size int64
	for {
		// Fill the buffer: a write of a few bytes costs as much as one of many.
		m, ended, err := fill(source, buffer[n:], len(buffer)-n)
		if err != nil {
			return 0, err
		}
		n += m
		size += int64(n)
		if size > limit {
			return 0, fault.New(fault.TooLarge)
		}
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if _, err := f.Write(buffer[:n]); err != nil {
			return 0, failed("write", err)
		}
		if ended {
			return size, nil
		}
		n = 0
	}
}

// Open returns the document of a job; storage_unavailable when it cannot be read, also when it is not there.
func (s *Store) Open(_ context.Context, id job.ID) (io.ReadCloser, error) {
	n, err := name(id)
	if err != nil {
		return nil, err
	}
	f, err := s.root.Open(n)
	if err != nil {
		return nil, failed("open", err)
	}
	return &file{f}, nil
}

// file is an open document whose read errors carry their code.
type file struct{ f *os.File }

func (f *file) Read(p []byte) (int, error) {
	n, err := f.f.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = failed("read", err)
	}
	return n, err
}

func (f *file) Close() error { return f.f.Close() }

// Delete removes the document of a job; removing what is not there is no error.
func (s *Store) Delete(_ context.Context, id job.ID) error {
	n, err := name(id)
	if err != nil {
		return err
	}
	return s.remove(n)
}

// remove needs no sync: a file that comes back after a crash has no record, and is swept.
func (s *Store) remove(name string) error {
	if err := s.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return failed("remove", err)
	}
	return nil
}

// failed is an error of the file system as the project's.
func failed(op string, err error) error {
	return fault.Wrap(fault.StorageUnavailable, fmt.Errorf("uploads: %s: %w", op, err))
}
