package document_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/warning"
)

// programPairs are the information of a letter about the program.
func programPairs(plans ...string) []pair {
	return []pair{{"", []string{"PROGRAM INFORMATION"}}, {"Program/Plan(s):", plans}, {"Session:", []string{"Fall 2026 commencing September 6, 2026"}},
		{"Minimum Program Length:", []string{"120 credits"}}, {"", []string{"EXEMPTIONS / DEFICIENCIES / TRANSFER CREDITS"}}}
}

// TestReadRowsOfLetters reads rows in the forms that letters have: what is not understood has a warning.
func TestReadRowsOfLetters(t *testing.T) {
	t.Parallel()
	granted := "Transfer Credit(s) Granted:"
	exempt := func(rows ...string) []pair {
		return []pair{{"Exemptions:", slices.Concat([]string{"Exemption(s) Granted:"}, rows)}}
	}
	transfer := func(rows ...string) []pair {
		return []pair{{"Transfer Credits:", slices.Concat([]string{granted}, rows)}}
	}
	course := func(code, title string, credits float64, grade string) document.Transfer {
		return document.Transfer{Code: code, Title: title, Credits: credits, Grade: grade, Unassigned: code[len(code)-1] > '9' || code[len(code)-1] < '0'}
	}
	for name, c := range map[string]struct {
		pairs  []pair
		want   []document.Transfer
		warned bool
	}{
		"unassigned credits":         {transfer("PHIL 2XX 3.00", "GNRL 3--- 6.00 credits", "GNRL 3 --- 1.50"), []document.Transfer{course("PHIL 2XX", "", 3, "TRC"), course("GNRL 3---", "", 6, "TRC"), course("GNRL 3---", "", 1.5, "TRC")}, false},
		"credits missing":            {transfer("HIST 203 HISTORY", "POLI 202"), []document.Transfer{course("HIST 203", "HISTORY", 0, "TRC"), course("POLI 202", "", 0, "TRC")}, false},
		"credits first":              {transfer("3.00 HIST 203 HISTORY"), []document.Transfer{course("HIST 203", "HISTORY", 3, "TRC")}, false},
		"credits before the title":   {transfer("HIST 203 3.00 HISTORY"), []document.Transfer{course("HIST 203", "HISTORY", 3, "TRC")}, false},
		"credits on the next line":   {transfer("HIST 203 HISTORY", "3.00 credits", "POLI 202 POLITICS"), []document.Transfer{course("HIST 203", "HISTORY", 3, "TRC"), course("POLI 202", "POLITICS", 0, "TRC")}, false},
		"a title of two lines":       {transfer("HIST 203 HISTORY OF", "CANADA 3.00", "POLI 202"), []document.Transfer{course("HIST 203", "HISTORY OF CANADA", 3, "TRC"), course("POLI 202", "", 0, "TRC")}, false},
		"notes of grades":            {exempt("MATH 203 CALCULUS I (grade of B or better)", "CHEM 205 CHEMISTRY - C+", "PHYS 204 MECHANICS EX"), []document.Transfer{course("MATH 203", "CALCULUS I", 0, "EX"), course("CHEM 205", "CHEMISTRY", 0, "EX"), course("PHYS 204", "MECHANICS", 0, "EX")}, false},
		"a sentence below":           {exempt("MATH 203 CALCULUS I", "This rests on your grades."), []document.Transfer{course("MATH 203", "CALCULUS I", 0, "EX")}, false},
		"bullets and numbers":        {exempt("• MATH 203 CALCULUS I", "2. MATH 205", "- PHYS 204"), []document.Transfer{course("MATH 203", "CALCULUS I", 0, "EX"), course("MATH 205", "", 0, "EX"), course("PHYS 204", "", 0, "EX")}, false},
		"a list on one line":         {exempt("MATH 203, MATH 205 and CHEM 205"), []document.Transfer{course("MATH 203", "", 0, "EX"), course("MATH 205", "", 0, "EX"), course("CHEM 205", "", 0, "EX")}, false},
		"hyphens in codes":           {exempt("MATH-203 CALCULUS"), []document.Transfer{course("MATH 203", "CALCULUS", 0, "EX")}, false},
		"one course or the other":    {exempt("PHYS 204/205 MECHANICS"), []document.Transfer{course("PHYS 204", "", 0, "EX"), course("PHYS 205", "MECHANICS", 0, "EX")}, true},
		"credits without a code":     {transfer("HIST 203 HISTORY", "12.00 unassigned credits"), []document.Transfer{course("HIST 203", "HISTORY", 0, "TRC")}, true},
		"a code in a sentence":       {exempt("MATH 203 CALCULUS", "or instead of it MATH 209 if you have it"), []document.Transfer{course("MATH 203", "CALCULUS", 0, "EX")}, true},
		"a label that continues":     {append(transfer("HIST 203 HISTORY"), pair{"Transfer Credits (continued):", []string{"POLI 202 POLITICS"}}), []document.Transfer{course("HIST 203", "HISTORY", 0, "TRC"), course("POLI 202", "POLITICS", 0, "TRC")}, false},
		"a heading that continues":   {append(transfer("HIST 203 HISTORY"), pair{"", []string{"TRANSFER CREDITS (CONTINUED)"}}, pair{"", []string{"POLI 202 POLITICS"}}), []document.Transfer{course("HIST 203", "HISTORY", 0, "TRC"), course("POLI 202", "POLITICS", 0, "TRC")}, false},
		"a row without a label":      {append([]pair{{"", []string{"MATH 203 CALCULUS"}}}, transfer("HIST 203 HISTORY")...), []document.Transfer{course("HIST 203", "HISTORY", 0, "TRC")}, true},
		"a row of an unknown label":  {append([]pair{{"Advanced Standing:", []string{"MATH 203 CALCULUS"}}}, transfer("HIST 203 HISTORY")...), []document.Transfer{course("HIST 203", "HISTORY", 0, "TRC")}, true},
		"potential transfers remain": {transfer("HIST 203 HISTORY", "Potential Transfer Credit(s) based on courses in progress:", "POLI 202"), []document.Transfer{course("HIST 203", "HISTORY", 0, "TRC")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, width := range []float64{350, 420} {
				got, err := document.Read(setLetter(150, width, append(programPairs("Bachelor of Engineering", "Software Engineering"), c.pairs...)))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(c.want, got.Transfers, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("transfers: want -, got +\n%s", diff)
				}
				if warned := len(got.Warnings) > 0; warned != c.warned {
					t.Errorf("warnings: got %v, want some: %v", got.Warnings, c.warned)
				}
			}
		})
	}
}

