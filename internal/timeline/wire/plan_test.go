package wire_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timeline/wire"
	"github.com/trackmydegree/trackmydegree/internal/timelinetest"
)

func TestDecodePlanRequest(t *testing.T) {
	t.Parallel()
	body := `{"maxCredits": 13.5, "summers": true, "coop": "SSW-", "from": "Fall 2027", "keep": [{"code": "comp249", "term": "Fall 2027"}],
		"prefer": ["COMP 442"], "avoid": ["COMP 445"]}`
	got := timelinetest.Must(wire.DecodePlanRequest(strings.NewReader(body)))(t)
	want := audit.PlanRequest{
		MaxCredits: audit.Quarters(13.5), Summers: true, Coop: "SSW-", From: "Fall 2027",
		Keep:   []audit.KeptCourse{{Code: "comp249", Term: "Fall 2027"}},
		Prefer: []string{"COMP 442"}, Avoid: []string{"COMP 445"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := timelinetest.Must(wire.DecodePlanRequest(strings.NewReader(`{"maxCredits": null, "keep": null}`)))(t); !cmp.Equal(got, audit.PlanRequest{}) {
		t.Errorf("no wishes: got %+v", got)
	}
}

func TestDecodePlanRequestFaults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		body string
		want []string
	}{
		{`{"maxCredits": "x", "summers": 0, "coop": 1, "from": [], "keep": {}, "prefer": "COMP 442", "avoid": [1], "degree": "d"}`, []string{
			"avoid/0", "coop", "degree", "from", "keep", "maxCredits", "prefer", "summers",
		}},
		{`{"maxCredits": 0}`, []string{"maxCredits"}},
		{`{"maxCredits": -1, "maxCredits": 3}`, []string{"maxCredits"}},
		{`{"keep": [{}, {"code": "COMP 249", "term": " "}, 1, {"code": "x", "term": "Fall 2027", "pool": "p"}]}`, []string{
			"keep/0/code", "keep/0/term", "keep/1/term", "keep/2", "keep/3/code", "keep/3/pool",
		}},
		{`{"prefer": ["", "COMP"], "avoid": ["` + strings.Repeat("A", 101) + `"]}`, []string{"avoid/0", "prefer/0", "prefer/1"}},
		{`{"prefer": [` + strings.Repeat(`"COMP 442",`, 100) + `"COMP 442"], "coop": "` + strings.Repeat("S", 37) + `"}`, []string{"coop", "prefer"}},
	} {
		_, err := wire.DecodePlanRequest(strings.NewReader(c.body))
		if diff := cmp.Diff(c.want, timelinetest.FaultyFields(t, err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.body, diff)
		}
	}
	for _, body := range []string{``, `[]`, `null`, `{`, `{} {}`} {
		if _, err := wire.DecodePlanRequest(strings.NewReader(body)); fault.CodeOf(err) != fault.BadRequest {
			t.Errorf("%q: got %v, want bad_request", body, err)
		}
	}
}

// Whatever is wished, the answer is a plan that can be stored and taken over, or invalid_form with the fields.
func FuzzDecodePlanRequest(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"maxCredits": 15, "summers": true}`, `{"coop": "SSWSW", "from": "Winter 2028"}`, `{"keep": [{"code": "COMP 249", "term": "Fall/Winter 2027-28"}]}`,
		`{"prefer": ["COMP 442", "ENGR 245"], "avoid": ["COMP 445"]}`, `{"from": "Fall 2190"}`, `{"maxCredits": 1e-300}`, `{"avoid": ["COMP 352"]}`,
		`{"keep": [{"code": "CWT 100", "term": "Summer 2027"}, {"code": "SOEN 490", "term": "Fall 2030"}]}`, "{\"from\": \"\xff\"}",
	} {
		f.Add([]byte(s))
	}
	r := timelinetest.BuildFromFacts(f, "transcripts/soen-coop")
	s := timelinetest.Must(timelinetest.Builder().NewAuditSubject(r.ToSaved(), now))(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		q, err := wire.DecodePlanRequest(strings.NewReader(string(b)))
		if err != nil {
			if c := fault.CodeOf(err); c != fault.BadRequest && c != fault.InvalidForm {
				t.Errorf("%v", err)
			}
			return
		}
		// What is decoded is written and read again as the same.
		plain, err := json.Marshal(q)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := wire.DecodePlanRequest(strings.NewReader(string(plain))); err == nil && !cmp.Equal(q, again, cmpopts.EquateEmpty()) {
			t.Errorf("%s became %+v", plain, again)
		}
		ended, cancel := context.WithCancel(context.Background())
		cancel() // the first layout will do
		planned, err := timelinetest.Builder().FromPlan(ended, timeline.PlanInput{Timeline: r.ToSaved(), Request: q}, now)
		if err != nil {
			if fault.CodeOf(err) != fault.InvalidForm || len(fault.From(err).Fields) == 0 {
				t.Errorf("refused without a field: %v", err)
			}
			return
		}
		if _, err := wire.DecodeResult(timelinetest.Must(wire.EncodeResult(planned))(t)); err != nil {
			t.Errorf("the planned timeline is not stored: %v", err)
		}
		plan, err := s.Program.Plan(ended, s.Record, q)
		if err != nil {
			t.Fatal(err)
		}
		if err := wire.ValidatePatch(s.ToPatch(r.Semesters, plan, q.From)); err != nil {
			t.Errorf("the plan cannot be taken over: %v", fault.From(err).Fields)
		}
	})
}

// What a newer version adds to the input of a job is left out.
func TestDecodePlanInput(t *testing.T) {
	t.Parallel()
	want := timeline.PlanInput{Timeline: timelinetest.BuildFromFacts(t, "transcripts/soen-coop").ToSaved(), Request: audit.PlanRequest{MaxCredits: audit.Quarters(12), Summers: true}}
	b := timelinetest.Must(json.Marshal(want))(t)
	if diff := cmp.Diff(want, timelinetest.Must(wire.DecodePlanInput(b))(t)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := wire.DecodePlanInput([]byte(`{"timeline":{"novel":1},"novel":{}}`)); err != nil {
		t.Errorf("an unknown field: got %v", err)
	}
	if _, err := wire.DecodePlanInput([]byte(`{"timeline":`)); fault.CodeOf(err) != fault.Internal {
		t.Errorf("no JSON: got %v, want internal", err)
	}
}
