// Package resultcodec converts results to the form in which they are stored and served, JSON compressed with gzip, and
// back. All use cases share it, so the same timeline is stored as the same bytes.
package resultcodec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timeline/wire"
)

// MaxJSON is the largest JSON, in bytes, that DecodeResult decompresses. The largest degree of the catalogue takes
// about 1 MB; larger input did not come from EncodeResult.
const MaxJSON = 16 << 20

// ErrTooLarge says that the compressed bytes hold more than MaxJSON.
var ErrTooLarge = errors.New("resultcodec: result larger than 16 MiB")

// A compressor holds about 200 kB of tables, more than the result that it packs, so compressors are pooled.
var compressors = sync.Pool{New: func() any {
	// Level 1: twice as fast as the default for about a tenth more bytes; the level is valid, so there is no error.
	w, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
	return w
}}

// keptBuffer bounds the buffers that are kept, in bytes: the JSON of a software engineering result takes 360 kB.
const keptBuffer = 2 << 20

// buffers hold the JSON of a result until it is compressed. A buffer for each result would be most of what a worker
// allocates.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// EncodeReading packs what was read of a document; nil where its reader does not report it.
func EncodeReading(doc document.Document) ([]byte, error) {
	reading, ok := doc.Reading()
	if !ok {
		return nil, nil
	}
	plain, err := json.Marshal(reading)
	if err != nil {
		return nil, fmt.Errorf("resultcodec: encode the reading: %w", err)
	}
	return compress(plain)
}

// EncodeResult packs a result and its slim view. Equal results give equal bytes: the gzip header has no time.
func EncodeResult(r *timeline.Result) (job.Stored, error) {
	full, err := compressResult(r)
	if err != nil {
		return job.Stored{}, err
	}
	slim, err := compressResult(r.SlimView())
	if err != nil {
		return job.Stored{}, err
	}
	return job.Stored{Full: full, Slim: slim}, nil
}

func compressResult(r *timeline.Result) ([]byte, error) {
	buffer := buffers.Get().(*[]byte)
	plain, err := wire.AppendResult((*buffer)[:0], r)
	if err != nil {
		return nil, fmt.Errorf("resultcodec: encode the result: %w", err)
	}
	packed, err := compress(plain)
	if cap(plain) <= keptBuffer {
		*buffer = plain
		buffers.Put(buffer)
	}
	return packed, err
}

// compress returns the gzip of JSON.
func compress(plain []byte) ([]byte, error) {
	var out bytes.Buffer
	out.Grow(len(plain) / 4)
	w := compressors.Get().(*gzip.Writer)
	defer compressors.Put(w)
	w.Reset(&out)
	if _, err := w.Write(plain); err != nil {
		return nil, fmt.Errorf("resultcodec: compress: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("resultcodec: compress: %w", err)
	}
	return out.Bytes(), nil
}

// DecodeResult unpacks what EncodeResult packed, at most MaxJSON of it.
func DecodeResult(packed []byte) (*timeline.Result, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("resultcodec: open the result: %w", err)
	}
	plain, err := io.ReadAll(io.LimitReader(z, MaxJSON+1))
	if err != nil {
		return nil, fmt.Errorf("resultcodec: unpack the result: %w", err)
	}
	if len(plain) > MaxJSON {
		return nil, ErrTooLarge
	}
	r, err := wire.DecodeResult(plain)
	if err != nil {
		return nil, fmt.Errorf("resultcodec: decode the result: %w", err)
	}
	return r, nil
}
