package catalogue_test

import (
	"slices"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
)

func TestFingerprint(t *testing.T) {
	t.Parallel()
	data := func() catalogue.Data {
		return catalogue.Data{
			Degrees: []catalogue.Degree{{ID: "a"}, {ID: "b", Pools: []string{"x", "y"}}},
			Pools:   []catalogue.Pool{{ID: "x"}, {ID: "y"}},
			Courses: []catalogue.Course{{Code: "COMP 248", Credits: 3}, {Code: "COMP 249", Rules: []catalogue.Rule{{Type: "prerequisite"}}}},
		}
	}
	want := data().Fingerprint()
	reordered := data()
	slices.Reverse(reordered.Degrees)
	slices.Reverse(reordered.Courses)
	if got := reordered.Fingerprint(); got != want {
		t.Error("the order of the documents changes the fingerprint")
	}
	if reordered.Courses[0].Code != "COMP 249" {
		t.Error("Fingerprint reorders the data that it is given")
	}
	changes := map[string]func(*catalogue.Data){
		"a course's credits":       func(d *catalogue.Data) { d.Courses[0].Credits = 4 },
		"a rule":                   func(d *catalogue.Data) { d.Courses[1].Rules[0].MinCourses = 1 },
		"the order of pools":       func(d *catalogue.Data) { slices.Reverse(d.Degrees[1].Pools) },
		"a pool less":              func(d *catalogue.Data) { d.Pools = d.Pools[:1] },
		"a sequence more":          func(d *catalogue.Data) { d.Sequences = []catalogue.Sequence{{Name: "s"}} },
		"the program that extends": func(d *catalogue.Data) { d.Degrees[0].ECPDegreeID = "e" },
	}
	for name, change := range changes {
		d := data()
		change(&d)
		if d.Fingerprint() == want {
			t.Errorf("%s changes nothing", name)
		}
	}
}

func TestCourseQuery(t *testing.T) {
	t.Parallel()
	for limit, want := range map[int]int{-1: 500, 0: 500, 1: 1, 500: 500, 501: 500} {
		if got := (catalogue.CourseQuery{Limit: limit}).PageSize(); got != want {
			t.Errorf("a limit of %d is a page of %d, want %d", limit, got, want)
		}
	}
	if got := (catalogue.CourseQuery{Search: "  Data STRUCTURES "}).SearchWords(); !slices.Equal(got, []string{"data", "structures"}) {
		t.Errorf("words are %q", got)
	}
}
