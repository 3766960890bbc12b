package document_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/trackmydegree/trackmydegree/internal/document"
)

// setText sets text on pages as a typewriter does: a character of the text is a place on the page, and a form feed
// begins a page.
func setText(text string) []document.Page {
	const size, width, pitch = 8.0, 4.8, 9.6
	var pages []document.Page
	for _, sheet := range strings.Split(text, "\f") {
		page := document.Page{Width: 800, Height: 1000}
		for n, line := range strings.Split(sheet, "\n") {
			y := 40 + pitch*float64(n)
			runes := []rune(line)
			for i := 0; i < len(runes); {
				end := i
				for end < len(runes) && runes[end] != ' ' {
					end++
				}
				if end > i {
					w := document.Word{Text: string(runes[i:end]), X0: 20 + width*float64(i), X1: 20 + width*float64(end),
						Top: y - 0.8*size, Bottom: y + 0.2*size, Baseline: y, Size: size}
					for k := i; k < end; k++ {
						w.Edges = append(w.Edges, float32(20+width*float64(k)))
					}
					page.Words = append(page.Words, w)
				}
				i = end + 1
			}
			page.Height = max(page.Height, y+60)
		}
		pages = append(pages, page)
	}
	return pages
}

// textRow is a row of a record that is set as text.
type textRow struct {
	document.Sitting
	points, average, size string
}

func newTextRow(code, section, title string, attempted, earned float64, grade, notation string) textRow {
	r := textRow{Sitting: document.Sitting{Code: code, Section: section, Title: title, CreditsAttempted: attempted,
		CreditsEarned: earned, Grade: grade, Notation: notation}}
	if p, ok := pointsOf[grade]; ok {
		r.points, r.average, r.size = fmt.Sprintf("%.2f", p), "2.85", "48"
	}
	return r
}

var pointsOf = map[string]float64{"A+": 4.3, "A": 4, "A-": 3.7, "B+": 3.3, "B": 3, "B-": 2.7, "C+": 2.3, "C": 2, "C-": 1.7,
	"D+": 1.3, "D": 1, "D-": 0.7, "F": 0, "FNS": 0}

type textTerm struct {
	term      string
	transfers []transferRow
	rows      []textRow
}

// textRecord is a record whose sums agree with its rows.
type textRecord struct{ terms []textTerm }

func usualTextRecord() textRecord {
	return textRecord{[]textTerm{
		{"Fall 2022", []transferRow{{"MATH 203", "Vanier College", "EX"}, {"HIST 203", "Dawson College", "TRC"}}, []textRow{
			newTextRow("COMP 232", "AA", "MATHEMATICS FOR COMPUTER SCIENCE", 3, 3, "A-", ""),
			newTextRow("COMP 248", "D", "OBJECT-ORIENTED PROGRAMMING I", 3.5, 3.5, "B", ""),
			newTextRow("ENGR 213", "EC1", "APPLIED ORDINARY DIFFERENTIAL EQUATIONS", 3, 0, "F", ""),
			newTextRow("ENGR 201", "QQ", "PROFESSIONAL PRACTICE AND RESPONSIBILITY", 1.5, 1.5, "PASS", "")}},
		{"Winter 2023", nil, []textRow{
			newTextRow("COMP 249", "S", "OBJECT-ORIENTED PROGRAMMING II", 3.5, 3.5, "C+", ""),
			newTextRow("ENGR 213", "AA", "APPLIED ORDINARY DIFFERENTIAL EQUATIONS", 3, 3, "B-", "RPT"),
			newTextRow("SOEN 228", "W", "SYSTEM HARDWARE", 4, 0, "DISC", ""),
			newTextRow("ENCS 282", "F", "TECHNICAL WRITING AND COMMUNICATION", 3, 3, "A+", "")}},
		{"Summer 2023", nil, []textRow{newTextRow("CWTC 101", "WT", "WORK TERM I", 0, 0, "PASS", "")}},
		{"Fall 2023", nil, []textRow{
			newTextRow("COMP 352", "AA", "DATA STRUCTURES AND ALGORITHMS", 3, 3, "D", ""),
			newTextRow("SOEN 287", "Q", "WEB PROGRAMMING", 3, 0, "INC", ""),
			newTextRow("COMP 346", "NN", "OPERATING SYSTEMS", 4, 4, "B+", "")}},
		{"Winter 2027", nil, []textRow{
			newTextRow("SOEN 341", "S", "SOFTWARE PROCESS", 3, 0, "", ""),
			newTextRow("SOEN 331", "W", "FORMAL METHODS FOR SOFTWARE ENGINEERING", 3, 0, "", "")}},
	}}
}

