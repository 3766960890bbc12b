package document

import "slices"

// grades are all that the grade column is known to hold.
var grades = []string{
	"A+", "A", "A-", "B+", "B", "B-", "C+", "C", "C-", "D+", "D", "D-", "F", "PASS", "DISC", "EX", "TRC",
	"FNS", "INC", "DEF", "MED", "R", "NR", "PEND", "DNE", "NC", "AU",
}

// UnknownGrades is how many sittings have a grade that is none of the known ones. Such grades are kept as printed; the
// number tells operators that the university has a new one, without telling whose it is.
func (d Document) UnknownGrades() int {
	n := 0
	for _, s := range d.Semesters {
		for _, c := range s.Courses {
			if c.Grade != "" && !slices.Contains(grades, c.Grade) {
				n++
			}
		}
	}
	return n
}
