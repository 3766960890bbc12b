package timeline_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

func apply(tb testing.TB, r *timeline.Result, patches ...timeline.Patch) *timeline.Result {
	tb.Helper()
	for _, p := range patches {
		r = must(timeline.Apply(embedded(), r, p, now))(tb)
	}
	return r
}

// edited is what the tests of edits begin with.
func edited(tb testing.TB) *timeline.Result {
	tb.Helper()
	doc := transcript(softwarePrinted, "Fall 2024: COMP 232 D", "Fall 2024: COMP 248 B", "Fall 2026: COMP 249", "Winter 2027: COMP 352", "Fall 2024: ACCO 220 A")
	doc.ExemptedCourses, doc.TransferredCourses = []string{"PHYS 204"}, []string{"HIST 203"}
	return must(timeline.FromDocument(embedded(), doc, now))(tb)
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
	// Taken back, the sittings say again what they said.
	back := apply(t, with, timeline.Patch{Exemptions: &[]string{"PHYS 204"}})
	if diff := cmp.Diff(string(encode(t, r)), string(encode(t, back))); diff != "" {
		t.Errorf("taken back (-want +got):\n%s", diff)
	}
	// A completed course that was exempted and is no longer is completed by its sitting.
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
	// Progress is of all that is planned, in its term or not.
	if r.Progress.Overall.Planned != 3 {
		t.Errorf("planned: %+v", r.Progress.Overall)
	}
}

