package document

import (
	"slices"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/document/layout"
)

// splitDocuments splits a file that contains an offer of admission: the record, if there is one, and the letter as
// another document. Without a record the file is one letter.
func splitDocuments(sheets []layout.Sheet) (main *part, others []*part) {
	whole := &part{kind: Letter, sheets: sheets}
	kinds := make([]Kind, len(sheets))
	for i, s := range sheets {
		kinds[i] = kindOfSheet(s)
	}
	if !slices.Contains(kinds, Letter) || !slices.Contains(kinds, Transcript) {
		return whole, nil
	}
	record, letter := &part{kind: Transcript}, &part{kind: Letter}
	kind := kinds[slices.IndexFunc(kinds, func(k Kind) bool { return k != "" })]
	for i, s := range sheets {
		if kinds[i] != "" {
			kind = kinds[i]
		}
		if kind == Transcript {
			record.sheets = append(record.sheets, s)
		} else {
			letter.sheets = append(letter.sheets, s)
		}
	}
	if detectKind(record.lines()) != Transcript {
		return whole, nil
	}
	return record, []*part{letter}
}

// kindOfSheet returns the kind of document to which a page clearly belongs, "" when it is not clear.
func kindOfSheet(s layout.Sheet) Kind {
	kind := Kind("")
	for _, l := range s.Lines {
		if sectionLine.MatchString(l.Text) || strings.EqualFold(l.Text, "offer of admission") {
			return Letter
		}
		if historyLine.MatchString(l.Text) || recordLine.MatchString(l.Text) || layout.IsHeader(l) {
			kind = Transcript
		}
	}
	return kind
}

// splitRepeated splits a file that joins several documents of one kind. The part keeps the first document; the others
// are returned.
func (p *part) splitRepeated() (others []*part) {
	starts := p.listStarts()
	if len(starts) < 2 {
		return nil
	}
	parts := make([]*part, len(starts))
	last := len(p.sheets) - 1
	for k, at := range starts {
		begin, end := at, last+1
		if k == 0 {
			begin = 0
		}
		if k+1 < len(starts) {
			end = starts[k+1]
		}
		if starts[0] > 0 && starts[len(starts)-1] == last { // printed from the last page to the first
			begin, end = 0, at+1
			if k > 0 {
				begin = starts[k-1] + 1
			}
		}
		parts[k] = &part{kind: p.kind, sheets: slices.Clone(p.sheets[begin:end])}
	}
	p.sheets = parts[0].sheets
	return parts[1:]
}

// listStarts returns the pages on which a document begins: the program history of a record, the label of the plans of a
// letter.
func (p *part) listStarts() []int {
	var starts []int
	records := 0
	for i, s := range p.sheets {
		isStart := false
		for _, l := range s.Lines {
			if p.kind == Letter {
				isStart = isStart || strings.HasPrefix(onlyLetters(l.Text), letterPlans)
				continue
			}
			isStart = isStart || historyLine.MatchString(l.Text)
			if recordLine.MatchString(l.Text) {
				records++
			}
		}
		if isStart {
			starts = append(starts, i)
		}
	}
	if p.kind == Transcript && records < len(starts) {
		return nil // each page repeats the heading of one record
	}
	return starts
}
