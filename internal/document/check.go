package document

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/trackmydegree/trackmydegree/internal/document/layout"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/warning"
)

// maxRowWarnings is the number of unreadable rows that get a warning of their own.
const maxRowWarnings = 20

// sumTolerance is the largest accepted difference of a printed sum and that of the rows: half of the last digit, and
// rounding.
const sumTolerance = 0.011

// addChecks compares the printed sums with the rows. If no row can be read it returns unreadable_rows.
func (d *Document) addChecks(unread []unreadRow) error {
	d.RowsPrinted = len(d.Rows) + len(unread)
	if d.Kind == Transcript {
		if len(d.Rows) == 0 && (len(unread) > 0 || d.ProgramInfo != nil && d.CreditsEarned != nil && *d.CreditsEarned > 0) ||
			len(unread) > len(d.Rows) {
			return fault.New(fault.UnreadableRows)
		}
	}
	for _, r := range unread[:min(len(unread), maxRowWarnings)] {
		w := warning.Warning{Code: warning.RowNotUnderstood, Page: r.page, Term: r.term, Course: r.code,
			Message: fmt.Sprintf("The row of %s on page %d could not be read. Add the course by hand.", r.code, r.page)}
		if r.transfers {
			w.Code = warning.TransferNotUnderstood
		}
		switch {
		case r.code != "":
		case r.transfers:
			w.Message = fmt.Sprintf("A row on page %d was not understood. Compare the exemptions and transfers with the document.", r.page)
		default:
			w.Message = fmt.Sprintf("A row on page %d could not be read. Check that no course is missing.", r.page)
		}
		d.Warnings = append(d.Warnings, w)
	}
	d.checkTitles()
	d.checkCells()
	d.checkGrades()
	d.checkPlans()
	d.checkCredits()
	d.checkAverage()
	return nil
}

// checkPages warns of pages with credits from which no row was read, and of pages without a number in a document whose
// other pages have one: their edge may be cut off. Rows carry the index of their sheet at this point.
func (d *Document) checkPages(sheets []layout.Sheet, facts readFacts) {
	numbered := slices.ContainsFunc(sheets, func(s layout.Sheet) bool { return s.Number > 0 })
	for i, s := range sheets {
		if numbered && s.Number == 0 && !s.Drawn {
			d.Warnings = append(d.Warnings, warning.Warning{Code: warning.PageWithoutRows, Page: s.Page + 1,
				Message: fmt.Sprintf("Page %d has no page number, though other pages have. A part of it may be cut off: check the courses around it.", s.Page+1)})
			continue
		}
		if slices.ContainsFunc(d.Rows, func(r RowPlace) bool { return r.Page == i }) ||
			slices.ContainsFunc(facts.unread, func(r unreadRow) bool { return r.page == i }) || slices.Contains(facts.continued, i) ||
			!slices.ContainsFunc(s.Lines, func(l layout.Line) bool { return creditsText.MatchString(l.Text) }) ||
			slices.ContainsFunc(s.Lines, func(l layout.Line) bool {
				return historyLine.MatchString(l.Text) || recordLine.MatchString(l.Text) || termGPALine.MatchString(l.Text)
			}) {
			continue
		}
		d.Warnings = append(d.Warnings, warning.Warning{Code: warning.PageWithoutRows, Page: s.Page + 1,
			Message: fmt.Sprintf("Nothing was read from page %d, which prints credits. Check that no course is missing.", s.Page+1)})
	}
}

// checkLabels warns of printed sums that could not be read: the rows cannot be compared with them. A record without
// rows has no sums yet.
func (d *Document) checkLabels(lost []string) []warning.Warning {
	var found []warning.Warning
	if len(d.Rows) == 0 {
		return nil
	}
	for _, label := range lost {
		w := warning.Warning{Code: warning.CreditsDiffer, Message: "The number of credits earned could not be read, so the rows could not be compared with it. Check that no row is missing."}
		switch label {
		case labelMinimum:
			w.Message = "The number of credits that the program requires could not be read; the catalogue's is used. Check the total."
		case labelDegree:
			w.Code, w.Message = warning.RowNotUnderstood, "Words of the degree are printed over each other. Check the degree."
		case labelGPA:
			w.Code, w.Message = warning.GPADiffers, "The cumulative average could not be read, so the rows could not be compared with it. Check the grades."
		}
		found = append(found, w)
	}
	return found
}

// checkCells warns of rows with a number or a grade as notation: their cells were read into the wrong columns.
func (d *Document) checkCells() {
	for _, s := range d.Semesters {
		for _, c := range s.Courses {
			if creditsText.MatchString(c.Notation) || c.Grade == "" && slices.Contains(grades, c.Notation) && c.Notation != gradeExempted {
				d.Warnings = append(d.Warnings, warning.Warning{Code: warning.RowNotUnderstood, Term: s.Term, Course: c.Code,
					Message: fmt.Sprintf("The columns of the row of %s in %s are unclear. Check its grade and its credits.", c.Code, s.Term)})
			}
		}
	}
}

// checkTitles warns of rows without a title: a part of the row was not read.
func (d *Document) checkTitles() {
	for _, s := range d.Semesters {
		for _, c := range s.Courses {
			if c.Title == "" {
				d.Warnings = append(d.Warnings, warning.Warning{Code: warning.RowNotUnderstood, Term: s.Term, Course: c.Code,
					Message: fmt.Sprintf("The title of %s in %s could not be read. Check the row.", c.Code, s.Term)})
			}
		}
	}
}

