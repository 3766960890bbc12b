package document

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/trackmydegree/trackmydegree/internal/document/layout"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/warning"
)

// Read classifies the pages and reads the facts from them. Its faults are no_text and unrecognized_document;
// too_many_pages and too_complex for pages beyond the limits; corrupt for characters that a font has lost;
// incomplete_document when a page is missing or cannot be read; and unreadable_rows when credits are printed and no
// row is found. Other missing parts of a known document are absent from the facts, with a warning where they can be
// detected. Equal pages give an equal Document, whatever the order of their words.
func Read(pages []Page) (Document, error) {
	if err := checkLimits(pages); err != nil {
		return Document{}, err
	}
	main := &part{sheets: layout.SplitSheets(pages)}
	moved := main.dropRepeated()
	all := main.lines()
	if len(all) == 0 {
		return Document{}, fault.New(fault.NoText)
	}
	kind := detectKind(all)
	if kind == "" {
		return Document{}, fault.New(fault.UnrecognizedDocument)
	}
	main.kind = kind
	var others []*part
	if kind == Letter {
		main, others = splitDocuments(main.sheets)
		kind = main.kind
	}
	others = append(main.splitRepeated(), others...)
	sorted, warnings, err := main.arrange()
	if err != nil {
		return Document{}, err
	}
	if moved || sorted || len(others) > 0 {
		all = main.lines()
	}
	var facts readFacts
	if kind == Letter {
		facts = readLetter(layout.DropFurniture(all))
	} else {
		all = layout.DropFurniture(all)
		facts = readTranscript(all)
	}
	d, unread := facts.document, facts.unread
	if err := checkCharacters(all, kind); err != nil {
		return Document{}, err
	}
	d.Warnings = append(warnings, d.Warnings...)
	for _, other := range others {
		d.Warnings = append(d.Warnings, warning.Warning{Code: warning.SecondDocument, Page: other.sheets[0].Page + 1,
			Message: "The file holds another document as well. Only one was read; upload the other one on its own."})
	}
	if kind == Transcript {
		d.checkPages(main.sheets, facts)
	}
	for i := range d.Rows {
		r := &d.Rows[i]
		sheet := main.sheets[r.Page]
		r.Page, r.X0, r.X1 = sheet.Page+1, r.X0+sheet.Left, r.X1+sheet.Left
	}
	for i := range unread {
		unread[i].page = main.sheets[unread[i].page].Page + 1
	}
	return d, d.addChecks(unread)
}

func checkLimits(pages []Page) error {
	if len(pages) > MaxPages {
		return fault.Wrap(fault.TooManyPages, fmt.Errorf("%d pages", len(pages)))
	}
	characters := 0
	for _, p := range pages {
		for _, w := range p.Words {
			characters += len(w.Text)
		}
		// A word counts at least as one character, so that the limit also bounds words without text.
		characters += len(p.Words)
	}
	// Bytes and words approximate characters: only pages beyond the limit can reach twice of it.
	if characters > 6*MaxCharacters {
		return fault.New(fault.TooComplex)
	}
	return nil
}

// checkCharacters refuses a document whose data contain characters that the font has lost. A name or an address may:
// it is not read.
func checkCharacters(all []layout.Line, kind Kind) error {
	lost := func(l layout.Line) bool { return strings.ContainsRune(l.Text, unicode.ReplacementChar) }
	if !slices.ContainsFunc(all, lost) {
		return nil
	}
	data := kind == Letter
	for _, l := range all {
		data = data || historyLine.MatchString(l.Text) || recordLine.MatchString(l.Text)
		if data && lost(l) {
			return fault.WithDetail(fault.Corrupt, "Some characters of this PDF are lost, among them grades or titles. Print the "+
				"page to PDF again from another browser.")
		}
	}
	return nil
}
