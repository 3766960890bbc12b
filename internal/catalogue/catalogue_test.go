package catalogue_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
)

func TestEmbedded(t *testing.T) {
	t.Parallel()
	c := cataloguetest.Embedded()
	if n := len(c.Courses()); n != 3702 {
		t.Errorf("%d courses", n)
	}
	if n := len(c.StandaloneDegrees()); n != 17 {
		t.Errorf("%d degrees", n)
	}
	if !slices.IsSortedFunc(c.Courses(), func(a, b catalogue.Course) int { return strings.Compare(a.Code, b.Code) }) {
		t.Error("courses are in no order")
	}
	if !slices.IsSortedFunc(c.StandaloneDegrees(), func(a, b catalogue.Degree) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("degrees are not in the order of names")
	}
	// A degree's pools make up its credits.
	for _, d := range c.StandaloneDegrees() {
		sum := 0.0
		for _, id := range d.Pools {
			p, ok := c.FindPool(id)
			if !ok {
				t.Errorf("%s: no pool %q", d.ID, id)
			}
			sum += p.CreditsRequired
		}
		if sum != d.TotalCredits {
			t.Errorf("%s: pools of %v credits, %v in all", d.ID, sum, d.TotalCredits)
		}
	}
	if n := len(c.Data().Pools); n != 77 {
		t.Errorf("%d pools", n)
	}
	if n := len(c.Sequences()); n != 25 {
		t.Errorf("%d sequences", n)
	}
	if got := c.Calendar(); got != "2026-27" {
		t.Errorf("calendar %q", got)
	}
	for name, ok := range map[string]bool{
		"course": second(c.FindCourse("COMP 248")), "no course": !second(c.FindCourse("COMP 000")),
		"pool": second(c.FindPool(catalogue.CoopPoolID)), "no pool": !second(c.FindPool("x")),
		"degree": second(c.FindDegree(software)), "extension": second(c.FindDegree("Extended Credit Program - Engineering")),
		"no degree": !second(c.FindDegree("x")), "sequence": second(c.FindSequence("software_engineering")), "no sequence": !second(c.FindSequence("")),
	} {
		if !ok {
			t.Errorf("%s is not found as it should be", name)
		}
	}
	if i, ok := c.CourseIndex("COMP 248"); !ok || c.Courses()[i].Code != "COMP 248" {
		t.Errorf("COMP 248 is at %d, %v", i, ok)
	}
}

func second[T any](_ T, ok bool) bool { return ok }

// clone copies the embedded data deeply, for tests that change it.
func clone(tb testing.TB) catalogue.Data {
	tb.Helper()
	b, err := json.Marshal(cataloguetest.Embedded().Data())
	if err != nil {
		tb.Fatal(err)
	}
	var d catalogue.Data
	if err := json.Unmarshal(b, &d); err != nil {
		tb.Fatal(err)
	}
	return d
}

func TestVersion(t *testing.T) {
	t.Parallel()
	d := clone(t)
	slices.Reverse(d.Courses)
	slices.Reverse(d.Degrees)
	slices.Reverse(d.Pools)
	for i := range d.Courses {
		if len(d.Courses[i].Rules) == 0 {
			d.Courses[i].Rules = nil // as some databases return an empty list
		}
	}
	same, err := catalogue.New(d)
	if err != nil {
		t.Fatal(err)
	}
	if same.Version() != cataloguetest.Embedded().Version() || same.Version() != d.Fingerprint() {
		t.Error("the version hangs on the order in which the catalogue is kept")
	}
	d = clone(t)
	d.Courses[7].Credits += 0.25
	other, err := catalogue.New(d)
	if err != nil {
		t.Fatal(err)
	}
	if other.Version() == cataloguetest.Embedded().Version() {
		t.Error("a change leaves the version as it was")
	}
}

