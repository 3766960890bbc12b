// Package timeline builds timelines: from the facts of a document, from a form, or from a saved timeline, together
// with the catalogue and the date. All functions are pure: the same input gives the same result.
//
// Package wire decodes requests and encodes results as JSON.
package timeline

import (
	"sync"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
)

// Builder builds timelines from one catalogue. It computes once what all timelines of a degree share. It is safe for
// concurrent use.
type Builder struct {
	cat      *catalogue.Catalogue
	courses  []Course // every course of the catalogue, without a state
	rulebook *audit.Rulebook
	programs map[programKey]func() *program
}

type programKey struct {
	degree         string
	extended, coop bool
}

// NewBuilder returns the builder of a catalogue. It takes some milliseconds, so callers reuse it for the catalogue.
func NewBuilder(cat *catalogue.Catalogue) *Builder {
	b := &Builder{
		cat: cat, courses: toCourses(cat.Courses()), rulebook: audit.NewRulebook(cat, audit.Settings{Repeatable: isRepeatable(cat)}),
		programs: map[programKey]func() *program{},
	}
	for _, d := range cat.StandaloneDegrees() {
		for _, extended := range []bool{false, true} {
			for _, coop := range []bool{false, true} {
				b.programs[programKey{d.ID, extended, coop}] = sync.OnceValue(func() *program { return b.newProgram(d, extended, coop) })
			}
		}
	}
	return b
}

// findProgram returns the program of a degree that a student can be in.
func (b *Builder) findProgram(d catalogue.Degree, extended, coop bool) *program {
	return b.programs[programKey{d.ID, extended, coop}]()
}

// isRepeatable returns a test for topics courses, each sitting of which may count.
func isRepeatable(cat *catalogue.Catalogue) func(code string) bool {
	return func(code string) bool {
		c, ok := cat.FindCourse(code)
		return ok && c.Repeatable
	}
}
