package timeline_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelinetest"
	"github.com/trackmydegree/trackmydegree/internal/warning"
)

// academic returns the terms of a form's sequence.
func academic(terms ...[]string) []timeline.SequenceTerm {
	var out []timeline.SequenceTerm
	for _, courses := range terms {
		out = append(out, timeline.SequenceTerm{Type: "Academic", Courses: courses})
	}
	return out
}

// findProgress returns the progress of a pool.
func findProgress(tb testing.TB, r *timeline.Result, id string) timeline.Credits {
	tb.Helper()
	i := slices.IndexFunc(r.Progress.Pools, func(p timeline.PoolProgress) bool { return p.ID == id })
	if i < 0 {
		tb.Fatalf("no pool %q", id)
	}
	return r.Progress.Pools[i].Credits
}

// The allocation counts the most credits, whatever the order of the terms.
func TestProgressCountsTheMostCredits(t *testing.T) {
	t.Parallel()
	first, second := []string{"COMP 361", "COMP 339"}, []string{"COMP 353", "COMP 371", "COMP 442"}
	for name, sequence := range map[string][]timeline.SequenceTerm{
		"as listed": academic(first, second), "the other way round": academic(second, first),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := timelinetest.Must(timelinetest.Builder().FromForm(timeline.Form{
				Degree: "BCompSc in Computer Science", FirstTerm: "Fall 2027", PredefinedSequence: sequence,
			}, now))(t)
			if got := findProgress(t, r, "COMP_Computer Science Electives").Planned; got != 12 {
				t.Errorf("computer science electives: got %v, want 12", got)
			}
			if got := findProgress(t, r, "COMP_Mathematics Electives: BCompSc").Planned; got != 6 {
				t.Errorf("mathematics electives: got %v, want 6", got)
			}
			if got := r.Progress.Overall.Planned; got != 18 {
				t.Errorf("overall: got %v, want 18", got)
			}
		})
	}
}

// Only one of two courses that exclude each other counts, and a course before its prerequisites has a remark.
func TestProgressOfExcludedCourses(t *testing.T) {
	t.Parallel()
	r := timelinetest.Must(timelinetest.Builder().FromForm(timeline.Form{
		Degree: software, FirstTerm: "Fall 2027",
		PredefinedSequence: academic([]string{"COMP 352"}, []string{"COMP 248", "SOEN 490", "ENGR 490", "COMP 228", "SOEN 228"}),
	}, now))(t)
	counted := 0
	for _, code := range []string{"SOEN 490", "ENGR 490"} {
		if len(r.Courses[code].Counts) > 0 {
			counted++
		}
	}
	if counted != 1 {
		t.Errorf("of SOEN 490 and ENGR 490 got %d that count, want 1", counted)
	}
	if !hasRemark(r, audit.Prerequisite, "COMP 352") {
		t.Errorf("COMP 352 before COMP 249: got the remarks %v, want %s", r.Remarks, audit.Prerequisite)
	}
}

// The degree's total is the printed one, also after the timeline was saved and loaded.
func TestTotals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		printed  *float64
		extended bool
		want     timeline.Totals
	}{
		{"not printed", nil, false, timeline.Totals{Required: 120, Source: audit.FromCatalogue}},
		{"not printed, extended", nil, true, timeline.Totals{Required: 150, Source: audit.FromCatalogue}},
		{"extended credit and prior studies", ptr(144.0), true, timeline.Totals{Required: 144, Source: audit.FromDocument}},
		{"mature entry", ptr(138.0), false, timeline.Totals{Required: 138, Source: audit.FromDocument}},
		{"no number of credits", ptr(-1.0), false, timeline.Totals{Required: 120, Source: audit.FromCatalogue}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			doc := timelinetest.NewTranscript(timelinetest.SoftwarePrinted, "Fall 2024: COMP 248 B")
			doc.ProgramInfo.MinimumProgramLength, doc.ProgramInfo.IsExtendedCreditProgram = c.printed, c.extended
			r := timelinetest.Must(timelinetest.Builder().FromDocument(doc, now))(t)
			for what, r := range map[string]*timeline.Result{"built": r, "saved and loaded": timelinetest.Must(timelinetest.Builder().FromSaved(r.ToSaved(), now))(t)} {
				if r.Totals != c.want || r.Progress.Overall.CreditsRequired != c.want.Required {
					t.Errorf("%s: got %+v and %+v, want %+v", what, r.Totals, r.Progress.Overall, c.want)
				}
			}
		})
	}
	// The part of the total that is not in the pools is a requirement that any course can fill.
	doc := timelinetest.NewTranscript(timelinetest.SoftwarePrinted, "Fall 2024: ACCO 220 B")
	doc.ProgramInfo.MinimumProgramLength = ptr(138.0)
	r := timelinetest.Must(timelinetest.Builder().FromDocument(doc, now))(t)
	want := timeline.Credits{CreditsRequired: 18, Completed: 3, Remaining: 15}
	if diff := cmp.Diff(want, findProgress(t, r, audit.OtherCreditsID)); diff != "" {
		t.Errorf("other credits (-want +got):\n%s", diff)
	}
}

