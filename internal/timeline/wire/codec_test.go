package wire_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timeline/wire"
	"github.com/trackmydegree/trackmydegree/internal/timelinetest"
	"github.com/trackmydegree/trackmydegree/internal/warning"
)

// EncodeResult writes the same bytes as encoding/json.
func TestEncodeIsJSON(t *testing.T) {
	t.Parallel()
	results := []*timeline.Result{
		timelinetest.BuildFromFacts(t, "transcripts/soen-coop"), timelinetest.BuildFromFacts(t, "transcripts/cs-ecp"), timelinetest.BuildFromFacts(t, "letters/transfers"), edited(t),
	}
	odd := timelinetest.NewTranscript(timelinetest.SoftwarePrinted, "Fall 2024: ENGR 107 PASS")
	odd.Semesters[0].Courses[0] = document.Sitting{Code: "ENGR 107", Title: "\"é\\ <&> \t\u2028 \xff", CreditsAttempted: 0.25, Grade: "B"}
	named := timelinetest.Must(timelinetest.Builder().FromDocument(odd, now))(t)
	named.ID, named.TimelineName = "id", "Été <1>"
	three := 3
	named.Pools[0].Rules = []timeline.Rule{{Params: timeline.RuleParams{
		CourseList: []string{"A"}, MinCourses: 1, MaxCourses: &three, MinCredits: 1.5, MaxCredits: 2,
	}}, {}}
	named.Remarks = []audit.Remark{
		{Code: audit.Prerequisite, Level: audit.Error, Course: "A", Term: "T", Pool: "P", Message: "m", Remedy: "r", Waived: true, Reason: "w"},
		{Params: audit.Params{Courses: []string{"A"}, Needed: 1, Credits: 14, Missing: 1, EarliestTerm: "T", OfferedIn: []string{"Fall"}}},
		{Params: audit.Params{Missing: 2}},
	}
	named.Warnings = []warning.Warning{{Code: warning.GPADiffers, Message: "m", Page: 2, Term: "T", Course: "C", Expected: "1", Found: "2"}, {}}
	named.Transfers = []timeline.Transfer{{Code: "A", Title: "T", Credits: ptr(0.0), Via: "transfer"}, {Title: "PHIL 2XX", Via: "exemption"}, {Credits: ptr(1.5)}}
	named.Semesters[0].Courses[0].Pool = "p"
	named.Graduation = &audit.Graduation{Term: "FALL 2028", Terms: 6, Proven: true, CriticalChain: []string{"A", "B"}, Reason: "r"}
	named.Pins = map[string]string{"COMP 248": "p", "COMP 249": "q"}
	named.Waivers = []audit.Waiver{{Code: audit.Excluded, Course: "C", Pool: "P", Reason: "r"}, {}}
	c := named.Courses["COMP 248"]
	c.Counts = []audit.Count{{Pool: "p", Credits: 13, Because: audit.BecauseEquivalent, For: "X"}, {}}
	named.Courses["COMP 248"] = c
	named.Plan = &timeline.PlanNotes{
		Request: audit.PlanRequest{MaxCredits: 60, Coop: "SW", Keep: []audit.KeptCourse{{Code: "A", Term: "T"}}},
		Terms: []audit.PlannedTerm{
			{Term: "T", Credits: 13, Courses: []audit.PlacedCourse{{Code: "<A>", Because: audit.PlacedKept, Message: "m & n"}}},
			{Term: "U", Work: true, Courses: []audit.PlacedCourse{}},
		},
		Graduation: "U", StudyTerms: 1, Length: 2, Bound: 2, Optimal: true, CriticalChain: []string{"A"}, Reason: "r",
	}
	results = append(results, named)
	for _, r := range results {
		var want strings.Builder
		e := json.NewEncoder(&want)
		e.SetEscapeHTML(false)
		if err := e.Encode(r); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.TrimSuffix(want.String(), "\n"), string(encode(t, r))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	named.Degree.TotalCredits = math.NaN()
	if _, err := wire.EncodeResult(named); err == nil {
		t.Error("a number that JSON does not have is written")
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	good := string(encode(t, edited(t)))
	if _, err := wire.DecodeResult([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]string{
		"empty": "", "cut": good[:len(good)/2], "another object": "{}", "null": "null", "two": good + good,
		"unknown field": `{"x": 1,` + good[1:], "no degree": strings.Replace(good, `"degree":{"_id":"`+software+`"`, `"degree":{"_id":""`, 1),
	} {
		if _, err := wire.DecodeResult([]byte(body)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	for _, c := range benchmarks {
		b.Run(c.name, func(b *testing.B) {
			r := timelinetest.BuildFromFacts(b, c.document)
			plain := encode(b, r)
			var packed bytes.Buffer
			w := gzip.NewWriter(&packed)
			if _, err := w.Write(plain); err != nil {
				b.Fatal(err)
			}
			if err := w.Close(); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := wire.EncodeResult(r); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(plain)), "json-bytes")
			b.ReportMetric(float64(packed.Len()), "gzip-bytes")
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, c := range benchmarks {
		b.Run(c.name, func(b *testing.B) {
			plain := encode(b, timelinetest.BuildFromFacts(b, c.document))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := wire.DecodeResult(plain); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
