package timeline_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelinetest"
)

func changes(list ...timeline.Change) timeline.Patch { return timeline.Patch{Changes: list} }

// group lists COMP 248.
const group = "SOEN_Computer Science Group: Software Engineering"

const core = "SOEN_Software Engineering Core"

func TestChanges(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		list   []timeline.Change
		terms  []string          // where they differ from those before
		states map[string]string // afterwards
	}{
		{"a term is added", []timeline.Change{{Op: timeline.AddTerm, Term: "fall/winter 2027-28"}},
			[]string{"FALL 2024", "FALL 2026", "WINTER 2027", "FALL/WINTER 2027-28"}, nil},
		{"a term is inserted", []timeline.Change{{Op: timeline.InsertTerm, After: "Fall 2024"}},
			[]string{"FALL 2024", "WINTER 2025", "FALL 2026", "WINTER 2027"}, nil},
		{"a term is removed and its course returned", []timeline.Change{{Op: timeline.RemoveTerm, Term: "Winter 2027", Courses: timeline.ReturnCourses}},
			[]string{"FALL 2024", "FALL 2026"}, map[string]string{"COMP 352": "incomplete"}},
		{"an empty term is removed", []timeline.Change{{Op: timeline.RemoveCourse, Course: "COMP 352"}, {Op: timeline.RemoveTerm, Term: "Winter 2027"}},
			[]string{"FALL 2024", "FALL 2026"}, map[string]string{"COMP 352": "incomplete"}},
		{"a past term is renamed and keeps its states", []timeline.Change{{Op: timeline.RenameTerm, Term: "Fall 2024", To: "Spring 2023"}},
			[]string{"SUMMER 2023", "FALL 2026", "WINTER 2027"}, map[string]string{
				"COMP 248": "completed SUMMER 2023", "COMP 232": "incomplete SUMMER 2023 (minimum grade D- not met)"}},
		{"a planned term is renamed into the past", []timeline.Change{{Op: timeline.RenameTerm, Term: "Winter 2027", To: "Winter 2026"}},
			[]string{"FALL 2024", "WINTER 2026", "FALL 2026"}, map[string]string{"COMP 352": "incomplete WINTER 2026 (grade not posted)"}},
		{"a planned course is moved", []timeline.Change{{Op: timeline.AddTerm, Term: "FALL 2027"}, {Op: timeline.MoveCourse, Course: "comp352", To: "Fall 2027"}},
			[]string{"FALL 2024", "FALL 2026", "WINTER 2027", "FALL 2027"}, map[string]string{"COMP 352": "planned FALL 2027"}},
		{"a course that is under way is moved ahead", []timeline.Change{{Op: timeline.MoveCourse, Course: "COMP 249", To: "Winter 2027"}},
			nil, map[string]string{"COMP 249": "planned WINTER 2027"}},
		{"a completed course is moved to a begun term", []timeline.Change{{Op: timeline.MoveCourse, Course: "COMP 248", To: "Fall 2026"}},
			nil, map[string]string{"COMP 248": "completed FALL 2026"}},
		{"a failed course is planned again", []timeline.Change{{Op: timeline.PlaceCourse, Course: "COMP 232", Term: "Winter 2027"}},
			nil, map[string]string{"COMP 232": "planned WINTER 2027"}},
		{"a placement is removed from one of two terms",
			[]timeline.Change{{Op: timeline.PlaceCourse, Course: "COMP 232", Term: "Winter 2027"}, {Op: timeline.RemoveCourse, Course: "COMP 232", Term: "Winter 2027"}},
			nil, map[string]string{"COMP 232": "incomplete FALL 2024 (minimum grade D- not met)"}},
		{"a sitting is marked", []timeline.Change{{Op: timeline.MarkCourse, Course: "COMP 232", As: timeline.MarkCompleted}, {Op: timeline.MarkCourse, Course: "COMP 248", As: timeline.MarkIncomplete}},
			nil, map[string]string{"COMP 232": "completed FALL 2024", "COMP 248": "incomplete FALL 2024"}},
		{"a course is completed in a term where it was not sat", []timeline.Change{{Op: timeline.MarkCourse, Course: "SOEN 287", As: timeline.MarkCompleted, Term: "Fall 2024"}},
			nil, map[string]string{"SOEN 287": "completed FALL 2024"}},
		{"done elsewhere, exempted and owed", []timeline.Change{
			{Op: timeline.MarkCourse, Course: "COMP 352", As: timeline.MarkTransferred}, {Op: timeline.MarkCourse, Course: "MATH 203", As: timeline.MarkExempted},
			{Op: timeline.MarkCourse, Course: "MATH 204", As: timeline.MarkDeficient}},
			nil, map[string]string{"COMP 352": "completed WINTER 2027 via transfer", "MATH 203": "completed via exemption", "MATH 204": "incomplete"}},
		{"an exempted course was done elsewhere", []timeline.Change{{Op: timeline.MarkCourse, Course: "PHYS 204", As: timeline.MarkTransferred}},
			nil, map[string]string{"PHYS 204": "completed via transfer"}},
		{"marks are taken back", []timeline.Change{
			{Op: timeline.UnmarkCourse, Course: "PHYS 204", As: timeline.MarkExempted}, {Op: timeline.UnmarkCourse, Course: "HIST 203", As: timeline.MarkTransferred},
			{Op: timeline.MarkCourse, Course: "COMP 352", As: timeline.MarkExempted}, {Op: timeline.UnmarkCourse, Course: "COMP 352", As: timeline.MarkExempted}},
			nil, map[string]string{"HIST 203": "incomplete", "COMP 352": "planned WINTER 2027"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			before := edited(t)
			r := apply(t, before, changes(tt.list...))
			want := tt.terms
			if want == nil {
				want = terms(before)
			}
			if diff := cmp.Diff(want, terms(r)); diff != "" {
				t.Errorf("terms (-want +got):\n%s", diff)
			}
			for code, want := range tt.states {
				if got := state(r, code); got != want {
					t.Errorf("%s: got %s, want %s", code, got, want)
				}
			}
		})
	}
}

