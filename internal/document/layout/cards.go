package layout

import (
	"cmp"
	"math"
	"regexp"
	"slices"
	"strings"
)

// A card is a course of a record that is not printed as one row: its cells are lines of their own, with or without
// labels, as a phone prints them, or a page without its style sheet. Cards may be next to each other, and a page may
// end inside a card.

var (
	letterCell   = regexp.MustCompile(`^[A-Z]{2,4}$`)
	courseNumber = regexp.MustCompile(`^\d{3,4}$`)
	digitCell    = regexp.MustCompile(`^\d[\dX-]{2,3}$`)
	// courseCell matches a code with a number and perhaps a section.
	courseCell = regexp.MustCompile(`^([A-Z]{2,4}) ?[-–]? ?(\d{3,4}|\d[\dX-]{2,3})(?:(?: ?[/–-] ?| )([A-Z0-9][A-Z0-9-]{0,4}))?$`)
	// titledCell matches a code that a title follows.
	titledCell = regexp.MustCompile(`^([A-Z]{2,4}) ?[-–]? ?(\d{3,4})(?:(?: ?/ ?| )([A-Z0-9]{1,4}))?(?: ?[:–—] ?| - )(\S.*)$`)
	knownGrade = regexp.MustCompile(`^(?:[A-D] ?[-+–—]?|F|PASS|DISC|EX|TRC|FNS|INC|DEF|MED|R|NR|PEND|DNE|NC|AU)$`)
)

// card is the fields of a course, and the lines from which they were read.
type card struct {
	fields map[string]string
	lines  []Line
	// heading is the part of the title above its label.
	heading string
}

func (c *card) addLine(l Line) {
	if n := len(c.lines); n > 0 && c.lines[n-1].Page == l.Page && c.lines[n-1].Baseline == l.Baseline && c.lines[n-1].X0 == l.X0 {
		return
	}
	c.lines = append(c.lines, l)
}

// Boundary reports whether a line ends the cards above it: a heading, a sum.
type Boundary func(Line) bool

// ArrangeCards arranges each card as a row of a table with a header row, so that it looks like any other table; other
// lines are returned unchanged. It returns the lines and the number of cards. Learnt reports that the fields of some
// cards were found by their contents.
func ArrangeCards(all []Line, isBoundary Boundary) (lines []Line, cards int, learnt bool) {
	all = dropRunningHeads(all)
	first := firstCard(all, isBoundary)
	if first < 0 {
		return all, 0, false
	}
	r := newCardReader(all[first:], isBoundary)
	lines = slices.Clone(all[:first])
	kind, open := "", false // of the header row that was set last
	term := ""
	for _, part := range r.readAll(all[first:]) {
		if part.card == nil {
			open = open && !isBoundary(part.line)
			lines = append(lines, part.line)
			continue
		}
		cards++
		columns := part.card.columns()
		at := part.card.lines[0]
		at.X0 = all[first].X0 // cards next to each other become rows below each other
		if t := part.card.fields[fieldTerm]; t != "" && t != term {
			lines = append(lines, newTextLine(at, t))
			term, open = t, false
		}
		if !open || kind != columns[2] {
			lines = append(lines, setHeaderLine(at, columns))
			kind, open = columns[2], true
		}
		lines = append(lines, part.card.toRow(at, columns))
	}
	return lines, cards, r.learnt
}

// firstCard returns the line at which the first card or its header begins, -1 when there is none.
func firstCard(all []Line, isBoundary Boundary) int {
	for i := range all {
		if !startsCard(all, i) {
			continue
		}
		// The fields above the code belong to the card, the term of the cards among them.
		at := i
		for k := i - 1; k >= 0 && i-k <= maxAbove && !isBoundary(all[k]); k-- {
			if isLabelled(all[k]) {
				at = k
			}
		}
		return at
	}
	return -1
}

// maxAbove is the largest number of lines of a card above its code.
const maxAbove = 8

// isLabelled reports whether a line begins with a label of a record.
func isLabelled(l Line) bool {
	parts := splitLabels(l)
	return len(parts) > 0 && parts[0].field != "" && parts[0].field != fieldUnknown
}

// startsCard reports whether a line begins a card: a code without anything else of a row, or the label of it.
func startsCard(all []Line, i int) bool {
	cells := splitCells(all[i])
	if !slices.ContainsFunc(cells, func(c Line) bool { return beginsCard(c, nextLine(all, i)) }) {
		return false
	}
	if isCourseLabel(all[i]) || len(cells) == 1 {
		return true
	}
	return !hasDecimals(all[i]) && len(cells) <= 4
}

func nextLine(all []Line, i int) *Line {
	if i+1 < len(all) {
		return &all[i+1]
	}
	return nil
}

// beginsCard reports whether a cell of a line begins a card.
func beginsCard(l Line, next *Line) bool {
	if parts := splitLabels(l); len(parts) > 0 && parts[0].field == Course {
		if len(parts[0].words) > 0 {
			text := JoinWords(parts[0].words)
			return courseCell.MatchString(text) || titledCell.MatchString(text) || letterCell.MatchString(text) || wordCode.MatchString(text)
		}
		return next != nil
	}
	if courseCell.MatchString(l.Text) || titledCell.MatchString(l.Text) && !hasDecimals(l) {
		return true
	}
	return letterCell.MatchString(l.Text) && next != nil && slices.ContainsFunc(splitCells(*next), func(c Line) bool {
		return math.Abs(c.X0-l.X0) <= l.Size && digitCell.MatchString(c.Text)
	})
}

func hasDecimals(l Line) bool {
	return slices.ContainsFunc(l.Words, func(w Word) bool { return decimalPattern.MatchString(w.Text) })
}

