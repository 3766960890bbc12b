package catalogue_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// embedded is the catalogue of the binary, indexed once for all tests.
var embedded = sync.OnceValue(func() *catalogue.Catalogue {
	d, err := catalogue.Load()
	if err != nil {
		panic(err)
	}
	c, err := catalogue.New(d)
	if err != nil {
		panic(err)
	}
	return c
})

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

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ printed, want string }{
		{"Bachelor of Engineering, Software Engineering", software},
		{"BACHELOR OF ENGINEERING, SOFTWARE ENGINEERING", software},
		{"Bachelor of Engineering\nSoftware Engineering", software},
		{"Bachelor of Engineering, Software Engineering (Co-op)", software},
		{"Bachelor of Engineering-COOPs, Software Engineering (Co-op)", software},
		{"Bachelor of Engineering\nSoftware Engineering\nExtended Credit Program (ECP)", software},
		{"B.Eng. Software Engineering", software},
		{"Software Engineering", software},
		{"Bachelor of Engineering, Industrial Engineering", industrial},
		{"Bachelor of Computer Science, Computer Science", computer},
		{"Bachelor of Computer Science", computer},
		{"Bachelor of Computer Science, Major in Computer Science", computer},
		{"BCompSc Computer Science", computer},
		{"Bachelor of Computer Science, Health and Life Sciences", health},
		{"Bachelor of Computer Science, Health & Life Sciences Option", health},
		{"Bachelor of Computer Science, Computer Science: Health and Life Sciences", health},
		{"Bachelor of Computer Science, Joint Major in Computation Arts and Computer Science", arts},
		{"Bachelor of Computer Science, Computation Arts and Computer Science", arts},
		{"Bachelor of Computer Science, Computer Science and Computation Arts", arts},
		{"Bachelor of Computer Science, Joint Major in Data Science", data},
		{"Bachelor of Computer Science, Data Science", data},
		{aeroFirstPart + "Option: Aerodynamics and Propulsion", aerodynamics},
		{aeroFirstPart + "Option: Aerospace Structures and Materials", structures},
		{aeroFirstPart + "Option: Avionics and Aerospace Systems", avionics},
		{aeroFirstPart + "Option A - Aerodynamics and Propulsion (Co-op)", aerodynamics},
		{aeroFirstPart + "Option B", structures},
		{aeroFirstPart + "(Option C: Avionics and Aerospace Systems)", avionics},
	} {
		t.Run(c.printed, func(t *testing.T) {
			t.Parallel()
			got, err := embedded().Match(c.printed)
			if err != nil || got.ID != c.want {
				t.Errorf("%q, %v; want %q", got.ID, err, c.want)
			}
		})
	}
}

// Each degree is found by its own name and by its id.
func TestMatchFindsEveryDegreeByItsName(t *testing.T) {
	t.Parallel()
	for _, d := range embedded().Degrees() {
		if got, err := embedded().Match(d.Name); err != nil || got.ID != d.ID {
			t.Errorf("%q: %q, %v", d.Name, got.ID, err)
		}
	}
}

func TestMatchRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		printed string
		code    fault.Code
		closest []string // the beginning of the list
	}{
		{"Bachelor of Commerce, Accountancy", fault.DegreeNotFound, nil},
		{"Bachelor of Engineering, Computer Science", fault.DegreeNotFound, nil},
		{"Bachelor of Engineering, Health and Life Sciences", fault.DegreeNotFound, nil},
		{"Bachelor of Computer Science, Software Engineering", fault.DegreeNotFound, []string{software}},
		{"Bachelor of Fine Arts, Computation Arts and Computer Science", fault.DegreeNotFound, []string{arts}},
		{"Master of Engineering, Software Engineering", fault.DegreeNotFound, nil},
		{"Bachelor of Engineering, Sofware Enginering", fault.DegreeNotFound, []string{software}},
		{"Bachelor of Engineering, Mechanical Engineering", fault.DegreeNotFound, nil},
		{"Bachelor of Engineering", fault.DegreeNotFound, nil},
		{"(Co-op)", fault.DegreeNotFound, nil},
		{"", fault.DegreeNotFound, nil},
		{strings.Repeat("é", 5000), fault.DegreeNotFound, nil},
		{aeroFirstPart, fault.DegreeAmbiguous, []string{aerodynamics, structures, avionics}},
	} {
		t.Run(c.printed[:min(len(c.printed), 60)], func(t *testing.T) {
			t.Parallel()
			got, err := embedded().Match(c.printed)
			var f *fault.Error
			if !errors.As(err, &f) || f.Code != c.code {
				t.Fatalf("%q, %v; want %s", got.ID, err, c.code)
			}
			if len(f.Closest) != 3 {
				t.Errorf("closest: %q", f.Closest)
			}
			begin := slices.Sorted(slices.Values(f.Closest[:len(c.closest)]))
			if diff := cmp.Diff(slices.Sorted(slices.Values(c.closest)), begin); c.closest != nil && diff != "" {
				t.Errorf("closest (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzMatch(f *testing.F) {
	for _, s := range []string{"", "Bachelor of Engineering, Software Engineering (Co-op)", "B.Eng.\n\x00", aeroFirstPart, "bachelor of", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := embedded().Match(s)
		if err == nil {
			if d.DegreeType != catalogue.Standalone {
				t.Errorf("matched %q, which is %s", d.ID, d.DegreeType)
			}
			return
		}
		fe := fault.From(err)
		if fe.Code != fault.DegreeNotFound && fe.Code != fault.DegreeAmbiguous || len(fe.Closest) != 3 {
			t.Errorf("%v, closest %q", err, fe.Closest)
		}
	})
}
