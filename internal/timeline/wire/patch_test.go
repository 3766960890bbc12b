package wire_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timeline/wire"
	"github.com/trackmydegree/trackmydegree/internal/timelinetest"
)

func TestDecodePatch(t *testing.T) {
	t.Parallel()
	got := timelinetest.Must(wire.DecodePatch(strings.NewReader(`{"exemptions": [], "deficiencies": null, "timelineName": "n", "isCoop": false,
		"courses": {"COMP 248": {"status": "completed", "semester": "FALL 2024", "via": "", "message": null}, "COMP 249": {"status": "planned", "semester": null}},
		"semesters": [{"term": "FALL 2024", "courses": [{"code": "COMP 248", "message": "m"}]}, {"term": "WINTER 2025"}],
		"pins": {"COMP 248": "p"}, "waivers": [{"code": "prerequisite", "course": "COMP 352", "reason": "r"}]}`)))(t)
	want := timeline.Patch{
		Exemptions: &[]string{}, TimelineName: ptr("n"), IsCoop: ptr(false), Pins: &map[string]string{"COMP 248": "p"},
		Waivers: &[]audit.Waiver{{Code: audit.Prerequisite, Course: "COMP 352", Reason: "r"}},
		Courses: map[string]timeline.State{
			"COMP 248": {Status: timeline.Completed, Semester: ptr("FALL 2024")}, "COMP 249": {Status: timeline.Planned},
		},
		Semesters: &[]timeline.Semester{{Term: "FALL 2024", Courses: []timeline.Sitting{{Code: "COMP 248", Message: "m"}}}, {Term: "WINTER 2025"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDecodePatchFaults(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][]string{
		`{"pools": [], "_id": "x", "degree": {}}`:                         {"_id", "degree", "pools"},
		`{"exemptions": "COMP 248", "isCoop": 1, "isExtendedCredit": ""}`: {"exemptions", "isCoop", "isExtendedCredit"},
		`{"exemptions": ["COMP 248", 7, "x"]}`:                            {"exemptions/1", "exemptions/2"},
		`{"courses": {"COMP 248": null, "COMP 249": {"status": "planned", "credits": 3}, "COMP 352": {}}}`: {
			"courses/COMP 248", "courses/COMP 249/credits", "courses/COMP 352/status"},
		`{"pins": {"x": "p", "COMP 248": 1, "COMP 249": " ", "COMP 352": "p", "comp352": "p"}}`: {"pins/COMP 248", "pins/COMP 249", "pins/comp352", "pins/x"},
		`{"waivers": [{"code": "prerequisite"}, {"code": "luck", "course": "COMP 248"}, {"code": "excluded", "course": "A", "pool": "B"},
			{"code": "overload", "term": "FALL 2027"}, {"code": "overload", "term": "autumn"}, {"code": "overload", "term": "FALL 2027", "pool": "B"}]}`: {
			"waivers/0", "waivers/1/code", "waivers/2", "waivers/4/term", "waivers/5"},
		`{"semesters": [{"term": "Fall 2024", "courses": [{"code": "COMP 248", "credits": -1}, {"code": "COMP 249", "credits": 101}]}]}`: {
			"semesters/0/courses/0/credits", "semesters/0/courses/1/credits"},
		`{"changes": [{"op": 1, "course": "COMP 248", "credits": 3}, "x", {"op": "waiveRemark", "reason": "` + strings.Repeat("x", 301) + `"}]}`: {
			"changes/0/credits", "changes/0/op", "changes/1", "changes/2/reason"},
		`{"courses": [], "semesters": {}}`:                                                    {"courses", "semesters"},
		`{"semesters": [{"term": 5}, {"courses": []}, {"term": "Fall 2024", "year": 1}]}`:     {"semesters/0/term", "semesters/1/term", "semesters/2/year"},
		`{"courses": {"COMP 248": {"status": "planned"}, "COMP 248": {"status": "planned"}}}`: {"courses/COMP 248"},
	} {
		_, err := wire.DecodePatch(strings.NewReader(body))
		if diff := cmp.Diff(want, timelinetest.FaultyFields(t, err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
}

func FuzzDecodePatch(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"exemptions": ["COMP 248"], "isCoop": true}`, `{"courses": {"COMP 248": {"status": "planned", "semester": "Fall 2030"}}}`,
		`{"semesters": [{"term": "SPRING 2024", "courses": [{"code": "GEN ED ELECTIVE"}, {"code": "comp 248"}]}]}`, `{"timelineName": "\ud800"}`, `{"timelineName": "a\nb"}`,
		`{"changes": [{"op": "moveCourse", "course": "comp 352", "to": "Fall 2027"}, {"op": "addTerm", "term": "FALL/WINTER 2027-28"}]}`,
		`{"changes": [{"op": "renameTerm", "term": "Fall 2024", "to": "Spring 2023"}, {"op": "insertTerm", "after": "Spring 2023"}, {"op": "removeTerm", "term": "FALL 2026", "courses": "return"}]}`,
		`{"changes": [{"op": "markCourse", "course": "SOEN 287", "as": "transferred"}, {"op": "placeCourse", "course": "Technical Elective", "term": "Winter 2027"}, {"op": "removeCourse", "course": "Technical Elective"}]}`,
		`{"changes": [{"op": "waiveRemark", "code": "prerequisite", "course": "COMP 352"}, {"op": "pinCourse", "course": "COMP 248", "pool": "SOEN_Engineering Core"}]}`,
		`{"exemptions": ["x", 5], "waivers": [{"code": "overload", "term": "Fall 2027"}, {"code": "luck"}], "semesters": [{"term": "x"}], "courses": {"x": {"status": "y", "semester": "z"}}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := wire.DecodePatch(strings.NewReader(string(b)))
		if err != nil {
			switch fault.CodeOf(err) {
			case fault.BadRequest:
			case fault.InvalidForm: // its other faults are found all the same
				if _, err := timelinetest.Builder().ApplyPatch(edited(t), p, now); err != nil && fault.CodeOf(err) != fault.InvalidForm {
					t.Errorf("%v", err)
				}
			default:
				t.Errorf("%v", err)
			}
			return
		}
		r, err := timelinetest.Builder().ApplyPatch(edited(t), p, now)
		if err != nil {
			if fault.CodeOf(err) != fault.InvalidForm {
				t.Errorf("%v", err)
			}
			return
		}
		plain, err := wire.EncodeResult(r)
		if err != nil {
			t.Fatal(err)
		}
		again := timelinetest.Must(timelinetest.Builder().ApplyPatch(r, timeline.Patch{}, now))(t)
		if string(plain) != string(encode(t, again)) {
			t.Errorf("an empty edit changes the result of %s", b)
		}
	})
}

func TestEditFaults(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 301)
	p := timeline.Patch{
		Exemptions:   &[]string{"COMP 248", "x", ""},
		Deficiencies: ptr(make([]string, 301)),
		TimelineName: &long,
		Courses: map[string]timeline.State{
			"nothing":  {Status: timeline.Planned},
			"COMP 248": {Status: "done", Semester: ptr("someday"), Via: "luck", Message: long},
			"comp 248": {Status: timeline.Planned},
		},
		Semesters: &[]timeline.Semester{
			{Term: "Autumn 2024"}, {Term: "Summer 2024", Courses: []timeline.Sitting{{Code: ""}, {Code: long, Message: long}}},
			{Term: "SPRING 2024"}, {Term: "Fall 2024", Courses: make([]timeline.Sitting, 101)},
		},
	}
	err := wire.ValidatePatch(p)
	want := []string{
		"courses/COMP 248/message", "courses/COMP 248/semester", "courses/COMP 248/status", "courses/COMP 248/via",
		"courses/comp 248", "courses/nothing", "deficiencies", "exemptions/1", "exemptions/2",
		"semesters/0/term", "semesters/1/courses/0/code", "semesters/1/courses/1/code", "semesters/1/courses/1/message",
		"semesters/2/term", "semesters/3/courses", "timelineName",
	}
	if diff := cmp.Diff(want, timelinetest.FaultyFields(t, err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	err = wire.ValidatePatch(timeline.Patch{Semesters: ptr(make([]timeline.Semester, 301)), Courses: manyStates(4001)})
	if diff := cmp.Diff([]string{"courses", "semesters"}, timelinetest.FaultyFields(t, err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func manyStates(n int) map[string]timeline.State {
	out := map[string]timeline.State{}
	for i := range n {
		out["COMP "+string(rune('0'+i/1000))+string(rune('0'+i/100%10))+string(rune('0'+i/10%10))+string(rune('0'+i%10))] = timeline.State{Status: timeline.Planned}
	}
	return out
}
