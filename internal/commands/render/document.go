package render

import (
	"bytes"
	"fmt"
	"io"

	"github.com/trackmydegree/trackmydegree/internal/document"
)

// WriteDocumentRows writes the position of each row of a document, the warnings, and the shares of the printed rows
// and credits that were read.
func WriteDocumentRows(w io.Writer, d document.Document) error {
	var b bytes.Buffer
	for _, r := range d.Rows {
		fmt.Fprintf(&b, "page %d  %.0f,%.0f to %.0f,%.0f  %-9s  %s\n", r.Page, r.X0, r.Y0, r.X1, r.Y1, r.Code, r.Term)
	}
	for _, warn := range d.Warnings {
		fmt.Fprintf(&b, "%s: %s\n", warn.Code, warn.Message)
	}
	reading, _ := d.Reading()
	b.WriteString(reading.Summary())
	b.WriteByte('\n')
	_, err := w.Write(b.Bytes())
	return err
}