// Each list is refused, with the faults at the changes and fields that they are about, and nothing of it is done.
func TestRefusedChanges(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		list []timeline.Change
		want []string
	}{
		{"fields that are missing or not taken", []timeline.Change{{Op: "fly"}, {Op: timeline.AddTerm}, {Op: timeline.AddTerm, Term: "FALL 2030", Pool: core}},
			[]string{"changes/0/op", "changes/1/term", "changes/2/pool"}},
		{"terms", []timeline.Change{
			{Op: timeline.AddTerm, Term: "someday"}, {Op: timeline.AddTerm, Term: "fall 2024"}, {Op: timeline.InsertTerm, After: "FALL 2026"},
			{Op: timeline.RemoveTerm, Term: "Winter 2027"}, {Op: timeline.RemoveTerm, Term: "Winter 2030"}, {Op: timeline.RemoveTerm, Term: "Winter 2027", Courses: "drop"},
			{Op: timeline.RenameTerm, Term: "Fall 2024", To: "FALL 2027"}, {Op: timeline.RenameTerm, Term: "Winter 2027", To: "Fall 2026"},
			{Op: timeline.RenameTerm, Term: "Winter 2027", To: "WINTER 2027"}, {Op: timeline.InsertTerm, After: "Fall 2030"},
		}, []string{"changes/0/term", "changes/1/term", "changes/2/after", "changes/3/term", "changes/4/term", "changes/5/courses",
			"changes/6/to", "changes/7/to", "changes/8/to", "changes/9/after"}},
		{"courses", []timeline.Change{
			{Op: timeline.PlaceCourse, Course: "COMP 999", Term: "Winter 2027"}, {Op: timeline.PlaceCourse, Course: "SOEN 287", Term: "Fall 2024"},
			{Op: timeline.PlaceCourse, Course: "COMP 352", Term: "Winter 2027"}, {Op: timeline.MoveCourse, Course: "SOEN 287", To: "Winter 2027"},
			{Op: timeline.MoveCourse, Course: "COMP 248", To: "Winter 2027"}, {Op: timeline.MoveCourse, Course: "COMP 232", To: "Winter 2027"},
			{Op: timeline.MoveCourse, Course: "COMP 352", From: "Fall 2026", To: "Fall 2024"}, {Op: timeline.PlaceCourse, Course: "COMP 352", Term: "Winter 2027", Pool: core},
			{Op: timeline.RemoveCourse, Course: "SOEN 287"}, {Op: timeline.PlaceCourse, Course: "Technical Elective", Term: "Winter 2027", Pool: "none"},
		}, []string{"changes/0/course", "changes/1/term", "changes/2/course", "changes/3/course", "changes/4/to", "changes/5/to",
			"changes/6/from", "changes/7/course", "changes/8/course", "changes/9/pool"}},
		{"marks", []timeline.Change{
			{Op: timeline.MarkCourse, Course: "COMP 352", As: timeline.MarkCompleted}, {Op: timeline.MarkCourse, Course: "COMP 352", As: "lucky"},
			{Op: timeline.MarkCourse, Course: "SOEN 287", As: timeline.MarkCompleted}, {Op: timeline.MarkCourse, Course: "SOEN 287", As: timeline.MarkExempted, Term: "Fall 2024"},
			{Op: timeline.UnmarkCourse, Course: "COMP 248", As: timeline.MarkTransferred}, {Op: timeline.UnmarkCourse, Course: "COMP 248", As: timeline.MarkCompleted},
			{Op: timeline.MarkCourse, Course: "SOEN 287", As: timeline.MarkCompleted, Term: "Winter 2027"},
		}, []string{"changes/0/course", "changes/1/as", "changes/2/course", "changes/3/term", "changes/4/course", "changes/5/as", "changes/6/term"}},
		{"pins and waivers", []timeline.Change{
			{Op: timeline.PinCourse, Course: "COMP 248", Pool: "no pool"}, {Op: timeline.PinCourse, Course: "HIST 203", Pool: core}, {Op: timeline.UnpinCourse, Course: "COMP 248"},
			{Op: timeline.WaiveRemark, Code: "luck", Course: "COMP 352"}, {Op: timeline.WaiveRemark, Code: audit.Prerequisite}, {Op: timeline.UnwaiveRemark, Code: audit.Prerequisite, Course: "COMP 352"},
			{Op: timeline.WaiveRemark, Code: audit.Overload, Term: "someday"}, {Op: timeline.WaiveRemark, Code: audit.Overload, Term: "Fall 2026", Course: "COMP 352"},
			{Op: timeline.WaiveRemark, Code: audit.Overload, Term: "Fall 2026"},
		}, []string{"changes/0/pool", "changes/1/pool", "changes/2/course", "changes/3/code", "changes/4/course", "changes/5/code",
			"changes/6/term", "changes/7/course", "changes/8"}},
		{"several faults of one change", []timeline.Change{
			{Op: timeline.PinCourse, Course: "COMP 999", Pool: "no pool"}, {Op: timeline.PlaceCourse, Course: "COMP 999", Term: "Winter 2030", Pool: "no pool"},
			{Op: timeline.MarkCourse, Course: "COMP 999", As: "lucky"}, {Op: timeline.WaiveRemark, Code: "luck"}, {Op: timeline.RenameTerm, Term: "Winter 2030"},
			{Op: timeline.MoveCourse, Course: "COMP 999", From: "Winter 2030", To: "never", Pool: "x"},
		}, []string{"changes/0/course", "changes/0/pool", "changes/1/course", "changes/1/pool", "changes/1/term", "changes/2/as", "changes/2/course",
			"changes/3/code", "changes/3/course", "changes/4/term", "changes/4/to", "changes/5/from", "changes/5/pool", "changes/5/to"}},
		{"a waiver of a remark that is not made", []timeline.Change{{Op: timeline.WaiveRemark, Code: audit.Excluded, Course: "COMP 352"}}, []string{"changes/0"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := edited(t)
			before := string(encode(t, r))
			got, err := timelinetest.Builder().ApplyPatch(r, changes(tt.list...), now)
			if diff := cmp.Diff(tt.want, timelinetest.FaultyFields(t, err)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got != nil || string(encode(t, r)) != before {
				t.Error("a refused edit changed something")
			}
		})
	}
}

