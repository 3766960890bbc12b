package document_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/warning"
)

// letterLayout is the layout of a letter: each section has its own column of values.
type letterLayout struct {
	Size, Margin, Height float64
	Columns              [2]float64 // of values, from the margin: program information, and exemptions and the rest
	Values               float64    // width
	Pitch, Gap           float64
	Align                valign // of a label next to its value
}

func drawLetterLayout(r *rand.Rand) letterLayout {
	size := 7 + 5*r.Float64()
	l := letterLayout{Size: size, Margin: 30 + 60*r.Float64(), Height: 400 + 600*r.Float64(), Pitch: 1.1 + 0.3*r.Float64(),
		Gap: (0.6 + r.Float64()) * size, Align: []valign{top, top, middle}[r.IntN(3)], Values: (28 + 20*r.Float64()) * size}
	for i := range l.Columns {
		l.Columns[i] = (14 + 8*r.Float64()) * size
	}
	return l
}

// randomLetter is the content of a letter.
type randomLetter struct {
	plans                                      []string
	degree, first, last                        string
	others                                     []string
	coop, ecp                                  bool
	length                                     int
	granted, potential, part, addition, credit []string
	rows                                       map[string][]string // of a code: its lines
	transfers                                  []document.Transfer // of the granted rows
	continued                                  bool                // the transfers have a second label
}

func drawLetter(r *rand.Rand) randomLetter {
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	l := randomLetter{length: []int{90, 120, 138, 144, 150}[r.IntN(5)], first: pick("Fall", "Winter", "Summer") + fmt.Sprintf(" 20%d", 24+r.IntN(5))}
	kind := pick("Bachelor of Engineering", "Bachelor of Computer Science")
	major := pick("Software Engineering", "Computer Science", "Building Engineering", "Aerospace Engineering")
	if r.IntN(4) == 0 {
		l.coop = true
		major += " (Co-op)"
	}
	l.plans, l.degree = []string{kind, major}, kind+", "+major
	if r.IntN(4) == 0 {
		l.ecp = true
		l.plans = append(l.plans, "Extended Credit Program (ECP)")
	}
	if r.IntN(3) == 0 {
		l.others = []string{pick("Minor in Mathematics", "Mature Entry Program (MEP)", "Career Edge")}
		l.plans = append(l.plans, l.others...)
	}
	if r.IntN(5) == 0 {
		l.plans = append(l.plans, "Bachelor of Science", "Cybersecurity")
		l.others = append(l.others, "Bachelor of Science, Cybersecurity")
	}
	if r.IntN(2) == 0 {
		l.last = pick("Fall", "Winter") + fmt.Sprintf(" 20%d", 30+r.IntN(4))
	}
	courses := func(letters string) []string {
		var codes []string
		for range r.IntN(5) {
			codes = append(codes, fmt.Sprintf("%s %d", letters, 200+r.IntN(1800)))
		}
		slices.Sort(codes)
		return slices.Compact(codes)
	}
	l.granted, l.potential, l.part, l.addition, l.credit = courses("MATH"), courses("CHEM"), courses("PHYS"), courses("COMP"), courses("FR")
	l.drawRows(r)
	return l
}

// drawRows draws how the rows of courses are printed, and adds credits without a course.
func (l *randomLetter) drawRows(r *rand.Rand) {
	l.rows, l.continued = map[string][]string{}, r.IntN(4) == 0
	if r.IntN(3) == 0 {
		l.credit = append(l.credit, "PHIL 2XX", "GNRL 3---")
	}
	for _, list := range [][]string{l.granted, l.potential, l.part, l.addition, l.credit} {
		for _, code := range list {
			title, credits := []string{"GENERAL STUDIES I", "CALCULUS", "HISTORY OF CANADA"}[r.IntN(3)], 0.0
			if r.IntN(2) == 0 {
				credits = []float64{1.5, 3, 4, 12}[r.IntN(4)]
			}
			var lines []string
			text := fmt.Sprintf("%.2f", credits)
			switch {
			case credits == 0:
				lines = [][]string{{code + " " + title}, {code}, {"• " + code + " " + title}, {code + " - " + title}, {code + " " + title + " (grade of B- needed)"},
					{code + " " + title, "AND MORE"}}[r.IntN(6)]
			default:
				lines = [][]string{{code + " " + title + " " + text}, {code + " " + text}, {code + " " + title + " (" + text + " credits)"}, {code + " " + title, text + " cr."},
					{code + " " + text + " " + title}, {code + ": " + title, "AND MORE " + text}}[r.IntN(6)]
			}
			l.rows[code] = lines
			if slices.Equal(list, l.granted) {
				l.transfers = append(l.transfers, document.Transfer{Code: code, Credits: credits, Grade: "EX"})
			}
			if slices.Equal(list, l.credit) {
				l.transfers = append(l.transfers, document.Transfer{Code: code, Credits: credits, Grade: "TRC", Unassigned: code[len(code)-1] > '9' || code[len(code)-1] == '-'})
			}
		}
	}
}

