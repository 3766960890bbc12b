package document_test

import (
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/document"
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
