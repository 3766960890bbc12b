package term

import (
	"sync"
	"time"
	_ "time/tzdata" // the university's time zone, also on systems without zone data
)

// toronto is the university's time zone. It is loaded once, because loading reads the zone's table.
var toronto = sync.OnceValue(func() *time.Location {
	l, err := time.LoadLocation("America/Toronto")
	if err != nil {
		panic(err) // the table is part of the binary
	}
	return l
})

// Position is the position of a term relative to a moment.
type Position int8

// The positions, in the order of time.
const (
	Past Position = iota - 1
	Current
	Future
)

// StartTime returns the first instant of the term. Terms leave no gap: each begins where the one before it ends.
func (t Term) StartTime() time.Time {
	month := time.January
	switch t.Season {
	case Spring, Summer:
		month = time.May
	case Fall, FallWinter:
		month = time.September
	}
	return time.Date(t.Year, month, 1, 0, 0, 0, 0, toronto())
}

// EndTime returns the instant after the last day of the term: Winter ends on 30 April, Winter/Summer, Spring and Summer
// on 31 August, Fall on 31 December, Fall/Winter on 30 April of its second year.
func (t Term) EndTime() time.Time {
	year, month := t.Year, time.May
	switch t.Season {
	case WinterSummer, Spring, Summer:
		month = time.September
	case Fall:
		year, month = year+1, time.January
	case FallWinter:
		year++
	}
	return time.Date(year, month, 1, 0, 0, 0, 0, toronto())
}

// PositionAt returns the position of the term at now.
func (t Term) PositionAt(now time.Time) Position {
	switch {
	case !now.Before(t.EndTime()):
		return Past
	case now.Before(t.StartTime()):
		return Future
	}
	return Current
}

// FindCurrent returns the single-season term that is under way at now.
func FindCurrent(now time.Time) Term {
	now = now.In(toronto())
	season := Fall
	switch {
	case now.Month() < time.May:
		season = Winter
	case now.Month() < time.September:
		season = Summer
	}
	return Term{Year: now.Year(), Season: season}
}
