package document

// grades are all known values of the grade column.
var grades = []string{
	"A+", "A", "A-", "B+", "B", "B-", "C+", "C", "C-", "D+", "D", "D-", "F", "PASS", "DISC", "EX", "TRC",
	"FNS", "INC", "DEF", "MED", "R", "NR", "PEND", "DNE", "NC", "AU",
}
