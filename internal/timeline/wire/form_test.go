package wire_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timeline/wire"
	"github.com/trackmydegree/trackmydegree/internal/timelinetest"
)

func TestDecodeForm(t *testing.T) {
	t.Parallel()
	body := `{"degree": "BEng in Software Engineering", "firstTerm": "Fall 2026", "lastTerm": null, "isCoop": true,
		"isExtendedCreditProgram": false, "minimumProgramLength": 120, "ewtSatisfied": true,
		"predefinedSequence": [{"type": "Academic", "courses": ["COMP 248"]}, {"type": "Co-op", "coopLabel": "Work Term 1"}]}`
	got := timelinetest.Must(wire.DecodeForm(strings.NewReader(body)))(t)
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
		_, err := wire.DecodeForm(strings.NewReader(c.body))
		if diff := cmp.Diff(c.want, timelinetest.FaultyFields(t, err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.body, diff)
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
		form, err := wire.DecodeForm(strings.NewReader(string(b)))
		if err != nil {
			if c := fault.CodeOf(err); c != fault.BadRequest && c != fault.InvalidForm {
				t.Errorf("%v", err)
			}
			return
		}
		r, err := timelinetest.Builder().FromForm(form, now)
		if err != nil {
			if fault.CodeOf(err) != fault.InvalidForm {
				t.Errorf("%v", err)
			}
			return
		}
		if _, err := wire.EncodeResult(r); err != nil {
			t.Error(err)
		}
	})
}

// Every fault that needs no catalogue is named.
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
		{"long texts", timeline.Form{Degree: long, FirstTerm: "Fall 2026", Sequence: long, Calendar: long}, []string{"calendar", "degree", "sequence"}},
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
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := wire.CheckForm(c.form)
			if diff := cmp.Diff(c.want, timelinetest.FaultyFields(t, err)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
