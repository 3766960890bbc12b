package document

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/document/layout"
	"github.com/trackmydegree/trackmydegree/internal/warning"
)

// taken is a row with its term and table.
type taken struct {
	*layout.Row
	term      string
	transfers bool
}

// record is the state of reading a transcript, line by line.
type record struct {
	lines []layout.Line
	rows  []taken
	term  string // of the following tables
	// heading is the line of the term's heading.
	heading int
	table   *layout.Table
	// tablePage is the page of the table's header.
	tablePage int
	block     layout.Block // the current one
	blocks    []layout.Block

	headings []heading // candidates since the last table
	// extendedCredit reports that the lines below the headings name the program.
	extendedCredit bool
	// unclearTerm reports that a line since the last row may be the heading of another term.
	unclearTerm bool
	// begin is the first line that belongs to a term.
	begin int

	unread   []unreadRow
	warnings []warning.Warning
	termGPAs []printedGPA
}

// unreadRow is a line that begins like a course's row and could not be read. The page counts from 0.
type unreadRow struct {
	code, term string
	page       int
	transfers  bool
}

// printedGPA is the printed average of a term.
type printedGPA struct {
	term  string
	value float64
	// heading is the line of the term's heading.
	heading int
}

// heading is a line that consists of a term. A line of a wrapped note can be the same.
type heading struct {
	term string
	line int
	// followed reports that the next line is one that follows headings: the degree, or a table.
	followed bool
}

// readTables reads the lines of a record with the header rows of its tables.
func readTables(all []layout.Line, headers []layout.Header) readFacts {
	r := record{lines: all, begin: len(all)}
	r.assignRows(headers)
	layout.CompleteTitles(r.blocks)
	info, gpa, earned, lost := readProgram(all[:r.begin])
	r.checkEarned(earned)
	d := r.toDocument()
	d.ProgramInfo, d.CumulativeGPA, d.CreditsEarned = info, gpa, earned
	if d.ProgramInfo != nil {
		d.ProgramInfo.IsExtendedCreditProgram = d.ProgramInfo.IsExtendedCreditProgram || r.extendedCredit
		d.ProgramInfo.LastTerm = r.lastTerm()
	}
	d.Warnings = slices.Concat(d.checkLabels(lost), r.warnings, d.checkTermAverages(r.termGPAs))
	return readFacts{document: d, unread: r.unread}
}

// assignRows assigns lines to tables and tables to terms.
func (r *record) assignRows(headers []layout.Header) {
	sizes := medianSizes(r.lines)
	for i := 0; i < len(r.lines); i++ {
		l := r.lines[i]
		if i > 0 && isOtherScale(sizes[r.lines[i-1].Page], sizes[l.Page]) {
			// The columns of the previous table have other positions here.
			r.closeBlock(false)
			r.table = nil
		}
		if len(headers) > 0 && headers[0].First <= i {
			r.closeBlock(r.isRepeated(headers[0]))
			if !r.chooseTerm(headers[0].Columns[0].X0+2*l.Size, true, i) {
				r.noteMissingHeading(headers[0].First)
			}
			r.unclearTerm = false
			end := len(r.lines)
			if len(headers) > 1 {
				end = headers[1].First
			}
			for _, line := range r.lines[headers[0].First : headers[0].Last+1] {
				r.noteUnread(line) // a row that is printed over the header
			}
			t := layout.NewTable(headers[0], r.lines[headers[0].Last+1:end])
			r.table, r.tablePage, i = &t, l.Page, headers[0].Last
			headers = headers[1:]
			continue
		}
		if t := parseTerm(l.Text); t != "" && !r.inTitles(l) {
			r.closeBlock(false)
			r.headings = append(r.headings, heading{t, i, r.isFollowedHeading(i, headers)})
			continue
		}
		if r.table != nil {
			r.readTableLine(l, i)
		} else {
			r.noteUnread(l)
		}
	}
	r.closeBlock(false)
}

// sameScale is the greatest ratio of the sizes of two pages of one print.
const sameScale = 1.2

// medianSizes returns the size of most text of each page. Lines count by their text: a header has many short ones of
// its own size.
func medianSizes(lines []layout.Line) map[int]float64 {
	type sized struct {
		size   float64
		length int
	}
	sizes, lengths := map[int][]sized{}, map[int]int{}
	for _, l := range lines {
		sizes[l.Page] = append(sizes[l.Page], sized{l.Size, len(l.Text)})
		lengths[l.Page] += len(l.Text)
	}
	medians := make(map[int]float64, len(sizes))
	for page, all := range sizes {
		slices.SortFunc(all, func(a, b sized) int { return cmp.Compare(a.size, b.size) })
		seen := 0
		for _, s := range all {
			medians[page] = s.size
			if seen += s.length; 2*seen > lengths[page] {
				break
			}
		}
	}
	return medians
}

