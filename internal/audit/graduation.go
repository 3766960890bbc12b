package audit

import (
	"cmp"
	"context"
	"slices"

	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// Graduate returns the earliest term after which the degree can be complete: with summers, the maximum load, and the
// work terms of the record. It is nil when the degree cannot be completed within twelve years.
func (p *Program) Graduate(ctx context.Context, r Record) *Graduation {
	g, _ := p.FindGraduation(ctx, r)
	return g
}

// FindGraduation is Graduate that says, when there is no way, what prevents it: a sentence for each obstacle.
func (p *Program) FindGraduation(ctx context.Context, r Record) (g *Graduation, obstacles []string) {
	return p.findGraduation(ctx, &r, p.emptyAuditor(&r))
}

// findGraduation measures with an auditor of the program.
func (p *Program) findGraduation(ctx context.Context, r *Record, a *auditor) (g *Graduation, obstacles []string) {
	x, err := p.schedulePlan(ctx, r, &PlanRequest{MaxCredits: p.book.settings.MaxLoad, Summers: true}, a)
	if err != nil {
		for _, f := range fault.From(err).Fields {
			obstacles = append(obstacles, f.Message)
		}
		return nil, obstacles
	}
	done := x.describe()
	g = &Graduation{Term: done.Graduation, Terms: done.StudyTerms, Proven: done.Optimal, CriticalChain: done.CriticalChain, Reason: done.Reason}
	if g.Term == "" {
		g.Term = p.lastTerm(r)
	}
	return g, nil
}

// lastTerm returns the last term of the courses that already count.
func (p *Program) lastTerm(r *Record) string {
	last := never
	for _, a := range r.Attempts {
		if a.Status != Incomplete {
			last = max(last, slotOf(a.Term.LastSeason()))
		}
	}
	return last.label()
}

// WhatIf is one degree of a comparison.
type WhatIf struct {
	Degree     DegreeName  `json:"degree"`
	Totals     Totals      `json:"totals"`
	Graduation *Graduation `json:"graduation,omitempty"`
	// Obstacles say why there is no Graduation, such as a course that a course of the record excludes.
	Obstacles []string `json:"obstacles,omitempty"`
	// Complete is the number of complete requirements.
	Complete     int `json:"complete"`
	Requirements int `json:"requirements"`
}

// CompareDegrees audits a record against several degrees. The one with the fewest remaining credits comes first,
// among equals the one that can be completed earlier. Pins, waivers and the document's total belong to the record's
// own degree, so they do not apply here.
func CompareDegrees(ctx context.Context, programs []*Program, r Record) []WhatIf {
	r.Pins, r.Waivers, r.Required = nil, nil, 0
	out := make([]WhatIf, 0, len(programs))
	ends := map[string]slot{}
	var a *auditor
	var items []item
	for i, p := range programs {
		if i == 0 || p.book != a.book {
			a, items = p.emptyAuditor(&r), p.book.readItems(r.Attempts)
		}
		a.Program, a.record = p, &r
		a.setItems(items)
		a.allocate(nil)
		requirements := a.measureRequirements()
		w := WhatIf{Degree: DegreeName{ID: p.degree.ID, Name: p.degree.Name}, Totals: a.total, Requirements: len(requirements), Complete: countComplete(requirements)}
		ends[p.degree.ID] = slot(1 << 30)
		if w.Graduation, w.Obstacles = p.findGraduation(ctx, &r, a); w.Graduation != nil {
			ends[p.degree.ID] = parseLabel(w.Graduation.Term)
		}
		out = append(out, w)
	}
	slices.SortStableFunc(out, func(x, y WhatIf) int {
		return cmp.Or(cmp.Compare(x.Totals.Remaining, y.Totals.Remaining), cmp.Compare(ends[x.Degree.ID], ends[y.Degree.ID]),
			compareStrings(x.Degree.Name, y.Degree.Name, x.Degree.ID, y.Degree.ID))
	})
	return out
}