// averages returns the average of a term, and of all with the last sitting of each course.
func (r textRecord) averages() (terms map[string]float64, all, earned float64) {
	terms = map[string]float64{}
	var points, credits float64
	for _, t := range r.terms {
		var p, c float64
		for _, row := range t.rows {
			earned += row.CreditsEarned
			if v, ok := pointsOf[row.Grade]; ok {
				p, c = p+v*row.CreditsAttempted, c+row.CreditsAttempted
			}
		}
		if c > 0 {
			terms[t.term] = p / c
		}
		points, credits = points+p, credits+c
	}
	return terms, points / credits, earned
}

func (r textRecord) document() document.Document {
	first, last, length := "Fall 2022", "Winter 2027", 120.0
	_, all, _ := r.averages()
	gpa := math.Round(all*100) / 100
	d := document.Document{Kind: document.Transcript, ExemptedCourses: []string{"MATH 203"}, TransferredCourses: []string{"HIST 203"},
		CumulativeGPA: &gpa, ProgramInfo: &document.ProgramInfo{Degree: "Bachelor of Engineering, Software Engineering (Co-op)",
			FirstTerm: &first, LastTerm: &last, IsCoop: true, MinimumProgramLength: &length, EWTSatisfied: true}}
	for _, t := range r.terms {
		s := document.Semester{Term: t.term}
		for _, row := range t.rows {
			s.Courses = append(s.Courses, row.Sitting)
		}
		d.Semesters = append(d.Semesters, s)
	}
	return d
}

// textColumn is a column of a table that is set as text: the lines of its name, its width and what it holds.
type textColumn struct {
	name  []string
	width int
	right bool // the cells are set to the right edge
	cell  func(r textRow) string
}

func col(width int, cell func(r textRow) string, name ...string) textColumn {
	return textColumn{name: name, width: width, cell: cell}
}

var (
	cellCode = func(r textRow) string {
		return strings.Fields(r.Code)[0] + "  " + strings.Fields(r.Code)[1] + "  " + r.Section
	}
	cellOnly    = func(r textRow) string { return r.Code }
	cellSection = func(r textRow) string { return r.Section }
	cellTitle   = func(r textRow) string { return r.Title }
	cellTried   = func(r textRow) string { return fmt.Sprintf("%.2f", r.CreditsAttempted) }
	cellEarned  = func(r textRow) string { return fmt.Sprintf("%.2f", r.CreditsEarned) }
	cellGrade   = func(r textRow) string { return r.Grade }
	cellMark    = func(r textRow) string { return r.Notation }
	cellPoints  = func(r textRow) string { return r.points }
	cellAverage = func(r textRow) string { return r.average }
	cellSize    = func(r textRow) string { return r.size }
	cellNone    = func(textRow) string { return "" }

	colCode    = col(16, cellCode, "COURSE")
	colTitle   = col(44, cellTitle, "DESCRIPTION")
	colTried   = col(11, cellTried, "ATTEMPTED")
	colGrade   = col(7, cellGrade, "GRADE")
	colMark    = col(10, cellMark, "NOTATION")
	colPoints  = col(6, cellPoints, "GPA")
	colAverage = col(7, cellAverage, "CLASS", "AVG")
	colSize    = col(7, cellSize, "CLASS", "SIZE")
	colEarned  = col(9, cellEarned, "PROGRAM", "CREDITS", "EARNED")
	colOther   = col(6, cellNone, "OTHER")

	usualColumns = []textColumn{colCode, colTitle, colTried, colGrade, colMark, colPoints, colAverage, colSize, colEarned, colOther}
)

