// Package term is the university's calendar: terms as documents print them, their order, their ends, and their labels
// in a timeline.
package term

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// The valid years. Anything outside is a typing error or an attack on a loop.
const (
	FirstYear = 1960
	LastYear  = 2200
)

// Season is a part of the academic year. The values are in the order of a calendar year.
type Season uint8

// The seasons, in their order inside a calendar year. The zero value is no season.
const (
	Winter Season = iota + 1
	WinterSummer
	Spring
	Summer
	Fall
	FallWinter
)

// names is fixed: the spelling of each season as it is printed.
var names = [...]string{
	Winter: "Winter", WinterSummer: "Winter/Summer", Spring: "Spring", Summer: "Summer", Fall: "Fall", FallWinter: "Fall/Winter",
}

// String returns the season as it is printed, "" for no season.
func (s Season) String() string {
	if int(s) < len(names) {
		return names[s]
	}
	return ""
}

// Term is a season of a year. Year is the calendar year in which it begins: 2028 for Fall/Winter 2028-29. The zero
// value is no term.
type Term struct {
	Year   int
	Season Season
}

// Parse reads a term as printed, in any case: "Fall 2026", "FALL/WINTER 2028-29". A full-year term may omit its
// second year or write it with four digits. Winter/Summer is within one calendar year, the second of "2027-28".
func Parse(s string) (Term, error) {
	// The longest spelling is shorter; this bounds the work, and the error does not repeat the text.
	if len(s) > 64 {
		return Term{}, fmt.Errorf("term: %d bytes is no term", len(s))
	}
	word, years, ok := strings.Cut(strings.Join(strings.Fields(s), " "), " ")
	if !ok {
		return Term{}, fmt.Errorf("term: %q is no season and year", s)
	}
	season := Season(0)
	for i, name := range names {
		if name != "" && strings.EqualFold(name, word) {
			season = Season(i)
		}
	}
	if season == 0 {
		return Term{}, fmt.Errorf("term: %q is no season", word)
	}
	first, second, span := strings.Cut(years, "-")
	year, err := parseYear(first)
	if err != nil {
		return Term{}, err
	}
	if span {
		if season != FallWinter && season != WinterSummer {
			return Term{}, fmt.Errorf("term: %s does not span two years", season)
		}
		next := strconv.Itoa(year + 1)
		if second != next && second != next[2:] {
			return Term{}, fmt.Errorf("term: %q are not two years in a row", years)
		}
		if season == WinterSummer {
			year++
		}
	}
	if year > LastYear { // the second of two
		return Term{}, fmt.Errorf("term: the year %d is after %d", year, LastYear)
	}
	return Term{Year: year, Season: season}, nil
}

func parseYear(s string) (int, error) {
	if len(s) != 4 || strings.Trim(s, "0123456789") != "" {
		return 0, fmt.Errorf("term: %q is no year of four digits", s)
	}
	year, err := strconv.Atoi(s)
	if err != nil || year < FirstYear || year > LastYear {
		return 0, fmt.Errorf("term: the year %s is not between %d and %d", s, FirstYear, LastYear)
	}
	return year, nil
}

// IsZero reports whether t is no term.
func (t Term) IsZero() bool { return t == Term{} }

// String returns the term as it is printed in documents.
func (t Term) String() string {
	if t.Season == FallWinter {
		return fmt.Sprintf("%s %d-%02d", t.Season, t.Year, (t.Year+1)%100)
	}
	return fmt.Sprintf("%s %d", t.Season, t.Year)
}

// UpperLabel returns the term as timelines write it: in upper case, Spring as Summer.
func (t Term) UpperLabel() string { return strings.ToUpper(t.ToCanonical().String()) }

// ToCanonical returns the term as timelines count it: Spring is Summer.
func (t Term) ToCanonical() Term {
	if t.Season == Spring {
		t.Season = Summer
	}
	return t
}

// IsFullYear reports whether the term is longer than a season.
func (t Term) IsFullYear() bool { return t.Season == FallWinter || t.Season == WinterSummer }

// Compare orders terms by year and, inside a calendar year, by season.
func Compare(a, b Term) int {
	return cmp.Or(cmp.Compare(a.Year, b.Year), cmp.Compare(a.Season, b.Season))
}

// NextTerm returns the first single-season term after t: Winter, Summer, Fall, and Winter again. Spring counts as
// Summer.
func (t Term) NextTerm() Term {
	switch t.Season {
	case Winter:
		return Term{t.Year, Summer}
	case WinterSummer, Spring, Summer:
		return Term{t.Year, Fall}
	case Fall:
		return Term{t.Year + 1, Winter}
	case FallWinter:
		return Term{t.Year + 1, Summer}
	}
	return Term{}
}

// FirstSeason returns the single-season term with which t begins.
func (t Term) FirstSeason() Term {
	switch t.Season {
	case WinterSummer:
		return Term{t.Year, Winter}
	case FallWinter:
		return Term{t.Year, Fall}
	}
	return t.ToCanonical()
}

// LastSeason returns the single-season term with which t ends.
func (t Term) LastSeason() Term {
	switch t.Season {
	case WinterSummer:
		return Term{t.Year, Summer}
	case FallWinter:
		return Term{t.Year + 1, Winter}
	}
	return t.ToCanonical()
}
