package document_test

import (
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
	"github.com/trackmydegree/trackmydegree/internal/document"
)

// TestReadPlansNextToTheDegree finds the degree among other plans, in any order, on one line or several.
func TestReadPlansNextToTheDegree(t *testing.T) {
	t.Parallel()
	const want = "BEng in Software Engineering"
	for _, extra := range []string{"Minor in Mathematics", "Mature Entry Program (MEP)", "Career Edge", "Honours", "Honours Program", "Qualifying Program",
		"Qualifying Year", "Extended Credit Program (ECP)", "Co-op Program", "Institute for Co-operative Education", "Visiting Student",
		"Special Student", "Second Major in Physics", "Double Major in Economics", "Certificate in Arts"} {
		for _, kind := range []string{"Bachelor of Engineering", "Baccalaureate in Engineering", "BEng"} {
			for _, plans := range [][]string{
				{kind, "Software Engineering", extra},
				{kind + ", Software Engineering", extra},
				{kind + ", Software Engineering, " + extra},
				{kind + " in Software Engineering", extra},
				{kind, "Software Engineering (Co-op)", extra},
				{kind, "Software Engineering - " + extra},
				{kind + " Software Engineering (" + extra + ")"},
			} {
				got, err := document.Read(setLetter(150, 420, programPairs(plans...)))
				if err != nil {
					t.Errorf("%q: %v", plans, err)
					continue
				}
				if m, err := cataloguetest.Embedded().MatchDegree(got.ProgramInfo.Degree); err != nil || m.Degree.ID != want {
					t.Errorf("%q: got the degree %q and the plans %q, %v, want %s", plans, got.ProgramInfo.Degree, got.ProgramInfo.OtherPlans, err, want)
				}
				if coop := coopExtra(extra, plans); got.ProgramInfo.IsCoop != coop {
					t.Errorf("%q: got co-op %v, want %v", plans, got.ProgramInfo.IsCoop, coop)
				}
				if ecp := extra == "Extended Credit Program (ECP)"; got.ProgramInfo.IsExtendedCreditProgram != ecp {
					t.Errorf("%q: got extended credit %v, want %v", plans, got.ProgramInfo.IsExtendedCreditProgram, ecp)
				}
			}
		}
	}
}

// coopExtra reports whether plans say that the student is in co-op.
func coopExtra(extra string, plans []string) bool {
	return extra == "Co-op Program" || extra == "Institute for Co-operative Education" || len(plans) > 1 && plans[1] == "Software Engineering (Co-op)"
}
