package layout

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Sheet is one page of a document as it was written: a page of the file, or a part of one with several.
type Sheet struct {
	// Page is the page of the file, from 0.
	Page  int
	Lines []Line
	// Number and Total are printed at an end of the page, as in 2/3; 0 when they are not.
	Number, Total int
	// Left is where the page begins on the page of the file, in points; its lines begin at 0.
	Left float64
	// Drawn reports that the page has no words but is not blank.
	Drawn bool
}

// pageNumber is the number of a page at an end of a line.
var pageNumber = regexp.MustCompile(`(?i)(?:^|\s)(?:page )?(\d{1,3}) ?(?:/|of|de|sur) ?(\d{1,3})(?:$|\s)`)

// gutterSizes is the smallest gap, in sizes, between two pages on one sheet.
const gutterSizes = 1.0

// SplitSheets returns the pages as they were written: it cuts sheets with two or four pages apart.
func SplitSheets(pages []Page) []Sheet {
	var sheets []Sheet
	for i, p := range pages {
		if p.Drawn {
			sheets = append(sheets, Sheet{Page: i, Drawn: true})
			continue
		}
		for _, s := range splitPage(i, p) {
			if len(s.Lines) > 0 {
				s.readNumber()
				sheets = append(sheets, s)
			}
		}
	}
	return sheets
}

// readNumber finds the number of the page at one of its ends.
func (s *Sheet) readNumber() {
	n := len(s.Lines)
	for _, i := range []int{n - 1, 0, n - 2, 1} {
		if i < 0 || i >= n {
			continue
		}
		l := s.Lines[i]
		m := pageNumber.FindStringSubmatchIndex(l.Text)
		if m == nil || m[0] > 0 && m[1] < len(l.Text) || !isFurniture(l.Text) {
			continue
		}
		number, _ := strconv.Atoi(l.Text[m[2]:m[3]])
		total, _ := strconv.Atoi(l.Text[m[4]:m[5]])
		if number >= 1 && number <= total {
			s.Number, s.Total = number, total
			return
		}
	}
}

// splitPage returns the pages that are printed on a page of the file. It cuts at the gaps between them: first
// vertically, then horizontally.
func splitPage(page int, p Page) []Sheet {
	left, right, at, ok := splitBeside(p)
	if !ok {
		return splitBelow(page, p, 0)
	}
	// Pages are arranged at equal distances: the second begins in the middle of the sheet, if no word is there.
	if middle := p.Width / 2; liesBetween(left, middle, right) {
		at = middle
	}
	moved := moveLeft(right, at)
	lefts, rights := splitBelow(page, left, 0), splitBelow(page, moved, at)
	if len(lefts) == 1 && len(rights) == 1 {
		if a, b, ok := splitAcross(p, left, moved); ok {
			lefts = []Sheet{newSheet(page, a[0], 0), newSheet(page, a[1], 0)}
			rights = []Sheet{newSheet(page, b[0], at), newSheet(page, b[1], at)}
		}
	}
	var sheets []Sheet
	for i := range max(len(lefts), len(rights)) {
		if i < len(lefts) {
			sheets = append(sheets, lefts[i])
		}
		if i < len(rights) {
			sheets = append(sheets, rights[i])
		}
	}
	return sheets
}

// liesBetween reports whether x is right of all words of a page and left of all of another.
func liesBetween(left Page, x float64, right Page) bool {
	return !slices.ContainsFunc(left.Words, func(w Word) bool { return w.X1 > x }) &&
		!slices.ContainsFunc(right.Words, func(w Word) bool { return w.X0 < x })
}

func newSheet(page int, p Page, left float64) Sheet {
	return Sheet{Page: page, Lines: buildPageLines(page, p), Left: left}
}

// moveLeft moves the words of a page so that they begin at its left edge.
func moveLeft(p Page, by float64) Page {
	return Page{Width: p.Width - by, Height: p.Height, Words: moveWords(p.Words, by)}
}

