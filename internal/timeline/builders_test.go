package timeline_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelinetest"
	"github.com/trackmydegree/trackmydegree/internal/warning"
)

// threeYears is the embedded catalogue as the editions of three years. The one of 2024-25 asks for 118 credits of
// software engineers, in a pool that asks for two credits less.
var threeYears = sync.OnceValue(func() *timeline.Builders {
	var all []catalogue.Data
	for _, calendar := range []string{"2024-25", "2026-27", "2027-28"} {
		d := cataloguetest.EmbeddedData()
		d.Calendar = calendar
		if calendar == "2024-25" {
			i := slices.IndexFunc(d.Degrees, func(g catalogue.Degree) bool { return g.ID == softwareID })
			d.Degrees[i].TotalCredits -= 2
		}
		all = append(all, d)
	}
	editions, err := catalogue.NewEditions(all...)
	if err != nil {
		panic(err)
	}
	return timeline.NewBuilders(editions)
})

const softwareID = "BEng in Software Engineering"

// calendarWarning returns the warning other_calendar as "admitted → used", "" for none.
func calendarWarning(r *timeline.Result) string {
	for _, w := range r.Warnings {
		if w.Code == warning.OtherCalendar {
			return w.Expected + " → " + w.Found
		}
	}
	return ""
}

func TestDocumentsAreMeasuredByTheirEdition(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first, program *string
		chosen         string
		calendar       string
		credits        float64
		warning        string
	}{
		"its own":                        {ptr("Fall 2024"), nil, "", "2024-25", 118, ""},
		"winter ends the year":           {ptr("Winter 2025"), nil, "", "2024-25", 118, ""},
		"the nearest later one":          {ptr("Fall 2025"), nil, "", "2026-27", 120, "2025-26 → 2026-27"},
		"before the first":               {ptr("Fall 2010"), nil, "", "2024-25", 118, "2010-11 → 2024-25"},
		"after the last":                 {ptr("Fall 2030"), nil, "", "2027-28", 120, "2030-31 → 2027-28"},
		"of the present program":         {ptr("Fall 2021"), ptr("Fall 2026"), "", "2026-27", 120, ""},
		"without an admission, the last": {nil, nil, "", "2027-28", 120, ""},
		"chosen":                         {ptr("Fall 2024"), nil, "2026-27", "2026-27", 120, ""},
		"chosen without an admission":    {nil, nil, "2024-25", "2024-25", 118, ""},
		"chosen, and no longer loaded":   {ptr("Fall 2024"), nil, "2025-26", "2026-27", 120, "2025-26 → 2026-27"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc := timelinetest.NewTranscript(timelinetest.SoftwarePrinted, "Fall 2025: COMP 248 A")
			doc.ProgramInfo.FirstTerm, doc.ProgramInfo.ProgramTerm = c.first, c.program
			chosen := timeline.Choice{Calendar: c.chosen}
			r := timelinetest.Must(threeYears().ForDocument(doc, chosen).FromDocumentFor(doc, chosen, now))(t)
			if r.Calendar != c.calendar || r.Degree.TotalCredits != c.credits || calendarWarning(r) != c.warning {
				t.Errorf("calendar %s, %v credits, warning %q; want %s, %v, %q",
					r.Calendar, r.Degree.TotalCredits, calendarWarning(r), c.calendar, c.credits, c.warning)
			}
		})
	}
	t.Run("without a program", func(t *testing.T) {
		t.Parallel()
		if _, err := threeYears().ForDocument(document.Document{}, timeline.Choice{}).FromDocument(document.Document{}, now); fault.CodeOf(err) != fault.DegreeMissing {
			t.Errorf("%v, want degree_missing", err)
		}
	})
}

func TestFormsAreMeasuredByTheirEdition(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ chosen, first, calendar, warning string }{
		"of the first term":     {"", "Fall 2024", "2024-25", ""},
		"the nearest later one": {"", "Fall 2025", "2026-27", "2025-26 → 2026-27"},
		"chosen":                {"2027-28", "Fall 2024", "2027-28", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := timeline.Form{Degree: softwareID, FirstTerm: c.first, Calendar: c.chosen}
			r := timelinetest.Must(timelinetest.Must(threeYears().ForForm(f))(t).FromForm(f, now))(t)
			if r.Calendar != c.calendar || calendarWarning(r) != c.warning {
				t.Errorf("calendar %s, warning %q; want %s, %q", r.Calendar, calendarWarning(r), c.calendar, c.warning)
			}
		})
	}
	t.Run("not loaded", func(t *testing.T) {
		t.Parallel()
		_, err := threeYears().ForForm(timeline.Form{Degree: softwareID, FirstTerm: "Fall 2024", Calendar: "2025-26"})
		f := fault.From(err)
		if f.Code != fault.InvalidForm || len(f.Fields) != 1 || f.Fields[0].Path != "calendar" || !strings.Contains(f.Fields[0].Message, "2024-25, 2026-27, 2027-28") {
			t.Errorf("%v, want invalid_form with the loaded editions", timelinetest.DescribeFault(err))
		}
	})
}

