package document

import "slices"

// grades are all known values of the grade column.
var grades = []string{
	"A+", "A", "A-", "B+", "B", "B-", "C+", "C", "C-", "D+", "D", "D-", "F", "PASS", "DISC", "EX", "TRC",
	"FNS", "INC", "DEF", "MED", "R", "NR", "PEND", "DNE", "NC", "AU",
}

// UnknownGrades returns the number of sittings with a grade that is not known. Such grades are kept as printed. The
// number shows that the university has a new grade, without the student's identity.
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
