package document_test

import (
	stdcmp "cmp"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/warning"
)

// TestReadAnyTranscript sets random records in random layouts and reads them: exactly, or with the warning of each row
// that is not understood, such as one without a grade that stands alone at the top of a page. TestTranscriptsOfTheDay
// holds how many records are read exactly.
func TestReadAnyTranscript(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := drawRecord(t)
		l := drawLayout(t)
		pages := l.set(want)
		got, err := document.Read(pages)
		if err != nil {
			t.Fatal(err)
		}
		diff := cmp.Diff(want.document(), got.Plain(), cmpopts.EquateEmpty())
		if diff != "" && !slices.ContainsFunc(got.Warnings, func(w warning.Warning) bool { return w.Code == warning.RowNotUnderstood }) {
			t.Fatalf("layout %+v\nwant -, got +\n%s", l, diff)
		}
	})
}

// studentRecord is the content of a transcript.
type studentRecord struct {
	blocks []programBlock
	terms  []termRecord
	// The printed sums; 60.00, 3.21 and 3.33 when empty.
	earned, gpa, termGPA string
}

type programBlock struct {
	admit, kind, major string
	joined, coop, ecp  bool
}

type termRecord struct {
	term      string
	transfers []transferRow
	courses   []document.Sitting
	note      string
}

type transferRow struct{ code, from, grade string }

var (
	anyCode    = rapid.StringMatching(`[A-Z]{2,4} [1-9][0-9]{2,3}`)
	anySection = rapid.SampledFrom([]string{"A", "D", "F", "AA", "EC1", "QQ", "01", "WT", "S"})
	anyCredits = rapid.SampledFrom([]float64{0, 1, 1.25, 1.5, 3, 3.5, 4, 6})
	anyGrade   = rapid.SampledFrom([]string{"", "A+", "A", "A-", "B+", "C", "D-", "F", "PASS", "DISC", "FNS", "INC", "R", "NR", "PEND", "MED"})
	// Titles may contain a grade, a season, a code or a header's word.
	anyTitle = rapid.SliceOfN(rapid.SampledFrom([]string{"A", "C", "D", "F", "I", "II", "OF", "AND", "TO", "INTRO", "PASS",
		"FALL", "WINTER", "GRADE", "COURSE", "PROGRAMMING", "PROBABILITY", "CALCULUS", "ENGR.", "COMP", "DATA", "THE",
		"METHODS", "NUMERICAL", "OBJ-ORIENTED", "R&D", "SYSTEMS,", "(CAPSTONE)"}), 1, 9)
)

func drawRecord(t *rapid.T) studentRecord {
	var r studentRecord
	for range rapid.IntRange(1, 3).Draw(t, "blocks") {
		r.blocks = append(r.blocks, programBlock{
			admit:  rapid.SampledFrom([]string{"", "Fall 2019", "Winter 2020"}).Draw(t, "admit"),
			kind:   rapid.SampledFrom([]string{"Bachelor of Engineering", "Bachelor of Computer Science"}).Draw(t, "kind"),
			major:  rapid.SampledFrom([]string{"Software Engineering", "Computer Science", "Aerospace Engineering Option: Avionics"}).Draw(t, "major"),
			joined: rapid.Bool().Draw(t, "joined"),
			coop:   rapid.Bool().Draw(t, "coop"),
			ecp:    rapid.Bool().Draw(t, "ecp"),
		})
	}
	year := 2019
	for range rapid.IntRange(1, 5).Draw(t, "terms") {
		year++
		term := rapid.SampledFrom([]string{"Fall", "Winter", "Summer", "Spring", "Winter/Summer", "Fall/Winter"}).Draw(t, "season") +
			" " + strconv.Itoa(year)
		if term[:5] == "Fall/" {
			term += "-" + strconv.Itoa((year+1)%100)
		}
		tr := termRecord{term: term, note: rapid.SampledFrom([]string{"", "ASSESSMENT PERIOD: Fall 2022 - Winter 2023",
			"SPECIAL NOTE: courses of the term Winter 2021 were offered online"}).Draw(t, "note")}
		for range rapid.IntRange(0, 3).Draw(t, "transfers") {
			tr.transfers = append(tr.transfers, transferRow{anyCode.Draw(t, "code"),
				rapid.SampledFrom([]string{"OSSD", "Université de Montréal", "Vanier College"}).Draw(t, "from"),
				rapid.SampledFrom([]string{"EX", "TRC"}).Draw(t, "credit")})
		}
		for range rapid.IntRange(1, 9).Draw(t, "courses") {
			words := anyTitle.Draw(t, "title")
			title := words[0]
			for _, w := range words[1:] {
				title += " " + w
			}
			code := anyCode.Draw(t, "code")
			if slices.ContainsFunc(tr.courses, func(s document.Sitting) bool { return s.Code == code }) {
				continue // a row that is printed twice counts once
			}
			tr.courses = append(tr.courses, document.Sitting{
				Code: code, Section: anySection.Draw(t, "section"), Title: title,
				CreditsAttempted: anyCredits.Draw(t, "attempted"), CreditsEarned: anyCredits.Draw(t, "earned"),
				Grade: anyGrade.Draw(t, "grade"), Notation: rapid.SampledFrom([]string{"", "", "RPT", "EX"}).Draw(t, "notation"),
			})
		}
		r.terms = append(r.terms, tr)
	}
	return r
}

