package catalogue

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/term"
)

// Editions is an immutable set of catalogues, one for each academic year. A student follows the calendar of the year
// of admission (undergraduate calendar, section 16.2.1).
type Editions struct {
	byYear []*Catalogue // by calendar, the oldest first; never empty
}

// NewEditions checks and indexes each catalogue of a set. Two catalogues of one calendar are an error, and so is an
// empty set.
func NewEditions(all ...Data) (*Editions, error) {
	catalogues := make([]*Catalogue, 0, len(all))
	for _, d := range all {
		c, err := New(d)
		if err != nil {
			return nil, fmt.Errorf("edition %q: %w", d.Calendar, err)
		}
		catalogues = append(catalogues, c)
	}
	return JoinEditions(catalogues...)
}

// JoinEditions returns the set of some catalogues; errors as in NewEditions.
func JoinEditions(all ...*Catalogue) (*Editions, error) {
	if len(all) == 0 {
		return nil, errors.New("catalogue: there is no edition")
	}
	e := &Editions{}
	for _, c := range all {
		if _, ok := e.FindEdition(c.Calendar()); ok {
			return nil, fmt.Errorf("catalogue: the edition %q is there twice", c.Calendar())
		}
		e.byYear = append(e.byYear, c)
	}
	slices.SortFunc(e.byYear, func(a, b *Catalogue) int { return cmp.Compare(a.Calendar(), b.Calendar()) })
	return e, nil
}

// Latest returns the newest edition.
func (e *Editions) Latest() *Catalogue { return e.byYear[len(e.byYear)-1] }

// Editions returns the catalogues, the oldest first.
func (e *Editions) Editions() []*Catalogue { return slices.Clone(e.byYear) }

// Version changes when one of the editions does.
func (e *Editions) Version() string {
	versions := make([]string, len(e.byYear))
	for i, c := range e.byYear {
		versions[i] = c.Version()
	}
	return strings.Join(versions, "+")
}

// Calendars returns the academic years, the oldest first.
func (e *Editions) Calendars() []string {
	out := make([]string, len(e.byYear))
	for i, c := range e.byYear {
		out[i] = c.Calendar()
	}
	return out
}

// FindEdition returns the edition of an academic year such as "2026-27".
func (e *Editions) FindEdition(calendar string) (*Catalogue, bool) {
	for _, c := range e.byYear {
		if c.Calendar() == calendar {
			return c, true
		}
	}
	return nil, false
}

// FindStandalone returns the degree of an id that a student can be in, from the newest edition that has it;
// degree_not_found as Catalogue.FindStandalone when none has.
func (e *Editions) FindStandalone(id string) (Degree, error) {
	for _, c := range slices.Backward(e.byYear) {
		if degree, err := c.FindStandalone(id); err == nil {
			return degree, nil
		}
	}
	return e.Latest().FindStandalone(id)
}

// FindNamed returns the degree of a name that a student can be in, from the newest edition that has it.
func (e *Editions) FindNamed(name string) (Degree, bool) {
	for _, c := range slices.Backward(e.byYear) {
		for _, d := range c.StandaloneDegrees() {
			if d.Name == name {
				return d, true
			}
		}
	}
	return Degree{}, false
}

// ChooseEdition returns the edition for a student whose present program began with a term: that of the term's
// academic year, otherwise the nearest later one, otherwise the latest. Exact is false when it is not the edition of
// that year; the caller then warns with other_calendar. Without a term, and for a catalogue without a calendar, exact
// is true.
func (e *Editions) ChooseEdition(admitted term.Term) (c *Catalogue, exact bool) {
	if admitted.IsZero() {
		return e.Latest(), true
	}
	c = e.NearestEdition(AcademicYear(admitted))
	return c, c.Covers(admitted)
}

// NearestEdition returns the edition of an academic year, else the nearest later one, else the latest.
func (e *Editions) NearestEdition(calendar string) *Catalogue {
	for _, c := range e.byYear {
		if c.Calendar() >= calendar {
			return c
		}
	}
	return e.Latest()
}

// Covers reports whether the catalogue is that of a term's academic year. One without a calendar covers every term.
func (c *Catalogue) Covers(t term.Term) bool {
	return c.Calendar() == "" || c.Calendar() == AcademicYear(t)
}

// AcademicYear returns the academic year of a term, such as "2026-27". The university's year begins with the summer
// term and ends with the winter term.
func AcademicYear(t term.Term) string {
	year := t.Year
	if t.Season == term.Winter {
		year--
	}
	return formatYear(year)
}

func formatYear(year int) string { return fmt.Sprintf("%d-%02d", year, (year+1)%100) }

// calendarYear returns the year in which an academic year begins.
func calendarYear(calendar string) (int, bool) {
	if len(calendar) != len("2026-27") {
		return 0, false
	}
	year, err := strconv.Atoi(calendar[:4])
	return year, err == nil && year >= term.FirstYear && calendar == formatYear(year)
}