// cellGap is the smallest gap, in sizes, between cards next to each other.
const cellGap = 1.2

// splitCells cuts a line at its wide gaps.
func splitCells(l Line) []Line {
	var cells []Line
	from := 0
	for i := 1; i <= len(l.Words); i++ {
		if i == len(l.Words) || l.Words[i].X0-l.Words[i-1].X1 >= cellGap*l.Size {
			if from == 0 && i == len(l.Words) {
				return []Line{l}
			}
			cells = append(cells, NewLine(l.Page, slices.Clone(l.Words[from:i])))
			from = i
		}
	}
	return cells
}

// recordTitle matches the title of a record.
var recordTitle = regexp.MustCompile(`(?i)\bstudent record\b`)

// dropRunningHeads drops a line at the top of each page, or of each but the first, except where it is first.
func dropRunningHeads(all []Line) []Line {
	if len(all) == 0 {
		return all
	}
	type place struct{ page, line int }
	tops := map[string][]place{}
	top := 0
	for i, l := range all {
		if i > 0 && all[i-1].Page != l.Page {
			top = i
		}
		if i-top < 2 {
			tops[l.Text] = append(tops[l.Text], place{l.Page, i})
		}
	}
	drop := map[int]bool{}
	pages := all[len(all)-1].Page
	for text, places := range tops {
		if len(places) < max(2, pages) || letterCell.MatchString(text) || courseCell.MatchString(text) || decimalPattern.MatchString(text) || knownGrade.MatchString(text) {
			continue
		}
		if isLabelled(all[places[0].line]) || places[0].page == places[len(places)-1].page {
			continue
		}
		for _, p := range places[1:] {
			drop[p.line] = true
		}
	}
	for i, l := range all {
		if l.Page > 0 && all[i-1].Page != l.Page && recordTitle.MatchString(l.Text) {
			drop[i] = true
		}
	}
	if len(drop) == 0 {
		return all
	}
	var kept []Line
	for i, l := range all {
		if !drop[i] {
			kept = append(kept, l)
		}
	}
	return kept
}

var (
	courseColumns   = []string{Course, Description, Attempted, Grade, Notation, columnGPA, columnAverage, columnSize, Earned, columnOther}
	transferColumns = []string{Course, Description, Grade, columnAttended, Earned, columnOther}
)

// columns returns the columns of the table to which the card belongs.
func (c *card) columns() []string {
	_, attended := c.fields[columnAttended]
	_, attempted := c.fields[Attempted]
	if attended || !attempted && transferPattern.MatchString(c.fields[Grade]) {
		return transferColumns
	}
	if c.fields[Earned] == "" {
		return slices.DeleteFunc(slices.Clone(courseColumns), func(name string) bool { return name == Earned && !attempted })
	}
	return courseColumns
}

// cellWidth is the width, in points, of the columns in which cells are arranged.
const cellWidth = 1000.0

// toRow arranges the fields side by side, from the left edge of a line on.
func (c *card) toRow(at Line, columns []string) Line {
	m := courseCell.FindStringSubmatch(c.fields[Course])
	var words []Word
	if m == nil {
		words = setWords(at, 0, c.fields[Course])
	} else {
		number := m[2]
		if !slices.Contains(columns, Attempted) && courseNumber.MatchString(m[3]) { // PHYS 204/205
			number += "/" + m[3]
		}
		words = append(words, newCellWord(at, m[1], 0), newCellWord(at, number, 0.15*cellWidth))
		if section := cmp.Or(c.fields[fieldSection], m[3]); section != "" && slices.Contains(columns, Attempted) {
			words = append(words, newCellWord(at, section, 0.3*cellWidth))
		}
	}
	for i, name := range columns[1:] {
		words = append(words, setWords(at, float64(i+1)*cellWidth, c.fields[name])...)
	}
	row := NewLine(at.Page, words)
	row.Size = at.Size
	row.LastPage = c.lines[len(c.lines)-1].Page
	for _, l := range c.lines {
		if l.Page == at.Page {
			row.Printed = append(row.Printed, l.printedWords()...)
			row.Baseline = max(row.Baseline, l.Baseline)
		}
	}
	return row
}

// codeInText finds the code of a course in text.
var codeInText = regexp.MustCompile(`\b[A-Z]{2,4} ?\d{3,4}\b`)

// unreadParts returns the lines of a card that is not understood; one that contains a code begins with it, so that it
// counts as a row.
func (c *card) unreadParts() []cardPart {
	var parts []cardPart
	for _, l := range c.lines {
		if code := codeInText.FindString(l.Text); code != "" {
			l = newTextLine(l, code)
		}
		parts = append(parts, cardPart{line: l})
	}
	return parts
}

func setHeaderLine(at Line, columns []string) Line {
	words := make([]Word, len(columns))
	for i, name := range columns {
		words[i] = newCellWord(at, name, float64(i)*cellWidth)
	}
	return NewLine(at.Page, words)
}

func newTextLine(at Line, text string) Line { return NewLine(at.Page, setWords(at, 0, text)) }

// setWords returns the words of text from x on.
func setWords(at Line, x float64, text string) []Word {
	var words []Word
	for _, t := range strings.Fields(text) {
		w := newCellWord(at, t, x)
		words = append(words, w)
		x += w.X1 - w.X0 + 0.3*at.Size
	}
	return words
}

// newCellWord is a word of an arranged line.
func newCellWord(l Line, text string, x float64) Word {
	x += l.X0
	return Word{Text: text, X0: x, X1: x + 0.5*l.Size*float64(len(text)), Top: l.Baseline - l.Size, Bottom: l.Baseline,
		Baseline: l.Baseline, Size: l.Size}
}
