package document_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/trackmydegree/trackmydegree/internal/document"
)

// pair is a label and the lines of its value; without a label it spans the page.
type pair struct {
	label string
	lines []string
}

// setLetter sets pairs in two columns that wrap, or with values directly after their labels when labels is 0.
func setLetter(labels, values float64, pairs []pair) []document.Page {
	const size = 10.0
	s := newSheet(612, 792, 50, size)
	s.line("OFFER OF ADMISSION")
	for _, p := range pairs {
		switch {
		case p.label == "":
			for _, text := range p.lines {
				for _, part := range wrap(text, labels+values, size) {
					s.line(part)
				}
			}
		case labels == 0:
			s.line(p.label + " " + p.lines[0])
			for _, text := range p.lines[1:] {
				s.line(text)
			}
		default:
			left := wrap(p.label, labels, size)
			var right []string
			for _, text := range p.lines {
				right = append(right, wrap(text, values, size)...)
			}
			for i := range max(len(left), len(right)) {
				s.room(1.2 * size)
				if i < len(left) {
					s.put(s.margin, s.y, size, left[i])
				}
				if i < len(right) {
					s.put(s.margin+labels+size, s.y, size, right[i])
				}
				s.y += 1.2 * size
			}
			s.gap(0.5)
		}
	}
	return s.pages
}

func TestReadLetterLayouts(t *testing.T) {
	t.Parallel()
	pairs := []pair{
		{"", []string{"PROGRAM INFORMATION"}},
		{"Program/Plan(s):", []string{"Bachelor of Engineering", "Software Engineering", "Extended Credit Program (ECP)"}},
		{"Session:", []string{"Fall 2026 commencing September 6, 2026"}},
		{"Minimum Program Length:", []string{"120 credits"}},
		{"Expected Graduation Term:", []string{"Winter 2030"}},
		{"Conditions:", []string{"Successful completion of the current program with a good average in all courses."}},
		{"", []string{"NOTE: The Co-op Program is described elsewhere, as is COMP 999, which begins in Fall 2031 or Winter 2032."}},
		{"", []string{"EXEMPTIONS / DEFICIENCIES / TRANSFER CREDITS"}},
		{"Exemptions:", []string{"Exemption(s) Granted:", "MATH 203 CALCULUS", "FR 2001 FRENCH", "Potential Exemption(s) based on courses in progress:", "PHYS 205 ELECTRICITY"}},
		{"Deficiencies:", []string{"To be taken as part of your program:", "MATH 204 VECTORS", "To be taken in addition to your program:", "None"}},
		{"Transfer Credits:", []string{"Transfer Credit(s) Granted:", "HIST 203 HISTORY OF", "Potential Transfer Credit(s) based on courses in progress:", "HIST 205 MORE"}},
		{"", []string{"NOTE: Transfer credits are granted on the basis of MATH 209.", "ADDITIONAL INFORMATION", "POLI 202 is not part of this."}},
	}
	length, first, last := 120.0, "Fall 2026", "Winter 2030"
	want := document.Document{
		Kind: document.Letter,
		ProgramInfo: &document.ProgramInfo{Degree: "Bachelor of Engineering, Software Engineering", FirstTerm: &first, LastTerm: &last,
			IsExtendedCreditProgram: true, MinimumProgramLength: &length},
		ExemptedCourses: []string{"FR 2001", "MATH 203"}, PotentialExemptions: []string{"PHYS 205"},
		DeficiencyCourses: []string{"MATH 204"}, TransferredCourses: []string{"HIST 203"},
	}
	for _, c := range []struct {
		name           string
		labels, values float64
	}{
		{"wide columns", 150, 350},
		{"values that wrap", 150, 130},
		{"labels that wrap", 85, 350},
		{"both wrap", 85, 130},
		{"a part's name that wraps after its first word", 85, 80},
		{"no columns", 0, 500},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := document.Read(setLetter(c.labels, c.values, pairs))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got.Plain(), cmpopts.EquateEmpty()); diff != "" {
				t.Error("want -, got +\n" + diff)
			}
		})
	}
}