// Every fault is named, all at once.
func TestNewNamesEveryFault(t *testing.T) {
	t.Parallel()
	two := 2
	d := catalogue.Data{
		Courses: []catalogue.Course{
			{Code: "COMP 248", Title: "One", Credits: 3, OfferedIn: []string{"Autumn"}},
			{Code: "COMP 248", Title: "Two", Credits: 3.1},
			{Code: "comp 249", Title: "", Credits: -3},
			{Code: "COMP 352", Title: "Three", Rules: []catalogue.Rule{
				{Type: "prerequisite", CourseList: []string{"COMP 249"}},
				{Type: "prerequisite", CourseList: []string{"COMP249"}, MinCourses: 1},
				{Type: "not_taken", CourseList: []string{"COMP 249"}, MaxCourses: &two},
				{Type: "max_courses_from_set", CourseList: []string{"COMP 249"}},
				{Type: "min_credits"},
				{Type: "corequisite", MinCourses: 1},
				{Type: "luck", CourseList: []string{"COMP 249"}},
			}},
		},
		Pools: []catalogue.Pool{
			{ID: "A", Name: "A", Courses: []string{"COMP 248", "COMP 248", "SOEN 1"}},
			{ID: "A", Name: "A", CreditsRequired: 1000},
			{ID: "B"},
		},
		Degrees: []catalogue.Degree{
			{ID: "X", Name: "X", DegreeType: "Other", Pools: []string{"A", "A", "C"}, ECPDegreeID: "X", TotalCredits: -1},
			{ID: "X"},
		},
		Sequences: []catalogue.Sequence{
			{Name: "s", Terms: []catalogue.SequenceTerm{{Type: "Work", Courses: []string{""}}}},
			{Name: "s"}, {Name: ""},
		},
	}
	_, err := catalogue.New(d)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		`course "COMP 248": listed twice`, `course "COMP 248": offered in "Autumn"`, `course "COMP 248": 3.1 credits`,
		`course "comp 249": the code`, `course "comp 249": no title`, `course "comp 249": -3 credits`,
		`the number of the rule prerequisite`, `names "COMP249", which is no code`, `the number of the rule not_taken`,
		`the number of the rule max_courses_from_set`, `the number of the rule min_credits`, `the rule corequisite names no course`,
		`unknown rule "luck"`, `pool "A": listed twice`, `pool "A": 1000 credits`, `course "SOEN 1" is not in the catalogue`,
		`pool "A": course "COMP 248" is listed twice`, `pool "B": no id or no name`, `degree "X": listed twice`,
		`degree "X": unknown type "Other"`, `there is no pool "C"`, `pool "A" is listed twice`, `degree "X": -1 credits`,
		`"X" is no extended-credit program`, `degree "X": no id or no name`, `no degree is Standalone`, `the pool of the work terms`,
		`sequence "s": listed twice`, `unknown type "Work"`, `a course without a name`, `sequence "s": no terms`, `a sequence has no name`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name: %s", want)
		}
	}
}

func TestClosure(t *testing.T) {
	t.Parallel()
	// COMP 352 needs COMP 249 and COMP 232; these lead to COMP 248 and further.
	got := cataloguetest.Embedded().PrerequisiteClosure([]string{"COMP 352", "COMP 352", "COMP 000"})
	for _, code := range []string{"COMP 232", "COMP 248", "COMP 249", "COMP 352"} {
		if !slices.Contains(got, code) {
			t.Errorf("%s is missing in %q", code, got)
		}
	}
	if !slices.IsSorted(got) || slices.Contains(got, "COMP 000") || len(slices.Compact(slices.Clone(got))) != len(got) {
		t.Errorf("%q", got)
	}
	// The closure contains the needs of its courses, and does not follow not_taken.
	for _, code := range got {
		c, _ := cataloguetest.Embedded().FindCourse(code)
		for _, r := range c.Rules {
			for _, other := range r.CourseList {
				_, known := cataloguetest.Embedded().FindCourse(other)
				if r.Type != catalogue.RuleNotTaken && known && !slices.Contains(got, other) {
					t.Errorf("%s needs %s", code, other)
				}
			}
		}
	}
	if slices.Contains(got, "COEN 352") {
		t.Error("a course that excludes another leads to it")
	}
}

func TestCode(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"COMP 248": "COMP 248", "comp248": "COMP 248", " Comp \t 248 ": "COMP 248", "ENGL 2421": "ENGL 2421",
		"CWTE 100": "CWT 100", "CWTC101": "CWT 101", "CWT 200": "CWT 200", "COMP-248": "COMP 248", "COMP 248.$": "COMP 248",
		"": "", "248": "248", "elective": "ELECTIVE",
	} {
		if got := catalogue.NormalizeCode(in); got != want || catalogue.NormalizeCode(got) != got {
			t.Errorf("%q: %q; want %q", in, got, want)
		}
	}
	for code, want := range map[string]bool{
		"COMP 248": true, "ENGL 2421": true, "AB 123": true, "": false, "COMP": false, "COMP 24": false, "COMP 24811": false,
		"COMPS 248": false, "A 248": false, "comp 248": false, "COMP248": false, "COMP  248": false, "COMP 24A": false,
		"CWTE 100": false, "GEN ED ELECTIVE": false,
	} {
		if got := catalogue.IsCode(code); got != want {
			t.Errorf("%q: %v", code, got)
		}
	}
}