func TestPinsAndWaiversByChange(t *testing.T) {
	t.Parallel()
	r := apply(t, edited(t), changes(
		timeline.Change{Op: timeline.PinCourse, Course: "comp248", Pool: group},
		timeline.Change{Op: timeline.PlaceCourse, Course: "COMP 346", Term: "Winter 2027"},
		timeline.Change{Op: timeline.WaiveRemark, Code: audit.Prerequisite, Course: "comp 346", Reason: "agreed"},
	))
	if diff := cmp.Diff(map[string]string{"COMP 248": group}, r.Pins); diff != "" {
		t.Errorf("pins (-want +got):\n%s", diff)
	}
	waived := func(r *timeline.Result) bool {
		return slices.ContainsFunc(r.Remarks, func(x audit.Remark) bool { return x.Course == "COMP 346" && x.Waived && x.Reason == "agreed" })
	}
	if !waived(r) {
		t.Errorf("got remarks %+v, want that of COMP 346 waived", r.Remarks)
	}
	r = apply(t, r, changes(
		timeline.Change{Op: timeline.UnpinCourse, Course: "COMP 248"},
		timeline.Change{Op: timeline.UnwaiveRemark, Code: audit.Prerequisite, Course: "COMP 346"},
	))
	if len(r.Pins) != 0 || len(r.Waivers) != 0 || waived(r) {
		t.Errorf("got pins %v and waivers %v, want none", r.Pins, r.Waivers)
	}
}

