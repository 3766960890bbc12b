package audit_test

import (
	"context"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// planFor plans, and holds the plan to its audit: no error, nothing left.
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
	cat := loadCatalogue()
	for _, d := range cat.Degrees() {
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

func BenchmarkPlan(b *testing.B) {
	p := programOf(b, "BEng in Software Engineering")
	for b.Loop() {
		if _, err := p.Plan(context.Background(), audit.Record{Current: parseTerm("Summer 2027")}, audit.PlanRequest{From: "Fall 2027"}); err != nil {
			b.Fatal(err)
		}
	}
}
