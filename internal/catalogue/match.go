package catalogue

import "github.com/trackmydegree/trackmydegree/internal/fault"

type name struct{}

func namesOf([]Degree) []name { return nil }

// Match returns the degree that a document names.
func (c *Catalogue) Match(printed string) (Degree, error) {
	return Degree{}, fault.New(fault.DegreeNotFound)
}