func TestEditSemesters(t *testing.T) {
	t.Parallel()
	r := apply(t, edited(t), timeline.Patch{Semesters: &[]timeline.Semester{
		{Term: "Winter 2028", Courses: []timeline.Sitting{{Code: "comp352"}, {Code: "GEN ED ELECTIVE", Message: "choose"}}}, // moved
		{Term: "fall 2024", Courses: []timeline.Sitting{{Code: "COMP 232", Message: "minimum grade C- not met"}, {Code: "COMP 248"}}},
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
		t.Error("nothing is unused any more")
	}
	// What is taken out everywhere is as it was never sat; a transfer stays.
	r = apply(t, r, timeline.Patch{Semesters: &[]timeline.Semester{}})
	if diff := cmp.Diff(map[string]string{"COMP 248": "incomplete", "HIST 203": "completed via transfer"}, states(r, "COMP 248", "HIST 203")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A course keeps what is known of it where it keeps its term, whatever else is moved or added.
func TestEditSemestersKeepsWhatIsKnown(t *testing.T) {
	t.Parallel()
	r := apply(t, edited(t), timeline.Patch{Courses: map[string]timeline.State{"COMP 232": {Status: timeline.Incomplete}}})
	semesters := slices.Clone(timeline.Reduce(r).Semesters)
	semesters = append(semesters, timeline.Semester{Term: "WINTER 2029", Courses: []timeline.Sitting{{Code: "COMP 248"}}})
	r = apply(t, r, timeline.Patch{Semesters: &semesters})
	want := map[string]string{
		"COMP 248": "completed FALL 2024", // a second sitting, planned, takes nothing away
		"COMP 232": "incomplete",          // as its owner put it
		"COMP 352": "planned WINTER 2027",
	}
	if diff := cmp.Diff(want, states(r, "COMP 248", "COMP 232", "COMP 352")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Terms and states in one edit: both are as they are sent.
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

func TestEditFaults(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 301)
	p := timeline.Patch{
		Exemptions:   &[]string{"COMP 248", "x", ""},
		Deficiencies: ptr(make([]string, 301)),
		TimelineName: &long,
		Courses: map[string]timeline.State{
			"nothing":  {Status: timeline.Planned},
			"COMP 999": {Status: timeline.Planned},
			"COMP 248": {Status: "done", Semester: ptr("someday"), Via: "luck", Message: long},
			"comp 248": {Status: timeline.Planned},
		},
		Semesters: &[]timeline.Semester{
			{Term: "Autumn 2024"}, {Term: "Summer 2024", Courses: []timeline.Sitting{{Code: ""}, {Code: long, Message: long}}},
			{Term: "SPRING 2024"}, {Term: "Fall 2024", Courses: make([]timeline.Sitting, 101)},
		},
	}
	_, err := timeline.Apply(embedded(), edited(t), p, now)
	want := []string{
		"courses/COMP 248/message", "courses/COMP 248/semester", "courses/COMP 248/status", "courses/COMP 248/via",
		"courses/COMP 999", "courses/comp 248", "courses/nothing", "deficiencies", "exemptions/1", "exemptions/2",
		"semesters/0/term", "semesters/1/courses/0/code", "semesters/1/courses/1/code", "semesters/1/courses/1/message",
		"semesters/2/term", "semesters/3/courses", "timelineName",
	}
	if diff := cmp.Diff(want, fieldsOf(t, err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, err = timeline.Apply(embedded(), edited(t), timeline.Patch{
		Semesters: ptr(make([]timeline.Semester, 301)), Courses: manyStates(4001),
	}, now)
	if diff := cmp.Diff([]string{"courses", "semesters"}, fieldsOf(t, err)); diff != "" {
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

// An edit of a result whose degree the catalogue no longer has.
func TestEditWithoutADegree(t *testing.T) {
	t.Parallel()
	r := *edited(t)
	r.Degree.ID = "BEng in Alchemy"
	_, err := timeline.Apply(embedded(), &r, timeline.Patch{}, now)
	if f := fault.From(err); f.Code != fault.DegreeNotFound || len(f.Closest) != 3 {
		t.Errorf("%v", err)
	}
}

func TestDecodePatch(t *testing.T) {
	t.Parallel()
	got := must(timeline.DecodePatch(strings.NewReader(`{"exemptions": [], "deficiencies": null, "timelineName": "n", "isCoop": false,
		"courses": {"COMP 248": {"status": "completed", "semester": "FALL 2024", "via": "", "message": null}, "COMP 249": {"status": "planned", "semester": null}},
		"semesters": [{"term": "FALL 2024", "courses": [{"code": "COMP 248", "message": "m"}]}, {"term": "WINTER 2025"}]}`)))(t)
	want := timeline.Patch{
		Exemptions: &[]string{}, TimelineName: ptr("n"), IsCoop: ptr(false),
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
		`{"courses": [], "semesters": {}}`:                                                    {"courses", "semesters"},
		`{"semesters": [{"term": 5}, {"courses": []}, {"term": "Fall 2024", "year": 1}]}`:     {"semesters/0/term", "semesters/1/term", "semesters/2/year"},
		`{"courses": {"COMP 248": {"status": "planned"}, "COMP 248": {"status": "planned"}}}`: {"courses/COMP 248"},
	} {
		_, err := timeline.DecodePatch(strings.NewReader(body))
		if diff := cmp.Diff(want, fieldsOf(t, err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
}

func FuzzDecodePatch(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"exemptions": ["COMP 248"], "isCoop": true}`, `{"courses": {"COMP 248": {"status": "planned", "semester": "Fall 2030"}}}`,
		`{"semesters": [{"term": "SPRING 2024", "courses": [{"code": "GEN ED ELECTIVE"}, {"code": "comp 248"}]}]}`, `{"timelineName": "\ud800"}`, `{"timelineName": "a\nb"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := timeline.DecodePatch(strings.NewReader(string(b)))
		if err != nil {
			if c := fault.CodeOf(err); c != fault.BadRequest && c != fault.InvalidForm {
				t.Errorf("%v", err)
			}
			return
		}
		r, err := timeline.Apply(embedded(), edited(t), p, now)
		if err != nil {
			if fault.CodeOf(err) != fault.InvalidForm {
				t.Errorf("%v", err)
			}
			return
		}
		plain, err := timeline.Encode(r)
		if err != nil {
			t.Fatal(err)
		}
		again := apply(t, r, timeline.Patch{})
		if string(plain) != string(encode(t, again)) {
			t.Errorf("an empty edit changes the result of %s", b)
		}
	})
}

// Whatever is to be saved, under whatever name.
func FuzzDecodeKeeping(f *testing.F) {
	for _, s := range []string{`{}`, `{"timelineName": "Plan", "jobId": "0b8b7f0a-6a3a-4a39-9d8e-0d86b572ffea"}`, `{"timelineName": null, "jobId": 7}`, `[]`, `{"timelineName": "\ud800\n"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, err := timeline.DecodeKeeping(strings.NewReader(string(b)))
		if c := fault.CodeOf(err); err != nil && c != fault.BadRequest && c != fault.InvalidForm {
			t.Errorf("%v", err)
		}
	})
}
