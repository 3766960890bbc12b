package audit

import (
	"strconv"

	"github.com/trackmydegree/trackmydegree/internal/term"
)

// slot numbers single-season terms in the order of time: three a year, Winter, Summer, Fall.
type slot int

// never means no term: it is before every term, as transfers are.
const never slot = 0

func slotOf(t term.Term) slot {
	if t.IsZero() {
		return never
	}
	s := slot(t.Year * 3)
	switch t.Season {
	case term.Summer, term.Spring:
		return s + 1
	case term.Fall, term.FallWinter:
		return s + 2
	}
	return s
}

func (s slot) season() term.Season {
	return [...]term.Season{term.Winter, term.Summer, term.Fall}[s%3]
}

func (s slot) toTerm() term.Term {
	if s == never {
		return term.Term{}
	}
	return term.Term{Year: int(s / 3), Season: s.season()}
}

// label formats a slot as timelines do.
func (s slot) label() string { return labelOf(s.toTerm()) }

// labelOf formats a term as timelines do, "" for none. It avoids fmt, because every course of an audit has a label.
func labelOf(t term.Term) string {
	switch t.Season {
	case term.Winter:
		return "WINTER " + strconv.Itoa(t.Year)
	case term.Summer, term.Spring:
		return "SUMMER " + strconv.Itoa(t.Year)
	case term.Fall:
		return "FALL " + strconv.Itoa(t.Year)
	case term.WinterSummer, term.FallWinter:
		return t.UpperLabel()
	}
	return ""
}

// seasons is a set of the terms in which a course is offered; empty when that is not known.
type seasons uint8

const (
	inWinter seasons = 1 << iota
	inSummer
	inFall
	inFullYear // Fall and the Winter after it
)

func parseSeasons(names []string) seasons {
	var set seasons
	for _, name := range names {
		switch name {
		case "Winter":
			set |= inWinter
		case "Summer", "Spring":
			set |= inSummer
		case "Fall":
			set |= inFall
		case "Fall/Winter":
			set |= inFullYear
		}
	}
	return set
}

// hasTerm reports whether a course may begin in a term. A full-year course begins in Fall; an unknown course may
// begin in any term.
func (set seasons) hasTerm(t term.Term) bool {
	if set == 0 || t.IsZero() {
		return true
	}
	switch t.Season {
	case term.FallWinter:
		return set&(inFullYear|inFall|inWinter) != 0
	case term.Fall:
		return set&(inFall|inFullYear) != 0
	case term.Winter:
		return set&inWinter != 0
	case term.WinterSummer:
		return set&(inWinter|inSummer) != 0
	}
	return set&inSummer != 0
}

// parseLabel parses a label of labelOf; "" is never.
func parseLabel(label string) slot {
	t, err := term.Parse(label)
	if err != nil {
		return never
	}
	return slotOf(t.LastSeason())
}
