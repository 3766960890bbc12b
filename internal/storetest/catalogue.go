package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

func newCourse(code, title string, credits float64) catalogue.Course {
	return catalogue.Course{Code: code, Title: title, Credits: credits, OfferedIn: []string{"Fall", "Winter"}, Rules: []catalogue.Rule{}}
}

// SmallCatalogue is a small catalogue with one of everything, each part in the order of its ids.
func SmallCatalogue() catalogue.Data {
	none := 0
	comp249 := newCourse("COMP 249", "Object-Oriented Programming II", 3.5)
	comp249.Rules = []catalogue.Rule{
		{Type: "prerequisite", CourseList: []string{"COMP 248"}, MinCourses: 1},
		{Type: "not_taken", CourseList: []string{"COEN 244"}, MaxCourses: &none},
	}
	return catalogue.Data{
		Calendar:    "2026-27",
		Equivalents: [][]string{{"COMP 352", "COMP 351"}},
		Degrees: []catalogue.Degree{
			{ID: "Co-op Program", Name: "Co-op Program", DegreeType: catalogue.Coop, Pools: []string{catalogue.CoopPoolID}},
			{ID: "soen", Name: "BEng in Software Engineering", DegreeType: catalogue.Standalone, Kind: catalogue.BEng, TotalCredits: 120, ECPDegreeID: "soen-ecp",
				Pools: []string{"soen-core", "math", "electives"}},
			{ID: "soen-ecp", Name: "Extended Credit Program - Software Engineering", DegreeType: catalogue.ExtendedCredit, TotalCredits: 30,
				Pools: []string{"math"}},
			{ID: "zz", Name: "BCompSc in Computer Science", DegreeType: catalogue.Standalone, TotalCredits: 90, Pools: []string{"math"}},
		},
		Pools: []catalogue.Pool{
			{ID: catalogue.CoopPoolID, Name: "Work Terms", Courses: []string{"CWT 100"}, Rules: []catalogue.Rule{}},
			{ID: "electives", Name: "Electives (a.k.a. $)", CreditsRequired: 3.25, Courses: []string{"COMP 249", "GONE 999"},
				Rules: []catalogue.Rule{{Type: "max_credits_from_set", CourseList: []string{"COMP 249"}, MaxCredits: 3.25}}},
			{ID: "math", Name: "Mathematics", CreditsRequired: 3, Courses: []string{"MATH 203"}, Rules: []catalogue.Rule{}},
			{ID: "soen-core", Name: "Core", CreditsRequired: 7, Courses: []string{"COMP 248", "COMP 249"}, Rules: []catalogue.Rule{}},
		},
		Courses: []catalogue.Course{
			newCourse("COMP 248", "Object-Oriented Programming I", 3),
			comp249,
			newCourse("COMP 352", "Data Structures (and C++ [basics])", 3),
			newCourse("COMPX 1", "Not of the subject COMP", 1),
			newCourse("CWT 100", "Work Term I", 0),
			newCourse("MATH 203", "Differential & Integral Calculus I", 3),
			newCourse("MATH 204", "Vectors and Matrices: Algèbre", 3),
		},
		Sequences: []catalogue.Sequence{
			{Name: "SOEN Co-op", DegreeID: "soen", Terms: []catalogue.SequenceTerm{
				{Type: "Academic", Courses: []string{"COMP 248", "GEN ED ELECTIVE"}},
				{Type: "Co-op", Label: "WT1", Courses: []string{}},
			}},
		},
	}
}