// document returns the facts that a reader should return for the record.
func (r studentRecord) document() document.Document {
	gpa, length := 3.21, 120.0
	info := document.ProgramInfo{MinimumProgramLength: &length, EWTSatisfied: true}
	for _, b := range r.blocks {
		info.Degree = b.kind + ", " + b.major
		if b.admit != "" && info.FirstTerm == nil {
			info.FirstTerm = &b.admit
		}
		if b.coop {
			info.Degree += " (Co-op)"
			info.IsCoop = true
		}
		info.IsExtendedCreditProgram = info.IsExtendedCreditProgram || b.ecp
	}
	d := document.Document{Kind: document.Transcript, ProgramInfo: &info, CumulativeGPA: &gpa}
	for _, t := range r.terms {
		for _, row := range t.transfers {
			if row.grade == "EX" {
				d.ExemptedCourses = append(d.ExemptedCourses, row.code)
			} else {
				d.TransferredCourses = append(d.TransferredCourses, row.code)
			}
		}
		d.Semesters = append(d.Semesters, document.Semester{Term: t.term, Courses: t.courses})
	}
	info.LastTerm = &d.Semesters[len(d.Semesters)-1].Term
	for _, set := range []*[]string{&d.ExemptedCourses, &d.TransferredCourses} {
		slices.Sort(*set)
		*set = slices.Compact(*set)
	}
	return d
}

// layout is the layout of a record.
type layout struct {
	Width, Height, Margin, Size, HeaderSize float64
	TitleWidth, Gap, SectionGap             float64
	Pitch, Padding                          float64
	Align, HeaderAlign                      valign
	HeaderCentred, HeaderWraps              bool
	Glue, Furniture, Repeat                 bool
}

func drawLayout(t *rapid.T) layout {
	size := rapid.Float64Range(3, 16).Draw(t, "size")
	paper := rapid.SampledFrom([][2]float64{{85, 120}, {75, 110}, {110, 85}, {170, 240}}).Draw(t, "paper")
	l := layout{
		Width: paper[0] * size, Height: paper[1] * size,
		Margin:        size * rapid.Float64Range(1, 8).Draw(t, "margin"),
		Size:          size,
		HeaderSize:    size * rapid.Float64Range(0.75, 1.1).Draw(t, "header size"),
		TitleWidth:    size * rapid.Float64Range(9, 30).Draw(t, "title width"),
		Gap:           size * rapid.Float64Range(0.5, 3).Draw(t, "gap"),
		SectionGap:    size * rapid.Float64Range(-0.05, 1.5).Draw(t, "section gap"),
		Pitch:         rapid.Float64Range(1.05, 1.35).Draw(t, "pitch"),
		Padding:       size * rapid.Float64Range(0.1, 0.8).Draw(t, "padding"),
		Align:         valign(rapid.IntRange(0, 2).Draw(t, "align")),
		HeaderAlign:   valign(rapid.IntRange(0, 2).Draw(t, "header align")),
		HeaderCentred: rapid.Bool().Draw(t, "header centred"),
		HeaderWraps:   rapid.Bool().Draw(t, "header wraps"),
		Glue:          rapid.Bool().Draw(t, "glue"),
		Furniture:     rapid.Bool().Draw(t, "furniture"),
		Repeat:        rapid.Bool().Draw(t, "repeat"),
	}
	if l.HeaderCentred {
		// Where a header is centred over columns that touch, the beginning of a title is ambiguous.
		l.SectionGap = max(l.SectionGap, 0.3*size)
	}
	return l
}

