package timeline_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelinetest"
)

// One sitting, classified by its marks and its term. The lowest passing grade is D-.
func TestStateOfASitting(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ sitting, want string }{
		// A past term: the grade decides.
		{"Fall 2024: COMP 232 A+", "completed FALL 2024"},
		{"Fall 2024: COMP 232 C-", "completed FALL 2024"},
		{"Fall 2024: COMP 232 D+", "completed FALL 2024"},
		{"Fall 2024: COMP 232 F", "incomplete FALL 2024 (minimum grade D- not met)"},
		{"Fall 2024: COMP 472 D-", "completed FALL 2024"},
		{"Fall 2024: COMP 472 d-", "completed FALL 2024"},
		{"Fall 2024: COMP 472 F", "incomplete FALL 2024 (minimum grade D- not met)"},
		{"Fall 2024: COMP 472 PASS", "completed FALL 2024"},
		{"Fall 2024: COMP 232 PASS", "completed FALL 2024"},
		{"Fall 2024: COMP 472 EX", "completed FALL 2024"},
		{"Fall 2024: COMP 472 TRC", "completed FALL 2024"},
		{"Fall 2024: COMP 472 R", "incomplete FALL 2024 (no credit: R)"},
		{"Fall 2024: COMP 472 FNS", "incomplete FALL 2024 (no credit: FNS)"},
		{"Fall 2024: COMP 472 NC", "incomplete FALL 2024 (no credit: NC)"},
		{"Fall 2024: COMP 472 F DNE", "incomplete FALL 2024 (no credit: DNE)"},
		{"Fall 2024: COMP 472 DISC", "incomplete FALL 2024 (discontinued)"},
		{"Fall 2024: COMP 472 - DISC", "incomplete FALL 2024 (discontinued)"},
		{"Fall 2024: COMP 472 AU", "incomplete FALL 2024 (audited, no credit)"},
		// A past term without a final grade.
		{"Fall 2024: COMP 472", "incomplete FALL 2024 (grade not posted)"},
		{"Fall 2024: COMP 472 - INC", "incomplete FALL 2024 (grade not posted)"},
		{"Fall 2024: COMP 472 B INC", "incomplete FALL 2024 (grade not posted)"},
		{"Fall 2024: COMP 472 DEF", "incomplete FALL 2024 (grade not posted)"},
		{"Fall 2024: COMP 472 MED", "incomplete FALL 2024 (grade not posted)"},
		{"Fall 2024: COMP 472 PEND", "incomplete FALL 2024 (grade not posted)"},
		{"Fall 2024: COMP 472 NR", "incomplete FALL 2024 (grade not posted)"},
		{"Fall 2024: COMP 472 WXYZ", "incomplete FALL 2024 (grade not recognised)"},
		{"Fall 2024: COMP 472 B WKRT", "completed FALL 2024"},
		// What the legend does not have is no credit without printed credits.
		{"Fall 2024: COMP 472 W", "incomplete FALL 2024 (grade not recognised)"},
		{"Fall 2024: COMP 472 AUD", "incomplete FALL 2024 (grade not recognised)"},
		{"Fall 2024: COMP 472 *", "incomplete FALL 2024 (grade not recognised)"},
		// The current term.
		{"Fall 2026: COMP 472", "inprogress FALL 2026"},
		{"Fall 2026: COMP 472 - DEF", "inprogress FALL 2026"},
		{"Fall 2026: COMP 472 NR", "inprogress FALL 2026"},
		{"Fall 2026: COMP 472 INC", "inprogress FALL 2026"},
		{"Fall 2026: COMP 472 R", "incomplete FALL 2026 (no credit: R)"},
		{"Fall 2026: COMP 472 PASS", "completed FALL 2026"},
		{"Fall 2026: COMP 472 B", "completed FALL 2026"},
		{"Fall 2026: COMP 472 F", "incomplete FALL 2026 (minimum grade D- not met)"},
		{"Fall 2026: COMP 472 DISC", "incomplete FALL 2026 (discontinued)"},
		{"Fall/Winter 2026-27: SOEN 490", "inprogress FALL/WINTER 2026-27"},
		// Future terms.
		{"Winter 2027: COMP 472", "planned WINTER 2027"},
		{"Winter 2027: COMP 472 B", "planned WINTER 2027"},
		{"Fall/Winter 2027-28: SOEN 490", "planned FALL/WINTER 2027-28"},
	} {
		r := timelinetest.Must(timelinetest.Builder().FromDocument(timelinetest.NewTranscript(timelinetest.SoftwarePrinted, c.sitting), now))(t)
		code := r.Semesters[0].Courses[0].Code
		if got := state(r, code); got != c.want {
			t.Errorf("%s: %s; want %s", c.sitting, got, c.want)
		}
		// The message of a course is at its sitting.
		message := ""
		if s := r.Courses[code].State; s.Message != "" {
			message = s.Message
		}
		if got := r.Semesters[0].Courses[0].Message; got != message {
			t.Errorf("%s: the sitting says %q, the state %q", c.sitting, got, message)
		}
	}
}