// moveWords returns words that are further to the left.
func moveWords(words []Word, by float64) []Word {
	moved := slices.Clone(words)
	for i := range moved {
		w := &moved[i]
		w.X0, w.X1, w.Edges = w.X0-by, w.X1-by, slices.Clone(w.Edges)
		for k := range w.Edges {
			w.Edges[k] -= float32(by)
		}
	}
	return moved
}

// splitBeside cuts a page in the middle when no word is there and both halves look like separate pages.
func splitBeside(p Page) (left, right Page, at float64, ok bool) {
	if len(p.Words) == 0 {
		return p, p, 0, false
	}
	at, width := widestGap(p.Words, 0.38*p.Width, 0.62*p.Width, func(w Word) (float64, float64) { return w.X0, w.X1 })
	if width <= 0 || width < gutterSizes*p.Words[0].Size || !mayHoldPages(p.Words, at) {
		return p, p, 0, false
	}
	left, right = divide(p, func(w Word) bool { return w.X0 < at })
	a, b := findPageSigns(left), findPageSigns(right)
	return left, right, at, a.number && b.number || a.record && b.record || a.letter && b.letter
}

// mayHoldPages reports whether a gap can separate two pages: a row, a header or a label may begin right of it, or
// both sides have page numbers.
func mayHoldPages(words []Word, at float64) bool {
	begins, numbers := false, [2]bool{}
	for i := range words {
		w := &words[i]
		side := 0
		if w.X0 >= at {
			side = 1
			begins = begins || mayBeginPage(*w, at)
		}
		if strings.HasSuffix(w.Text, "of") || strings.Contains(w.Text, "/") {
			numbers[side] = numbers[side] || w.Text == "of" || numberWord.MatchString(w.Text)
		}
	}
	return begins || numbers[0] && numbers[1]
}

// mayBeginPage reports whether a word right of a gap can be one that rows, headers and page numbers have at a left
// edge.
func mayBeginPage(w Word, gap float64) bool {
	near := w.X0-gap < 12*w.Size
	return near && letterCell.MatchString(w.Text) && !slices.Contains(gradeWords, w.Text) || strings.HasPrefix(w.Text, Course) ||
		near && slices.Contains(sheetWords, w.Text)
}

// numberWord is a page's number in one word.
var numberWord = regexp.MustCompile(`^\d{1,3}/\d{1,3}$`)

// sheetWords begin what sheetStart matches.
var sheetWords = []string{"PROGRAM", "EXEMPTIONS", "ADDITIONAL", "OFFER", "Program/Plan(s):", "Exemptions:", "Deficiencies:",
	"Beginning", "Undergraduate"}

// splitAcross cuts two halves next to each other at the gap in the middle of their height.
func splitAcross(p, left, right Page) (lefts, rights []Page, ok bool) {
	at, height := widestGap(p.Words, 0.4*p.Height, 0.6*p.Height, func(w Word) (float64, float64) { return w.Top, w.Bottom })
	if len(p.Words) == 0 || height < 3*p.Words[0].Size {
		return nil, nil, false
	}
	above := func(w Word) bool { return w.Baseline < at }
	a, b := divide(left, above)
	c, d := divide(right, above)
	if signs := findPageSigns(b); !signs.record && !signs.letter || len(a.Words) == 0 || len(c.Words) == 0 {
		return nil, nil, false
	}
	return []Page{a, b}, []Page{c, d}, true
}

// splitBelow splits a page or a half after each line that ends a page.
func splitBelow(page int, p Page, left float64) []Sheet {
	lines := buildPageLines(page, p)
	var sheets []Sheet
	start := 0
	for i := 2; i+2 < len(lines); i++ {
		if !isPageEnd(lines[i].Text) {
			continue
		}
		// A line that ends a page is followed by one that begins the next: by its header, or after a gap.
		next := lines[i+1]
		if isFurniture(next.Text) || next.Baseline-lines[i].Baseline > 2.5*lines[i].Size {
			sheets = append(sheets, Sheet{Page: page, Lines: lines[start : i+1], Left: left})
			start = i + 1
		}
	}
	return append(sheets, Sheet{Page: page, Lines: lines[start:], Left: left})
}