func TestSavedTimelinesKeepTheirEdition(t *testing.T) {
	t.Parallel()
	builders := threeYears()
	form := timeline.Form{Degree: softwareID, FirstTerm: "Fall 2024"}
	r := timelinetest.Must(timelinetest.Must(builders.ForForm(form))(t).FromForm(form, now))(t)
	saved := r.ToSaved()
	if saved.Calendar != "2024-25" {
		t.Fatalf("saved with the calendar %q, want 2024-25", saved.Calendar)
	}

	t.Run("load", func(t *testing.T) {
		t.Parallel()
		again := timelinetest.Must(builders.ForSaved(saved).FromSaved(saved, now))(t)
		if diff := cmp.Diff(r, again); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run("edit", func(t *testing.T) {
		t.Parallel()
		edited := timelinetest.Must(builders.ForResult(r).ApplyPatch(r, timeline.Patch{TimelineName: ptr("plan B")}, now))(t)
		if edited.Calendar != "2024-25" || edited.Degree.TotalCredits != 118 {
			t.Errorf("calendar %s, %v credits; want 2024-25, 118", edited.Calendar, edited.Degree.TotalCredits)
		}
	})
	t.Run("chosen edition", func(t *testing.T) {
		t.Parallel()
		f := timeline.Form{Degree: softwareID, FirstTerm: "Fall 2024", Calendar: "2027-28"}
		chosen := timelinetest.Must(timelinetest.Must(builders.ForForm(f))(t).FromForm(f, now))(t)
		edited := timelinetest.Must(builders.ForResult(chosen).ApplyPatch(chosen, timeline.Patch{TimelineName: ptr("plan B")}, now))(t)
		if edited.Calendar != "2027-28" || calendarWarning(edited) != "" {
			t.Errorf("calendar %s, warning %q; want 2027-28 and none", edited.Calendar, calendarWarning(edited))
		}
	})
	t.Run("edition no longer loaded", func(t *testing.T) {
		t.Parallel()
		gone := saved
		gone.Calendar = "2025-26"
		for range 2 { // the warning is made again, not twice
			again := timelinetest.Must(builders.ForSaved(gone).FromSaved(gone, now))(t)
			if again.Calendar != "2026-27" || calendarWarning(again) != "2025-26 → 2026-27" || len(again.Warnings) != 1 {
				t.Errorf("calendar %s, warnings %v; want 2026-27 and one", again.Calendar, again.Warnings)
			}
			gone.Warnings = again.ToSaved().Warnings
		}
	})
	t.Run("without an edition", func(t *testing.T) {
		t.Parallel()
		older := saved
		older.Calendar = ""
		again := timelinetest.Must(builders.ForSaved(older).FromSaved(older, now))(t)
		if again.Calendar != "2024-25" || len(again.Warnings) != 0 {
			t.Errorf("calendar %s, warnings %v; want that of its first term and none", again.Calendar, again.Warnings)
		}
		result := *r
		result.Calendar = ""
		edited := timelinetest.Must(builders.ForResult(&result).ApplyPatch(&result, timeline.Patch{TimelineName: ptr("plan B")}, now))(t)
		if edited.Calendar != "2024-25" {
			t.Errorf("an edited result has the calendar %s, want that of its first term", edited.Calendar)
		}
		empty := timelinetest.Must(builders.ForSaved(timeline.Saved{DegreeID: softwareID}).FromSaved(timeline.Saved{DegreeID: softwareID}, now))(t)
		if empty.Calendar != "2027-28" {
			t.Errorf("one without terms has the calendar %s, want the latest", empty.Calendar)
		}
	})
}

func TestBuilderCache(t *testing.T) {
	t.Parallel()
	one, other := timelinetest.Must(catalogue.JoinEditions(cataloguetest.Embedded()))(t), timelinetest.Must(catalogue.JoinEditions(cataloguetest.Embedded()))(t)
	var cache timeline.BuilderCache
	first := cache.GetBuilders(one)
	if cache.GetBuilders(one) != first {
		t.Error("the builders of the same editions are made again")
	}
	if cache.GetBuilders(other) == first {
		t.Error("other editions have the builders of those before")
	}
}
