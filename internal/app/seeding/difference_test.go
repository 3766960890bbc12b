package seeding

import (
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
)

func TestDescribeDifference(t *testing.T) {
	t.Parallel()
	before := catalogue.Data{Courses: []catalogue.Course{{Code: "COMP 248", Title: "A"}, {Code: "COMP 249", Rules: []catalogue.Rule{}}, {Code: "COMP 352"}}}
	after := catalogue.Data{Courses: []catalogue.Course{{Code: "COMP 248", Title: "B"}, {Code: "COMP 249"}, {Code: "COMP 346"}}}
	const want = `degrees: 0, of these 0 new, 0 changed; 0 removed
pools: 0, of these 0 new, 0 changed; 0 removed
courses: 3, of these 1 new, 1 changed; 1 removed
sequences: 0, of these 0 new, 0 changed; 0 removed
`
	if got := describeDifference(before, after); got != want {
		t.Errorf("%s", got)
	}
	if got := describeDifference(after, after); got != "nothing changed\n" {
		t.Errorf("%s", got)
	}
}
