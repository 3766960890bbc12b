package document

import (
	"bytes"

	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// SniffLength is the part of a file that Sniff reads. PDF readers accept junk before the header within this length.
const SniffLength = 1024

// Sniff returns not_a_pdf unless start, the first bytes of a file, contains the header of a PDF.
func Sniff(start []byte) error {
	if !bytes.Contains(start[:min(len(start), SniffLength)], []byte("%PDF-")) {
		return fault.New(fault.NotAPDF)
	}
	return nil
}