// Warnings of the document are saved with a timeline; those of the catalogue disappear with their course.
func TestWarnings(t *testing.T) {
	t.Parallel()
	codes := func(r *timeline.Result) (out []string) {
		for _, w := range r.Warnings {
			out = append(out, string(w.Code)+" "+w.Course)
		}
		return out
	}
	doc := timelinetest.NewTranscript(timelinetest.SoftwarePrinted, "Fall 2024: COMP 232 CR", "Fall 2024: ENGR 107 PASS")
	r := timelinetest.Must(timelinetest.Builder().FromDocument(doc, now))(t)
	want := []string{string(warning.GradeUnknown) + " COMP 232", string(warning.CourseUnknown) + " ENGR 107"}
	if diff := cmp.Diff(want, codes(r)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(r.Warnings, timelinetest.Must(timelinetest.Builder().FromSaved(r.ToSaved(), now))(t).Warnings); diff != "" {
		t.Errorf("saved and loaded (-want +got):\n%s", diff)
	}
	edited := timelinetest.Must(timelinetest.Builder().ApplyPatch(r, timeline.Patch{Semesters: &[]timeline.Semester{}}, now))(t)
	if diff := cmp.Diff(want[:1], codes(edited)); diff != "" {
		t.Errorf("without the unknown course (-want +got):\n%s", diff)
	}
}

// Pins and waivers are applied, stay with the timeline, and are replaced as a whole.
func TestPinsAndWaivers(t *testing.T) {
	t.Parallel()
	r := timelinetest.Must(timelinetest.Builder().FromDocument(timelinetest.NewTranscript("Bachelor of Computer Science, Computer Science",
		"Fall 2024: COMP 472 A", "Winter 2027: COMP 352"), now))(t)
	const pool = "COMP_Computer Science Electives"
	if got := r.Courses["COMP 472"].Counts; len(got) != 1 || got[0].Pool == pool {
		t.Fatalf("without a pin COMP 472 counts as %+v", got)
	}
	pinned := timelinetest.Must(timelinetest.Builder().ApplyPatch(r, timeline.Patch{
		Pins:    &map[string]string{"comp472": pool},
		Waivers: &[]audit.Waiver{{Code: audit.Prerequisite, Course: "COMP 352", Reason: "the department agreed"}},
	}, now))(t)
	if got := pinned.Courses["COMP 472"].Counts; len(got) != 1 || got[0].Pool != pool || got[0].Because != audit.BecausePinned {
		t.Errorf("pinned, COMP 472 counts as %+v, want in %s", got, pool)
	}
	waived := 0
	for _, x := range pinned.Remarks {
		if x.Code == audit.Prerequisite && x.Course == "COMP 352" {
			if waived++; !x.Waived || x.Reason != "the department agreed" {
				t.Errorf("got %+v, want it waived", x)
			}
		}
	}
	if waived == 0 {
		t.Errorf("no remark on COMP 352 among %+v", pinned.Remarks)
	}
	loaded := timelinetest.Must(timelinetest.Builder().FromSaved(pinned.ToSaved(), now))(t)
	if diff := cmp.Diff(string(encode(t, pinned)), string(encode(t, loaded))); diff != "" {
		t.Errorf("saved and loaded (-want +got):\n%s", diff)
	}
	back := timelinetest.Must(timelinetest.Builder().ApplyPatch(pinned, timeline.Patch{Pins: &map[string]string{}, Waivers: &[]audit.Waiver{}}, now))(t)
	if diff := cmp.Diff(string(encode(t, r)), string(encode(t, back))); diff != "" {
		t.Errorf("taken back (-want +got):\n%s", diff)
	}
}
