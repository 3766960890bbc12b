package catalogue_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
)

// The embedded edition is consistent. Three sequences are of the previous calendar, because no newer one is
// published: their gaps are known.
func TestTheEmbeddedEditionIsConsistent(t *testing.T) {
	t.Parallel()
	var known []string
	for _, f := range catalogue.CheckConsistency(cataloguetest.Embedded().Data()) {
		if !f.Known {
			t.Error(f)
		}
		known = append(known, f.Entry+" "+strings.Fields(f.Message)[0]+" "+strings.Fields(f.Message)[1])
	}
	want := []string{"computer_engineering COEN 330", "electrical_engineering COEN 330", "software_engineering COMP 432"}
	if diff := cmp.Diff(want, known); diff != "" {
		t.Errorf("what older sequences lack (-want +got):\n%s", diff)
	}
}

func TestCheckConsistency(t *testing.T) {
	t.Parallel()
	sequence := func(d *catalogue.Data, name string) *catalogue.Sequence {
		return &d.Sequences[slices.IndexFunc(d.Sequences, func(s catalogue.Sequence) bool { return s.Name == name })]
	}
	degree := func(d *catalogue.Data) *catalogue.Degree {
		return &d.Degrees[slices.IndexFunc(d.Degrees, func(g catalogue.Degree) bool { return g.ID == software })]
	}
	const civil = "civil_engineering"
	for name, c := range map[string]struct {
		change func(*catalogue.Data)
		want   string
	}{
		"calendar": {func(d *catalogue.Data) { d.Calendar = "" }, "edition.json: calendar: the academic year is missing"},
		"kind":     {func(d *catalogue.Data) { degree(d).Kind = "" }, "degrees.json: " + software + ": the kind"},
		"sum of pools": {func(d *catalogue.Data) { degree(d).TotalCredits++ },
			"degrees.json: " + software + ": its pools require 120 credits and the degree 121"},
		"a pool that cannot be filled": {func(d *catalogue.Data) { d.Pools[0].CreditsRequired += 20 }, "pools.json: " + cataloguetest.Embedded().Data().Pools[0].ID},
		"sequence without a degree":    {func(d *catalogue.Data) { sequence(d, civil).DegreeID = "" }, "sequences.json: civil_engineering: the degree"},
		"unknown course in a sequence": {func(d *catalogue.Data) { sequence(d, civil).Terms[0].Courses[0] = "ABCD 999" },
			"sequences.json: civil_engineering: ABCD 999 is not in the catalogue"},
		"required course missing": {func(d *catalogue.Data) { sequence(d, civil).Terms[0].Courses = nil },
			"sequences.json: civil_engineering: ENGR 213 is missing"},
		"a course twice": {func(d *catalogue.Data) {
			s := sequence(d, civil)
			s.Terms[1].Courses = append(s.Terms[1].Courses, "ENGR 213")
		}, "sequences.json: civil_engineering: ENGR 213 is in 2 terms"},
		"a capstone three times": {func(d *catalogue.Data) {
			s := sequence(d, civil)
			s.Terms[1].Courses = append(s.Terms[1].Courses, "CIVI 490")
		}, "sequences.json: civil_engineering: CIVI 490 is in 3 terms"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := clone(t)
			c.change(&d)
			var got []string
			for _, f := range catalogue.CheckConsistency(d) {
				if !f.Known {
					got = append(got, f.String())
				}
			}
			if len(got) == 0 || !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, c.want) }) {
				t.Errorf("findings %q, want %q", got, c.want)
			}
		})
	}
}

func TestEquivalents(t *testing.T) {
	t.Parallel()
	for code, want := range map[string][]string{
		"MECH 221": {"MIAE 221"}, "MIAE 221": {"MECH 221"}, "MECH 215": {"MIAE 215"}, "ELEC 364": {"ELEC 342"}, "COMP 248": nil,
	} {
		if got := cataloguetest.Embedded().Equivalents(code); !slices.Equal(got, want) {
			t.Errorf("equivalents of %s are %q, want %q", code, got, want)
		}
	}
	// The catalogue does not contain a former code, and its course excludes that code.
	for _, set := range cataloguetest.Embedded().Data().Equivalents {
		today, _ := cataloguetest.Embedded().FindCourse(set[0])
		for _, former := range set[1:] {
			if _, ok := cataloguetest.Embedded().FindCourse(former); ok {
				t.Errorf("%s is still a course", former)
			}
			if !slices.ContainsFunc(today.Rules, func(r catalogue.Rule) bool {
				return r.Type == catalogue.RuleNotTaken && slices.Contains(r.CourseList, former)
			}) {
				t.Errorf("%s does not exclude %s", today.Code, former)
			}
		}
	}
}

func TestRepeatableCourses(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]bool{"COMP 498": true, "COMP 499": true, "SOEN 498": true, "COMP 248": false, "SOEN 490": false} {
		if c, ok := cataloguetest.Embedded().FindCourse(code); !ok || c.Repeatable != want {
			t.Errorf("%s: repeatable %v, want %v", code, c.Repeatable, want)
		}
	}
}

func TestDegreeSequences(t *testing.T) {
	t.Parallel()
	var names []string
	for _, s := range cataloguetest.Embedded().DegreeSequences("BEng in Chemical Engineering") {
		names = append(names, s.Name)
	}
	want := []string{"chemical_engineering_january", "chemical_engineering_september", "chemical_fall_entry", "chemical_winter_entry"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("sequences (-want +got):\n%s", diff)
	}
	if got := cataloguetest.Embedded().DegreeSequences("no such degree"); len(got) != 0 {
		t.Errorf("%d sequences of no degree", len(got))
	}
}
