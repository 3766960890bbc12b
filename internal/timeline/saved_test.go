package timeline_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelinetest"
)

// The stored form has the flags, the terms, the states, exemptions and deficiencies; not the catalogue's data.
func TestReduce(t *testing.T) {
	t.Parallel()
	doc := timelinetest.NewTranscript(timelinetest.SoftwarePrinted, "Fall 2024: COMP 232 D", "Fall 2024: COMP 248 B", "Fall 2024: ENGR 107 PASS", "Winter 2027: COMP 352")
	doc.ProgramInfo.IsCoop, doc.ProgramInfo.IsExtendedCreditProgram = true, true
	doc.ExemptedCourses, doc.TransferredCourses, doc.DeficiencyCourses = []string{"PHYS 204"}, []string{"HIST 203"}, []string{"MATH 204"}
	r := timelinetest.Must(timelinetest.Builder().FromDocument(doc, now))(t)
	r.ID, r.TimelineName = "an id", "My plan"
	got := r.ToSaved()
	want := timeline.Saved{
		ID: "an id", Name: "My plan", DegreeID: software, Calendar: "2026-27", IsCoop: true, IsExtendedCredit: true,
		Semesters: []timeline.Semester{
			{Term: "FALL 2024", Courses: []timeline.Sitting{
				{Code: "COMP 232", Credits: ptr(3.0), IsBelowCMinus: true}, {Code: "COMP 248", Credits: ptr(3.5)},
				{Code: "ENGR 107", Credits: ptr(3.0), Message: "not part of the degree"},
			}},
			{Term: "WINTER 2027", Courses: []timeline.Sitting{{Code: "COMP 352", Credits: ptr(3.0)}}},
		},
		States: map[string]timeline.State{
			"COMP 232": {Status: timeline.Completed, Semester: ptr("FALL 2024")},
			"COMP 248": {Status: timeline.Completed, Semester: ptr("FALL 2024")},
			"ENGR 107": {Status: timeline.Completed, Semester: ptr("FALL 2024")},
			"COMP 352": {Status: timeline.Planned, Semester: ptr("WINTER 2027")},
			"PHYS 204": {Status: timeline.Completed, Via: "exemption"},
			"HIST 203": {Status: timeline.Completed, Via: "transfer"},
		},
		Exemptions: []string{"PHYS 204"}, Deficiencies: []string{"MATH 204"},
		Extra: []timeline.ExtraCourse{{Code: "ENGR 107", Title: "AS PRINTED", Credits: 3}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	back := timelinetest.Must(timelinetest.Builder().FromSaved(got, now))(t)
	if string(encode(t, back)) != string(encode(t, r)) {
		t.Error("loaded again, it is another timeline")
	}
	// The stored form shares nothing with the result.
	got.Semesters[0].Courses[0].Code, got.Exemptions[0] = "X", "X"
	if r.Semesters[0].Courses[0].Code == "X" || pool(t, r, "exemptions").Courses[0] == "X" {
		t.Error("changing what is kept changes the result")
	}
}

// A plan that is loaded after its terms are over is incomplete; completed courses stay.
func TestFromSavedLater(t *testing.T) {
	t.Parallel()
	doc := timelinetest.NewTranscript(timelinetest.SoftwarePrinted, "Fall 2024: COMP 248 B", "Fall 2026: COMP 249", "Winter 2027: COMP 352", "Fall 2027: COMP 346")
	saved := timelinetest.Must(timelinetest.Builder().FromDocument(doc, now))(t).ToSaved()
	r := timelinetest.Must(timelinetest.Builder().FromSaved(saved, time.Date(2027, time.June, 1, 0, 0, 0, 0, time.UTC)))(t)
	want := map[string]string{
		"COMP 248": "completed FALL 2024", "COMP 249": "incomplete FALL 2026 (grade not posted)",
		"COMP 352": "incomplete WINTER 2027 (grade not posted)", "COMP 346": "planned FALL 2027",
	}
	if diff := cmp.Diff(want, states(r, "COMP 248", "COMP 249", "COMP 352", "COMP 346")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"WINTER 2027: grade not posted"}, remarks(r, "COMP 352")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Timelines of the earlier system: full years in four digits, no via, sittings without a state.
func TestFromSavedOfOld(t *testing.T) {
	t.Parallel()
	r := timelinetest.Must(timelinetest.Builder().FromSaved(timeline.Saved{
		ID: "1", Name: "old", DegreeID: software, IsCoop: true,
		Semesters: []timeline.Semester{
			{Term: "FALL/WINTER 2027-2028", Courses: []timeline.Sitting{{Code: "SOEN 490"}}},
			{Term: "WINTER 2024", Courses: []timeline.Sitting{{Code: "COMP 248"}, {Code: "GEN ED ELECTIVE"}}},
			{Term: "Winter 2024", Courses: []timeline.Sitting{{Code: "COMP 232"}}},
			{Term: "FALL 2026", Courses: []timeline.Sitting{{Code: "COMP 249"}}},
		},
		States:     map[string]timeline.State{"COMP 248": {Status: timeline.Completed, Semester: ptr("winter 2024")}},
		Exemptions: []string{"MATH203"},
	}, now))(t)
	if diff := cmp.Diff([]string{"WINTER 2024", "FALL 2026", "FALL/WINTER 2027-28"}, terms(r)); diff != "" {
		t.Errorf("terms (-want +got):\n%s", diff)
	}
	want := map[string]string{
		"COMP 248": "completed WINTER 2024", "COMP 232": "incomplete WINTER 2024 (grade not posted)",
		"COMP 249": "inprogress FALL 2026", "SOEN 490": "planned FALL/WINTER 2027-28", "MATH 203": "completed via exemption",
	}
	if diff := cmp.Diff(want, states(r, "COMP 248", "COMP 232", "COMP 249", "SOEN 490", "MATH 203")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if r.ID != "1" || r.TimelineName != "old" || !r.IsCoop || !slices.Contains(poolIDs(r), catalogue.CoopPoolID) {
		t.Errorf("%q, %q, co-op %v", r.ID, r.TimelineName, r.IsCoop)
	}
}

func TestFromSavedFaults(t *testing.T) {
	t.Parallel()
	_, err := timelinetest.Builder().FromSaved(timeline.Saved{DegreeID: "BEng in Sofware Engineering"}, now)
	if f := fault.From(err); f.Code != fault.DegreeNotFound || len(f.Closest) != 3 || f.Closest[0] != software {
		t.Errorf("%v", err)
	}
	_, err = timelinetest.Builder().FromSaved(timeline.Saved{
		DegreeID: software, Semesters: []timeline.Semester{{Term: "FALL 2024"}, {Term: "someday"}},
		States: map[string]timeline.State{"COMP 248": {Status: timeline.Completed, Semester: ptr("never")}},
	}, now)
	if diff := cmp.Diff([]string{"courses/COMP 248/semester", "semesters/1/term"}, timelinetest.FaultyFields(t, err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSlim(t *testing.T) {
	t.Parallel()
	doc := timelinetest.NewTranscript(timelinetest.SoftwarePrinted, "Fall 2024: COMP 248 B", "Winter 2027: COMP 352")
	doc.ExemptedCourses, doc.TransferredCourses, doc.DeficiencyCourses = []string{"PHYS 204"}, []string{"HIST 203"}, []string{"MATH 204"}
	r := timelinetest.Must(timelinetest.Builder().FromDocument(doc, now))(t)
	all := len(r.Courses)
	slim := r.SlimView()
	var codes []string
	for code := range slim.Courses {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	if diff := cmp.Diff([]string{"COMP 248", "COMP 352", "HIST 203", "MATH 204", "PHYS 204"}, codes); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(r.Courses) != all {
		t.Error("the full result lost courses")
	}
	slim.Courses = r.Courses
	if diff := cmp.Diff(r, slim); diff != "" {
		t.Errorf("more than courses is left out:\n%s", diff)
	}
}
