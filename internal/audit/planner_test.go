package audit_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// planFor plans, and checks the plan with an audit: no error, nothing missing.
func planFor(t *testing.T, p *audit.Program, r audit.Record, q audit.PlanRequest) *audit.Plan {
	t.Helper()
	got, err := p.Plan(context.Background(), r, q)
	if err != nil {
		t.Fatalf("plan: %v %+v", err, fault.From(err).Fields)
	}
	for _, remark := range got.Audit.Remarks {
		if remark.Level == audit.Error && !remark.Waived {
			t.Errorf("plan breaks a rule: %s %s: %s", remark.Code, remark.Term, remark.Message)
		}
	}
	if got.Audit.Totals.Remaining != 0 {
		t.Errorf("plan leaves %s credits", got.Audit.Totals.Remaining)
	}
	for _, requirement := range got.Audit.Requirements {
		if requirement.Remaining > 0 || requirement.Status == audit.RequirementMissing && requirement.Required > 0 {
			t.Errorf("plan leaves %s of %s (%s)", requirement.Remaining, requirement.Name, requirement.Status)
		}
	}
	for _, term := range got.Terms {
		most := q.MaxCredits
		if most == 0 {
			most = audit.Quarters(15)
		}
		if term.Credits > most {
			t.Errorf("%s holds %s credits, want at most %s", term.Term, term.Credits, most)
		}
	}
	return got
}

func TestEveryDegreeCanBePlanned(t *testing.T) {
	t.Parallel()
	cat := cataloguetest.Embedded()
	for _, d := range cat.StandaloneDegrees() {
		for _, flags := range []string{"", "ecp"} {
			t.Run(d.ID+" "+flags, func(t *testing.T) {
				t.Parallel()
				p := programOf(t, d.ID, flags)
				got := planFor(t, p, audit.Record{Current: parseTerm("Summer 2027")}, audit.PlanRequest{From: "Fall 2027"})
				if got.Bound > got.Length || got.Optimal != (got.Bound == got.Length) {
					t.Errorf("got %d terms, bound %d, optimal %v", got.Length, got.Bound, got.Optimal)
				}
			})
		}
	}
}

func TestWishesAreRefused(t *testing.T) {
	t.Parallel()
	record := audit.Record{Current: parseTerm("Fall 2026"), Attempts: readAttempts("Winter 2026 completed: COMP 248, ENGR 201 D")}
	for _, c := range []struct {
		name string
		q    audit.PlanRequest
		want []string
	}{
		{"load too small and too large", audit.PlanRequest{MaxCredits: 4}, []string{"maxCredits"}},
		{"load above the limit", audit.PlanRequest{MaxCredits: audit.Quarters(24)}, []string{"maxCredits"}},
		{"from no term", audit.PlanRequest{From: "soon"}, []string{"from"}},
		{"from the past", audit.PlanRequest{From: "Fall 2020"}, []string{"from"}},
		{"unknown courses", audit.PlanRequest{Prefer: []string{"XXXX 999"}, Avoid: []string{"COMP"}}, []string{"prefer/0", "avoid/0"}},
		{"a required course avoided", audit.PlanRequest{Avoid: []string{"COMP 352"}}, []string{"avoid/0"}},
		{"preferred and avoided", audit.PlanRequest{Prefer: []string{"COMP 442"}, Avoid: []string{"COMP 442"}}, []string{"avoid/0"}},
		{"kept twice", audit.PlanRequest{Keep: []audit.KeptCourse{{Code: "COMP 249", Term: "Winter 2027"}, {Code: "COMP 249", Term: "Fall 2027"}}}, []string{"keep/1"}},
		{"kept though passed", audit.PlanRequest{Keep: []audit.KeptCourse{{Code: "COMP 248", Term: "Winter 2027"}}}, []string{"keep/0"}},
		{"kept before its prerequisite", audit.PlanRequest{Keep: []audit.KeptCourse{{Code: "COMP 352", Term: "Winter 2027"}}}, []string{"keep/0"}},
		{"kept in a closed summer", audit.PlanRequest{Keep: []audit.KeptCourse{{Code: "COMP 249", Term: "Summer 2027"}}}, []string{"keep/0"}},
		{"kept before the plan", audit.PlanRequest{Keep: []audit.KeptCourse{{Code: "COMP 249", Term: "Fall 2026"}}}, []string{"keep/0"}},
		{"exclude each other", audit.PlanRequest{Keep: []audit.KeptCourse{{Code: "SOEN 228", Term: "Winter 2027"}, {Code: "COMP 228", Term: "Winter 2028"}}}, []string{"keep/1"}},
		// Calendar, not-taken notes: of two courses that exclude each other one gives credits.
		{"excluded by a course that is passed", audit.PlanRequest{Keep: []audit.KeptCourse{{Code: "COMP 218", Term: "Fall 2027"}}}, []string{"keep/0"}},
		{"several excluded by what is passed", audit.PlanRequest{Keep: []audit.KeptCourse{
			{Code: "COMP 218", Term: "Fall 2027"}, {Code: "COMP 335", Term: "Fall 2029"}, {Code: "COEN 243", Term: "Fall 2028"}, {Code: "ABCD 999", Term: "Fall 2028"},
		}}, []string{"keep/0", "keep/2", "keep/3"}},
		{"work terms without co-op", audit.PlanRequest{Coop: "SSW"}, []string{"coop"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := programOf(t, "BEng in Software Engineering").Plan(context.Background(), record, c.q)
			if err == nil {
				t.Fatal("got a plan, want a fault")
			}
			var got []string
			for _, f := range fault.From(err).Fields {
				got = append(got, f.Path)
				if f.Message == "" {
					t.Errorf("%s has no sentence", f.Path)
				}
			}
			if fault.CodeOf(err) != fault.InvalidForm || !slices.Equal(got, c.want) {
				t.Errorf("got %v %q, want %q", err, got, c.want)
			}
		})
	}
}

