package document

import (
	"slices"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/document/layout"
	"github.com/trackmydegree/trackmydegree/internal/warning"
)

// readFacts is what was read of a document.
type readFacts struct {
	document Document
	unread   []unreadRow
	// continued are the pages with the end of a course that begins on another page.
	continued []int
}

// isMostlyRead reports whether more rows were read than not.
func (f readFacts) isMostlyRead() bool { return len(f.unread) <= len(f.document.Rows) }

func readTranscript(all []layout.Line) readFacts {
	begin := slices.IndexFunc(all, func(l layout.Line) bool { return recordLine.MatchString(l.Text) })
	if begin < 0 {
		return readInOrder(all)
	}
	arranged, unclear := layout.ArrangeColumns(all[begin+1:], func(text string) bool { return parseTerm(text) != "" })
	facts := readInOrder(slices.Concat(all[:begin+1], arranged))
	if unclear {
		facts.document.Warnings = append(facts.document.Warnings, warning.Warning{Code: warning.RowNotUnderstood,
			Message: "The terms are printed in columns, and one continues on another page. Check the terms of its courses."})
	}
	return facts
}

// readInOrder reads a record whose lines are in the order of reading.
func readInOrder(all []layout.Line) readFacts {
	headers := layout.FindHeaders(all)
	facts := readTables(all, headers)
	if len(headers) > 0 && facts.isMostlyRead() {
		return facts
	}
	if cards, ok := readCards(all); ok && len(cards.document.Rows) > len(facts.document.Rows) {
		return cards
	}
	lines := layout.InsertHeaders(all)
	if len(lines) == len(all) {
		return facts
	}
	inferred := readTables(lines, layout.FindHeaders(lines))
	if len(headers) > 0 && len(inferred.unread) >= len(facts.unread) {
		return facts
	}
	inferred.document.checkInferred()
	return inferred
}

// readCards reads a record whose courses are cards; ok is false when most of them cannot be read.
func readCards(all []layout.Line) (facts readFacts, ok bool) {
	lines, cards, learnt := layout.ArrangeCards(all, endsCards)
	if cards == 0 {
		return readFacts{}, false
	}
	facts = readTables(lines, layout.FindHeaders(lines))
	if learnt {
		facts.document.checkInferred()
	}
	for _, l := range lines {
		for page := l.Page + 1; page <= l.LastPage; page++ {
			facts.continued = append(facts.continued, page)
		}
	}
	return facts, facts.isMostlyRead()
}

// endsCards reports whether a line is not part of a card: a heading, a sum, a line of the program.
func endsCards(l layout.Line) bool {
	return parseTerm(l.Text) != "" || tableTitle.MatchString(l.Text) || recordLine.MatchString(l.Text) || termGPALine.MatchString(l.Text) ||
		datedHeading.MatchString(l.Text) && yearText.MatchString(l.Text) ||
		degreeLine.MatchString(l.Text) && strings.ToUpper(l.Text) != l.Text
}
