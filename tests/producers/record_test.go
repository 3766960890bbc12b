//go:build producers

package producers

import (
	"fmt"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/document"
)

// terms are those of the invented record, each with its courses: code, section, title, credits, grade.
var terms = []struct {
	name    string
	courses [][5]string
}{
	{"Fall 2021", [][5]string{{"COMP 248", "AA", "OBJECT-ORIENTED PROGRAMMING I", "3.50", "A-"}, {"ENGR 213", "P", "APPLIED ORDINARY DIFFERENTIAL EQUATIONS", "3.00", "B+"},
		{"ENGR 201", "W", "PROFESSIONAL PRACTICE AND RESPONSIBILITY", "1.50", "A+"}, {"MATH 205", "C", "DIFFERENTIAL AND INTEGRAL CALCULUS II", "3.00", "C"}}},
	{"Winter 2022", [][5]string{{"COMP 249", "PP", "OBJECT-ORIENTED PROGRAMMING II", "3.50", "B"}, {"COMP 232", "Q", "MATHEMATICS FOR COMPUTER SCIENCE", "3.00", "A"},
		{"ENGR 233", "T", "APPLIED ADVANCED CALCULUS", "3.00", "B-"}, {"SOEN 228", "WW", "SYSTEM HARDWARE", "4.00", "C+"}}},
	{"Fall 2022", [][5]string{{"COMP 352", "AA", "DATA STRUCTURES AND ALGORITHMS", "3.00", "B+"}, {"COMP 348", "D", "PRINCIPLES OF PROGRAMMING LANGUAGES", "3.00", "A-"},
		{"ENGR 202", "EC", "SUSTAINABLE DEVELOPMENT AND ENVIRONMENTAL STEWARDSHIP", "1.50", "PASS"}, {"ENCS 282", "F", "TECHNICAL WRITING AND COMMUNICATION", "3.00", "A"}}},
	{"Winter 2023", [][5]string{{"COMP 346", "NN", "OPERATING SYSTEMS", "4.00", "B"}, {"SOEN 341", "S", "SOFTWARE PROCESS AND PRACTICES", "3.00", "A"},
		{"SOEN 287", "Q", "WEB PROGRAMMING", "3.00", "A+"}, {"ENGR 391", "R", "NUMERICAL METHODS IN ENGINEERING", "3.00", "F"}}},
	{"Fall 2023", [][5]string{{"SOEN 342", "II", "SOFTWARE REQUIREMENTS AND DEPLOYMENT", "3.00", "B+"}, {"SOEN 343", "H", "SOFTWARE ARCHITECTURE AND DESIGN", "3.00", "A-"},
		{"SOEN 384", "D", "MANAGEMENT, MEASUREMENT AND QUALITY CONTROL", "3.00", "B"}, {"ENGR 391", "U", "NUMERICAL METHODS IN ENGINEERING", "3.00", "C+"}}},
}

func earned(course [5]string) string {
	if course[4] == "F" {
		return "0.00"
	}
	return course[3]
}

var points = map[string]float64{"A+": 4.3, "A": 4, "A-": 3.7, "B+": 3.3, "B": 3, "B-": 2.7, "C+": 2.3, "C": 2, "F": 0}

// sums returns the credits earned and the average of courses, as they are printed.
func sums(courses [][5]string) (credits, average string) {
	var sum, graded, weighed float64
	for _, c := range courses {
		var attempted, got float64
		fmt.Sscan(c[3], &attempted)
		fmt.Sscan(earned(c), &got)
		sum += got
		if p, ok := points[c[4]]; ok {
			graded, weighed = graded+attempted, weighed+p*attempted
		}
	}
	return fmt.Sprintf("%.2f", sum), fmt.Sprintf("%.2f", weighed/graded)
}

func allCourses() [][5]string {
	var all [][5]string
	for _, term := range terms {
		all = append(all, term.courses...)
	}
	return all
}

// recordHTML is the record as the university's page sets it.
func recordHTML(font string) string {
	var b strings.Builder
	b.WriteString(strings.Replace(`<!doctype html><html><head><meta charset="utf-8"><title>Student Record</title><style>
body { font: 9pt "FONT", sans-serif } table { width: 100%; border-collapse: collapse } td, th { text-align: left; padding: 2pt; vertical-align: middle }
th { font-size: 7pt } h1 { font-size: 14pt; text-align: center } p, h4 { margin: 2pt 0 }
</style></head><body><h1>Student Record</h1>`, "FONT", font, 1))
	for _, line := range programLines() {
		fmt.Fprintf(&b, "<p>%s</p>", line)
	}
	for _, term := range terms {
		fmt.Fprintf(&b, "<h4>%s</h4><p>Bachelor of Engineering, Software Engineering</p><table><thead><tr><th colspan=3>COURSE</th>", term.name)
		for _, name := range []string{"DESCRIPTION", "ATTEMPTED", "GRADE", "NOTATION", "GPA", "CLASS AVG", "CLASS SIZE", "PROGRAM CREDITS EARNED", "OTHER"} {
			fmt.Fprintf(&b, "<th>%s</th>", name)
		}
		b.WriteString("</tr></thead><tbody>")
		for _, c := range term.courses {
			code, number, _ := strings.Cut(c[0], " ")
			fmt.Fprintf(&b, "<tr><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td></td><td></td><td></td><td></td><td>%s</td><td></td></tr>",
				code, number, c[1], c[2], c[3], c[4], earned(c))
		}
		_, average := sums(term.courses)
		fmt.Fprintf(&b, "</tbody></table><p>Term GPA %s</p>", average)
	}
	b.WriteString("</body></html>")
	return b.String()
}