func runCatalogue(t *testing.T, open Open) {
	t.Run("an empty store has no catalogue", func(t *testing.T) {
		t.Parallel()
		s, ctx := open(t, time.Now), t.Context()
		if err := s.Ping(ctx); err != nil {
			t.Fatal(err)
		}
		_, err := s.LoadCatalogue(ctx)
		wantCode(t, "Load", err, fault.DatabaseUnavailable)
		if v := must(s.CatalogueVersion(ctx))(t); v != "" {
			t.Errorf("version %q before the first seed", v)
		}
		if ds := must(s.ListDegrees(ctx))(t); ds == nil || len(ds) != 0 {
			t.Errorf("degrees are %#v, want an empty list", ds)
		}
		if err := s.SeedCatalogue(ctx, catalogue.Data{}); err == nil {
			t.Error("an empty catalogue was seeded")
		}
	})
	t.Run("what is seeded comes back", func(t *testing.T) {
		t.Parallel()
		s, ctx := open(t, time.Now), t.Context()
		for range 2 { // seeding is idempotent
			if err := s.SeedCatalogue(ctx, SmallCatalogue()); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(SmallCatalogue(), must(s.LoadCatalogue(ctx))(t)); d != "" {
				t.Fatalf("loaded data (-want +got):\n%s", d)
			}
			if v := must(s.CatalogueVersion(ctx))(t); v != SmallCatalogue().Fingerprint() {
				t.Fatalf("version %q is not the data's fingerprint", v)
			}
		}
	})
	t.Run("a new catalogue replaces the old", func(t *testing.T) {
		t.Parallel()
		s, ctx := open(t, time.Now), t.Context()
		if err := s.SeedCatalogue(ctx, SmallCatalogue()); err != nil {
			t.Fatal(err)
		}
		next := SmallCatalogue()
		next.Degrees = slices.Delete(next.Degrees, 3, 4)
		next.Courses[0].Credits = 4
		next.Courses[1].Rules = []catalogue.Rule{}
		next.Courses = slices.Delete(next.Courses, 2, 4)
		next.Pools = append(next.Pools, catalogue.Pool{ID: "zz-new", Courses: []string{}, Rules: []catalogue.Rule{}})
		next.Sequences = []catalogue.Sequence{}
		if err := s.SeedCatalogue(ctx, next); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(next, must(s.LoadCatalogue(ctx))(t)); d != "" {
			t.Errorf("loaded data (-want +got):\n%s", d)
		}
		if v := must(s.CatalogueVersion(ctx))(t); v != next.Fingerprint() {
			t.Errorf("version %q is not the new one", v)
		}
		_, err := s.FindCourse(ctx, "COMP 352")
		wantCode(t, "a removed course", err, fault.NotFound)
	})
	t.Run("editions", func(t *testing.T) { t.Parallel(); storeEditions(t, open(t, time.Now)) })
	t.Run("readers always find a catalogue while it is seeded", func(t *testing.T) {
		t.Parallel()
		seedWhileReading(t, open(t, time.Now))
	})
	t.Run("several seed at once", func(t *testing.T) {
		t.Parallel()
		s, ctx := open(t, time.Now), t.Context()
		errs := make(chan error)
		for range 4 {
			go func() { errs <- s.SeedCatalogue(ctx, SmallCatalogue()) }()
		}
		for range 4 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		if d := cmp.Diff(SmallCatalogue(), must(s.LoadCatalogue(ctx))(t)); d != "" {
			t.Errorf("loaded data (-want +got):\n%s", d)
		}
	})
	t.Run("reads", func(t *testing.T) {
		t.Parallel()
		s := open(t, time.Now)
		if err := s.SeedCatalogue(t.Context(), SmallCatalogue()); err != nil {
			t.Fatal(err)
		}
		readCatalogue(t, s)
	})
	t.Run("a caller that has gone", func(t *testing.T) {
		t.Parallel()
		s := open(t, time.Now)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := s.LoadCatalogue(ctx)
		if err == nil || fault.CodeOf(err) == fault.DatabaseUnavailable {
			t.Errorf("a canceled read gives %v, want the cancellation", err)
		}
	})
}

func seedWhileReading(t *testing.T, s Store) {
	ctx := t.Context()
	one, other := SmallCatalogue(), SmallCatalogue()
	other.Degrees[1].Name += " (new)"
	other.Courses = other.Courses[:5]
	if err := s.SeedCatalogue(ctx, one); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		var err error
		for i := 0; i < 10 && err == nil; i++ {
			err = s.SeedCatalogue(ctx, []catalogue.Data{other, one}[i%2])
		}
		done <- err
	}()
	for {
		d, err := s.LoadCatalogue(ctx)
		if err != nil {
			t.Error(err)
		} else if len(d.Degrees) != 4 || len(d.Pools) != 4 || len(d.Courses) < 5 {
			t.Errorf("a reader saw %d degrees, %d pools and %d courses", len(d.Degrees), len(d.Pools), len(d.Courses))
		}
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			return
		default:
		}
	}
}