// pageEnd matches the last line of a printed page.
var pageEnd = regexp.MustCompile(`(?:^|\s)\d{1,3} ?(?:/|of) ?\d{1,3}(?:$|\s)`)

func divide(p Page, first func(Word) bool) (a, b Page) {
	a, b = Page{Width: p.Width, Height: p.Height}, Page{Width: p.Width, Height: p.Height}
	for _, w := range p.Words {
		if first(w) {
			a.Words = append(a.Words, w)
		} else {
			b.Words = append(b.Words, w)
		}
	}
	return a, b
}

// widestGap returns the middle and the width of the widest gap between words, limited to from and to.
func widestGap(words []Word, from, to float64, extent func(Word) (float64, float64)) (at, width float64) {
	type span struct{ from, to float64 }
	spans := make([]span, 0, len(words))
	for _, w := range words {
		a, b := extent(w)
		if b > from && a < to {
			spans = append(spans, span{a, b})
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	end := from
	for _, s := range append(spans, span{to, to}) {
		if gap := min(s.from, to) - end; gap > width {
			at, width = end+gap/2, gap
		}
		end = max(end, s.to)
	}
	return at, width
}

var (
	// rowStart matches the beginning of a course's row; recordStart and letterStart match other text at the left edge
	// of a page of a record or a letter.
	rowStart    = regexp.MustCompile(`^[A-Z]{2,4} \d{3,4}\b`)
	recordStart = regexp.MustCompile(`^(?:Beginning of \w+ Record|Undergraduate Academic)`)
	letterStart = regexp.MustCompile(`^(?:PROGRAM INFORMATION|EXEMPTIONS ?/|ADDITIONAL INFORMATION|OFFER OF ADMISSION|Program/Plan\(s\):|Exemptions:|Deficiencies:)`)
)

// pageSigns distinguish a page from the columns of one: rows or headings that begin at its left edge, and the number
// of the page.
type pageSigns struct{ record, letter, number bool }

func findPageSigns(p Page) pageSigns {
	var signs pageSigns
	for _, l := range buildPageLines(0, p) {
		text := l.Text
		if isPageEnd(text) {
			signs.number = true
			continue
		}
		signs.letter = signs.letter || letterStart.MatchString(text)
		signs.record = signs.record || isRowStart(l) || recordStart.MatchString(text) ||
			strings.HasPrefix(text, Course) && strings.Contains(text, Description)
	}
	return signs
}

// isRowStart reports whether a line is a row with credits. A grade before a year or a number of students looks like a
// code.
func isRowStart(l Line) bool {
	word, _, _ := strings.Cut(l.Text, " ")
	return rowStart.MatchString(l.Text) && !slices.Contains(gradeWords, word) &&
		slices.ContainsFunc(l.Words, func(w Word) bool { return decimalPattern.MatchString(w.Text) })
}

var gradeWords = []string{"TRC", "EX", "PASS", "DISC", "PEND", "INC", "DEF", "MED", "FNS", "DNE", "NR", "NC", "AU", "NA",
	"RPT", "WKRT", "GPA", "AVG", "SIZE"}

// isPageEnd reports whether a line is browser text with the number of a page.
func isPageEnd(text string) bool {
	return (strings.Contains(text, "/") || strings.Contains(text, " of ")) && pageEnd.MatchString(text) && isFurniture(text)
}

// IsHeader reports whether a line names the columns of a table.
func IsHeader(l Line) bool {
	text := capitalLetters(l)
	return strings.Contains(text, Description) && strings.Contains(text, Course) && strings.Contains(text, Grade)
}
