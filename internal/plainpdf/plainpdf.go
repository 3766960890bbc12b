// Package plainpdf reads the words of plain PDFs, as browsers and report programs print them: one table of objects,
// embedded fonts whose codes have one meaning each, upright text that is filled. It is a second reader, several times
// as fast as PDFium (package pdftext). Whatever a reader has to repair, guess or render is ErrNotPlain. For what it
// reads, its words are those of PDFium.
package plainpdf

import (
	"context"
	"errors"
	"fmt"

	"github.com/trackmydegree/trackmydegree/internal/document"
)

// ErrNotPlain means that PDFium has to read the document. It says nothing about the document's faults.
var ErrNotPlain = errors.New("not a plain PDF")

// notPlain is ErrNotPlain with its reason.
func notPlain(reason string) error { return fmt.Errorf("%w: %s", ErrNotPlain, reason) }

// Pages returns the words of every page, or ErrNotPlain. It checks the context between pages only.
func Pages(ctx context.Context, pdf []byte) (pages []document.Page, err error) {
	// The bytes are hostile: a fault of this package must not cost the document its other reader.
	defer func() {
		if v := recover(); v != nil {
			pages, err = nil, notPlain(fmt.Sprintf("panic: %v", v))
		}
	}()
	f, err := openFile(pdf)
	if err != nil {
		return nil, err
	}
	leaves, err := f.findPages()
	if err != nil {
		return nil, err
	}
	characters := 0
	for _, leaf := range leaves {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		page, n, err := f.readPage(leaf)
		if err != nil {
			return nil, err
		}
		if characters += n; characters > document.MaxCharacters || len(page.Words) == 0 {
			return nil, notPlain("too much text, or none")
		}
		pages = append(pages, page)
	}
	return pages, nil
}