// set sets the record on pages.
func (l layout) set(r studentRecord) []document.Page {
	s := newSheet(l.Width, l.Height, l.Margin, l.Size)
	s.glue = l.Glue
	s.put(l.Width/2, s.y, 1.8*l.Size, "Student Record")
	s.gap(3)
	s.line("Kim Example")
	s.line("Undergraduate Academic Program History")
	for _, b := range r.blocks {
		s.gap(1)
		s.line("Active in Program")
		s.line("28/04/2021")
		if b.admit != "" {
			s.line("Admit Term")
			s.line(b.admit)
		}
		s.line("Matriculated")
		major := b.major
		if b.coop {
			s.line("Member Institute for Co-operative Education")
			major += " (Co-op)"
		}
		if b.joined {
			s.line(b.kind + ", " + major)
		} else {
			s.line(b.kind)
			s.line(major)
		}
		if b.ecp {
			s.line("Extended Credit Program")
		}
	}
	for _, text := range []string{"Min. Credits Required:", "120.00", "Program Credits Earned:", stdcmp.Or(r.earned, "60.00"), "Cumulative GPA:", stdcmp.Or(r.gpa, "3.21")} {
		s.line(text)
	}
	s.line("Writing Skills Requirement: Satisfied-Univ.Writing Test")
	s.gap(1)
	s.line("Beginning of Undergraduate Record")
	for _, t := range r.terms {
		s.gap(2)
		s.line(t.term)
		s.line("Bachelor of Engineering, Software Engineering")
		if len(t.transfers) > 0 {
			s.line("Transfer Credits")
			l.transfers(s, t.transfers)
		}
		l.courses(s, t.courses)
		s.gap(1)
		s.line("Term GPA " + stdcmp.Or(r.termGPA, "3.33"))
		if t.note != "" {
			s.line(t.note)
		}
	}
	if l.Furniture {
		for i := range s.pages {
			page := &sheet{width: l.Width, height: l.Height, size: l.Size, pages: []document.Page{s.pages[i]}}
			page.put(l.Size, l.Size*1.5, l.Size, "1/4/26, 1:01 PM Student Record Web Page")
			page.put(l.Size, l.Height-l.Size, l.Size, fmt.Sprintf("https://campus.example.edu/ %d/%d", i+1, len(s.pages)))
			s.pages[i] = page.pages[0]
		}
	}
	return s.pages
}

// columns places columns of the widths side by side.
func (l layout) columns(names []string, widths []float64) []cell {
	x := l.Margin + 0.5*l.Size
	var cells []cell
	for i, name := range names {
		width := widths[i]
		header := textWidth(name, l.HeaderSize)
		if l.HeaderWraps {
			header = 0
			for _, word := range wrap(name, 0, l.HeaderSize) {
				header = max(header, textWidth(word, l.HeaderSize))
			}
		}
		width = max(width, header+0.01)
		cells = append(cells, cell{x: x, width: width, text: name, centred: l.HeaderCentred})
		x += width + l.Gap
	}
	return cells
}

func (l layout) transfers(s *sheet, rows []transferRow) {
	header := l.columns([]string{"COURSE", "DESCRIPTION", "GRADE", "YEAR ATTENDED", "PROGRAM CREDITS EARNED"},
		[]float64{9 * l.Size, l.TitleWidth, 2.5 * l.Size, 3 * l.Size, 3 * l.Size})
	s.row(header, l.HeaderSize, 1.2, l.Padding, l.HeaderAlign)
	for _, r := range rows {
		s.row(append(l.codes(r.code, "", header[0].x), at(header[1], r.from), at(header[2], r.grade), at(header[3], "NA"), at(header[4], "0.00")),
			l.Size, l.Pitch, l.Padding, l.Align)
	}
}

func (l layout) courses(s *sheet, rows []document.Sitting) {
	codes := 0.0
	for _, r := range rows {
		c := l.codes(r.Code, r.Section, 0)
		codes = max(codes, c[2].x+textWidth(c[2].text, l.Size))
	}
	header := l.columns([]string{"COURSE", "DESCRIPTION", "ATTEMPTED", "GRADE", "NOTATION", "GPA", "CLASS AVG", "CLASS SIZE", "PROGRAM CREDITS EARNED", "OTHER"},
		[]float64{codes + l.SectionGap - l.Gap, l.TitleWidth, 2.5 * l.Size, 3 * l.Size, 2 * l.Size, 2.5 * l.Size, 2.5 * l.Size, 2 * l.Size, 2.5 * l.Size, 2 * l.Size})
	s.row(header, l.HeaderSize, 1.2, l.Padding, l.HeaderAlign)
	for _, r := range rows {
		page := len(s.pages)
		cells := append(l.codes(r.Code, r.Section, header[0].x), at(header[1], r.Title),
			at(header[2], credits(r.CreditsAttempted)), at(header[3], r.Grade), at(header[4], r.Notation))
		if r.Grade != "" {
			cells = append(cells, at(header[5], "3.30"), at(header[6], "2.83"), at(header[7], "142"))
		}
		cells = append(cells, at(header[8], credits(r.CreditsEarned)))
		if l.Repeat {
			s.room((float64(len(wrap(r.Title, l.TitleWidth, l.Size)))*l.Pitch*l.Size + 2*l.Padding))
			if len(s.pages) > page {
				s.row(header, l.HeaderSize, 1.2, l.Padding, l.HeaderAlign)
			}
		}
		s.row(cells, l.Size, l.Pitch, l.Padding, l.Align)
	}
}

// codes are the cells of a course's code, number and section from x on.
func (l layout) codes(code, section string, x float64) []cell {
	var letters, number string
	fmt.Sscanf(code, "%s %s", &letters, &number)
	return []cell{
		{x: x, width: 4 * l.Size, text: letters},
		{x: x + 4*l.Size, width: 4 * l.Size, text: number},
		{x: x + 7*l.Size, width: 4 * l.Size, text: section},
	}
}

func at(column cell, text string) cell { return cell{x: column.x, width: column.width, text: text} }

func credits(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) }