// checkGrades warns of grades that are not in the legend, without naming them.
func (d *Document) checkGrades() {
	for _, s := range d.Semesters {
		for _, c := range s.Courses {
			if c.Grade != "" && !slices.Contains(grades, c.Grade) {
				d.Warnings = append(d.Warnings, warning.Warning{Code: warning.GradeUnknown, Term: s.Term, Course: c.Code,
					Message: fmt.Sprintf("The grade of %s in %s is not one that is known. Check whether the course counts.", c.Code, s.Term)})
			}
		}
	}
}

// checkPlans warns of plans whose courses are not counted.
func (d *Document) checkPlans() {
	if d.ProgramInfo == nil {
		return
	}
	for _, plan := range d.ProgramInfo.OtherPlans {
		if uncountedPlan.MatchString(plan) {
			d.Warnings = append(d.Warnings, warning.Warning{Code: warning.ProgramIgnored, Found: plan,
				Message: fmt.Sprintf("%s is not part of the degree that is planned here; its courses are not counted.", plan)})
		}
	}
}

// CreditsRead returns the sums of the credits that the rows earned: those of courses, and those of transfers.
func (d Document) CreditsRead() (courses, transfers float64) {
	for _, s := range d.Semesters {
		for _, c := range s.Courses {
			courses += c.CreditsEarned
		}
	}
	for _, t := range d.Transfers {
		transfers += t.Credits
	}
	return courses, transfers
}

// checkCredits compares the printed sum with the rows, with and without transfers: both are in use.
func (d *Document) checkCredits() {
	if d.Kind != Transcript || d.CreditsEarned == nil {
		return
	}
	courses, transfers := d.CreditsRead()
	printed := *d.CreditsEarned
	if math.Abs(printed-courses-transfers) < sumTolerance || math.Abs(printed-courses) < sumTolerance {
		return
	}
	d.Warnings = append(d.Warnings, warning.Warning{Code: warning.CreditsDiffer, Expected: twoDigits(printed),
		Found:   twoDigits(courses + transfers),
		Message: "The record prints another number of credits earned than its rows add up to. Check that no row is missing."})
}

// gradePoints are the points of a grade on the university's scale of 4.3.
var gradePoints = map[string]float64{"A+": 4.3, "A": 4, "A-": 3.7, "B+": 3.3, "B": 3, "B-": 2.7, "C+": 2.3, "C": 2, "C-": 1.7,
	"D+": 1.3, "D": 1, "D-": 0.7, "F": 0, "FNS": 0, "R": 0, "NR": 0}

// gradedSum sums the points and credits of the sittings that count for an average.
type gradedSum struct{ points, credits float64 }

func (g *gradedSum) add(s Sitting) {
	if points, ok := gradePoints[s.Grade]; ok {
		g.points += points * s.CreditsAttempted
		g.credits += s.CreditsAttempted
	}
}

// average returns the points per credit, 0 without credits.
func (g *gradedSum) average() float64 {
	if g.credits == 0 {
		return 0
	}
	return g.points / g.credits
}

// differs reports whether a printed average clearly differs from that of the rows.
func (g *gradedSum) differs(printed float64) bool { return math.Abs(g.average()-printed) > 0.02 }

// checkTermAverages compares the averages below the terms with the rows of the terms. Each heading of a term has one
// average: a second one belongs to a term whose heading was not read.
func (d *Document) checkTermAverages(printed []printedGPA) []warning.Warning {
	var found []warning.Warning
	for i, p := range printed {
		if i > 0 && printed[i-1].heading == p.heading {
			found = append(found, warning.Warning{Code: warning.GPADiffers, Term: p.term,
				Message: fmt.Sprintf("Two averages are printed below %s. The heading of another term may be missing: check the terms of its courses.", p.term)})
			continue
		}
		var sum gradedSum
		for _, s := range d.Semesters {
			if s.Term == p.term {
				for _, c := range s.Courses {
					sum.add(c)
				}
			}
		}
		if sum.differs(p.value) {
			found = append(found, warning.Warning{Code: warning.GPADiffers, Term: p.term,
				Expected: twoDigits(p.value), Found: twoDigits(sum.average()),
				Message: fmt.Sprintf("The average printed for %s is not that of its rows. Check that no row is missing.", p.term)})
		}
	}
	return found
}

// checkAverage compares the cumulative average with all rows, and with the last sitting of each course: transcripts
// count a repeated course once, or each time.
func (d *Document) checkAverage() {
	if d.CumulativeGPA == nil || d.Kind != Transcript {
		return
	}
	var all, last gradedSum
	latest := map[string]Sitting{}
	for _, s := range d.Semesters {
		for _, c := range s.Courses {
			all.add(c)
			if _, graded := gradePoints[c.Grade]; graded {
				latest[c.Code] = c
			}
		}
	}
	for _, code := range slices.Sorted(maps.Keys(latest)) {
		last.add(latest[code])
	}
	if all.differs(*d.CumulativeGPA) && last.differs(*d.CumulativeGPA) {
		d.Warnings = append(d.Warnings, warning.Warning{Code: warning.GPADiffers, Expected: twoDigits(*d.CumulativeGPA),
			Found:   twoDigits(all.average()),
			Message: "The cumulative average is not that of the rows. Check that no row is missing."})
	}
}

func twoDigits(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) }
