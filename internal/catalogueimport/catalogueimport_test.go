package catalogueimport_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/boltstore"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/catalogueimport"
	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

const (
	software = "BEng in Software Engineering"
	civil    = "BEng in Civil Engineering"
)

func now() time.Time { return time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC) }

// edition is the embedded catalogue under a year, changed.
func edition(t *testing.T, calendar string, change func(*catalogue.Data)) catalogue.Source {
	t.Helper()
	d := cataloguetest.EmbeddedData()
	d.Calendar = calendar
	if change != nil {
		change(&d)
	}
	return catalogue.Source{Path: calendar, Data: d}
}

// raiseCivil lets civil engineers take 3 credits more.
func raiseCivil(d *catalogue.Data) {
	g := slices.IndexFunc(d.Degrees, func(g catalogue.Degree) bool { return g.ID == civil })
	p := slices.IndexFunc(d.Pools, func(p catalogue.Pool) bool { return p.ID == "CIVI_Civil Engineering Electives" })
	d.Degrees[g].TotalCredits += 3
	d.Pools[p].CreditsRequired += 3
}

func newImporter(t *testing.T, stored ...catalogue.Source) (*catalogueimport.Importer, *boltstore.Store) {
	t.Helper()
	store, err := boltstore.Open(boltstore.Config{Dir: t.TempDir(), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	importer, err := catalogueimport.New(catalogueimport.Deps{Store: store, Clock: now})
	if err != nil {
		t.Fatal(err)
	}
	if err := importer.ImportEditions(t.Context(), stored); err != nil {
		t.Fatal(err)
	}
	return importer, store
}

func save(t *testing.T, store *boltstore.Store, degree, calendar string) {
	t.Helper()
	s := timeline.Saved{
		Owner: "ann", Name: "plan", DegreeID: degree, Calendar: calendar,
		Semesters: []timeline.Semester{{Term: "FALL 2026", Courses: []timeline.Sitting{}}},
	}
	if _, err := store.InsertTimeline(t.Context(), s); err != nil {
		t.Fatal(err)
	}
}

func TestPreviewImport(t *testing.T) {
	t.Parallel()
	importer, store := newImporter(t, edition(t, "2026-27", nil))
	save(t, store, civil, "2026-27")
	save(t, store, civil, "")        // of its first term, Fall 2026
	save(t, store, civil, "2027-28") // not loaded: measured by the latest until it is
	save(t, store, software, "2026-27")
	version, err := store.CatalogueVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		sources []catalogue.Source
		want    catalogueimport.Impact
	}{
		"the same again": {[]catalogue.Source{edition(t, "2026-27", nil)}, catalogueimport.Impact{Timelines: 4, Degrees: []catalogueimport.DegreeImpact{}}},
		"a correction": {[]catalogue.Source{edition(t, "2026-27", raiseCivil)}, catalogueimport.Impact{
			Timelines: 4, Changed: 3,
			Degrees: []catalogueimport.DegreeImpact{{Degree: civil, Timelines: 3, Changed: 3, More: 3, Least: 3, Most: 3}},
		}},
		"the next year": {[]catalogue.Source{edition(t, "2027-28", raiseCivil)}, catalogueimport.Impact{
			Timelines: 4, Changed: 1,
			Degrees: []catalogueimport.DegreeImpact{{Degree: civil, Timelines: 3, Changed: 1, Moved: 1, More: 1, Least: 3, Most: 3}},
		}},
		"a degree is gone": {[]catalogue.Source{edition(t, "2026-27", func(d *catalogue.Data) {
			d.Degrees = slices.DeleteFunc(d.Degrees, func(g catalogue.Degree) bool { return g.ID == civil })
			d.Sequences = slices.DeleteFunc(d.Sequences, func(s catalogue.Sequence) bool { return s.DegreeID == civil })
		})}, catalogueimport.Impact{
			Timelines: 4, Broken: 3, Degrees: []catalogueimport.DegreeImpact{{Degree: civil, Timelines: 3, Broken: 3}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := importer.PreviewImport(t.Context(), c.sources)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("impact (-want +got):\n%s", diff)
			}
		})
	}
	if after, err := store.CatalogueVersion(t.Context()); err != nil || after != version {
		t.Errorf("after the previews the version is %q (%v), want %q: a preview stores nothing", after, err, version)
	}
}

// One faulty edition keeps the sound ones next to it out as well.
func TestFaultyEditionsChangeNothing(t *testing.T) {
	t.Parallel()
	importer, store := newImporter(t, edition(t, "2026-27", nil))
	sources := []catalogue.Source{
		edition(t, "2027-28", nil),
		edition(t, "2028-29", func(d *catalogue.Data) {
			d.Degrees[0].TotalCredits++
			d.Courses[0].Title = ""
		}),
	}
	_, previewed := importer.PreviewImport(t.Context(), sources)
	for name, err := range map[string]error{"import": importer.ImportEditions(t.Context(), sources), "preview": previewed} {
		var invalid *catalogueimport.InvalidError
		if !errors.As(err, &invalid) || len(invalid.Faults) != 2 {
			t.Fatalf("%s: %v, want two faults", name, err)
		}
		var got []string
		for _, f := range invalid.Faults {
			got = append(got, f.Path+" "+f.File+" "+f.Entry)
		}
		want := []string{"2028-29 courses.json ACCO 220", "2028-29 degrees.json " + sources[1].Data.Degrees[0].ID}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: faults (-want +got):\n%s", name, diff)
		}
	}
	stored, err := importer.LoadStored(t.Context())
	if err != nil || len(stored) != 1 || stored[0].Calendar != "2026-27" {
		t.Errorf("%d editions are stored (%v), want the one from before", len(stored), err)
	}
	if _, err := store.FindCourse(t.Context(), "COMP 248"); err != nil {
		t.Error(err)
	}
}

func TestFindPredecessor(t *testing.T) {
	t.Parallel()
	stored := []catalogue.Data{{Calendar: "2024-25"}, {Calendar: "2026-27"}}
	for calendar, want := range map[string]string{
		"2026-27": "2026-27", "2025-26": "2024-25", "2030-31": "2026-27", "2020-21": "2024-25", "": "2024-25",
	} {
		if got, ok := catalogueimport.FindPredecessor(stored, calendar); !ok || got.Calendar != want {
			t.Errorf("before %q comes %q, want %q", calendar, got.Calendar, want)
		}
	}
	if _, ok := catalogueimport.FindPredecessor(nil, "2026-27"); ok {
		t.Error("nothing comes before an edition when nothing is stored, got one")
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	if _, err := catalogueimport.New(catalogueimport.Deps{}); err == nil {
		t.Error("an importer without a store is made, want an error")
	}
}

func ExampleValidateSources() {
	d := cataloguetest.EmbeddedData()
	d.Calendar = ""
	faults, _ := catalogueimport.ValidateSources([]catalogue.Source{{Path: ".", Data: d}})
	fmt.Println(faults[0])
	// Output: edition.json: calendar: the academic year is missing
}
