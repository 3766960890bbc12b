package document

import (
	"regexp"
	"slices"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/document/layout"
)

var courseCode = regexp.MustCompile(`^[A-Z]{2,4} \d{3,4}$`)

// addTransfer adds a row of transfers. Credits without a course are not in the lists of courses.
func (r *record) addTransfer(d *Document, t taken) {
	grade := t.Cells[layout.Grade]
	if grade != gradeExempted && grade != gradeTransferred {
		r.unread = append(r.unread, unreadRow{t.Code, t.term, t.Line.Page, true})
		return
	}
	codes := splitAlternatives(t.Code)
	if len(codes) > 1 {
		r.warnAlternatives(t)
	}
	credits := t.CreditsIn(layout.Earned)
	for _, code := range codes {
		unassigned := !courseCode.MatchString(code)
		switch {
		case unassigned:
		case grade == gradeExempted:
			d.ExemptedCourses = append(d.ExemptedCourses, code)
		default:
			d.TransferredCourses = append(d.TransferredCourses, code)
		}
		place := t.place()
		place.Code = code
		d.Rows = append(d.Rows, place)
		d.Transfers = append(d.Transfers, Transfer{Code: code, Credits: credits, Grade: grade,
			Origin: layout.JoinWords(t.Title), Unassigned: unassigned})
		credits = 0 // the row prints them once
	}
}

// splitAlternatives returns the courses that a code of transfers names: two for PHYS 204/205.
func splitAlternatives(code string) []string {
	letters, numbers, _ := strings.Cut(code, " ")
	var codes []string
	for number := range strings.SplitSeq(numbers, "/") {
		codes = append(codes, letters+" "+number)
	}
	return codes
}

// Grades of transfers.
const (
	gradeExempted    = "EX"
	gradeTransferred = "TRC"
)

// namesTransfer reports whether a line in a table of transfers has the grade of one, so that it is a row.
func namesTransfer(l layout.Line) bool {
	return slices.ContainsFunc(l.Words, func(w layout.Word) bool { return w.Text == gradeExempted || w.Text == gradeTransferred })
}
