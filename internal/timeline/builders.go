package timeline

import (
	"strings"
	"sync"
	"sync/atomic"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/term"
)

// Builders has a builder for each edition of the catalogue, and finds the one by which a student is measured: that of
// the first admit term of the present program, else of the nearest later year (undergraduate calendar, section 16.2.1).
// It makes a builder when the edition is first needed. It is safe for concurrent use.
type Builders struct {
	editions *catalogue.Editions
	builders map[*catalogue.Catalogue]func() *Builder
}

// NewBuilders returns the builders of a set of editions.
func NewBuilders(e *catalogue.Editions) *Builders {
	b := &Builders{editions: e, builders: map[*catalogue.Catalogue]func() *Builder{}}
	for _, c := range e.Editions() {
		b.builders[c] = sync.OnceValue(func() *Builder { return NewBuilder(c) })
	}
	return b
}

// ForEdition returns the builder of one of the editions.
func (b *Builders) ForEdition(c *catalogue.Catalogue) *Builder { return b.builders[c]() }

// ForDocument returns the builder for a document: of the chosen edition, or the nearest later one when that is no
// longer loaded; without a choice, of the admission's.
func (b *Builders) ForDocument(doc document.Document, chosen Choice) *Builder {
	if chosen.Calendar != "" {
		return b.ForEdition(b.editions.NearestEdition(chosen.Calendar))
	}
	c, _ := b.editions.ChooseEdition(admitTerm(doc))
	return b.ForEdition(c)
}

// ForForm returns the builder for a form: of the edition that it names, else of its first term. The error is
// invalid_form for an edition that is not loaded.
func (b *Builders) ForForm(f Form) (*Builder, error) {
	c, err := FormEdition(b.editions, f)
	if err != nil {
		return nil, err
	}
	return b.ForEdition(c), nil
}

// WantedCalendar returns the edition that a form names, else that of its first term; "" when neither is known.
func (f Form) WantedCalendar() string {
	if first, err := term.Parse(f.FirstTerm); f.Calendar == "" && err == nil && !first.IsZero() {
		return catalogue.AcademicYear(first)
	}
	return f.Calendar
}

// FormEdition returns the edition for a form; see ForForm.
func FormEdition(editions *catalogue.Editions, f Form) (*catalogue.Catalogue, error) {
	if f.Calendar != "" {
		return findCalendar(editions, f.Calendar)
	}
	first, _ := term.Parse(f.FirstTerm) // what is no term is refused with the rest of the form
	c, _ := editions.ChooseEdition(first)
	return c, nil
}

// CheckCalendar returns the name of an edition that is loaded; invalid_form for one that is not.
func CheckCalendar(editions *catalogue.Editions, calendar string) (string, error) {
	c, err := findCalendar(editions, calendar)
	if err != nil {
		return "", err
	}
	return c.Calendar(), nil
}

func findCalendar(editions *catalogue.Editions, calendar string) (*catalogue.Catalogue, error) {
	c, ok := editions.FindEdition(calendar)
	if !ok {
		return nil, unknownCalendar(editions.Calendars())
	}
	return c, nil
}

// ForSaved returns the builder for a saved timeline: of the edition that it was built from, else of the nearest later
// one. What was saved without an edition is measured by that of its first term.
func (b *Builders) ForSaved(s Saved) *Builder { return b.forCalendar(s.Calendar, s.Semesters) }

// ForResult returns the builder for a result, as ForSaved does.
func (b *Builders) ForResult(r *Result) *Builder { return b.forCalendar(r.Calendar, r.Semesters) }

func (b *Builders) forCalendar(calendar string, semesters []Semester) *Builder {
	if calendar != "" {
		return b.ForEdition(b.editions.NearestEdition(calendar))
	}
	c, _ := b.editions.ChooseEdition(firstTermOf(semesters))
	return b.ForEdition(c)
}

// admitTerm returns the term in which the present program of a document began, the zero term when it is not printed.
func admitTerm(doc document.Document) term.Term {
	if doc.ProgramInfo == nil {
		return term.Term{}
	}
	if t := parsePrintedTerm(doc.ProgramInfo.ProgramTerm); !t.IsZero() {
		return t
	}
	return parsePrintedTerm(doc.ProgramInfo.FirstTerm)
}

// firstTermOf returns the earliest term, the zero term when there is none.
func firstTermOf(semesters []Semester) term.Term {
	var first term.Term
	for _, s := range semesters {
		if t := termOf(&s.Term); !t.IsZero() && (first.IsZero() || term.Compare(t, first) < 0) {
			first = t
		}
	}
	return first
}

func unknownCalendar(loaded []string) error {
	return &fault.Error{Code: fault.InvalidForm, Fields: []fault.Field{{
		Path: "calendar", Message: "This edition of the calendar is not loaded. Choose one of " + strings.Join(loaded, ", ") + ".",
	}}}
}

// BuilderCache keeps the builders of the latest editions. Its zero value is ready. It is safe for concurrent use.
type BuilderCache struct{ latest atomic.Pointer[Builders] }

// GetBuilders returns the builders of editions, and makes them when the editions are others than at the last call.
func (c *BuilderCache) GetBuilders(e *catalogue.Editions) *Builders {
	if b := c.latest.Load(); b != nil && b.editions == e {
		return b
	}
	b := NewBuilders(e) // two callers may both make them; either is right
	c.latest.Store(b)
	return b
}