// isOtherScale reports whether pages with lines of these sizes are printed at different scales.
func isOtherScale(a, b float64) bool { return a > b*sameScale || b > a*sameScale }

var (
	// unreadLine matches the beginning of a row; a line with credits, or in capitals as titles are, is meant as one.
	unreadLine  = regexp.MustCompile(`^([A-Z]{2,4}) ?(\d{3,4}|\d[\dX-]{2,3})(?:[A-Z /]|$)`)
	creditsText = regexp.MustCompile(`(?:^|\s)\d{1,2}[.,]\d{2}(?:\s|$)`)
	// tornLine matches the rest of a row whose letters are on another line.
	tornLine = regexp.MustCompile(`^\d{3,4} (?:\S+ ){2,}?\d{1,2}[.,]\d{2} .*\b\d{1,2}[.,]\d{2}(?:\s|$)`)
	// sumLine matches the sums below a table, which are in its columns.
	sumLine     = regexp.MustCompile(`(?i)^(?:sub-?)?(?:totals?|sum|term|cumulative|average|credits|gpa)\b`)
	termGPALine = regexp.MustCompile(`(?i)\bterm gpa:? ?(\d[.,]\d{1,3})\b`)
)

// noteUnread records a line that looks like an unreadable row, and the average that is printed below a term.
func (r *record) noteUnread(l layout.Line) {
	if len(l.Text) == 0 || l.Text[0] > 'Z' && l.Text[0] != 't' {
		return
	}
	if m := termGPALine.FindStringSubmatch(l.Text); m != nil {
		if v := numberIn(m[1]); v != nil && r.term != "" {
			r.termGPAs = append(r.termGPAs, printedGPA{r.term, *v, r.heading})
		}
		return
	}
	if r.table != nil && r.table.Transfers && namesTransfer(l) {
		r.unread = append(r.unread, unreadRow{codeInText.FindString(l.Text), r.term, l.Page, true})
	} else if m := unreadLine.FindStringSubmatch(l.Text); m != nil && (creditsText.MatchString(l.Text) || strings.ToUpper(l.Text) == l.Text) {
		r.unread = append(r.unread, unreadRow{m[1] + " " + m[2], r.term, l.Page, r.table != nil && r.table.Transfers})
	} else if tornLine.MatchString(l.Text) {
		r.unread = append(r.unread, unreadRow{"", r.term, l.Page, false})
	}
}

// isRepeated reports whether a header row at the top of a page only repeats the columns of the table with which the
// page before ends.
func (r *record) isRepeated(h layout.Header) bool {
	page := r.lines[h.First].Page
	return r.block.IsStarted() && r.block.FirstPage() == page-1 && r.lines[h.First-1].Page == page-1
}

// inTitles reports whether a line is where the table has its titles: the end of a title can be a term.
func (r *record) inTitles(l layout.Line) bool {
	if r.table == nil {
		return false
	}
	_, ok := r.table.ReadHalfLine(l)
	return ok
}

// readTableLine reads a line below a header: a row, a half-line of a title, or anything else, which ends the block.
func (r *record) readTableLine(l layout.Line, i int) {
	found, isRow := r.table.ReadRow(l)
	half, isHalf := layout.Line{}, false
	if !isRow {
		half, isHalf = r.table.ReadHalfLine(l)
	}
	if !isRow && r.table.HoldsValues(l) && !sumLine.MatchString(l.Text) {
		r.unread = append(r.unread, unreadRow{"", r.term, l.Page, false})
	}
	if !isRow && !isHalf {
		if !r.table.IsBeside(l) {
			r.noteTitleBelow(l)
			r.unclearTerm = r.unclearTerm || datedHeading.MatchString(l.Text) && yearText.MatchString(l.Text)
			r.closeBlock(false)
			r.noteUnread(l)
		}
		return
	}
	if r.block.IsStarted() && r.block.FirstPage() != l.Page {
		r.closeBlock(true)
	}
	if isHalf {
		r.block.AddHalfLine(half)
		return
	}
	if !r.chooseTerm(l.X0+2*l.Size, false, i) && r.unclearTerm {
		r.noteUnclearTerm(&found)
	}
	r.unclearTerm = false
	r.block.AddRow(&found)
	r.rows = append(r.rows, taken{&found, r.term, r.table.Transfers})
	r.noteWideTitle(r.rows[len(r.rows)-1])
}

// closeBlock ends the block; open reports that the table continues on the next page.
func (r *record) closeBlock(open bool) {
	b := r.block
	r.block = layout.Block{OpenAbove: open}
	if b.IsStarted() {
		b.OpenBelow = open
		b.DropDistantLines()
		r.blocks = append(r.blocks, b)
	}
}

