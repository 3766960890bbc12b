package advising

import (
	"context"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// shortSteps is how many steps the search of a plan may take for the plan to be answered at once. Most need fewer than
// ten; one that has to prove that fewer terms are impossible needs 300 and more, and is the work of a job.
const shortSteps = 100

// Plan is a plan that was short enough to be answered at once. Patch is the edit that takes it over into the timeline.
type Plan struct {
	timeline.PlanNotes
	Audit         *audit.Audit   `json:"audit"`
	Patch         timeline.Patch `json:"patch"`
	GeneratedFrom string         `json:"generatedFrom"`
}

// PlanInline finishes the degree of the timeline in the fewest terms. When the search takes more than its steps, the
// plan is nil and the input is that of a job, whose search is longer. The error is invalid_form, with every wish that
// is unknown or contradictory, or with what prevents a plan.
func (c *Case) PlanInline(ctx context.Context, q audit.PlanRequest) (out *Plan, input timeline.PlanInput, err error) {
	err = c.computeAnswer(ctx, func() error {
		saved, s, err := c.loadSubject()
		if err != nil {
			return err
		}
		input = timeline.PlanInput{Timeline: saved, Request: q}
		search := limitSteps(ctx, shortSteps)
		plan, err := s.Program.Plan(search, s.Record, q)
		if search.isSpent() {
			return nil // also after an error: that there is no plan is not proven
		}
		if err == nil {
			out = c.newPlan(saved, s, q, plan)
		}
		return err
	})
	if err != nil {
		return nil, timeline.PlanInput{}, err
	}
	return out, input, nil
}

// CheckPlanRequest returns what PlanInline refuses before it plans.
func (c *Case) CheckPlanRequest(ctx context.Context, q audit.PlanRequest) error {
	return c.computeAnswer(ctx, func() error {
		_, s, err := c.loadSubject()
		if err != nil {
			return err
		}
		return s.Program.CheckPlanRequest(s.Record, q)
	})
}

// PlanFully plans as the job of a plan does: for as long as ctx lasts, and then it takes the best plan found. The
// errors are those of PlanInline.
func (c *Case) PlanFully(ctx context.Context, q audit.PlanRequest) (*Plan, error) {
	saved, s, err := c.loadSubject()
	if err != nil {
		return nil, err
	}
	plan, err := s.Program.Plan(ctx, s.Record, q)
	if err != nil {
		return nil, err
	}
	return c.newPlan(saved, s, q, plan), nil
}

func (c *Case) newPlan(saved timeline.Saved, s *timeline.AuditSubject, q audit.PlanRequest, plan *audit.Plan) *Plan {
	return &Plan{
		PlanNotes: timeline.NewPlanNotes(q, plan), Audit: plan.Audit, Patch: s.ToPatch(saved.Semesters, plan, q.From), GeneratedFrom: c.source,
	}
}
