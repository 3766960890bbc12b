package advising

import (
	"context"

	"github.com/trackmydegree/trackmydegree/internal/audit"
)

// graduationSteps bounds the search for the earliest term of graduation. Almost every search ends within ten; one that
// does not leaves Graduation.Proven false.
const graduationSteps = 100

// Comparison is what a record is worth for every degree, the nearest first. Degree is the record's own.
type Comparison struct {
	Calendar      string           `json:"calendar"`
	Degree        audit.DegreeName `json:"degree"`
	Degrees       []audit.WhatIf   `json:"degrees"`
	GeneratedFrom string           `json:"generatedFrom"`
}

// Audit measures the timeline, by its own degree when degree is empty. The error is degree_not_found for another
// degree that there is not.
func (c *Case) Audit(ctx context.Context, degree string) (*audit.Audit, error) {
	var out *audit.Audit
	err := c.computeAnswer(ctx, func() error {
		_, s, err := c.loadSubject()
		if err != nil {
			return err
		}
		if degree != "" {
			if s, err = s.UnderDegree(degree); err != nil {
				return err
			}
		}
		out = s.Program.Audit(s.Record)
		out.Graduation, out.Obstacles = s.Program.FindGraduation(limitSteps(ctx, graduationSteps), s.Record)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// CompareDegrees measures the timeline by every degree that a student can be in. The one with the fewest credits left
// comes first, of equals the one that can be finished earlier.
func (c *Case) CompareDegrees(ctx context.Context) (*Comparison, error) {
	out := &Comparison{GeneratedFrom: c.source}
	err := c.computeAnswer(ctx, func() error {
		_, s, err := c.loadSubject()
		if err != nil {
			return err
		}
		own := s.Program.Audit(s.Record)
		out.Degree, out.Calendar = own.Degree, own.Calendar
		programs := s.ComparePrograms()
		out.Degrees = audit.CompareDegrees(limitSteps(ctx, graduationSteps*len(programs)), programs, s.Record)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
