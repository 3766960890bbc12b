package catalogue

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"

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
	if len(all) == 0 {
		return nil, errors.New("catalogue: there is no edition")
	}
	e := &Editions{}
	for _, d := range all {
		c, err := New(d)
		if err != nil {
			return nil, fmt.Errorf("edition %q: %w", d.Calendar, err)
		}
		if _, ok := e.FindEdition(d.Calendar); ok {
			return nil, fmt.Errorf("catalogue: the edition %q is there twice", d.Calendar)
		}
		e.byYear = append(e.byYear, c)
	}
	slices.SortFunc(e.byYear, func(a, b *Catalogue) int { return cmp.Compare(a.Calendar(), b.Calendar()) })
	return e, nil
}

// Latest returns the newest edition.
func (e *Editions) Latest() *Catalogue { return e.byYear[len(e.byYear)-1] }

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

// ChooseEdition returns the edition for a student whose present program began with a term: that of the term's
// academic year, otherwise the nearest later one, otherwise the latest. Exact is false when it is not the edition of
// that year; the caller then warns with other_calendar. Without a term, and for a catalogue without a calendar, exact
// is true.
func (e *Editions) ChooseEdition(admitted term.Term) (c *Catalogue, exact bool) {
	if admitted.IsZero() {
		return e.Latest(), true
	}
	want := AcademicYear(admitted)
	for _, c := range e.byYear {
		if c.Calendar() >= want {
			return c, c.Calendar() == want
		}
	}
	return e.Latest(), e.Latest().Calendar() == ""
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
