package s3store

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"

	"golang.org/x/sync/semaphore"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// reservation is the step in which an upload reserves memory. A usual transcript needs one.
const reservation = 256 << 10

// source is a document on its way into the bucket: it counts, hashes and bounds the bytes, and stores the ticket
// before it returns io.EOF.
type source struct {
	ctx    context.Context
	r      *bufio.Reader
	limit  int64
	digest hash.Hash
	watch  *stallWatch
	// whole is called once, after the last byte of the document was read.
	whole func(job.Saved) error

	memory   *semaphore.Weighted
	reserved int64

	saved job.Saved
	ended bool
	err   error // the error of Read, unwrapped
}

// newSource checks the first bytes of r.
func newSource(ctx context.Context, r io.Reader, limit int64, memory *semaphore.Weighted) (*source, error) {
	s := &source{ctx: ctx, r: bufio.NewReaderSize(r, document.SniffLength), limit: limit, digest: sha256.New(), memory: memory}
	start, err := s.r.Peek(document.SniffLength)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if err := document.Sniff(start); err != nil {
		return nil, err
	}
	return s, nil
}

// releaseMemory releases the reserved memory.
func (s *source) releaseMemory() { s.memory.Release(s.reserved) }

// Read reads the document. The wait for the client does not count against S3.
func (s *source) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	s.watch.pauseTimer()
	n, err := s.r.Read(p)
	s.watch.resumeTimer(s.saved.Size)
	s.saved.Size += int64(n)
	_, _ = s.digest.Write(p[:n]) // never fails
	switch {
	case s.saved.Size > s.limit:
		s.err = fault.New(fault.TooLarge)
	case err != nil && err != io.EOF:
		s.err = err
	case s.ctx.Err() != nil:
		s.err = s.ctx.Err()
	case !s.reserveMemory():
		s.err = fault.Wrap(fault.StorageUnavailable, errors.New("bucket: too many uploads at once"))
	case err != nil && !s.ended:
		s.ended = true
		s.digest.Sum(s.saved.SHA256[:0])
		s.err = s.whole(s.saved)
	}
	if s.err != nil {
		return 0, s.err
	}
	return n, err
}

// reserveMemory reserves memory for the bytes; false when there is none.
func (s *source) reserveMemory() bool {
	for s.reserved < s.saved.Size {
		if !s.memory.TryAcquire(reservation) {
			return false
		}
		s.reserved += reservation
	}
	return true
}
