package timeline_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelinetest"
)

func TestFormTerms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		first, last string
		n           int
		from, to    string
	}{
		{"Fall 2026", "", 10, "FALL 2026", "FALL 2029"},
		{"winter 2027", "", 10, "WINTER 2027", "WINTER 2030"},
		{"Spring 2027", "", 10, "SUMMER 2027", "SUMMER 2030"},
		{"Fall 2026", "Fall 2026", 1, "FALL 2026", "FALL 2026"},
		{"Fall 2026", "Winter 2030", 11, "FALL 2026", "WINTER 2030"},
		{"Fall 2026", "Fall 2038", 37, "FALL 2026", "FALL 2038"},
	} {
		r := timelinetest.Must(timelinetest.Builder().FromForm(timeline.Form{Degree: software, FirstTerm: c.first, LastTerm: c.last}, now))(t)
		if n := len(r.Semesters); n != c.n || r.Semesters[0].Term != c.from || r.Semesters[n-1].Term != c.to {
			t.Errorf("%s to %s: %q", c.first, c.last, terms(r))
		}
	}
}

func TestSequence(t *testing.T) {
	t.Parallel()
	r := timelinetest.Must(timelinetest.Builder().FromForm(timeline.Form{
		Degree: software, FirstTerm: "Winter 2026", EWTSatisfied: true,
		PredefinedSequence: []timeline.SequenceTerm{
			{Type: "Academic", Courses: []string{"comp248", "GEN ED ELECTIVE", "general studies", "Natural Science (SOEN)", "technical elective"}},
			{Type: "Co-op", CoopLabel: " Work Term 1 "},
			{Type: "Co-op"},
			{Type: "Academic", Courses: []string{"COEN 343", "no idea", "COMP 249"}},
			{Type: "Co-op", Courses: []string{"CWT 100", "CWT 101"}},
			{Type: "Academic", Courses: []string{"SOEN 490", "COMP 352"}},
			{Type: "Academic", Courses: []string{"SOEN 490"}},
		},
	}, now))(t)
	want := []timeline.Semester{
		{Term: "WINTER 2026", Courses: []timeline.Sitting{
			{Code: "COMP 248", Message: "grade not posted"},
			{Code: "GEN ED ELECTIVE", Message: "placeholder: choose a course"},
			{Code: "general studies", Message: "placeholder: choose a course"},
			{Code: "Natural Science (SOEN)", Message: "placeholder: choose a course"},
			{Code: "technical elective", Message: "placeholder: choose a course"},
		}},
		{Term: "SUMMER 2026", Courses: []timeline.Sitting{{Code: "Work Term 1", Message: "co-op work term"}}},
		{Term: "FALL 2026", Courses: []timeline.Sitting{{Code: "Co-op Work Term", Message: "co-op work term"}}},
		{Term: "WINTER 2027", Courses: []timeline.Sitting{
			{Code: "COEN 343", Message: "not in the catalogue"}, {Code: "no idea", Message: "not in the catalogue"}, {Code: "COMP 249"},
		}},
		{Term: "SUMMER 2027", Courses: []timeline.Sitting{
			{Code: "CWT 100", Message: "not part of the degree"}, {Code: "CWT 101", Message: "not part of the degree"}, // not a co-op student
		}},
		{Term: "FALL 2027", Courses: []timeline.Sitting{{Code: "COMP 352"}}},
		{Term: "FALL/WINTER 2027-28", Courses: []timeline.Sitting{{Code: "SOEN 490"}}}, // this empties WINTER 2028
	}
	if diff := cmp.Diff(want, r.Semesters); diff != "" {
		t.Errorf("terms (-want +got):\n%s", diff)
	}
	for code, want := range map[string]string{
		"COMP 248":        "incomplete WINTER 2026 (grade not posted)", // planned for a term that is over
		"COMP 249":        "planned WINTER 2027",
		"SOEN 490":        "planned FALL/WINTER 2027-28",
		"COEN 343":        "planned WINTER 2027",
		"GEN ED ELECTIVE": "absent",
		"no idea":         "absent",
		"ENCS 272":        "completed via exemption",
	} {
		if got := state(r, code); got != want {
			t.Errorf("%s: %s; want %s", code, got, want)
		}
	}
	// In the current term, a plan is still a plan.
	r = timelinetest.Must(timelinetest.Builder().FromForm(timeline.Form{Degree: software, FirstTerm: "Fall 2026",
		PredefinedSequence: []timeline.SequenceTerm{{Type: "Academic", Courses: []string{"COMP 248"}}}}, now))(t)
	if got := state(r, "COMP 248"); got != "planned FALL 2026" {
		t.Error(got)
	}
}