// setCells sets cells at the columns of a line.
func setCells(columns []textColumn, cells func(i int, c textColumn) string) string {
	var b strings.Builder
	for i, c := range columns {
		text := cells(i, c)
		pad := max(c.width-len([]rune(text)), 0)
		if c.right {
			b.WriteString(strings.Repeat(" ", max(pad-2, 0)) + text + strings.Repeat(" ", min(pad, 2)))
		} else {
			b.WriteString(text + strings.Repeat(" ", pad))
		}
	}
	return strings.TrimRight(b.String(), " ") + "\n"
}

func setHeader(columns []textColumn) string {
	var b strings.Builder
	lines := 0
	for _, c := range columns {
		lines = max(lines, len(c.name))
	}
	for n := range lines {
		b.WriteString(setCells(columns, func(_ int, c textColumn) string {
			if at := n - (lines - len(c.name)); at >= 0 {
				return c.name[at]
			}
			return ""
		}))
	}
	return b.String()
}

// textLayout is the layout of a record as text. Its fields replace the usual parts.
type textLayout struct {
	columns   []textColumn
	transfers []string // names of the columns
	page      string   // above each term after the first
	heading   func(term string) string
	row       func(l textLayout, t textTerm, r textRow, k int) string
	header    func(l textLayout, t textTerm) string
	average   func(v float64) string
	record    textRecord
	program   string
	above     string
	foot      string
}

const usualProgram = `Undergraduate Academic Program History
Active in Program
28/04/2022
Admit Term
Fall 2022
Matriculated
Member Institute for Co-operative Education
Bachelor of Engineering
Software Engineering (Co-op)
Min. Credits Required:
120.00
Program Credits Earned:
EARNED
Cumulative GPA:
GPA
Writing Skills Requirement: Satisfied-Univ.Writing Test
`

func usualText() textLayout {
	return textLayout{
		columns:   usualColumns,
		transfers: []string{"COURSE", "DESCRIPTION", "GRADE", "YEAR ATTENDED", "PROGRAM CREDITS EARNED"},
		heading: func(term string) string {
			return term + "\nBachelor of Engineering-COOPs, Software Engineering (Co-op)\n"
		},
		row: func(l textLayout, _ textTerm, r textRow, _ int) string {
			return setCells(l.columns, func(_ int, c textColumn) string { return c.cell(r) })
		},
		header:  func(l textLayout, _ textTerm) string { return setHeader(l.columns) },
		average: func(v float64) string { return fmt.Sprintf("Term GPA %.2f\n", v) },
		record:  usualTextRecord(),
		program: usualProgram,
	}
}

func (l textLayout) text() string {
	terms, all, earned := l.record.averages()
	var b strings.Builder
	b.WriteString(l.above + "                     Student Record\n\nKim Example\nStudent ID: 40000000\n")
	b.WriteString(strings.NewReplacer("EARNED", fmt.Sprintf("%.2f", earned), "GPA\n", "GPA\n", "\nGPA\n", fmt.Sprintf("\n%.2f\n", all)).Replace(l.program))
	b.WriteString("Beginning of Undergraduate Record\n\n")
	for i, t := range l.record.terms {
		if i > 0 {
			b.WriteString(l.page)
		}
		b.WriteString(l.heading(t.term))
		if len(t.transfers) > 0 {
			b.WriteString("Transfer Credits\n")
			columns := []textColumn{col(16, nil, "COURSE"), col(30, nil, "DESCRIPTION"), col(8, nil, "GRADE"), col(16, nil, "YEAR ATTENDED"), col(20, nil, "CREDITS EARNED")}
			b.WriteString(setHeader(columns))
			for _, r := range t.transfers {
				cells := []string{r.code, r.from, r.grade, "NA", "0.00"}
				b.WriteString(setCells(columns, func(i int, _ textColumn) string { return cells[i] }))
			}
			b.WriteString("\n")
		}
		b.WriteString(l.header(l, t))
		for k, r := range t.rows {
			b.WriteString(l.row(l, t, r, k))
		}
		if v, ok := terms[t.term]; ok {
			b.WriteString("\n" + l.average(v))
		}
		b.WriteString("\n")
	}
	b.WriteString(l.foot)
	return b.String()
}