func TestRuleMessages(t *testing.T) {
	t.Parallel()
	one := 1
	abc := []string{"COMP 1", "COMP 2", "COMP 3"}
	long := []string{"A 1", "A 2", "A 3", "A 4", "A 5"}
	for _, c := range []struct {
		rule catalogue.Rule
		want string
	}{
		{catalogue.Rule{Type: "prerequisite", CourseList: abc[:1], MinCourses: 1}, "Take COMP 1 first."},
		{catalogue.Rule{Type: "prerequisite", CourseList: abc, MinCourses: 1}, "Take COMP 1, COMP 2 or COMP 3 first."},
		{catalogue.Rule{Type: "prerequisite", CourseList: abc, MinCourses: 2}, "Take 2 of COMP 1, COMP 2 and COMP 3 first."},
		{catalogue.Rule{Type: "prerequisite", CourseList: abc[:2], MinCourses: 2}, "Take COMP 1 and COMP 2 first."},
		{catalogue.Rule{Type: "prerequisite", CourseList: long, MinCourses: 1}, "Take one of 5 courses first."},
		{catalogue.Rule{Type: "corequisite", CourseList: abc[:1], MinCourses: 1}, "Take COMP 1 in the same term or earlier."},
		{catalogue.Rule{Type: "prerequisite_or_corequisite", CourseList: abc[:1], MinCourses: 1}, "Take COMP 1 first or in the same term."},
		{catalogue.Rule{Type: "not_taken", CourseList: abc[:2]}, "Not open to students who took COMP 1 or COMP 2."},
		{catalogue.Rule{Type: "min_courses_from_set", CourseList: long, MinCourses: 3}, "Take 3 of 5 courses."},
		{catalogue.Rule{Type: "max_courses_from_set", CourseList: abc[:2], MaxCourses: &one}, "At most 1 of COMP 1 and COMP 2 counts."},
		{catalogue.Rule{Type: "min_credits", MinCredits: 75}, "Complete 75 credits first."},
		{catalogue.Rule{Type: "min_credits_from_set", CourseList: abc[:2], MinCredits: 1}, "At least 1 credit from COMP 1 and COMP 2."},
		{catalogue.Rule{Type: "max_credits_from_set", CourseList: abc[:2], MaxCredits: 7.5}, "At most 7.5 credits from COMP 1 and COMP 2."},
	} {
		if got := c.rule.Message(); got != c.want {
			t.Errorf("%+v: %q; want %q", c.rule, got, c.want)
		}
	}
	// Every rule of the catalogue has a level and a sentence.
	for _, c := range cataloguetest.Embedded().Courses() {
		for _, r := range c.Rules {
			if m := r.Message(); !strings.HasSuffix(m, ".") || r.Level() != catalogue.LevelWarning && r.Level() != catalogue.LevelInfo {
				t.Errorf("%s: %q, %q", c.Code, m, r.Level())
			}
		}
	}
}

// Matching and closure change nothing: two catalogues of the same data stay equal.
func TestMatchAndClosureChangeNothing(t *testing.T) {
	t.Parallel()
	d := clone(t)
	c, err := catalogue.New(d)
	if err != nil {
		t.Fatal(err)
	}
	version := c.Version()
	_, _ = c.MatchDegree("Bachelor of Engineering, Software Engineering")
	c.PrerequisiteClosure([]string{"SOEN 490"})
	if diff := cmp.Diff(version, c.Data().Fingerprint()); diff != "" {
		t.Error(diff)
	}
}

func BenchmarkNew(b *testing.B) {
	d, err := catalogue.LoadEmbedded()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := catalogue.New(d); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := catalogue.LoadEmbedded(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := cataloguetest.Embedded().MatchDegree("Bachelor of Engineering, Software Engineering (Co-op)"); err != nil {
			b.Fatal(err)
		}
	}
}