// chooseTerm sets the term from the headings since the last table: the last one that is followed by a degree or a
// table, otherwise, above a header row, the last one. Rows without their own header row need a followed heading. It
// reports whether it found one.
func (r *record) chooseTerm(leftEdge float64, header bool, at int) bool {
	r.begin = min(r.begin, at)
	best := heading{}
	for _, h := range r.headings {
		if r.lines[h.line].X0 <= leftEdge && (h.followed || header && !best.followed) {
			best = h
		}
	}
	r.unclearTerm = r.unclearTerm || len(r.headings) > 0
	r.headings = nil
	if best.term == "" {
		return false
	}
	r.term, r.heading = best.term, best.line
	r.begin = min(r.begin, best.line)
	for _, l := range r.lines[best.line:at] {
		if isExtendedCredit(l.Text) && (degreeLine.MatchString(l.Text) || extendedCreditLine.MatchString(l.Text)) {
			r.extendedCredit = true
		}
	}
	return true
}

var tableTitle = regexp.MustCompile(`(?i)^transfer credits?$`)

// isFollowedHeading checks the line after the line i, which may be on the next page.
func (r *record) isFollowedHeading(i int, headers []layout.Header) bool {
	if i+1 == len(r.lines) {
		return false
	}
	next := r.lines[i+1].Text
	return degreeLine.MatchString(next) || tableTitle.MatchString(next) || len(headers) > 0 && headers[0].First == i+1
}

// toDocument collects the facts of the rows.
func (r *record) toDocument() Document {
	d := Document{Kind: Transcript, Semesters: []Semester{}, TransferredCourses: []string{}, ExemptedCourses: []string{},
		DeficiencyCourses: []string{}}
	for i, t := range r.rows {
		if t.transfers {
			r.addTransfer(&d, t)
			continue
		}
		if t.term == "" {
			r.unread = append(r.unread, unreadRow{t.Code, "", t.Line.Page, false})
			continue
		}
		if r.printedBefore(i) {
			continue
		}
		d.Rows = append(d.Rows, t.place())
		n := slices.IndexFunc(d.Semesters, func(s Semester) bool { return strings.EqualFold(s.Term, t.term) })
		if n < 0 {
			n = len(d.Semesters)
			d.Semesters = append(d.Semesters, Semester{Term: t.term})
		}
		d.Semesters[n].Courses = append(d.Semesters[n].Courses, t.toSitting())
	}
	slices.SortStableFunc(d.Semesters, func(a, b Semester) int { return compareTerms(a.Term, b.Term) })
	d.ExemptedCourses, d.TransferredCourses = sortedSet(d.ExemptedCourses), sortedSet(d.TransferredCourses)
	return d
}

// place returns the position of the row; its page counts from 0 until the pages of the file are known.
func (t taken) place() RowPlace {
	p := RowPlace{Code: t.Code, Term: t.term, Page: t.Line.Page, X0: t.Line.X0, X1: t.Line.X1, Y0: t.Line.Baseline, Y1: t.Line.Baseline}
	words := t.Line.Words
	if len(t.Line.Printed) > 0 {
		words = t.Line.Printed
		p.X0, p.X1 = words[0].X0, words[0].X1
	}
	for _, w := range words {
		p.X0, p.X1, p.Y0, p.Y1 = min(p.X0, w.X0), max(p.X1, w.X1), min(p.Y0, w.Top), max(p.Y1, w.Bottom)
	}
	return p
}

// lastTerm returns the latest term with a table, including tables of transfers; nil when there is none.
func (r *record) lastTerm() *string {
	last := ""
	for _, t := range r.rows {
		if t.term != "" && (last == "" || compareTerms(t.term, last) > 0) {
			last = t.term
		}
	}
	if last == "" {
		return nil
	}
	return &last
}

func (t taken) toSitting() Sitting {
	return Sitting{
		Code: t.Code, Section: t.Section, Title: layout.JoinWords(t.Title),
		CreditsAttempted: t.CreditsIn(layout.Attempted), CreditsEarned: t.CreditsIn(layout.Earned),
		Grade: spellGrade(t.Cells[layout.Grade]), Notation: t.Cells[layout.Notation],
	}
}

// letterGrade matches a letter with a sign that may be separate, and may be a dash.
var letterGrade = regexp.MustCompile(`^([A-F]) ?([-+–—])$`)

func spellGrade(text string) string {
	m := letterGrade.FindStringSubmatch(text)
	switch {
	case m == nil:
		return text
	case m[2] == "+":
		return m[1] + "+"
	}
	return m[1] + "-"
}

// sortedSet returns the codes sorted, each once.
func sortedSet(codes []string) []string {
	slices.Sort(codes)
	return slices.Compact(codes)
}
