package document_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/warning"
)

// The admission that counts is that to the present program; joining co-op is no other program.
func TestReadProgramTerm(t *testing.T) {
	t.Parallel()
	const software, building, computing = "Software Engineering", "Building Engineering", "Computer Science"
	for name, c := range map[string]struct {
		blocks []programBlock
		want   string // "" where FirstTerm says it
	}{
		"one program":       {[]programBlock{{admit: "Fall 2019", major: software}}, ""},
		"a second one":      {[]programBlock{{admit: "Fall 2019", major: building}, {admit: "Winter 2020", major: software}}, "Winter 2020"},
		"then co-op":        {[]programBlock{{admit: "Fall 2019", major: building}, {admit: "Winter 2020", major: software}, {admit: "Fall 2020", major: software, coop: true}}, "Winter 2020"},
		"there and back":    {[]programBlock{{admit: "Fall 2019", major: software}, {admit: "Winter 2020", major: computing}, {admit: "Fall 2020", major: software}}, "Fall 2020"},
		"not said again":    {[]programBlock{{admit: "Fall 2019", major: building}, {major: software}}, ""},
		"co-op from a year": {[]programBlock{{admit: "Fall 2019", major: software}, {admit: "Fall 2020", major: software, coop: true}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i := range c.blocks {
				c.blocks[i].kind = "Bachelor of Engineering"
			}
			pages := plain.set(studentRecord{blocks: c.blocks, terms: []termRecord{{term: "Fall 2022", courses: []document.Sitting{sat("COMP 232", "LOGIC", "A")}}}})
			doc, err := document.Read(pages)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if doc.ProgramInfo.ProgramTerm != nil {
				got = *doc.ProgramInfo.ProgramTerm
			}
			if got != c.want || doc.ProgramInfo.FirstTerm == nil || *doc.ProgramInfo.FirstTerm != "Fall 2019" {
				t.Errorf("program term %q, want %q", got, c.want)
			}
		})
	}
}

// TestReadDegreeOfRecord finds the degree of a program history among other plans, however it is spelt.
func TestReadDegreeOfRecord(t *testing.T) {
	t.Parallel()
	for _, lines := range []string{
		"Bachelor of Engineering, Software Engineering, Minor in Mathematics", "Bachelor of Engineering\nSoftware Engineering / Minor in Mathematics",
		"Bachelor of Engineering\nSoftware Engineering\nMinor in Mathematics", "Mature Entry Program (MEP)\nBachelor of Engineering\nSoftware Engineering",
		"Bachelor of Engineering\nCareer Edge\nSoftware Engineering", "Bachelor of Engineering\nSoftware Engineering (Honours)",
		"Bachelor of Engineering\nExtended Credit Program\nSoftware Engineering", "Bachelor of Engineering\nSoftware Engineering\nDouble Major in Physics",
		"BEng Software Engineering", "B.Eng.\nSoftware Engineering", "Baccalaureate in Engineering\nSoftware Engineering", "Qualifying Program\nBEng, Software Engineering",
	} {
		l := usualText()
		l.program = strings.Replace(l.program, "Bachelor of Engineering\nSoftware Engineering (Co-op)", lines, 1)
		got, err := document.Read(setText(l.text()))
		if err != nil {
			t.Fatalf("%q: %v", lines, err)
		}
		m, err := cataloguetest.Embedded().MatchDegree(got.ProgramInfo.Degree)
		if err != nil || m.Degree.ID != "BEng in Software Engineering" {
			t.Errorf("%q: got %q, %v, want BEng in Software Engineering", lines, got.ProgramInfo.Degree, err)
		}
		other := slices.ContainsFunc([]string{"Minor", "Double"}, func(name string) bool { return strings.Contains(lines, name) })
		if named := len(m.Ignored) > 0 || slices.ContainsFunc(got.Warnings, func(w warning.Warning) bool { return w.Code == warning.ProgramIgnored }); named != other {
			t.Errorf("%q: got the plans %q, ignored %q, warnings %v, want one that is named: %v", lines, got.ProgramInfo.OtherPlans, m.Ignored, got.Warnings, other)
		}
	}
}
