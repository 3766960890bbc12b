package document

import (
	"regexp"
	"slices"
	"strings"
)

// taken is a row with what it is under.
type taken struct {
	*row
	term      string
	transfers bool
}

// record is a transcript as it is walked through, line by line.
type record struct {
	lines  []line
	rows   []taken
	term   string // of the tables to come
	table  *table
	block  block // the one that is being filled
	blocks []block

	headings []heading // candidates since the last table
	// extendedCredit is what the lines below the headings say.
	extendedCredit bool
	// begin is the first line that belongs to a term.
	begin int
}

// heading is a line that is nothing but a term. Notes wrap, so a note can have such a line too.
type heading struct {
	term string
	line int
	// followed says that the next line is one that follows headings: the degree, or a table.
	followed bool
}

func readTranscript(all []line) Document {
	r := record{lines: all, begin: len(all)}
	r.walk(findHeaders(all))
	completeTitles(r.blocks)
	d := r.document()
	d.ProgramInfo, d.CumulativeGPA = readProgram(all[:r.begin])
	if d.ProgramInfo != nil {
		d.ProgramInfo.IsExtendedCreditProgram = d.ProgramInfo.IsExtendedCreditProgram || r.extendedCredit
		d.ProgramInfo.LastTerm = r.lastTerm()
	}
	return d
}

// walk assigns lines to tables and tables to terms.
func (r *record) walk(headers []header) {
	for i := 0; i < len(r.lines); i++ {
		l := r.lines[i]
		if len(headers) > 0 && headers[0].first <= i {
			r.closeBlock(r.repeats(headers[0]))
			r.take(headers[0].columns[0].x0+2*l.size, true, i)
			end := len(r.lines)
			if len(headers) > 1 {
				end = headers[1].first
			}
			t := newTable(headers[0], r.lines[headers[0].last+1:end])
			r.table, i = &t, headers[0].last
			headers = headers[1:]
			continue
		}
		if t := term(l.text); t != "" && !r.inTitles(l) {
			r.closeBlock(false)
			r.headings = append(r.headings, heading{t, i, r.followed(i, headers)})
			continue
		}
		if r.table != nil {
			r.tableLine(l, i)
		}
	}
	r.closeBlock(false)
}

// repeats reports whether a header row only says again, at the top of a page, what the columns of the table are that the
// page before ends with.
func (r *record) repeats(h header) bool {
	page := r.lines[h.first].page
	return r.block.started() && r.block.page() == page-1 && r.lines[h.first-1].page == page-1
}

// inTitles reports whether a line stands where the table has its titles: the end of one can be a term.
func (r *record) inTitles(l line) bool {
	if r.table == nil {
		return false
	}
	_, ok := r.table.half(l)
	return ok
}

// tableLine takes a line below a header: a row, a half-line of a title, or anything else, which ends the block.
func (r *record) tableLine(l line, i int) {
	found, isRow := r.table.row(l)
	half, isHalf := line{}, false
	if !isRow {
		half, isHalf = r.table.half(l)
	}
	if !isRow && !isHalf {
		r.closeBlock(false)
		return
	}
	if r.block.started() && r.block.page() != l.page {
		r.closeBlock(true)
	}
	if isHalf {
		r.block.addHalf(half)
		return
	}
	r.take(l.x0+2*l.size, false, i)
	r.block.addRow(&found)
	r.rows = append(r.rows, taken{&found, r.term, r.table.transfers})
}

// closeBlock ends the block; open says that the table goes on on the next page.
func (r *record) closeBlock(open bool) {
	b := r.block
	r.block = block{openAbove: open}
	if b.started() {
		b.openBelow = open
		b.tidy()
		r.blocks = append(r.blocks, b)
	}
}

// take sets the term from the headings since the last table: the last one that is followed by what follows headings,
// else, above a header row, the last one. Rows without a header row of their own need one that is followed.
func (r *record) take(leftEdge float64, header bool, at int) {
	r.begin = min(r.begin, at)
	best := heading{}
	for _, h := range r.headings {
		if r.lines[h.line].x0 <= leftEdge && (h.followed || header && !best.followed) {
			best = h
		}
	}
	r.headings = nil
	if best.term == "" {
		return
	}
	r.term = best.term
	r.begin = min(r.begin, best.line)
	for _, l := range r.lines[best.line:at] {
		if extendedCredit(l.text) && (degreeLine.MatchString(l.text) || extendedCreditLine.MatchString(l.text)) {
			r.extendedCredit = true
		}
	}
}

var tableTitle = regexp.MustCompile(`(?i)^transfer credits?$`)

// followed looks at the line after the line i, which may be on the next page.
func (r *record) followed(i int, headers []header) bool {
	if i+1 == len(r.lines) {
		return false
	}
	next := r.lines[i+1].text
	return degreeLine.MatchString(next) || tableTitle.MatchString(next) || len(headers) > 0 && headers[0].first == i+1
}

// document collects the facts of the rows.
func (r *record) document() Document {
	d := Document{Kind: Transcript, Semesters: []Semester{}, TransferredCourses: []string{}, ExemptedCourses: []string{},
		DeficiencyCourses: []string{}}
	for i, t := range r.rows {
		if t.transfers {
			switch t.cells[colGrade] {
			case "EX":
				d.ExemptedCourses = append(d.ExemptedCourses, t.code)
			case "TRC":
				d.TransferredCourses = append(d.TransferredCourses, t.code)
			}
			continue
		}
		if t.term == "" || r.printedBefore(i) {
			continue
		}
		n := slices.IndexFunc(d.Semesters, func(s Semester) bool { return strings.EqualFold(s.Term, t.term) })
		if n < 0 {
			n = len(d.Semesters)
			d.Semesters = append(d.Semesters, Semester{Term: t.term})
		}
		d.Semesters[n].Courses = append(d.Semesters[n].Courses, t.sitting())
	}
	slices.SortStableFunc(d.Semesters, func(a, b Semester) int { return compareTerms(a.Term, b.Term) })
	d.ExemptedCourses, d.TransferredCourses = set(d.ExemptedCourses), set(d.TransferredCourses)
	return d
}

// lastTerm is the latest term that has a table, be it of credits from elsewhere only; nil when there is none.
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

// printedBefore reports whether the row i is on the page before already: some browsers print a row on a page break twice.
func (r *record) printedBefore(i int) bool {
	t := r.rows[i]
	for _, o := range slices.Backward(r.rows[:i]) {
		if o.line.page < t.line.page-1 || o.term != t.term {
			return false
		}
		if o.line.page < t.line.page && o.code == t.code && o.section == t.section &&
			o.cells[colAttempted] == t.cells[colAttempted] && o.cells[colGrade] == t.cells[colGrade] {
			return true
		}
	}
	return false
}

func (t taken) sitting() Sitting {
	return Sitting{
		Code: t.code, Section: t.section, Title: join(t.title),
		CreditsAttempted: t.credits(colAttempted), CreditsEarned: t.credits(colEarned),
		Grade: spellGrade(t.cells[colGrade]), Notation: t.cells[colNotation],
	}
}

// letterGrade is a letter with a sign that may be set apart, and may be a dash.
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

// set is the codes in order, each once.
func set(codes []string) []string {
	slices.Sort(codes)
	return slices.Compact(codes)
}