// A remark about a term is waived by its term.
func TestARemarkAboutATermIsWaived(t *testing.T) {
	t.Parallel()
	list := []timeline.Change{{Op: timeline.AddTerm, Term: "Fall 2027"}}
	for _, code := range []string{"COMP 346", "SOEN 287", "SOEN 228", "ENGR 201", "ENGR 213", "ENGR 233", "ENGR 202"} {
		list = append(list, timeline.Change{Op: timeline.PlaceCourse, Course: code, Term: "Fall 2027"})
	}
	state := func(r *timeline.Result) string {
		for _, x := range r.Remarks {
			if x.Code == audit.Overload && x.Term == "FALL 2027" {
				return fmt.Sprint(x.Waived, " ", x.Reason)
			}
		}
		return "none"
	}
	r := apply(t, edited(t), changes(list...))
	if got := state(r); got != "false " {
		t.Fatalf("before: got %q, want a remark on the load", got)
	}
	r = apply(t, r, changes(timeline.Change{Op: timeline.WaiveRemark, Code: audit.Overload, Term: "fall 2027", Reason: "agreed"}))
	if got := state(r); got != "true agreed" {
		t.Errorf("waived: got %q, want a waived remark", got)
	}
	again := timelinetest.Must(timelinetest.Builder().FromSaved(r.ToSaved(), now))(t)
	if got := state(again); got != "true agreed" {
		t.Errorf("saved and loaded: got %q, want a waived remark", got)
	}
	r = apply(t, r, changes(timeline.Change{Op: timeline.UnwaiveRemark, Code: audit.Overload, Term: "FALL 2027"}))
	if got := state(r); got != "false " || len(r.Waivers) != 0 {
		t.Errorf("taken back: got %q and %v, want the remark and no waiver", got, r.Waivers)
	}
}

// A course that is planned after a transcript's terms is judged as planned: by what stands before it, planned courses
// included.
func TestPlansAfterATranscriptAreJudged(t *testing.T) {
	t.Parallel()
	r := edited(t)
	if hasRemark(r, audit.Prerequisite, "COMP 352") {
		t.Fatal("COMP 352 lacks what it asks for before the edit")
	}
	r = apply(t, r, changes(
		timeline.Change{Op: timeline.AddTerm, Term: "FALL 2027"},
		timeline.Change{Op: timeline.MoveCourse, Course: "COMP 249", To: "FALL 2027"},
	))
	if !hasRemark(r, audit.Prerequisite, "COMP 352") {
		t.Errorf("got remarks %+v, want a prerequisite for COMP 352, which stands before COMP 249", r.Remarks)
	}
}

// Pins and waivers as whole lists: those that were there stay, and a new one must fit.
func TestReplacedPinsAndWaiversMustFit(t *testing.T) {
	t.Parallel()
	_, err := timelinetest.Builder().ApplyPatch(edited(t), timeline.Patch{
		Pins:    &map[string]string{"COMP 248": group, "HIST 203": core},
		Waivers: &[]audit.Waiver{{Code: audit.Excluded, Course: "COMP 352"}},
	}, now)
	if diff := cmp.Diff([]string{"pins/HIST 203", "waivers/0"}, timelinetest.FaultyFields(t, err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	old := *edited(t)
	old.Pins, old.Waivers = map[string]string{"HIST 203": core}, []audit.Waiver{{Code: audit.Excluded, Course: "COMP 352"}}
	apply(t, &old, timeline.Patch{Pins: &old.Pins, Waivers: &old.Waivers})
}