// A grade below C- has a remark while a course that needs it is still to be taken, and none once such a course has
// been passed.
func TestBelowCMinus(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		sittings []string
		course   string
		want     bool
	}{
		{"the next course is still to come", []string{"Fall 2024: COMP 248 D"}, "COMP 248", true},
		{"the next course is planned", []string{"Fall 2024: COMP 248 D", "Winter 2027: COMP 249"}, "COMP 248", true},
		{"the next course is passed", []string{"Fall 2024: COMP 248 D", "Winter 2025: COMP 249 B", "Fall 2025: COMP 352 A"}, "COMP 249", false},
		{"a C- is enough", []string{"Fall 2024: COMP 248 C-"}, "COMP 248", false},
		{"nothing needs it", []string{"Fall 2024: COMP 472 D"}, "COMP 472", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := timelinetest.Must(timelinetest.Builder().FromDocument(timelinetest.NewTranscript(timelinetest.SoftwarePrinted, c.sittings...), now))(t)
			if got := r.Courses[c.course].State.Status; got != timeline.Completed {
				t.Errorf("%s: got %s, want completed", c.course, got)
			}
			if got := hasRemark(r, audit.CMinus, c.course); got != c.want {
				t.Errorf("remark on %s: got %v, want %v (%v)", c.course, got, c.want, r.Remarks)
			}
			again := timelinetest.Must(timelinetest.Builder().FromSaved(r.ToSaved(), now))(t)
			if got := hasRemark(again, audit.CMinus, c.course); got != c.want {
				t.Errorf("saved and loaded, remark on %s: got %v, want %v", c.course, got, c.want)
			}
		})
	}
}

// Printed credits apply: earned when a sitting is over, attempted before, the catalogue's where there are none.
func TestPrintedCredits(t *testing.T) {
	t.Parallel()
	core := "SOEN_Software Engineering Core"
	for _, c := range []struct {
		name                           string
		term                           string
		sitting                        document.Sitting
		completed, inProgress, planned float64
	}{
		{"earned", "Fall 2024", document.Sitting{CreditsAttempted: 4, CreditsEarned: 4, Grade: "B"}, 4, 0, 0},
		{"earned less than attempted", "Fall 2024", document.Sitting{CreditsAttempted: 4, CreditsEarned: 2, Grade: "B"}, 2, 0, 0},
		{"earned with a grade that is not known", "Fall 2024", document.Sitting{CreditsAttempted: 4, CreditsEarned: 4, Grade: "CR"}, 4, 0, 0},
		{"a grade that is not known, nothing earned", "Fall 2024", document.Sitting{CreditsAttempted: 4, Grade: "*"}, 0, 0, 0},
		{"an exemption in a term earns nothing", "Fall 2024", document.Sitting{CreditsAttempted: 3, Grade: "EX"}, 0, 0, 0},
		{"in progress", "Fall 2026", document.Sitting{CreditsAttempted: 4}, 0, 4, 0},
		{"planned", "Winter 2027", document.Sitting{CreditsAttempted: 4}, 0, 0, 4},
		{"nothing printed", "Fall 2024", document.Sitting{Grade: "B"}, 3, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			doc := timelinetest.NewTranscript(timelinetest.SoftwarePrinted)
			c.sitting.Code = "SOEN 342"
			doc.Semesters = []document.Semester{{Term: c.term, Courses: []document.Sitting{c.sitting}}}
			r := timelinetest.Must(timelinetest.Builder().FromDocument(doc, now))(t)
			for _, p := range r.Progress.Pools {
				if p.ID == core && (p.Completed != c.completed || p.InProgress != c.inProgress || p.Planned != c.planned) {
					t.Errorf("got %+v, want completed %v, in progress %v, planned %v", p.Credits, c.completed, c.inProgress, c.planned)
				}
			}
		})
	}
}

