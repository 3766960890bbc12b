package timeline

import (
	"context"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/audit"
)

// PlanInput is what a plan is made of: a timeline as it was when the plan was asked for, and the wishes.
type PlanInput struct {
	Timeline Saved             `json:"timeline"`
	Request  audit.PlanRequest `json:"request"`
}

// PlanNotes says of a planned timeline what was wished, and why each course stands where it does. Length and Bound
// count calendar terms from the first of the plan; Optimal means that they are equal.
type PlanNotes struct {
	Request       audit.PlanRequest   `json:"request"`
	Terms         []audit.PlannedTerm `json:"terms"`
	Graduation    string              `json:"graduation"`
	StudyTerms    int                 `json:"studyTerms"`
	Length        int                 `json:"length"`
	Bound         int                 `json:"bound"`
	Optimal       bool                `json:"optimal"`
	CriticalChain []string            `json:"criticalChain"`
	Reason        string              `json:"reason"`
}

// NewPlanNotes returns what a plan says of itself.
func NewPlanNotes(q audit.PlanRequest, p *audit.Plan) PlanNotes {
	return PlanNotes{
		Request: q, Terms: p.Terms, Graduation: p.Graduation, StudyTerms: p.StudyTerms, Length: p.Length, Bound: p.Bound,
		Optimal: p.Optimal, CriticalChain: p.CriticalChain, Reason: p.Reason,
	}
}

// FromPlan finishes the degree of a timeline by a plan, as seen at now, and returns the planned timeline with its
// notes. A context that ends makes it take the best plan found. The errors are those of FromSaved and of
// audit.Program.Plan: invalid_form, with what prevents a plan.
func (b *Builder) FromPlan(ctx context.Context, in PlanInput, now time.Time) (*Result, error) {
	r, err := b.FromSaved(in.Timeline, now)
	if err != nil {
		return nil, err
	}
	s, err := b.NewAuditSubject(in.Timeline, now)
	if err != nil {
		return nil, err
	}
	plan, err := s.Program.Plan(ctx, s.Record, in.Request)
	if err != nil {
		return nil, err
	}
	planned, err := b.ApplyPatch(r, s.ToPatch(r.Semesters, plan, in.Request.From), now)
	if err != nil {
		return nil, err
	}
	notes := NewPlanNotes(in.Request, plan)
	planned.Plan = &notes
	return planned, nil
}