// recordSource is the record as a printer reads it.
func recordSource(input, font string) string {
	switch input {
	case "tex":
		return recordTeX(font)
	case "roff":
		return recordRoff()
	case "txt":
		return recordText()
	}
	return recordHTML(font)
}

// programLines are the lines of the record above its terms.
func programLines() []string {
	credits, average := sums(allCourses())
	return []string{"Kim Example", "Undergraduate Academic Program History", "Active in Program", "28/04/2021", "Admit Term", "Fall 2021", "Matriculated",
		"Bachelor of Engineering", "Software Engineering", "Min. Credits Required:", "120.00", "Program Credits Earned:", credits, "Cumulative GPA:", average,
		"Writing Skills Requirement: Satisfied-Univ.Writing Test", "Beginning of Undergraduate Record"}
}

const degreeLine = "Bachelor of Engineering, Software Engineering"

// shortNames are the columns of the records that are no page of HTML.
var shortNames = []string{"COURSE", "DESCRIPTION", "ATTEMPTED", "GRADE", "EARNED"}

func shortCells(c [5]string) []string {
	return []string{c[0] + " " + c[1], c[2], c[3], c[4], earned(c)}
}

func recordTeX(font string) string {
	var b strings.Builder
	b.WriteString("\\documentclass[9pt]{extarticle}\\usepackage{fontspec}\\usepackage[margin=15mm]{geometry}\\setlength\\parindent{0pt}\n" +
		"\\setmainfont{" + font + "}\\begin{document}\nStudent Record\n\n")
	escape := strings.NewReplacer("&", "\\&", "#", "\\#")
	for _, line := range programLines() {
		b.WriteString(escape.Replace(line) + "\n\n")
	}
	for _, term := range terms {
		fmt.Fprintf(&b, "\\bigskip %s\n\n%s\n\n\\begin{tabular}{llrll}\n%s\\\\\n", term.name, degreeLine, strings.Join(shortNames, " & "))
		for _, c := range term.courses {
			b.WriteString(strings.Join(shortCells(c), " & ") + "\\\\\n")
		}
		_, average := sums(term.courses)
		fmt.Fprintf(&b, "\\end{tabular}\n\nTerm GPA %s\n\n", average)
	}
	b.WriteString("\\end{document}\n")
	return b.String()
}

func recordRoff() string {
	var b strings.Builder
	b.WriteString(".pl 800p\n.ll 900p\n.po 36p\n.fam H\n.ps 9\n.vs 12\n.nf\nStudent Record\n" + strings.Join(programLines(), "\n") + "\n")
	for _, term := range terms {
		fmt.Fprintf(&b, ".sp\n%s\n%s\n.TS\ntab(@);\nl l l l l.\n%s\n", term.name, degreeLine, strings.Join(shortNames, "@"))
		for _, c := range term.courses {
			b.WriteString(strings.Join(shortCells(c), "@") + "\n")
		}
		_, average := sums(term.courses)
		fmt.Fprintf(&b, ".TE\nTerm GPA %s\n", average)
	}
	return b.String()
}

func recordText() string {
	var b strings.Builder
	b.WriteString("Student Record\n" + strings.Join(programLines(), "\n") + "\n")
	row := func(cells []string) {
		fmt.Fprintf(&b, "%-14s%-56s%-11s%-8s%s\n", cells[0], cells[1], cells[2], cells[3], cells[4])
	}
	for _, term := range terms {
		fmt.Fprintf(&b, "\n%s\n%s\n", term.name, degreeLine)
		row(shortNames)
		for _, c := range term.courses {
			row(shortCells(c))
		}
		_, average := sums(term.courses)
		fmt.Fprintf(&b, "Term GPA %s\n", average)
	}
	return b.String()
}

func expectedFacts() document.Document {
	var average float64
	_, text := sums(allCourses())
	fmt.Sscan(text, &average)
	first, last, length := terms[0].name, terms[len(terms)-1].name, 120.0
	d := document.Document{Kind: document.Transcript, ProgramInfo: &document.ProgramInfo{Degree: "Bachelor of Engineering, Software Engineering",
		FirstTerm: &first, LastTerm: &last, MinimumProgramLength: &length, EWTSatisfied: true},
		TransferredCourses: []string{}, ExemptedCourses: []string{}, DeficiencyCourses: []string{}, CumulativeGPA: &average}
	for _, term := range terms {
		s := document.Semester{Term: term.name}
		for _, c := range term.courses {
			var attempted, got float64
			fmt.Sscan(c[3], &attempted)
			fmt.Sscan(earned(c), &got)
			s.Courses = append(s.Courses, document.Sitting{Code: c[0], Section: c[1], Title: c[2], CreditsAttempted: attempted, CreditsEarned: got, Grade: c[4]})
		}
		d.Semesters = append(d.Semesters, s)
	}
	return d
}
