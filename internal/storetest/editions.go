package storetest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
)

// storeEditions stores editions in any order: the newest answers queries, and each is loaded as it was stored.
func storeEditions(t *testing.T, s Store) {
	ctx := t.Context()
	edition := func(calendar, title string) catalogue.Data {
		d := SmallCatalogue()
		d.Calendar, d.Courses[0].Title = calendar, title
		return d
	}
	seed := func(d catalogue.Data) string {
		t.Helper()
		if err := s.SeedCatalogue(ctx, d); err != nil {
			t.Fatal(err)
		}
		return must(s.CatalogueVersion(ctx))(t)
	}
	wantEditions := func(want ...catalogue.Data) {
		t.Helper()
		if d := cmp.Diff(want, must(s.LoadEditions(ctx))(t)); d != "" {
			t.Fatalf("editions (-want +got):\n%s", d)
		}
		newest := want[len(want)-1]
		if d := cmp.Diff(newest, must(s.LoadCatalogue(ctx))(t)); d != "" {
			t.Fatalf("the newest (-want +got):\n%s", d)
		}
		if c := must(s.FindCourse(ctx, "COMP 248"))(t); c.Title != newest.Courses[0].Title {
			t.Fatalf("a query answers %q, want the newest edition's %q", c.Title, newest.Courses[0].Title)
		}
	}

	unlabelled := SmallCatalogue() // in the form of an older version
	unlabelled.Calendar, unlabelled.Equivalents = "", nil
	seed(unlabelled)
	wantEditions(unlabelled)

	a, b, c := edition("2024-25", "a"), edition("2025-26", "b"), edition("2026-27", "c")
	one := seed(b)
	wantEditions(b)
	two := seed(a) // an older edition in addition
	wantEditions(a, b)
	three := seed(c) // a newer edition replaces it
	wantEditions(a, b, c)
	if one == two || two == three || one == three {
		t.Errorf("versions %q, %q and %q, want three", one, two, three)
	}
	if again := seed(c); again != three {
		t.Errorf("the same edition again makes version %q, want %q", again, three)
	}
	corrected := edition("2024-25", "corrected")
	if four := seed(corrected); four == three {
		t.Error("a corrected older edition leaves the version as it was")
	}
	wantEditions(corrected, b, c)
}