// What the department lets pass counts as met: a plan may use it.
func TestPlansUseWaivers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, attempts string
		waiver         audit.Waiver
		kept           audit.KeptCourse
	}{
		{"a prerequisite", "Fall 2025 completed: COMP 232", audit.Waiver{Code: audit.Prerequisite, Course: "COMP 352"}, audit.KeptCourse{Code: "COMP 352", Term: "Winter 2027"}},
		{"credits before", "Fall 2025 completed: SOEN 390", audit.Waiver{Code: audit.CreditsBefore, Course: "SOEN 490"}, audit.KeptCourse{Code: "SOEN 490", Term: "Fall/Winter 2027-28"}},
		{"a grade below C-", "Fall 2025 completed: COMP 248 D", audit.Waiver{Code: audit.CMinus, Course: "COMP 248"}, audit.KeptCourse{Code: "COMP 249", Term: "Winter 2027"}},
		{"an exclusion", "Fall 2025 completed: SOEN 228", audit.Waiver{Code: audit.Excluded, Course: "COMP 228"}, audit.KeptCourse{Code: "COMP 228", Term: "Fall 2027"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := programOf(t, "BEng in Software Engineering")
			record := audit.Record{Current: parseTerm("Fall 2026"), Attempts: readAttempts(c.attempts)}
			q := audit.PlanRequest{Keep: []audit.KeptCourse{c.kept}}
			if _, err := p.Plan(t.Context(), record, q); fault.CodeOf(err) != fault.InvalidForm {
				t.Fatalf("without the waiver: got %v, want invalid_form", err)
			}
			record.Waivers = []audit.Waiver{c.waiver}
			planFor(t, p, record, q)
		})
	}
}

func TestPatternsOfWorkTerms(t *testing.T) {
	t.Parallel()
	p := programOf(t, "BEng in Software Engineering", "coop")
	record := audit.Record{Current: parseTerm("Summer 2026"), IsCoop: true}
	got := planFor(t, p, record, audit.PlanRequest{Coop: "SSSWSWSSWSSSS", From: "Fall 2026"})
	var works []string
	for _, term := range got.Terms {
		if term.Work {
			works = append(works, term.Term)
		}
	}
	if want := []string{"FALL 2027", "SUMMER 2028", "SUMMER 2029"}; !slices.Equal(works, want) {
		t.Errorf("work terms: got %q, want %q", works, want)
	}
	if got.Audit.Requirements[len(got.Audit.Requirements)-1].Status != audit.RequirementPlanned {
		t.Errorf("work terms: got %+v", got.Audit.Requirements[len(got.Audit.Requirements)-1])
	}
	for _, coop := range []string{"WSS", "SWSS", "SSWWW", "SSWSWSWSW", "SSX"} {
		if _, err := p.Plan(context.Background(), record, audit.PlanRequest{Coop: coop, From: "Fall 2026"}); fault.CodeOf(err) != fault.InvalidForm {
			t.Errorf("pattern %s: got %v, want invalid_form", coop, err)
		}
	}
}

// A preferred course counts where it can, and a course below C- is repeated before the course that requires it.
func TestPlansFollowTheRecord(t *testing.T) {
	t.Parallel()
	p := programOf(t, "BEng in Software Engineering")
	record := audit.Record{Current: parseTerm("Fall 2026"), Attempts: readAttempts("Winter 2026 completed: COMP 248 D, COMP 232")}
	got := planFor(t, p, record, audit.PlanRequest{Prefer: []string{"COMP 371", "HIST 205"}, MaxCredits: audit.Quarters(16)})
	at := map[string]string{}
	for _, a := range got.Attempts {
		if a.Status == audit.Planned {
			at[a.Code] = a.Term.UpperLabel()
		}
	}
	for _, code := range []string{"COMP 371", "HIST 205", "COMP 248"} {
		if at[code] == "" {
			t.Errorf("%s is not planned", code)
		}
	}
}

