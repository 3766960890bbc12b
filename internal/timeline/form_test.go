package timeline_test

import (
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// fieldsOf returns the faulty fields of an invalid_form error.
func fieldsOf(tb testing.TB, err error) []string {
	tb.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != fault.InvalidForm {
		tb.Fatalf("%v is no invalid_form", err)
	}
	var out []string
	for _, field := range f.Fields {
		if !strings.HasSuffix(field.Message, ".") {
			tb.Errorf("%s: %q is no sentence", field.Path, field.Message)
		}
		out = append(out, field.Path)
	}
	return out
}

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
		r := must(timeline.FromForm(embedded(), timeline.Form{Degree: software, FirstTerm: c.first, LastTerm: c.last}, now))(t)
		if n := len(r.Semesters); n != c.n || r.Semesters[0].Term != c.from || r.Semesters[n-1].Term != c.to {
			t.Errorf("%s to %s: %q", c.first, c.last, terms(r))
		}
	}
}

func TestSequence(t *testing.T) {
	t.Parallel()
	r := must(timeline.FromForm(embedded(), timeline.Form{
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
			{Code: "CWT 100", Message: "not part of the degree"}, {Code: "CWT 101", Message: "not part of the degree"}, // no co-op student
		}},
		{Term: "FALL 2027", Courses: []timeline.Sitting{{Code: "COMP 352"}}},
		{Term: "FALL/WINTER 2027-28", Courses: []timeline.Sitting{{Code: "SOEN 490"}}}, // WINTER 2028 is emptied by it
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
	// In the term that runs, a plan is still a plan.
	r = must(timeline.FromForm(embedded(), timeline.Form{Degree: software, FirstTerm: "Fall 2026",
		PredefinedSequence: []timeline.SequenceTerm{{Type: "Academic", Courses: []string{"COMP 248"}}}}, now))(t)
	if got := state(r, "COMP 248"); got != "planned FALL 2026" {
		t.Error(got)
	}
}

// Two terms of a capstone become one only when they follow each other.
func TestCapstoneOnlyAcrossFallAndWinter(t *testing.T) {
	t.Parallel()
	for first, want := range map[string]int{"Fall 2027": 1, "Winter 2027": 2, "Summer 2027": 2} {
		r := must(timeline.FromForm(embedded(), timeline.Form{Degree: software, FirstTerm: first,
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
	for _, s := range embedded().Sequences() {
		r := must(timeline.FromForm(embedded(), timeline.Form{Degree: software, FirstTerm: "Fall 2027", Sequence: s.Name, IsCoop: true}, now))(t)
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

func TestFormFaults(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 101)
	for _, c := range []struct {
		name string
		form timeline.Form
		want []string
	}{
		{"nothing", timeline.Form{}, []string{"degree", "firstTerm"}},
		{"blank", timeline.Form{Degree: "  ", FirstTerm: "  "}, []string{"degree", "firstTerm"}},
		{"no terms", timeline.Form{Degree: software, FirstTerm: "Autumn 2026", LastTerm: "soon"}, []string{"firstTerm", "lastTerm"}},
		{"full-year terms", timeline.Form{Degree: software, FirstTerm: "Fall/Winter 2026-27"}, []string{"firstTerm"}},
		{"a far year", timeline.Form{Degree: software, FirstTerm: "Fall 2199"}, []string{"firstTerm"}},
		{"an endless form", timeline.Form{Degree: software, FirstTerm: "Fall 2026", LastTerm: "Fall 9999"}, []string{"lastTerm"}},
		{"over 12 years", timeline.Form{Degree: software, FirstTerm: "Fall 2026", LastTerm: "Winter 2039"}, []string{"lastTerm"}},
		{"backwards", timeline.Form{Degree: software, FirstTerm: "Fall 2026", LastTerm: "Summer 2026"}, []string{"lastTerm"}},
		{"credits", timeline.Form{Degree: software, FirstTerm: "Fall 2026", MinimumProgramLength: -1}, []string{"minimumProgramLength"}},
		{"long texts", timeline.Form{Degree: long, FirstTerm: "Fall 2026", Sequence: long}, []string{"degree", "sequence"}},
		{"two sequences", timeline.Form{Degree: software, FirstTerm: "Fall 2026", Sequence: "software_engineering",
			PredefinedSequence: []timeline.SequenceTerm{{Type: "Academic"}}}, []string{"sequence"}},
		{"a long sequence", timeline.Form{Degree: software, FirstTerm: "Fall 2026",
			PredefinedSequence: make([]timeline.SequenceTerm, 37)}, []string{"predefinedSequence"}},
		{"in a sequence", timeline.Form{Degree: software, FirstTerm: "Fall 2026", PredefinedSequence: []timeline.SequenceTerm{
			{Type: "academic", CoopLabel: long, Courses: []string{"COMP 248", "", long}},
			{Type: "Academic", Courses: make([]string, 101)},
		}}, []string{
			"predefinedSequence/0/coopLabel", "predefinedSequence/0/courses/1", "predefinedSequence/0/courses/2",
			"predefinedSequence/0/type", "predefinedSequence/1/courses",
		}},
		{"what the catalogue lacks", timeline.Form{Degree: "BEng in Sofware Engineering", FirstTerm: "Fall 2026", Sequence: "x"}, []string{"degree", "sequence"}},
		{"an extension is no degree", timeline.Form{Degree: "Extended Credit Program - Engineering", FirstTerm: "Fall 2026"}, []string{"degree"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := timeline.FromForm(embedded(), c.form, now)
			if diff := cmp.Diff(c.want, fieldsOf(t, err)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	err := timeline.ValidateForm(embedded(), timeline.Form{Degree: "BEng in Sofware Engineering"})
	if f := fault.From(err); len(f.Closest) != 3 || f.Closest[0] != software {
		t.Errorf("closest: %q", f.Closest)
	}
	if err := timeline.ValidateForm(embedded(), timeline.Form{Degree: software, Sequence: "software_engineering"}); err != nil {
		t.Error(err)
	}
}

func TestDecodeForm(t *testing.T) {
	t.Parallel()
	body := `{"degree": "BEng in Software Engineering", "firstTerm": "Fall 2026", "lastTerm": null, "isCoop": true,
		"isExtendedCreditProgram": false, "minimumProgramLength": 120, "ewtSatisfied": true,
		"predefinedSequence": [{"type": "Academic", "courses": ["COMP 248"]}, {"type": "Co-op", "coopLabel": "Work Term 1"}]}`
	got := must(timeline.DecodeForm(strings.NewReader(body)))(t)
	want := timeline.Form{
		Degree: software, FirstTerm: "Fall 2026", IsCoop: true, MinimumProgramLength: 120, EWTSatisfied: true,
		PredefinedSequence: []timeline.SequenceTerm{{Type: "Academic", Courses: []string{"COMP 248"}}, {Type: "Co-op", CoopLabel: "Work Term 1"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Every faulty field is named at once, each with one fault.
func TestDecodeFormFaults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		body string
		want []string
	}{
		{`{}`, []string{"degree", "firstTerm"}},
		{`{"degree": 5, "firstTerm": ["x"], "lastTerm": {}, "isCoop": "yes", "isExtendedCreditProgram": 1, "minimumProgramLength": "120",
			"ewtSatisfied": [], "predefinedSequence": {}, "sequence": true, "jobId": 1, "a/b~c": 2}`, []string{
			"a~1b~0c", "degree", "ewtSatisfied", "firstTerm", "isCoop", "isExtendedCreditProgram", "jobId", "lastTerm",
			"minimumProgramLength", "predefinedSequence", "sequence",
		}},
		{`{"degree": "d", "firstTerm": "Fall 2026", "Degree": "d"}`, []string{"Degree"}},
		{`{"degree": "d", "degree": "e", "firstTerm": "Fall 2026"}`, []string{"degree"}},
		{`{"degree": "d", "firstTerm": "Fall 2026", "minimumProgramLength": 1e999}`, []string{"minimumProgramLength"}},
		{`{"degree": "d", "firstTerm": "Fall 2026", "predefinedSequence": [1, {"type": "Academic", "courses": [1, null], "x": 1}, {"courses": "x"}]}`, []string{
			"predefinedSequence/0", "predefinedSequence/1/courses/0", "predefinedSequence/1/courses/1", "predefinedSequence/1/x",
			"predefinedSequence/2/courses", "predefinedSequence/2/type",
		}},
		{`{"degree": "d", "firstTerm": "Fall 2026", "predefinedSequence": [` + strings.Repeat("{},", 40) + `{}]}`, []string{"predefinedSequence"}},
	} {
		_, err := timeline.DecodeForm(strings.NewReader(c.body))
		if diff := cmp.Diff(c.want, fieldsOf(t, err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.body, diff)
		}
	}
}

// What is no JSON object is a bad request, and costs little.
func TestDecodeNoObject(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"empty": "", "text": "degree=x", "cut": `{"degree": "x"`, "list": `[]`, "null": `null`, "number": `1`, "two": `{} {}`,
		"trailing": `{} x`, "no colon": `{"a" 1}`, "no comma": `{"a": [1 2]}`, "comment": `{/**/}`,
		"deep":    strings.Repeat(`{"a":`, 10000) + "1" + strings.Repeat("}", 10000),
		"deep []": `{"a":` + strings.Repeat(`[`, 100000),
		"large":   `{"degree": "` + strings.Repeat("x", 1<<20) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, formErr := timeline.DecodeForm(strings.NewReader(body))
			_, patchErr := timeline.DecodePatch(strings.NewReader(body))
			_, keepingErr := timeline.DecodeKeeping(strings.NewReader(body))
			for _, err := range []error{formErr, patchErr, keepingErr} {
				if f := fault.From(err); f.Code != fault.BadRequest || f.Detail == "" {
					t.Errorf("%v", err)
				}
			}
		})
	}
	// A connection that breaks is not the client's JSON.
	broken := errors.New("connection reset")
	if _, err := timeline.DecodeForm(iotest.ErrReader(broken)); !errors.Is(err, broken) || fault.CodeOf(err) == fault.BadRequest {
		t.Errorf("%v", err)
	}
}

func TestDecodeKeeping(t *testing.T) {
	t.Parallel()
	name, id := "mine", "x"
	for body, want := range map[string]timeline.Keeping{
		`{}`:                                  {},
		`{"timelineName":null,"jobId":null}`:  {},
		`{"timelineName":"mine","jobId":"x"}`: {Name: &name, JobID: &id},
	} {
		got, err := timeline.DecodeKeeping(strings.NewReader(body))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", body, err, diff)
		}
	}
	for body, want := range map[string]string{
		`{"timelineName":1}`: "timelineName", `{"jobId":["x"]}`: "jobId", `{"jobid":"x"}`: "jobid", `{"userId":"bob"}`: "userId",
		`{"jobId":"x","jobId":"y"}`: "jobId",
	} {
		_, err := timeline.DecodeKeeping(strings.NewReader(body))
		if f := fault.From(err); f.Code != fault.InvalidForm || len(f.Fields) != 1 || f.Fields[0].Path != want {
			t.Errorf("%s: %v %v", body, err, f.Fields)
		}
	}
}

// A body full of faults does not make an answer of the same size.
func TestFaultsAreBounded(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(`{"` + strings.Repeat("y", 5000) + `": 1`)
	for i := range 5000 {
		b.WriteString(`, "x` + strings.Repeat("z", i%7) + string(rune('a'+i%26)) + strings.Repeat("q", i%100) + `": 1`)
	}
	b.WriteString("}")
	_, err := timeline.DecodeForm(strings.NewReader(b.String()))
	f := fault.From(err)
	if f.Code != fault.InvalidForm || len(f.Fields) != 100 {
		t.Errorf("%s, %d fields", f.Code, len(f.Fields))
	}
	for _, field := range f.Fields {
		if len(field.Path) > 200 {
			t.Errorf("a path of %d bytes", len(field.Path))
		}
	}
}

func FuzzDecodeForm(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"degree": "BEng in Software Engineering", "firstTerm": "Fall 2026"}`, `{"predefinedSequence": [{"type": "Co-op"}]}`,
		`{"degree": 1, "degree": 2}`, `[[[[`, `{"minimumProgramLength": 1e400}`, "{\"\xff\": 1}", `{"sequence":"software_engineering","firstTerm":"Winter 2188","degree":"BEng in Software Engineering"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		form, err := timeline.DecodeForm(strings.NewReader(string(b)))
		if err != nil {
			if c := fault.CodeOf(err); c != fault.BadRequest && c != fault.InvalidForm {
				t.Errorf("%v", err)
			}
			return
		}
		r, err := timeline.FromForm(embedded(), form, now)
		if err != nil {
			if fault.CodeOf(err) != fault.InvalidForm {
				t.Errorf("%v", err)
			}
			return
		}
		if _, err := timeline.Encode(r); err != nil {
			t.Error(err)
		}
	})
}
