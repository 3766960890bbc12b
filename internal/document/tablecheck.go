package document

import (
	"fmt"
	"math"
	"regexp"
	"slices"

	"github.com/trackmydegree/trackmydegree/internal/document/layout"
	"github.com/trackmydegree/trackmydegree/internal/warning"
)

// These checks find rows whose place or whose cells are in doubt, by what stands around them.

// warnRow adds a warning of a course in a term, or of all courses of the term for "".
func (r *record) warnRow(term, course, format string, args ...any) {
	r.warnings = append(r.warnings, warning.Warning{
		Code: warning.RowNotUnderstood, Term: term, Course: course, Message: fmt.Sprintf(format, args...),
	})
}

var yearText = regexp.MustCompile(`(?:^|\D)(?:19|20)\d\d(?:\D|$)`)

// noteMissingHeading warns of another table of courses without its own heading, at the line of its header: only a new
// term has one. On a new page the columns of a table are repeated, unless a line with a year or an average is
// between them.
func (r *record) noteMissingHeading(at int) {
	if r.table == nil || r.table.Transfers || len(r.rows) == 0 {
		return
	}
	if page := r.lines[at].Page; r.tablePage != page {
		last := r.rows[len(r.rows)-1].Line
		ended := false
		for i := at - 1; i >= 0 && !(r.lines[i].Page == last.Page && r.lines[i].Baseline <= last.Baseline); i-- {
			text := r.lines[i].Text
			ended = ended || yearText.MatchString(text) && parseTerm(text) == "" || termGPALine.MatchString(text)
		}
		if !ended {
			return
		}
	}
	r.warnRow(r.term, "", "A heading of a term may be missing below %s. Check the terms of its courses.", r.term)
}

// datedHeading matches a short line with a season and a year that is not spelt as a heading is.
var datedHeading = regexp.MustCompile(`(?i)^.{0,12}\b(?:fall|winter|summer|spring|autumn|automne|hiver|printemps|term|session|trimestre)\b.{0,12}$`)

// warnAlternatives warns of a row of transfers that names several courses: each is taken, and the record may mean one.
func (r *record) warnAlternatives(t taken) {
	r.warnings = append(r.warnings, warning.Warning{
		Code: warning.TransferNotUnderstood, Term: t.term, Course: t.Code,
		Message: fmt.Sprintf("The row of %s names several courses, and each was taken. Check which of them was granted.", t.Code),
	})
}

// noteUnclearTerm warns of a row without a header row of its own below a line that may be a heading.
func (r *record) noteUnclearTerm(row *layout.Row) {
	r.warnRow(r.term, row.Code, "A heading of a term may stand above %s. Check the terms of the courses from there on.", row.Code)
}

// capitalText matches words in capitals, as titles are.
var capitalText = regexp.MustCompile(`^[A-Z&(][A-Z&()'/, -]+$`)

// noteTitleBelow warns of a line directly below a row that may continue its title under its code.
func (r *record) noteTitleBelow(l layout.Line) {
	if !r.block.IsStarted() || len(r.rows) == 0 {
		return
	}
	row := r.rows[len(r.rows)-1]
	if l.Page != row.Line.Page || l.Baseline-row.Line.Baseline > 1.6*l.Size || math.Abs(l.Size-row.Line.Size) > 0.1*l.Size ||
		!r.table.IsBelowCodes(l) || !capitalText.MatchString(l.Text) || parseTerm(l.Text) != "" {
		return
	}
	r.warnRow(row.term, row.Code, "The title of %s in %s may be longer than what was read. Check the row.", row.Code, row.term)
}

// wideSpace is the smallest gap, in sizes, that no title has between two of its words.
const wideSpace = 2.5

// noteWideTitle warns of a row with text apart from its title: a stamp, or a cell of an unknown column.
func (r *record) noteWideTitle(row taken) {
	for i := 1; i < len(row.Title); i++ {
		if row.Title[i].X0-row.Title[i-1].X1 <= wideSpace*row.Line.Size {
			continue
		}
		r.warnRow(row.term, row.Code, "Other text stands next to the title of %s. Check the row.", row.Code)
		return
	}
}

// earnPassed takes the attempted credits of the courses that were passed as their earned ones if their sum is the
// printed one: a record without a column of earned credits does not say it otherwise.
func (r *record) earnPassed(printed *float64) bool {
	if printed == nil {
		return false
	}
	earned := func(row taken) float64 {
		grade := spellGrade(row.Cells[layout.Grade])
		if points, ok := gradePoints[grade]; grade == "PASS" || ok && points > 0 {
			return row.CreditsIn(layout.Attempted)
		}
		return 0
	}
	sum := 0.0
	for _, row := range r.rows {
		if !row.transfers {
			sum += earned(row)
		}
	}
	if math.Abs(sum-*printed) >= sumTolerance {
		return false
	}
	for _, row := range r.rows {
		if !row.transfers {
			row.Cells[layout.Earned] = twoDigits(earned(row))
		}
	}
	return true
}

// checkEarned warns of rows without a number of earned credits, where other rows have one, and of a record that has no
// such column.
func (r *record) checkEarned(printed *float64) {
	var without []taken
	courses := 0
	for _, row := range r.rows {
		if row.transfers {
			continue
		}
		courses++
		if row.Cells[layout.Earned] == "" {
			without = append(without, row)
		}
	}
	switch {
	case len(without) == 0:
	case len(without) == courses && r.earnPassed(printed):
	case 2*len(without) > courses:
		r.warnings = append(r.warnings, warning.Warning{Code: warning.CreditsDiffer,
			Message: "The column of the credits earned was not found. Check which courses earned their credits."})
	default:
		for _, row := range without[:min(len(without), maxRowWarnings)] {
			r.warnRow(row.term, row.Code, "The credits earned of %s could not be read. Check the row.", row.Code)
		}
	}
}

// checkInferred warns of columns that were found by their contents, unless the printed number of credits earned is that
// of the rows.
func (d *Document) checkInferred() {
	if d.CreditsEarned != nil {
		return // checkCredits compares them
	}
	d.Warnings = append(d.Warnings, warning.Warning{Code: warning.RowNotUnderstood,
		Message: "The record has no names of columns and no sums to compare with. Check the grades and the credits of its courses."})
}

// printedBefore reports whether the row i is already on the page before: some browsers print a row on a page break
// twice.
func (r *record) printedBefore(i int) bool {
	t := r.rows[i]
	for _, o := range slices.Backward(r.rows[:i]) {
		if o.Line.Page < t.Line.Page-1 || o.term != t.term {
			return false
		}
		if o.Line.Page < t.Line.Page && o.Code == t.Code && o.Section == t.Section &&
			o.Cells[layout.Attempted] == t.Cells[layout.Attempted] && o.Cells[layout.Grade] == t.Cells[layout.Grade] {
			return true
		}
	}
	return false
}
