package document

import (
	"fmt"
	"math"
	"slices"

	"github.com/trackmydegree/trackmydegree/internal/warning"
)

// Reading says what was read of a document and where, so that a person can compare the two. It holds no grades.
type Reading struct {
	RowsRead int `json:"rowsRead"`
	RowsSeen int `json:"rowsSeen"` // lines that begin like a course's row, read or not
	// CreditsRead is the sum of the credits that the rows earned, with or without those from elsewhere, as the printed
	// sum is.
	CreditsRead    float64           `json:"creditsRead"`
	CreditsPrinted *float64          `json:"creditsPrinted,omitempty"`
	Rows           []ReadRow         `json:"rows"`
	Warnings       []warning.Warning `json:"warnings"`
}

// ReadRow is a row of a course, what was read of it and where it is printed. Credits are those attempted, or those of a
// transfer.
type ReadRow struct {
	RowPlace
	Title   string  `json:"title,omitempty"`
	Credits float64 `json:"credits"`
}

// Reading returns what was read, and false for a document whose reader does not report places.
func (d Document) Reading() (Reading, bool) {
	if d.RowsPrinted == 0 && len(d.Rows) == 0 && (len(d.Semesters) > 0 || len(d.TransferredCourses)+len(d.ExemptedCourses) > 0) {
		return Reading{}, false
	}
	courses, transfers := d.CreditsRead()
	r := Reading{
		RowsRead: len(d.Rows), RowsSeen: max(d.RowsPrinted, len(d.Rows)), CreditsRead: roundTo(courses+transfers, 100),
		CreditsPrinted: d.CreditsEarned, Rows: make([]ReadRow, 0, len(d.Rows)), Warnings: append([]warning.Warning{}, d.Warnings...),
	}
	if d.CreditsEarned != nil && math.Abs(courses-*d.CreditsEarned) < sumTolerance {
		r.CreditsRead = roundTo(courses, 100) // the printed sum excludes credits from elsewhere
	}
	find := d.rowFinder()
	for _, place := range d.Rows {
		row := find(place.Term, place.Code)
		row.RowPlace = place
		for _, v := range []*float64{&row.X0, &row.Y0, &row.X1, &row.Y1} {
			*v = roundTo(*v, 10)
		}
		r.Rows = append(r.Rows, row)
	}
	return r, true
}

// rowFinder returns a function that finds what was read in a row. Rows of one course in one term are found in their
// order.
func (d Document) rowFinder() func(term, code string) ReadRow {
	type key struct{ term, code string }
	read := map[key][]ReadRow{}
	for _, s := range d.Semesters {
		for _, c := range s.Courses {
			k := key{s.Term, c.Code}
			read[k] = append(read[k], ReadRow{Title: c.Title, Credits: c.CreditsAttempted})
		}
	}
	for _, t := range d.Transfers {
		k := key{"", t.Code}
		read[k] = append(read[k], ReadRow{Title: t.Title, Credits: t.Credits})
	}
	return func(term, code string) ReadRow {
		k := key{term, code}
		if len(read[k]) == 0 {
			return ReadRow{}
		}
		row := read[k][0]
		read[k] = slices.Delete(read[k], 0, 1)
		return row
	}
}

// Summary returns the counts as a sentence: "41 of 41 rows, 107 of 107 credits".
func (r Reading) Summary() string {
	text := fmt.Sprintf("%d of %d rows", r.RowsRead, r.RowsSeen)
	if r.CreditsPrinted != nil {
		text += fmt.Sprintf(", %g of %g credits", r.CreditsRead, *r.CreditsPrinted)
	}
	return text
}

// roundTo rounds to a number of parts of one.
func roundTo(v, parts float64) float64 { return math.Round(v*parts) / parts }