// TestReadPlansOfLetters separates a second program and other plans from the degree, with a warning.
func TestReadPlansOfLetters(t *testing.T) {
	t.Parallel()
	const software = "Bachelor of Engineering, Software Engineering"
	for name, c := range map[string]struct {
		pairs  []pair
		others []string
	}{
		"two programs":              {programPairs("Bachelor of Engineering", "Software Engineering", "Bachelor of Science", "Cybersecurity"), []string{"Bachelor of Science, Cybersecurity"}},
		"two programs, two lines":   {programPairs(software, "Bachelor of Science, Cybersecurity"), []string{"Bachelor of Science, Cybersecurity"}},
		"two programs, one line":    {programPairs(software + " and Bachelor of Science, Cybersecurity"), []string{"Bachelor of Science, Cybersecurity"}},
		"two blocks":                {slices.Concat(programPairs("Bachelor of Engineering", "Software Engineering"), programPairs("Bachelor of Science", "Cybersecurity")), []string{"Bachelor of Science, Cybersecurity"}},
		"a minor on the line":       {programPairs(software + ", Minor in Mathematics"), []string{"Minor in Mathematics"}},
		"a minor and a certificate": {programPairs(software, "Minor in Mathematics", "Certificate in Music"), []string{"Minor in Mathematics", "Certificate in Music"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := document.Read(setLetter(150, 420, c.pairs))
			if err != nil {
				t.Fatal(err)
			}
			if got.ProgramInfo.Degree != software || !slices.Equal(got.ProgramInfo.OtherPlans, c.others) {
				t.Errorf("got %q and %q, want %q and %q", got.ProgramInfo.Degree, got.ProgramInfo.OtherPlans, software, c.others)
			}
			if !slices.ContainsFunc(got.Warnings, func(w warning.Warning) bool { return w.Code == warning.ProgramIgnored }) {
				t.Errorf("warnings: got %v, want %s", got.Warnings, warning.ProgramIgnored)
			}
			if *got.ProgramInfo.FirstTerm != "Fall 2026" {
				t.Errorf("first term: got %s, want Fall 2026", *got.ProgramInfo.FirstTerm)
			}
		})
	}
}

// TestReadLetterBesideLetter reads a letter whose sections are next to each other on a page.
func TestReadLetterBesideLetter(t *testing.T) {
	t.Parallel()
	left := setLetter(90, 170, programPairs("Bachelor of Engineering", "Software Engineering")[:4])
	right := setLetter(90, 170, []pair{{"", []string{"EXEMPTIONS / DEFICIENCIES / TRANSFER CREDITS"}},
		{"Exemptions:", []string{"Exemption(s) Granted:", "MATH 203 CALCULUS", "CHEM 205 CHEMISTRY"}},
		{"Deficiencies:", []string{"To be taken as part of your program:", "MATH 204 VECTORS"}},
		{"Transfer Credits:", []string{"Transfer Credit(s) Granted:", "PHIL 2XX 3.00"}}})
	page := left[0]
	page.Width = 800
	for _, w := range right[0].Words {
		if w.Text != "OFFER" && w.Text != "OF" && w.Text != "ADMISSION" {
			page.Words = append(page.Words, moveWord(w, 1, 370, 0))
		}
	}
	got, err := document.Read([]document.Page{page})
	if err != nil {
		t.Fatal(err)
	}
	if got.ProgramInfo.Degree != "Bachelor of Engineering, Software Engineering" || !slices.Equal(got.ExemptedCourses, []string{"CHEM 205", "MATH 203"}) ||
		!slices.Equal(got.DeficiencyCourses, []string{"MATH 204"}) || len(got.Transfers) != 3 || len(got.Warnings) > 0 {
		t.Errorf("got %+v of %+v, want the degree, two exemptions, a deficiency and credits", got, *got.ProgramInfo)
	}
}

// TestReadFrenchLetter refuses a letter in French: its labels are not known.
func TestReadFrenchLetter(t *testing.T) {
	t.Parallel()
	s := newSheet(612, 792, 50, 10)
	for _, text := range []string{"OFFRE D'ADMISSION", "RENSEIGNEMENTS SUR LE PROGRAMME", "Programme: Baccalauréat en génie", "Session: Automne 2026"} {
		s.line(text)
	}
	if _, err := document.Read(s.pages); fault.CodeOf(err) != fault.UnrecognizedDocument {
		t.Errorf("got %v, want %s", err, fault.UnrecognizedDocument)
	}
}
