package parsepool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/trackmydegree/trackmydegree/internal/document"
)

// Reader says which reader read a document. It is a label of the metric.
type Reader string

// The readers of a document.
const (
	ReaderPlain  Reader = "plain"  // the reader of plain PDFs
	ReaderPDFium Reader = "pdfium" // PDFium
	// ReadersDiffer means that both read it, their facts differ, and those of PDFium count.
	ReadersDiffer Reader = "differ"
)

var readers = []Reader{ReaderPlain, ReaderPDFium, ReadersDiffer}

// Result is what a child read.
type Result struct {
	Document document.Document
	Reader   Reader
}

// ReadFunc reads one document. Its faults are those of the document; anything else counts as internal. The Reader
// counts with a fault as well.
type ReadFunc func(ctx context.Context, pdf []byte) (Result, error)

// Serve is the child's side: it reports that it is ready, reads documents from in until that ends, and answers each on
// out. notice is a sentence about the preparation that the pool logs once, "" for none. The caller prepares everything
// that read needs, because after the first frame the process can open no file. Serve returns nil as soon as in ends,
// even while a document is being read: the caller then ends the process. A panic of read ends it as well.
func Serve(in io.Reader, out io.Writer, notice string, read ReadFunc) error {
	// The memory of the preparation (possibly a compiler) does not count against the documents.
	debug.FreeOSMemory()
	if err := writeFrame(out, []byte(notice[:min(len(notice), maxNotice)])); err != nil {
		return fmt.Errorf("report ready: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	pdfs := make(chan []byte)
	ended := make(chan error, 1)
	go func() {
		for {
			pdf, err := readFrame(in, document.MaxBytes)
			if err != nil {
				ended <- err
				return
			}
			select {
			case pdfs <- pdf:
			case <-ctx.Done():
				return
			}
		}
	}()
	answers := make(chan []byte, 1)
	failed := make(chan error, 1)
	next := pdfs // nil while a document is being read
	for {
		select {
		case err := <-ended:
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		case err := <-failed:
			return err
		case pdf := <-next:
			next = nil
			go func() {
				result, err := read(ctx, pdf)
				b, err := encodeAnswer(result, err)
				if err != nil {
					failed <- err
					return
				}
				answers <- b
			}()
		case b := <-answers:
			next = pdfs
			if err := writeFrame(out, b); err != nil {
				return err
			}
		}
	}
}
