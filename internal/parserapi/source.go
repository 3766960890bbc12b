package parserapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// source is a document that can be sent more than once.
type source struct {
	size int64
	open func() io.Reader
}

// newSource makes the rest of r a source: a file is used directly, another reader is read into memory.
func newSource(r io.Reader) (source, error) {
	if f, ok := r.(interface {
		io.ReaderAt
		io.Seeker
	}); ok {
		if src, err := newSeekableSource(f); err == nil {
			return checkSize(src)
		} // a pipe looks like a file until it seeks
	}
	b, err := io.ReadAll(io.LimitReader(r, document.MaxBytes+1))
	if err != nil {
		return source{}, fault.Wrap(fault.StorageUnavailable, fmt.Errorf("read document: %w", err))
	}
	return checkSize(source{size: int64(len(b)), open: func() io.Reader { return bytes.NewReader(b) }})
}

func newSeekableSource(f interface {
	io.ReaderAt
	io.Seeker
}) (source, error) {
	at, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return source{}, err
	}
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return source{}, err
	}
	if _, err := f.Seek(at, io.SeekStart); err != nil {
		return source{}, err
	}
	return source{size: end - at, open: func() io.Reader { return io.NewSectionReader(f, at, end-at) }}, nil
}

func checkSize(src source) (source, error) {
	if src.size > document.MaxBytes {
		return source{}, fault.New(fault.TooLarge)
	}
	return src, nil
}

// observed records the error of a reader that net/http reads, to find the cause of a failed request.
type observed struct {
	io.Reader
	mu  sync.Mutex
	err error
}

func (o *observed) Read(b []byte) (int, error) {
	n, err := o.Reader.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		o.mu.Lock()
		o.err = err
		o.mu.Unlock()
	}
	return n, err
}

func (o *observed) readError() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}