// A context that has ended still gives a plan.
func TestPlanWithinADeadline(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	got, err := programOf(t, "BEng in Software Engineering").Plan(ctx, audit.Record{Current: parseTerm("Fall 2026")}, audit.PlanRequest{})
	if err != nil || got.Audit.Totals.Remaining != 0 || got.Bound > got.Length {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestGraduate(t *testing.T) {
	t.Parallel()
	p := programOf(t, "BEng in Software Engineering")
	got := p.Graduate(context.Background(), audit.Record{Current: parseTerm("Fall 2026"), Attempts: readAttempts(softwareRecord)})
	// SOEN 490 takes a fall and the winter after it, and SOEN 390 is in progress.
	if got == nil || got.Term != "WINTER 2028" || !got.Proven || !slices.Contains(got.CriticalChain, "SOEN 490") {
		t.Errorf("got %+v, want Winter 2028 by SOEN 490", got)
	}
}

// A degree that requires what a passed course excludes has no graduation, and says which course.
func TestObstaclesOfGraduation(t *testing.T) {
	t.Parallel()
	p := programOf(t, "BEng in Computer Engineering")
	g, obstacles := p.FindGraduation(context.Background(), audit.Record{Current: parseTerm("Fall 2026"), Attempts: readAttempts("Fall 2025 completed: COMP 248, COMP 249")})
	if g != nil || len(obstacles) == 0 || !strings.Contains(strings.Join(obstacles, " "), "COEN 243") {
		t.Errorf("got %+v, %q; want no graduation because of COEN 243", g, obstacles)
	}
}

func TestCompareDegrees(t *testing.T) {
	t.Parallel()
	var programs []*audit.Program
	for _, d := range cataloguetest.Embedded().StandaloneDegrees() {
		programs = append(programs, programOf(t, d.ID))
	}
	record := audit.Record{Current: parseTerm("Fall 2026"), Attempts: readAttempts(softwareRecord)}
	got := audit.CompareDegrees(context.Background(), programs, record)
	if len(got) != len(programs) || got[0].Degree.ID != "BEng in Software Engineering" {
		t.Fatalf("got %d degrees, %q first; want %d, the student's own first", len(got), got[0].Degree.ID, len(programs))
	}
	for i := 1; i < len(got); i++ {
		if got[i].Totals.Remaining < got[i-1].Totals.Remaining {
			t.Errorf("%s stands after %s", got[i].Degree.ID, got[i-1].Degree.ID)
		}
	}
}

// FuzzRequest tests pins, waivers and requests in the form that clients send.
func FuzzRequest(f *testing.F) {
	f.Add(`{"COMP 248":"x"}`, `[{"code":"prerequisite","course":"COMP 352"}]`, `{"maxCredits":15,"from":"Fall 2027","keep":[{"code":"COMP 249","term":"Fall 2027"}]}`)
	f.Add(`{}`, `[]`, `{"coop":"SSWSW","summers":true,"prefer":["HIST 205"],"avoid":["COMP 442"]}`)
	f.Add(`{}`, `[]`, `{"maxCredits":1e300,"from":"Fall/Winter 2199-00"}`)
	p := programOf(f, "BEng in Software Engineering", "coop")
	attempts := readAttempts("Winter 2026 completed: COMP 248, COMP 232, HIST 205\nWinter 2027 planned: COMP 249, COMP 352")
	f.Fuzz(func(t *testing.T, pins, waivers, request string) {
		record := audit.Record{Current: parseTerm("Fall 2026"), Attempts: attempts, IsCoop: true}
		var q audit.PlanRequest
		if json.Unmarshal([]byte(pins), &record.Pins) != nil || json.Unmarshal([]byte(waivers), &record.Waivers) != nil || json.Unmarshal([]byte(request), &q) != nil {
			t.Skip()
		}
		if _, err := json.Marshal(p.Audit(record)); err != nil {
			t.Errorf("audit: %v", err)
		}
		got, err := p.Plan(context.Background(), record, q)
		switch {
		case err != nil && (fault.CodeOf(err) != fault.InvalidForm || len(fault.From(err).Fields) == 0):
			t.Errorf("plan: %v", err)
		case err == nil && got.Audit.Totals.Remaining != 0:
			t.Errorf("plan leaves %s credits", got.Audit.Totals.Remaining)
		}
	})
}

func BenchmarkPlan(b *testing.B) {
	p := programOf(b, "BEng in Software Engineering")
	for b.Loop() {
		if _, err := p.Plan(context.Background(), audit.Record{Current: parseTerm("Summer 2027")}, audit.PlanRequest{From: "Fall 2027"}); err != nil {
			b.Fatal(err)
		}
	}
}
