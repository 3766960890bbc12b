package catalogue_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

const (
	software      = "BEng in Software Engineering"
	industrial    = "BEng in Industrial Engineering"
	computer      = "BCompSc in Computer Science"
	health        = "BCompSc in Health and Life Sciences"
	arts          = "BCompSc Joint Major in Computation Arts and Computer Science"
	data          = "BCompSc Joint Major in Data Science"
	aerodynamics  = "BEng in Aerospace Engineering Option: Aerodynamics and Propulsion"
	structures    = "BEng in Aerospace Engineering Option: Aerospace Structures and Materials"
	avionics      = "BEng in Aerospace Engineering Option: Avionics and Aerospace Systems"
	aeroFirstPart = "Bachelor of Engineering, Aerospace Engineering "
)

func TestMatchDegree(t *testing.T) {
	t.Parallel()
	const (
		mechanical   = "BEng in Mechanical Engineering"
		cyberBEng    = "BEng in Cybersecurity Engineering"
		cyberScience = "BSc in Cybersecurity"
	)
	for _, c := range []struct {
		printed, want string
		ignored       []string
	}{
		{"Bachelor of Engineering, Software Engineering", software, nil},
		{"BACHELOR OF ENGINEERING, SOFTWARE ENGINEERING", software, nil},
		{"Bachelor of Engineering\nSoftware Engineering", software, nil},
		{"Bachelor of Engineering, Software Engineering (Co-op)", software, nil},
		{"Bachelor of Engineering-COOPs, Software Engineering (Co-op)", software, nil},
		{"Bachelor of Engineering\nSoftware Engineering\nExtended Credit Program (ECP)", software, nil},
		{"B.Eng. Software Engineering", software, nil},
		{"Software Engineering", software, nil},
		{"Bachelor of Engineering, Industrial Engineering", industrial, nil},
		{"Bachelor of Computer Science, Computer Science", computer, nil},
		{"Bachelor of Computer Science", computer, nil},
		{"Bachelor of Computer Science, Major in Computer Science", computer, nil},
		{"BCompSc Computer Science", computer, nil},
		{"Bachelor of Computer Science, Health and Life Sciences", health, nil},
		{"Bachelor of Computer Science, Health & Life Sciences Option", health, nil},
		{"Bachelor of Computer Science, Computer Science: Health and Life Sciences", health, nil},
		{"Bachelor of Computer Science, Joint Major in Computation Arts and Computer Science", arts, nil},
		{"Bachelor of Computer Science, Computation Arts and Computer Science", arts, nil},
		{"Bachelor of Computer Science, Computer Science and Computation Arts", arts, nil},
		{"Bachelor of Computer Science, Joint Major in Data Science", data, nil},
		{"Bachelor of Computer Science, Data Science", data, nil},
		{aeroFirstPart + "Option: Aerodynamics and Propulsion", aerodynamics, nil},
		{aeroFirstPart + "Option: Aerospace Structures and Materials", structures, nil},
		{aeroFirstPart + "Option: Avionics and Aerospace Systems", avionics, nil},
		{aeroFirstPart + "Option A - Aerodynamics and Propulsion (Co-op)", aerodynamics, nil},
		{aeroFirstPart + "Option B", structures, nil},
		{aeroFirstPart + "(Option C: Avionics and Aerospace Systems)", avionics, nil},

		// Other words for a bachelor.
		{"Bachelor of/Baccalaureate in Engineering, Software Engineering", software, nil},
		{"Bachelor of/Baccalaureate in Computer Science, Computer Science", computer, nil},
		{"Bachelor/Baccalaureate in Computer Science", computer, nil},
		{"Baccalaureate in Engineering, Software Engineering", software, nil},
		{"Baccalaureate of Engineering\nSoftware Engineering", software, nil},
		{"Baccalauréat in Engineering, Software Engineering", software, nil},
		{"Baccalaureate in Software Engineering", software, nil},
		{"Baccalaureate in Computer Science", computer, nil},
		{"Bachelor in Computer Science, Computer Science", computer, nil},
		{"Bachelor's in Engineering, Mechanical Engineering", mechanical, nil},

		// Two degrees with the same words, and a third kind.
		{"Bachelor of Science, Cybersecurity", cyberScience, nil},
		{"Bachelor of Science\nMajor in Cybersecurity (Co-op)", cyberScience, nil},
		{"B.Sc. Cybersecurity", cyberScience, nil},
		{"Bachelor of Engineering, Cybersecurity Engineering", cyberBEng, nil},
		{"Bachelor of Engineering, Mechanical Engineering", mechanical, nil},

		// The mode of admission or study.
		{"Bachelor of Engineering, Software Engineering, Mature Entry Program (MEP)", software, nil},
		{"Bachelor of Engineering, Software Engineering (MEP)", software, nil},
		{"Bachelor of Computer Science, Computer Science, Career Edge", computer, nil},
		{"Bachelor of Computer Science, Computer Science (C.Edge)", computer, nil},
		{"Bachelor of Computer Science, Honours in Computer Science", computer, nil},
		{"Bachelor of Computer Science (Honours), Computer Science", computer, nil},
		{"Bachelor of Engineering, Software Engineering, Qualifying Program", software, nil},

		// Programs other than the degree.
		{"Bachelor of Computer Science, Computer Science, Minor in Mathematics and Statistics", computer, []string{"Minor in Mathematics and Statistics"}},
		{"Bachelor of Computer Science\nComputer Science\nMinor in Business Studies", computer, []string{"Minor in Business Studies"}},
		{"Bachelor of Computer Science, Computer Science with a Minor in Psychology", computer, []string{"with a Minor in Psychology"}},
		{"Bachelor of Engineering, Software Engineering, Minor: Finance", software, []string{"Minor: Finance"}},
		{"Bachelor of Computer Science, Computer Science, Mathematics (Minor)", computer, []string{"Mathematics (Minor"}},
		{"Bachelor of Engineering, Software Engineering, Minor in Economics, Minor in German", software, []string{"Minor in Economics", "Minor in German"}},
		{"Bachelor of Engineering, Software Engineering, Bachelor of Commerce, Finance", software, []string{"Bachelor of Commerce, Finance"}},
		{"Bachelor of Engineering, Software Engineering, Certificate in Science and Technology", software, []string{"Certificate in Science and Technology"}},
	} {
		t.Run(c.printed, func(t *testing.T) {
			t.Parallel()
			got, err := cataloguetest.Embedded().MatchDegree(c.printed)
			if err != nil || got.Degree.ID != c.want {
				t.Fatalf("%q, %v; want %q", got.Degree.ID, err, c.want)
			}
			if diff := cmp.Diff(c.ignored, got.Ignored); diff != "" {
				t.Errorf("ignored (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMatchDegreeFindsEveryDegreeByItsName(t *testing.T) {
	t.Parallel()
	long := map[catalogue.DegreeKind]string{
		catalogue.BEng: "Bachelor of Engineering, ", catalogue.BCompSc: "Bachelor of Computer Science, ", catalogue.BSc: "Bachelor of Science, ",
	}
	for _, d := range cataloguetest.Embedded().StandaloneDegrees() {
		_, name, _ := strings.Cut(d.Name, " ")
		for _, printed := range []string{d.Name, strings.ToUpper(d.Name), long[d.Kind] + name, long[d.Kind] + name + " (Co-op)"} {
			if got, err := cataloguetest.Embedded().MatchDegree(printed); err != nil || got.Degree.ID != d.ID {
				t.Errorf("%q: %q, %v; want %q", printed, got.Degree.ID, err, d.ID)
			}
		}
	}
}

// The kind decides, not the first word of a name: a degree is found whatever its name.
func TestMatchDegreeUsesTheKindOfADegree(t *testing.T) {
	t.Parallel()
	d := clone(t)
	for i := range d.Degrees {
		if d.Degrees[i].ID == software {
			d.Degrees[i].Name = "Software Engineering"
		}
	}
	c, err := catalogue.New(d)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.MatchDegree("Bachelor of Engineering, Software Engineering"); err != nil || got.Degree.ID != software {
		t.Errorf("%q, %v; want %q", got.Degree.ID, err, software)
	}
	if got, err := c.MatchDegree("Bachelor of Computer Science, Software Engineering"); err == nil {
		t.Errorf("a BCompSc matches %q", got.Degree.ID)
	}
}

func TestMatchDegreeRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		printed string
		code    fault.Code
		closest []string // the beginning of the list; nil for an empty list
	}{
		{"Bachelor of Commerce, Accountancy", fault.DegreeNotFound, nil},
		{"Bachelor of Engineering, Computer Science", fault.DegreeNotFound, []string{computer}},
		{"Bachelor of Engineering, Health and Life Sciences", fault.DegreeNotFound, []string{health}},
		{"Bachelor of Computer Science, Software Engineering", fault.DegreeNotFound, []string{software}},
		{"Bachelor of Science, Computer Science", fault.DegreeNotFound, []string{computer}},
		{"Bachelor of Fine Arts, Computation Arts and Computer Science", fault.DegreeNotFound, []string{arts}},
		{"Master of Engineering, Software Engineering", fault.DegreeNotFound, []string{software}},
		{"Certificate in Software Engineering", fault.DegreeNotFound, []string{software}},
		{"Bachelor of Engineering, Sofware Enginering", fault.DegreeNotFound, []string{software}},
		{"Bachelor of Engineering", fault.DegreeNotFound, nil},
		{"Bachelor of Commerce, Minor in Software Engineering", fault.DegreeNotFound, nil},
		{strings.Repeat("é", 5000), fault.DegreeNotFound, nil},
		{aeroFirstPart, fault.DegreeAmbiguous, []string{aerodynamics, structures, avionics}},
		{"(Co-op)", fault.DegreeMissing, nil},
		{"Extended Credit Program (ECP)", fault.DegreeMissing, nil},
		{" \n\t.", fault.DegreeMissing, nil},
		{"", fault.DegreeMissing, nil},
	} {
		t.Run(c.printed[:min(len(c.printed), 60)], func(t *testing.T) {
			t.Parallel()
			got, err := cataloguetest.Embedded().MatchDegree(c.printed)
			var f *fault.Error
			if !errors.As(err, &f) || f.Code != c.code {
				t.Fatalf("%q, %v; want %s", got.Degree.ID, err, c.code)
			}
			if len(f.Closest) > 3 || len(f.Closest) < len(c.closest) || c.closest == nil && len(f.Closest) > 0 {
				t.Fatalf("closest: %q, want %q", f.Closest, c.closest)
			}
			begin := slices.Sorted(slices.Values(f.Closest[:len(c.closest)]))
			if diff := cmp.Diff(slices.Sorted(slices.Values(c.closest)), begin); diff != "" {
				t.Errorf("closest (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzMatch(f *testing.F) {
	for _, s := range []string{
		"", "Bachelor of Engineering, Software Engineering (Co-op)", "B.Eng.\n\x00", aeroFirstPart, "bachelor of", "\xff",
		"Minor, Minor in", "Bachelor, Bachelor of Computer Science with a Minor", "and and a minor",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := cataloguetest.Embedded().MatchDegree(s)
		if err == nil {
			if m.Degree.DegreeType != catalogue.Standalone {
				t.Errorf("matched %q, which is %s", m.Degree.ID, m.Degree.DegreeType)
			}
			for _, program := range m.Ignored {
				if program == "" || !strings.Contains(strings.Join(strings.Fields(s), " "), program) {
					t.Errorf("ignored %q, which %q does not print", program, s)
				}
			}
			return
		}
		fe := fault.From(err)
		switch fe.Code {
		case fault.DegreeNotFound, fault.DegreeAmbiguous, fault.DegreeMissing:
		default:
			t.Errorf("%v", err)
		}
		if len(fe.Closest) > 3 {
			t.Errorf("closest %q", fe.Closest)
		}
	})
}
