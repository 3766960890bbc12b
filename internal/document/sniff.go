package document

import (
	"bytes"

	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// SniffLength is how much of a file Sniff looks at. Readers of PDF accept junk before the header within this length.
const SniffLength = 1024

// Sniff reports not_a_pdf unless start, the first bytes of a file, holds the header of a PDF.
func Sniff(start []byte) error {
	if !bytes.Contains(start[:min(len(start), SniffLength)], []byte("%PDF-")) {
		return fault.New(fault.NotAPDF)
	}
	return nil
}