// honest reads pages: the facts are the expected ones, or a fault or a warning says that they may not be.
func honest(t *testing.T, pages []document.Page, want document.Document, options ...cmp.Option) string {
	t.Helper()
	got, err := document.Read(pages)
	if err != nil {
		return "refused: " + err.Error()
	}
	diff := cmp.Diff(want, got.Plain(), append(options, cmpopts.EquateEmpty())...)
	switch {
	case diff == "" && len(got.Warnings) == 0:
		return "exact"
	case diff == "":
		return fmt.Sprintf("exact, warned: %v", got.Warnings[0].Message)
	case len(got.Warnings) > 0:
		return fmt.Sprintf("wrong, warned (%d): %v", len(got.Warnings), got.Warnings[0].Message)
	}
	t.Errorf("silent: want -, got +\n%s", diff)
	return "SILENT"
}

// TestUnusualRecords reads records in layouts that other programs and other schools use.
func TestUnusualRecords(t *testing.T) {
	t.Parallel()
	rename := func(columns []textColumn, from textColumn, names ...string) []textColumn {
		out := slices.Clone(columns)
		for i := range out {
			if out[i].name[0] == from.name[0] && len(out[i].name) == len(from.name) && out[i].name[len(out[i].name)-1] == from.name[len(from.name)-1] {
				out[i].name = names
			}
		}
		return out
	}
	for name, change := range unusualLayouts(rename) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := usualText()
			change(&l)
			want := l.record.document()
			if !strings.Contains(l.program, "GPA\n") {
				want.CumulativeGPA = nil
			}
			if !slices.ContainsFunc(l.columns, func(c textColumn) bool { return c.name[0] == "NOTATION" || c.name[0] == "RPT" }) {
				want.Semesters[1].Courses[1].Notation = ""
			}
			if strings.Contains(l.heading("Fall 2022"), "FALL 2022") {
				for i := range want.Semesters {
					want.Semesters[i].Term = strings.ToUpper(want.Semesters[i].Term)
				}
				want.ProgramInfo.LastTerm = &want.Semesters[len(want.Semesters)-1].Term
			}
			outcome := honest(t, setText(l.text()), want)
			t.Log(name, "|", outcome)
			if slices.Contains(readExactly, name) && outcome != "exact" {
				t.Errorf("got %s, want exact", outcome)
			}
		})
	}
}

// readExactly are the layouts that are read without a warning; the others at least have one, or are refused.
var readExactly = []string{
	"Att. and Earn.",
	"Course title",
	"Cr. for attempted",
	"Credits for attempted",
	"French labels",
	"French numbers",
	"French seasons",
	"GPA between rows",
	"Gr. for grade",
	"Mark for grade",
	"Title for description",
	"Units",
	"a column of class numbers",
	"a column of points",
	"a column of repeat flags",
	"a column of status",
	"blank column",
	"blank column unnamed",
	"earned before attempted",
	"earned before grade",
	"grade before attempted",
	"header once",
	"heading in capitals",
	"instructor below the rows",
	"labels and values next to each other",
	"mixed case",
	"no GPA columns",
	"no header",
	"no notation",
	"no sums",
	"no sums, other columns",
	"notation at the end",
	"numbers to the right",
	"page break in a title",
	"page header in the middle of a row",
	"remarks below the rows",
	"section after the title",
	"section of its own",
	"subject and number apart",
	"sums below the rows",
	"title wraps",
	"topics below the rows",
	"two tables next to each other",
	"usual",
	"watermark over the rows",
}
