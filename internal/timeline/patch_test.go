package timeline_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelinetest"
)

func apply(tb testing.TB, r *timeline.Result, patches ...timeline.Patch) *timeline.Result {
	tb.Helper()
	for _, p := range patches {
		r = timelinetest.Must(timelinetest.Builder().ApplyPatch(r, p, now))(tb)
	}
	return r
}

// edited returns the result that the tests of edits start with.
func edited(tb testing.TB) *timeline.Result {
	tb.Helper()
	doc := timelinetest.NewTranscript(timelinetest.SoftwarePrinted, "Fall 2024: COMP 232 F", "Fall 2024: COMP 248 B", "Fall 2026: COMP 249", "Winter 2027: COMP 352", "Fall 2024: ACCO 220 A")
	doc.ExemptedCourses, doc.TransferredCourses = []string{"PHYS 204"}, []string{"HIST 203"}
	return timelinetest.Must(timelinetest.Builder().FromDocument(doc, now))(tb)
}

func states(r *timeline.Result, codes ...string) map[string]string {
	out := map[string]string{}
	for _, code := range codes {
		out[code] = state(r, code)
	}
	return out
}

func TestEditExemptions(t *testing.T) {
	t.Parallel()
	r := edited(t)
	with := apply(t, r, timeline.Patch{Exemptions: &[]string{"comp232", "COMP 352", "MATH 203", "ENGR 999", "COMP 232"}})
	want := map[string]string{
		"COMP 232": "completed FALL 2024 via exemption", "COMP 352": "completed WINTER 2027 via exemption",
		"MATH 203": "completed via exemption", "ENGR 999": "completed via exemption",
	}
	if diff := cmp.Diff(want, states(with, "COMP 232", "COMP 352", "MATH 203", "ENGR 999")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if s := state(with, "PHYS 204"); strings.Contains(s, "completed") {
		t.Errorf("exempted no longer: %s", s)
	}
	if diff := cmp.Diff([]string{"COMP 232", "COMP 352", "MATH 203", "ENGR 999"}, pool(t, with, "exemptions").Courses); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// Without the exemption, the sittings have their messages again.
	back := apply(t, with, timeline.Patch{Exemptions: &[]string{"PHYS 204"}})
	if diff := cmp.Diff(string(encode(t, r)), string(encode(t, back))); diff != "" {
		t.Errorf("taken back (-want +got):\n%s", diff)
	}
	// A completed course that is no longer exempted is completed by its sitting.
	back = apply(t, r, timeline.Patch{Exemptions: &[]string{"COMP 248", "ACCO 220"}}, timeline.Patch{Exemptions: &[]string{}})
	if diff := cmp.Diff(states(r, "COMP 248", "ACCO 220"), states(back, "COMP 248", "ACCO 220")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEditDeficiencies(t *testing.T) {
	t.Parallel()
	r := apply(t, edited(t), timeline.Patch{Deficiencies: &[]string{"MATH 204", "PHYS 205", "ACCO 220"}})
	p := pool(t, r, "deficiencies")
	if p.CreditsRequired != 9 || len(p.Courses) != 3 {
		t.Errorf("%v credits of %q", p.CreditsRequired, p.Courses)
	}
	if slices.Contains(poolIDs(r), timeline.UnusedPoolID) || remarks(r, "ACCO 220")[0] != "FALL 2024: " {
		t.Errorf("a deficiency is unused: %q, %q", poolIDs(r), remarks(r, "ACCO 220"))
	}
	for _, p := range r.Progress.Pools {
		if p.ID == "deficiencies" && (p.Completed != 3 || p.Remaining != 6) {
			t.Errorf("%+v", p.Credits)
		}
	}
}

func TestEditStates(t *testing.T) {
	t.Parallel()
	before := edited(t)
	r := apply(t, before, timeline.Patch{Courses: map[string]timeline.State{
		"comp 232": {Status: timeline.Completed, Semester: ptr("fall 2024")},
		"COMP 352": {Status: timeline.Incomplete},
		"SOEN 287": {Status: timeline.Planned, Semester: ptr("Winter 2028")},
		"SOEN 228": {Status: timeline.Planned, Semester: ptr("Winter 2025")},
		"COMP 346": {Status: timeline.Completed, Via: "transfer"},
		"HIST 203": {Status: timeline.Incomplete},
		"COMP 348": {Status: timeline.Completed, Via: "exemption"}, // not in the list of exemptions
	}})
	want := map[string]string{
		"COMP 232": "completed FALL 2024", "COMP 352": "incomplete", "SOEN 287": "planned WINTER 2028",
		"SOEN 228": "incomplete WINTER 2025 (grade not posted)", // a plan for a term that is over
		"COMP 346": "completed via transfer", "HIST 203": "incomplete", "COMP 348": "incomplete", "COMP 248": "completed FALL 2024",
	}
	if diff := cmp.Diff(want, states(r, "COMP 232", "COMP 352", "SOEN 287", "SOEN 228", "COMP 346", "HIST 203", "COMP 348", "COMP 248")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"FALL 2024: "}, remarks(r, "COMP 232")); diff != "" {
		t.Errorf("what was said of the sitting is out of date (-want +got):\n%s", diff)
	}
	if got, was := r.Progress.Overall.Completed, before.Progress.Overall.Completed; got != was+3+4-3 { // COMP 232, COMP 346, HIST 203
		t.Errorf("completed %v; it was %v", got, was)
	}
	// Progress counts all plans, in their term or not.
	if r.Progress.Overall.Planned != 3 {
		t.Errorf("planned: %+v", r.Progress.Overall)
	}
}

func TestEditSemesters(t *testing.T) {
	t.Parallel()
	r := apply(t, edited(t), timeline.Patch{Semesters: &[]timeline.Semester{
		{Term: "Winter 2028", Courses: []timeline.Sitting{{Code: "comp352"}, {Code: "GEN ED ELECTIVE", Message: "choose"}}}, // moved
		{Term: "fall 2024", Courses: []timeline.Sitting{{Code: "COMP 232", Message: "minimum grade D- not met"}, {Code: "COMP 248"}}},
		{Term: "Fall 2026", Courses: []timeline.Sitting{{Code: "COMP 249"}, {Code: "COMP 232"}}}, // a retake
		{Term: "Summer 2025", Courses: []timeline.Sitting{{Code: "SOEN 287"}}},                   // new, in the past
		{Term: "Fall/Winter 2027-2028", Courses: []timeline.Sitting{{Code: "SOEN 490"}, {Code: "HIST 203"}}},
	}})
	if diff := cmp.Diff([]string{"FALL 2024", "SUMMER 2025", "FALL 2026", "FALL/WINTER 2027-28", "WINTER 2028"}, terms(r)); diff != "" {
		t.Errorf("terms (-want +got):\n%s", diff)
	}
	want := map[string]string{
		"COMP 352": "planned WINTER 2028", "COMP 248": "completed FALL 2024", "COMP 232": "inprogress FALL 2026",
		"COMP 249": "inprogress FALL 2026", "SOEN 287": "incomplete SUMMER 2025 (grade not posted)",
		"SOEN 490": "planned FALL/WINTER 2027-28", "GEN ED ELECTIVE": "absent",
		"HIST 203": "completed FALL/WINTER 2027-28 via transfer",
		"ACCO 220": "absent", // taken out, and no course of the degree
	}
	if diff := cmp.Diff(want, states(r, "COMP 352", "COMP 248", "COMP 232", "COMP 249", "SOEN 287", "SOEN 490", "GEN ED ELECTIVE", "HIST 203", "ACCO 220")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if slices.Contains(poolIDs(r), timeline.UnusedPoolID) {
		t.Error("nothing is unused now")
	}
	// A removed course counts as never sat; a transfer stays.
	r = apply(t, r, timeline.Patch{Semesters: &[]timeline.Semester{}})
	if diff := cmp.Diff(map[string]string{"COMP 248": "incomplete", "HIST 203": "completed via transfer"}, states(r, "COMP 248", "HIST 203")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A course that keeps its term keeps its state, whatever else is moved or added.
func TestEditSemestersKeepsWhatIsKnown(t *testing.T) {
	t.Parallel()
	r := apply(t, edited(t), timeline.Patch{Courses: map[string]timeline.State{"COMP 232": {Status: timeline.Incomplete}}})
	semesters := slices.Clone(r.ToSaved().Semesters)
	semesters = append(semesters, timeline.Semester{Term: "WINTER 2029", Courses: []timeline.Sitting{{Code: "COMP 248"}}})
	r = apply(t, r, timeline.Patch{Semesters: &semesters})
	want := map[string]string{
		"COMP 248": "completed FALL 2024", // a second sitting, planned, does not change it
		"COMP 232": "incomplete",          // as its owner set it
		"COMP 352": "planned WINTER 2027",
	}
	if diff := cmp.Diff(want, states(r, "COMP 248", "COMP 232", "COMP 352")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Terms and states in one edit: both are applied as sent.
func TestEditSemestersAndStates(t *testing.T) {
	t.Parallel()
	r := apply(t, edited(t), timeline.Patch{
		Semesters: &[]timeline.Semester{{Term: "Winter 2025", Courses: []timeline.Sitting{{Code: "COMP 352", Message: "by hand"}}}},
		Courses:   map[string]timeline.State{"COMP 352": {Status: timeline.Completed, Semester: ptr("WINTER 2025")}},
	})
	if got := state(r, "COMP 352"); got != "completed WINTER 2025" || remarks(r, "COMP 352")[0] != "WINTER 2025: by hand" {
		t.Errorf("%s, %q", got, remarks(r, "COMP 352"))
	}
}

func TestEditFlags(t *testing.T) {
	t.Parallel()
	r := edited(t)
	on := apply(t, r, timeline.Patch{IsCoop: ptr(true), IsExtendedCredit: ptr(true), TimelineName: ptr("  My plan ")})
	if on.TimelineName != "My plan" || !on.IsCoop || !on.IsExtendedCredit || on.Degree.TotalCredits != 150 {
		t.Errorf("%q, co-op %v, extended %v, %v credits", on.TimelineName, on.IsCoop, on.IsExtendedCredit, on.Degree.TotalCredits)
	}
	if diff := cmp.Diff([]string{"ENGR_ECP_Core", "ENGR_ECP_Natural Science Electives", catalogue.CoopPoolID}, on.Degree.CoursePools[6:]); diff != "" {
		t.Errorf("pools (-want +got):\n%s", diff)
	}
	if _, ok := on.Courses["CWT 100"]; !ok {
		t.Error("the work terms are missing")
	}
	off := apply(t, on, timeline.Patch{IsCoop: ptr(false), IsExtendedCredit: ptr(false), TimelineName: ptr("")})
	if string(encode(t, off)) != string(encode(t, r)) {
		t.Error("turned off again, something stays")
	}
}

func TestEditLeavesTheResultAlone(t *testing.T) {
	t.Parallel()
	r := edited(t)
	before := string(encode(t, r))
	apply(t, r, timeline.Patch{
		Exemptions: &[]string{"COMP 232"}, Deficiencies: &[]string{"ACCO 220"}, IsCoop: ptr(true), IsExtendedCredit: ptr(true),
		Courses: map[string]timeline.State{"COMP 248": {Status: timeline.Incomplete, Semester: ptr("FALL 2024"), Message: "changed"}},
	})
	if string(encode(t, r)) != before {
		t.Error("an edit changed what it edits")
	}
}

func TestEditOfAnUnknownCourse(t *testing.T) {
	t.Parallel()
	_, err := timelinetest.Builder().ApplyPatch(edited(t), timeline.Patch{Courses: map[string]timeline.State{
		"COMP 999": {Status: timeline.Planned}, "COMP 248": {Status: timeline.Planned},
	}}, now)
	if diff := cmp.Diff([]string{"courses/COMP 999"}, timelinetest.FaultyFields(t, err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// An edit of a result whose degree the catalogue no longer has.
func TestEditWithoutADegree(t *testing.T) {
	t.Parallel()
	r := *edited(t)
	r.Degree.ID = "BEng in Software Alchemy"
	_, err := timelinetest.Builder().ApplyPatch(&r, timeline.Patch{}, now)
	if f := fault.From(err); f.Code != fault.DegreeNotFound || len(f.Closest) == 0 || f.Closest[0] != software {
		t.Errorf("%v", err)
	}
}
