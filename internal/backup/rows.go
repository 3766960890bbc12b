package backup

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// maxRows bounds the decompressed size of a file, in bytes.
const maxRows = 512 << 20

// timelineRow is a saved timeline with its owner, whom its JSON leaves out.
type timelineRow struct {
	Owner    string         `json:"owner"`
	Timeline timeline.Saved `json:"timeline"`
}

// rowWriter compresses rows, each one line of JSON.
type rowWriter struct {
	buffer bytes.Buffer
	zip    *gzip.Writer
	rows   int
}

func newRowWriter() *rowWriter {
	w := &rowWriter{}
	w.zip = gzip.NewWriter(&w.buffer)
	return w
}

func (w *rowWriter) writeRow(row any) error {
	w.rows++
	return json.NewEncoder(w.zip).Encode(row)
}

// size is a lower bound of the compressed size: the last block is not yet in it.
func (w *rowWriter) size() int { return w.buffer.Len() }

// finishRows returns the compressed rows.
func (w *rowWriter) finishRows() ([]byte, error) {
	if err := w.zip.Close(); err != nil {
		return nil, err
	}
	return w.buffer.Bytes(), nil
}

// visitRows calls visit with each row of compressed ones.
func visitRows[T any](content []byte, visit func(T) error) error {
	zip, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(io.LimitReader(zip, maxRows))
	for {
		var row T
		if err := decoder.Decode(&row); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := visit(row); err != nil {
			return err
		}
	}
}

// verifyRows checks that a file holds the rows that the manifest counts.
func verifyRows(m Manifest, f File, content []byte) error {
	rows := 0
	var err error
	switch f.Kind {
	case kindEditions:
		err = visitRows(content, func(catalogue.Data) error { rows++; return nil })
	default:
		err = visitRows(content, func(timelineRow) error { rows++; return nil })
	}
	if err != nil {
		return fmt.Errorf("%s: the file %s cannot be read: %w: %w", m.Name, f.Name, err, ErrDamaged)
	}
	if rows != f.Rows {
		return fmt.Errorf("%s: the file %s has %d rows, and its manifest says %d: %w", m.Name, f.Name, rows, f.Rows, ErrDamaged)
	}
	return nil
}