// Of several sittings the best state decides, among equals the later; all are kept.
func TestSeveralSittings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		sittings []string
		want     string
	}{
		{"failed, then passed", []string{"Fall 2023: COMP 248 F", "Winter 2024: COMP 248 B"}, "completed WINTER 2024"},
		{"passed, then failed", []string{"Fall 2023: COMP 248 B", "Winter 2024: COMP 248 F"}, "completed FALL 2023"},
		{"passed twice", []string{"Fall 2023: COMP 248 C", "Winter 2024: COMP 248 A"}, "completed WINTER 2024"},
		{"failed twice", []string{"Fall 2023: COMP 248 F", "Winter 2024: COMP 248 DISC"}, "incomplete WINTER 2024 (discontinued)"},
		{"failed, then in progress", []string{"Fall 2023: COMP 248 F", "Fall 2026: COMP 248"}, "inprogress FALL 2026"},
		{"in progress and planned again", []string{"Fall 2026: COMP 248", "Winter 2027: COMP 248"}, "inprogress FALL 2026"},
		{"out of order", []string{"Winter 2024: COMP 248 A", "Fall 2023: COMP 248 C"}, "completed WINTER 2024"},
		{"in one term", []string{"Fall 2023: COMP 248 DISC", "Fall 2023: COMP 248 A"}, "completed FALL 2023"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := timelinetest.Must(timelinetest.Builder().FromDocument(timelinetest.NewTranscript(timelinetest.SoftwarePrinted, c.sittings...), now))(t)
			if got := state(r, "COMP 248"); got != c.want {
				t.Errorf("%s; want %s", got, c.want)
			}
			if n := len(remarks(r, "COMP 248")); n != 2 {
				t.Errorf("%d sittings are kept", n)
			}
		})
	}
}

// An exemption or a transfer completes a course; where it was sat as well, the sitting's term stays.
func TestExemptedAndTransferred(t *testing.T) {
	t.Parallel()
	doc := timelinetest.NewTranscript(timelinetest.SoftwarePrinted, "Fall 2024: COMP 232 D", "Fall 2026: COMP 249", "Fall 2024: COMP 248 A")
	doc.ExemptedCourses = []string{"COMP 232", "PHYS 204", "PHYS 205"}
	doc.TransferredCourses = []string{"COMP 249", "PHYS 205", "POLI 999"}
	doc.PotentialExemptions = []string{"CHEM 205"}
	r := timelinetest.Must(timelinetest.Builder().FromDocument(doc, now))(t)
	for code, want := range map[string]string{
		"COMP 232": "completed FALL 2024 via exemption",
		"COMP 249": "completed FALL 2026 via transfer",
		"COMP 248": "completed FALL 2024",
		"PHYS 204": "completed via exemption",
		"PHYS 205": "completed via transfer", // both: the transfer has credits
		"POLI 999": "completed via transfer",
		"CHEM 205": "incomplete", // a potential transfer is not granted
	} {
		if got := state(r, code); got != want && !(code == "CHEM 205" && got == "absent") {
			t.Errorf("%s: %s; want %s", code, got, want)
		}
	}
	if diff := cmp.Diff([]string{"FALL 2024: "}, remarks(r, "COMP 232")); diff != "" {
		t.Errorf("remarks (-want +got):\n%s", diff)
	}
	if c := r.Courses["POLI 999"]; c.InCatalogue == nil || *c.InCatalogue {
		t.Error("a course that the catalogue lacks is not marked")
	}
	if slices.Contains(poolIDs(r), timeline.UnusedPoolID) {
		t.Error("what was not sat is no unused credit")
	}
}