// Two terms of a capstone become one only when they follow each other.
func TestCapstoneOnlyAcrossFallAndWinter(t *testing.T) {
	t.Parallel()
	for first, want := range map[string]int{"Fall 2027": 1, "Winter 2027": 2, "Summer 2027": 2} {
		r := timelinetest.Must(timelinetest.Builder().FromForm(timeline.Form{Degree: software, FirstTerm: first,
			PredefinedSequence: []timeline.SequenceTerm{
				{Type: "Academic", Courses: []string{"SOEN 490"}}, {Type: "Academic", Courses: []string{"SOEN 490"}},
			}}, now))(t)
		if len(r.Semesters) != want {
			t.Errorf("from %s: %q", first, terms(r))
		}
	}
}

func TestEveryPublishedSequenceIsLaidOut(t *testing.T) {
	t.Parallel()
	for _, s := range cataloguetest.Embedded().Sequences() {
		r := timelinetest.Must(timelinetest.Builder().FromForm(timeline.Form{Degree: software, FirstTerm: "Fall 2027", Sequence: s.Name, IsCoop: true}, now))(t)
		listed, laid := 0, 0
		for _, term := range s.Terms {
			listed += len(term.Courses)
		}
		for _, term := range r.Semesters {
			laid += len(term.Courses)
		}
		if laid != listed && laid != listed-1 { // the two halves of a capstone are one
			t.Errorf("%s: %d of %d are laid out", s.Name, laid, listed)
		}
	}
}

// A course or a term that is not in the catalogue is a fault of its field.
func TestFormFaults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		form timeline.Form
		want []string
	}{
		{"what the catalogue lacks", timeline.Form{Degree: "BEng in Sofware Engineering", FirstTerm: "Fall 2026", Sequence: "x"}, []string{"degree", "sequence"}},
		{"an extension is no degree", timeline.Form{Degree: "Extended Credit Program - Engineering", FirstTerm: "Fall 2026"}, []string{"degree"}},
		{"no terms", timeline.Form{Degree: software, FirstTerm: "Autumn 2026", LastTerm: "soon"}, []string{"firstTerm", "lastTerm"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := timelinetest.Builder().FromForm(c.form, now)
			if diff := cmp.Diff(c.want, timelinetest.FaultyFields(t, err)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	err := timeline.ValidateForm(cataloguetest.Embedded(), timeline.Form{Degree: "BEng in Sofware Engineering"})
	if f := fault.From(err); len(f.Closest) != 3 || f.Closest[0] != software {
		t.Errorf("closest: %q", f.Closest)
	}
	if err := timeline.ValidateForm(cataloguetest.Embedded(), timeline.Form{Degree: software, Sequence: "software_engineering"}); err != nil {
		t.Error(err)
	}
}

// A form prints no credits: an old code has those of the course that replaces it (specification of audits, §1 and §6).
func TestFormerCodeInAForm(t *testing.T) {
	t.Parallel()
	r := timelinetest.Must(timelinetest.Builder().FromForm(timeline.Form{
		Degree: "BEng in Mechanical Engineering", FirstTerm: "Winter 2027",
		PredefinedSequence: []timeline.SequenceTerm{{Type: "Academic", Courses: []string{"MECH 221"}}},
	}, now))(t)
	if got := r.Progress.Overall.Planned; got != 3 {
		t.Errorf("planned credits: got %v, want 3", got)
	}
	if got := r.Courses["MECH 221"].Credits; got != 3 {
		t.Errorf("credits of the course: got %v, want 3", got)
	}
}