func readCatalogue(t *testing.T, s Store) {
	ctx, data := t.Context(), SmallCatalogue()

	// Without co-op and extended credit, by name.
	if d := cmp.Diff([]catalogue.Degree{data.Degrees[3], data.Degrees[1]}, must(s.ListDegrees(ctx))(t)); d != "" {
		t.Errorf("degrees (-want +got):\n%s", d)
	}
	if d := cmp.Diff(data.Degrees[2], must(s.FindDegree(ctx, "soen-ecp"))(t)); d != "" {
		t.Errorf("degree (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]catalogue.Pool{data.Pools[3], data.Pools[2], data.Pools[1]}, must(s.ListPools(ctx, "soen"))(t)); d != "" {
		t.Errorf("pools in the degree's order (-want +got):\n%s", d)
	}
	if d := cmp.Diff(data.Sequences, must(s.ListSequences(ctx, "soen"))(t)); d != "" {
		t.Errorf("sequences of a degree (-want +got):\n%s", d)
	}
	if got := must(s.ListSequences(ctx, "zz"))(t); got == nil || len(got) != 0 {
		t.Errorf("sequences of a degree without any: %v, want an empty list", got)
	}
	if d := cmp.Diff(data.Courses[1], must(s.FindCourse(ctx, "COMP 249"))(t)); d != "" {
		t.Errorf("course (-want +got):\n%s", d)
	}
	for _, id := range []string{"", "nothing", "$where", "a.b", "\x00"} {
		_, err := s.FindDegree(ctx, id)
		wantCode(t, fmt.Sprintf("degree %q", id), err, fault.NotFound)
		_, err = s.FindCourse(ctx, id)
		wantCode(t, fmt.Sprintf("course %q", id), err, fault.NotFound)
		_, err = s.ListPools(ctx, id)
		wantCode(t, fmt.Sprintf("pools of %q", id), err, fault.NotFound)
		_, err = s.ListSequences(ctx, id)
		wantCode(t, fmt.Sprintf("sequences of %q", id), err, fault.NotFound)
	}
	_, _, err := s.ListCourses(ctx, catalogue.CourseQuery{Pool: "nothing"})
	wantCode(t, "courses of no pool", err, fault.NotFound)

	everything := []string{"COMP 248", "COMP 249", "COMP 352", "COMPX 1", "CWT 100", "MATH 203", "MATH 204"}
	tests := map[string]struct {
		q    catalogue.CourseQuery
		want []string
		next string
	}{
		"all":                      {catalogue.CourseQuery{}, everything, ""},
		"a page":                   {catalogue.CourseQuery{Limit: 2}, everything[:2], "COMP 249"},
		"the next page":            {catalogue.CourseQuery{Limit: 2, After: "COMP 249"}, everything[2:4], "COMPX 1"},
		"a full last page":         {catalogue.CourseQuery{Limit: 2, After: "CWT 100"}, everything[5:], ""},
		"after what is gone":       {catalogue.CourseQuery{After: "COMP 300"}, everything[2:], ""},
		"after the end":            {catalogue.CourseQuery{After: "ZZZZ"}, nil, ""},
		"a pool":                   {catalogue.CourseQuery{Pool: "electives"}, []string{"COMP 249"}, ""},
		"a prefix":                 {catalogue.CourseQuery{Prefix: "comp "}, everything[:3], ""},
		"a prefix and after":       {catalogue.CourseQuery{Prefix: "COMP", After: "COMP 352"}, everything[3:4], ""},
		"a prefix, page":           {catalogue.CourseQuery{Prefix: "COMP", Limit: 3}, everything[:3], "COMP 352"},
		"before the prefix":        {catalogue.CourseQuery{Prefix: "MATH", After: "COMP 352"}, everything[5:], ""},
		"past the prefix":          {catalogue.CourseQuery{Prefix: "COMP", After: "MATH 203"}, nil, ""},
		"a prefix with a meaning":  {catalogue.CourseQuery{Prefix: "COMP."}, nil, ""},
		"search in titles":         {catalogue.CourseQuery{Search: "PROGRAMMING"}, everything[:2], ""},
		"search in codes":          {catalogue.CourseQuery{Search: "203"}, []string{"MATH 203"}, ""},
		"search for words":         {catalogue.CourseQuery{Search: "structures  comp data"}, []string{"COMP 352"}, ""},
		"search beyond ASCII":      {catalogue.CourseQuery{Search: "ALGÈBRE"}, []string{"MATH 204"}, ""},
		"search with a meaning":    {catalogue.CourseQuery{Search: "c++ [basics])"}, []string{"COMP 352"}, ""},
		"search for any character": {catalogue.CourseQuery{Search: ".*"}, nil, ""},
		"search and pool":          {catalogue.CourseQuery{Search: "object", Pool: "soen-core", Prefix: "COMP 24", Limit: 1}, everything[:1], "COMP 248"},
	}
	for name, tt := range tests {
		page, next, err := s.ListCourses(ctx, tt.q)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for _, c := range page {
			got = append(got, c.Code)
		}
		if d := cmp.Diff(tt.want, got); d != "" || next != tt.next || page == nil {
			t.Errorf("%s: courses (-want +got, next %q, want %q):\n%s", name, next, tt.next, d)
		}
	}
}