// Sat courses outside of every pool are classified like all others.
func TestUnusedCredits(t *testing.T) {
	t.Parallel()
	doc := timelinetest.NewTranscript(timelinetest.SoftwarePrinted,
		"Fall 2024: ACCO 220 F", "Fall 2024: ACCO 230 A", "Winter 2025: ACCO 220 DISC", "Winter 2027: ACCO 310", "Fall 2024: MATH 204 B")
	doc.DeficiencyCourses = []string{"MATH 204"}
	r := timelinetest.Must(timelinetest.Builder().FromDocument(doc, now))(t)
	for code, want := range map[string]string{
		"ACCO 220": "incomplete WINTER 2025 (discontinued)",
		"ACCO 230": "completed FALL 2024",
		"ACCO 310": "planned WINTER 2027",
	} {
		if got := state(r, code); got != want {
			t.Errorf("%s: %s; want %s", code, got, want)
		}
	}
	if diff := cmp.Diff([]string{"ACCO 220", "ACCO 230", "ACCO 310"}, pool(t, r, timeline.UnusedPoolID).Courses); diff != "" {
		t.Errorf("unused, a deficiency aside (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"FALL 2024: not part of the degree"}, remarks(r, "ACCO 230")); diff != "" {
		t.Errorf("remarks (-want +got):\n%s", diff)
	}
	for _, p := range r.Progress.Pools {
		if p.ID == timeline.DeficienciesPoolID && (p.Completed != 3 || p.Remaining != 0) {
			t.Errorf("the deficiency was made up: %+v", p.Credits)
		}
	}
	if r.Progress.Overall.Completed != 0 {
		t.Errorf("deficiencies and unused credits count for the degree: %+v", r.Progress.Overall)
	}
}

// A course counts once, in the first pool that lists it and still lacks credits.
func TestProgress(t *testing.T) {
	t.Parallel()
	progress := func(sittings ...string) map[string]timeline.Credits {
		r := timelinetest.Must(timelinetest.Builder().FromDocument(timelinetest.NewTranscript(timelinetest.SoftwarePrinted, sittings...), now))(t)
		out := map[string]timeline.Credits{"overall": r.Progress.Overall}
		for _, p := range r.Progress.Pools {
			out[p.ID] = p.Credits
		}
		return out
	}
	const general, electives = "General Education Humanities and Social Sciences Electives", "SOEN_Software Engineering Electives"
	got := progress("Fall 2024: PHIL 210 B", "Fall 2024: HIST 203 B", "Fall 2024: COMP 232 A", "Fall 2026: COMP 472", "Winter 2027: COMP 371")
	for id, want := range map[string]timeline.Credits{
		general:                          {CreditsRequired: 3, Completed: 3}, // the second course is beyond the requirement
		electives:                        {CreditsRequired: 16, InProgress: 4, Planned: 4, Remaining: 8},
		"SOEN_Software Engineering Core": {CreditsRequired: 46.5, Remaining: 46.5},
		"SOEN_Computer Science Group: Software Engineering": {CreditsRequired: 27, Completed: 3, Remaining: 24},
		"overall": {CreditsRequired: 120, Completed: 6, InProgress: 4, Planned: 4, Remaining: 106},
	} {
		if diff := cmp.Diff(want, got[id]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
	}
	// Completed courses count before planned ones, whatever their terms.
	got = progress("Winter 2027: HIST 203", "Fall 2024: PHIL 210 B")
	if diff := cmp.Diff(timeline.Credits{CreditsRequired: 3, Completed: 3}, got[general]); diff != "" {
		t.Errorf("%s (-want +got):\n%s", general, diff)
	}
}

// Credits beyond one pool's requirement go to the next pool that lists the course.
func TestProgressOverflows(t *testing.T) {
	t.Parallel()
	// Three artificial-intelligence electives of 4 credits: the pool takes one, the computer-science electives the
	// others.
	r := timelinetest.Must(timelinetest.Builder().FromDocument(timelinetest.NewTranscript("Bachelor of Computer Science, Computer Science",
		"Fall 2024: COMP 432 A", "Fall 2024: COMP 472 A", "Winter 2025: COMP 474 A"), now))(t)
	got := map[string]float64{}
	for _, p := range r.Progress.Pools {
		got[p.ID] = p.Completed
	}
	if got["COMP_Artificial Intelligence Electives"] != 4 || got["COMP_Computer Science Electives"] != 8 {
		t.Errorf("%v", got)
	}
	if r.Progress.Overall.Completed != 12 {
		t.Errorf("overall %+v", r.Progress.Overall)
	}
}

func TestLetters(t *testing.T) {
	t.Parallel()
	letter := func(first, last *string) document.Document {
		return document.Document{Kind: document.Letter, ProgramInfo: &document.ProgramInfo{Degree: timelinetest.SoftwarePrinted, FirstTerm: first, LastTerm: last}}
	}
	for _, c := range []struct {
		name        string
		first, last *string
		terms       int
		from, to    string
	}{
		{"two years on", ptr("Fall 2026"), nil, 7, "FALL 2026", "FALL 2028"},
		{"to the printed term", ptr("Winter 2027"), ptr("Fall 2030"), 12, "WINTER 2027", "FALL 2030"},
		{"a full-year term is its seasons", ptr("Fall/Winter 2026-27"), ptr("Fall/Winter 2027-28"), 5, "FALL 2026", "WINTER 2028"},
		{"the last before the first", ptr("Fall 2026"), ptr("Winter 2020"), 7, "FALL 2026", "FALL 2028"},
		{"a last term that is no end", ptr("Fall 2026"), ptr("Fall 2199"), 7, "FALL 2026", "FALL 2028"},
		{"no first term", nil, ptr("Fall 2030"), 0, "", ""},
		{"no real first term", ptr("someday"), nil, 0, "", ""},
		{"the end of time", ptr("Fall 2200"), nil, 1, "FALL 2200", "FALL 2200"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := timelinetest.Must(timelinetest.Builder().FromDocument(letter(c.first, c.last), now))(t)
			if len(r.Semesters) != c.terms {
				t.Fatalf("%d terms: %q", len(r.Semesters), terms(r))
			}
			if c.terms > 0 && (r.Semesters[0].Term != c.from || r.Semesters[c.terms-1].Term != c.to) {
				t.Errorf("%q", terms(r))
			}
		})
	}
}

func TestATermThatDoesNotExist(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"Fall 9999", "Autumn 2024", ""} {
		_, err := timelinetest.Builder().FromDocument(timelinetest.NewTranscript(timelinetest.SoftwarePrinted, s+": COMP 248 A"), now)
		if f := fault.From(err); f.Code != fault.Corrupt || f.Detail == "" {
			t.Errorf("%q: %v", s, err)
		}
	}
}

// The same facts on another day: only what depends on the date changes.
func TestTimePasses(t *testing.T) {
	t.Parallel()
	doc := timelinetest.NewTranscript(timelinetest.SoftwarePrinted, "Fall 2026: COMP 249", "Winter 2027: COMP 352")
	for _, c := range []struct {
		at    time.Time
		comp1 string
		comp2 string
	}{
		{time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC), "planned FALL 2026", "planned WINTER 2027"},
		{now, "inprogress FALL 2026", "planned WINTER 2027"},
		{time.Date(2027, 2, 1, 12, 0, 0, 0, time.UTC), "incomplete FALL 2026 (grade not posted)", "inprogress WINTER 2027"},
	} {
		r := timelinetest.Must(timelinetest.Builder().FromDocument(doc, c.at))(t)
		if got := state(r, "COMP 249"); got != c.comp1 {
			t.Errorf("%s: COMP 249 %s; want %s", c.at, got, c.comp1)
		}
		if got := state(r, "COMP 352"); got != c.comp2 {
			t.Errorf("%s: COMP 352 %s; want %s", c.at, got, c.comp2)
		}
	}
}
