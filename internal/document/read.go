package document

import (
	"fmt"

	"github.com/trackmydegree/trackmydegree/internal/document/layout"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// Read finds out what the pages are and reads the facts from them. Its faults are no_text, unrecognized_document and,
// for pages beyond the limits, too_many_pages and too_complex. What is missing in a document of a known kind is absent
// from the facts and no fault. Equal pages give an equal Document, whatever the order of their words.
func Read(pages []layout.Page) (Document, error) {
	if len(pages) > MaxPages {
		return Document{}, fault.Wrap(fault.TooManyPages, fmt.Errorf("%d pages", len(pages)))
	}
	characters := 0
	for _, p := range pages {
		for _, w := range p.Words {
			characters += len(w.Text)
		}
		// A word has a character at least, so that this holds for words without text too.
		characters += len(p.Words)
	}
	// Bytes and words stand in for characters: twice the limit can only be reached by what is over it.
	if characters > 6*MaxCharacters {
		return Document{}, fault.New(fault.TooComplex)
	}
	all := layout.BuildLines(pages)
	if len(all) == 0 {
		return Document{}, fault.New(fault.NoText)
	}
	switch detectKind(all) {
	case Letter:
		return readLetter(layout.DropFurniture(all)), nil
	case Transcript:
		return readTranscript(layout.DropFurniture(all)), nil
	}
	return Document{}, fault.New(fault.UnrecognizedDocument)
}