func (l randomLetter) document() document.Document {
	length := float64(l.length)
	d := document.Document{Kind: document.Letter, ExemptedCourses: l.granted, PotentialExemptions: l.potential, TransferredCourses: l.credit,
		ProgramInfo: &document.ProgramInfo{Degree: l.degree, FirstTerm: &l.first, IsCoop: l.coop, IsExtendedCreditProgram: l.ecp,
			MinimumProgramLength: &length}}
	if l.last != "" {
		d.ProgramInfo.LastTerm = &l.last
	}
	d.TransferredCourses = slices.DeleteFunc(slices.Clone(l.credit), func(code string) bool { return strings.HasPrefix(code, "PHIL 2X") || strings.HasPrefix(code, "GNRL") })
	d.DeficiencyCourses = slices.Concat(l.part, l.addition)
	slices.Sort(d.DeficiencyCourses)
	d.DeficiencyCourses = slices.Compact(d.DeficiencyCourses)
	return d
}

// courseLines are the lines of courses, or the word for none.
func (l randomLetter) courseLines(codes []string) []string {
	if len(codes) == 0 {
		return []string{"None"}
	}
	var lines []string
	for _, c := range codes {
		lines = append(lines, l.rows[c]...)
	}
	return lines
}

func (l letterLayout) set(letter randomLetter) []document.Page {
	s := newSheet(612, l.Height, l.Margin, l.Size)
	s.line("A place is open to you. Your studies may begin soon.")
	s.line("OFFER OF ADMISSION")
	s.line("PROGRAM INFORMATION")
	l.pair(s, 0, "Program/Plan(s):", letter.plans)
	l.pair(s, 0, "Academic Load:", []string{"Full-Time"})
	l.pair(s, 0, "Session:", []string{letter.first + " commencing September 6"})
	l.pair(s, 0, "Minimum Program Length:", []string{fmt.Sprintf("%d credits", letter.length)})
	if letter.last != "" {
		l.pair(s, 0, "Expected Graduation Term:", []string{letter.last})
	}
	l.pair(s, 0, "Admission Status:", []string{"Conditional"})
	s.line("EXEMPTIONS / DEFICIENCIES / TRANSFER CREDITS")
	s.line("What these words mean is explained in the guide.")
	l.pair(s, 1, "Exemptions:", slices.Concat([]string{"Exemption(s) Granted:"}, letter.courseLines(letter.granted),
		[]string{"Potential Exemption(s) based on courses in progress:"}, letter.courseLines(letter.potential)))
	l.pair(s, 1, "Deficiencies:", slices.Concat([]string{"To be taken as part of your program:"}, letter.courseLines(letter.part),
		[]string{"To be taken in addition to your program:"}, letter.courseLines(letter.addition)))
	credit := letter.credit
	if letter.continued && len(credit) > 1 {
		l.pair(s, 1, "Transfer Credits:", slices.Concat([]string{"Transfer Credit(s) Granted:"}, letter.courseLines(credit[:1])))
		s.line("EXEMPTIONS / DEFICIENCIES / TRANSFER CREDITS (continued)")
		credit = credit[1:]
	}
	label := map[bool]string{true: "Transfer Credits (cont.):", false: "Transfer Credits:"}[letter.continued && len(letter.credit) > 1]
	l.pair(s, 1, label, slices.Concat([]string{"Transfer Credit(s) Granted:"}, letter.courseLines(credit),
		[]string{"Potential Transfer Credit(s) based on courses in progress:", "Not assessed"}))
	s.line("ADDITIONAL INFORMATION")
	s.line("COMP 999 has gone by the papers that came with the form.")
	return s.pages
}

// pair sets a label and its value. With middle alignment both stay on one page; otherwise a page may end inside the
// value.
func (l letterLayout) pair(s *sheet, section int, label string, value []string) {
	var lines []string
	for _, text := range value {
		lines = append(lines, wrap(text, l.Values, l.Size)...)
	}
	pitch := l.Pitch * l.Size
	if l.Align == middle {
		s.room(float64(len(lines)) * pitch)
		s.put(s.margin, s.y+float64(len(lines)-1)/2*pitch, l.Size, label)
	} else {
		s.room(pitch)
		s.put(s.margin, s.y, l.Size, label)
	}
	for _, text := range lines {
		s.room(pitch)
		s.put(s.margin+l.Columns[section], s.y, l.Size, text)
		s.y += pitch
	}
	s.y += l.Gap
}

// TestLettersOfTheDay reads 500 letters in random layouts exactly.
func TestLettersOfTheDay(t *testing.T) {
	t.Parallel()
	seed := seedOfTheDay(t)
	for i := range countDocuments() {
		r := rand.New(rand.NewPCG(uint64(seed), uint64(i)))
		letter, l := drawLetter(r), drawLetterLayout(r)
		got, err := document.Read(l.set(letter))
		if err != nil {
			t.Fatalf("letter %d, layout %+v: %v", i, l, err)
		}
		want := letter.document()
		if diff := cmp.Diff(want, got.Plain(), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("letter %d, layout %+v: want -, got +\n%s", i, l, diff)
		}
		if diff := cmp.Diff(letter.transfers, got.Transfers, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(document.Transfer{}, "Title")); diff != "" {
			t.Errorf("letter %d, layout %+v: transfers: want -, got +\n%s", i, l, diff)
		}
		if at := slices.IndexFunc(got.Warnings, func(w warning.Warning) bool { return w.Code != warning.ProgramIgnored }); at >= 0 {
			t.Errorf("letter %d, layout %+v: %v, want no such warning", i, l, got.Warnings[at])
		}
		if diff := cmp.Diff(letter.others, got.ProgramInfo.OtherPlans, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("letter %d: other plans: want -, got +\n%s", i, diff)
		}
	}
}
