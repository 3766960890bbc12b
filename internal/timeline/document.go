package timeline

import (
	"cmp"
	"slices"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/term"
)

const (
	// writingCourse is what those who passed the engineering writing test need not take.
	writingCourse = "ENCS 272"
	// maxYears is how far apart the first and the last of generated terms may be.
	maxYears = 12
	// formYears and letterYears are how far ahead terms go when none is named as the last.
	formYears   = 3
	letterYears = 2
)

// FromDocument builds the timeline of a document, as seen at now. The errors are degree_not_found and degree_ambiguous,
// and corrupt for terms that nobody can have printed.
func FromDocument(cat *catalogue.Catalogue, doc document.Document, now time.Time) (*Result, error) {
	info := cmp.Or(doc.ProgramInfo, &document.ProgramInfo{})
	degree, err := cat.Match(info.Degree)
	if err != nil {
		return nil, err
	}
	d := &draft{
		cat:         cat,
		program:     programOf(cat, degree, info.IsExtendedCreditProgram, info.IsCoop),
		extended:    info.IsExtendedCreditProgram,
		coop:        info.IsCoop,
		states:      map[string]State{},
		transferred: unique(doc.TransferredCourses),
		exempt:      unique(doc.ExemptedCourses),
		deficient:   unique(doc.DeficiencyCourses),
		extra:       map[string]ExtraCourse{},
	}
	if info.EWTSatisfied {
		d.exempt = unique(append(d.exempt, writingCourse)) // once, also where it is exempted by name
	}
	if len(doc.Semesters) == 0 && doc.Kind == document.Letter {
		d.slots = letterSlots(info)
		return d.assemble(), nil
	}
	if err := d.sit(doc.Semesters, now); err != nil {
		return nil, err
	}
	return d.assemble(), nil
}

// sit takes the sittings of a document over: each in its term, with what is to be said about it.
func (d *draft) sit(semesters []document.Semester, now time.Time) error {
	type printed struct {
		term term.Term
		document.Semester
	}
	terms := make([]printed, 0, len(semesters))
	for _, s := range semesters {
		t, err := term.Parse(s.Term)
		if err != nil {
			// What is printed there may be personal, so it is no part of the error.
			return fault.Detailed(fault.Corrupt, "The document names a term that does not exist. Print it to PDF again from the browser.")
		}
		terms = append(terms, printed{t, s})
	}
	slices.SortStableFunc(terms, func(a, b printed) int { return term.Compare(a.term, b.term) })
	for _, t := range terms {
		s := newSlot(t.term)
		at := s.term.At(now)
		for _, row := range t.Courses {
			code := catalogue.Code(row.Code)
			if code == "" {
				continue
			}
			i, known, _ := d.index(code)
			if !known {
				d.extra[code] = betterExtra(d.extra[code], row, code)
			}
			status, message := judge(row, at, known && d.program.strict[i])
			state := State{Status: status, Semester: &s.label, Message: message}
			if before, ok := d.states[code]; ok {
				state = better(before, state)
			}
			d.states[code] = state
			s.courses = append(s.courses, Sitting{Code: code, Message: message})
		}
		d.slots = append(d.slots, s)
	}
	d.slots = ordered(d.slots)
	return nil
}

// betterExtra keeps the title and credits of a course that the catalogue lacks, from the latest row that has them.
func betterExtra(x ExtraCourse, row document.Sitting, code string) ExtraCourse {
	return ExtraCourse{
		Code: code, Title: cmp.Or(row.Title, x.Title),
		Credits: cmp.Or(quarters(row.CreditsAttempted), quarters(row.CreditsEarned), x.Credits),
	}
}

// letterSlots returns the empty terms of a letter. Terms that make no sense are left out: the student can add them.
func letterSlots(info *document.ProgramInfo) []slot {
	first := printedTerm(info.FirstTerm)
	if first.IsZero() {
		return nil
	}
	first = first.First()
	last := printedTerm(info.LastTerm)
	if !last.IsZero() {
		last = last.Last()
	}
	if last.IsZero() || term.Compare(last, first) < 0 || term.Compare(last, yearsOn(first, maxYears)) > 0 {
		last = yearsOn(first, letterYears)
	}
	return emptySlots(first, last)
}

func printedTerm(s *string) term.Term {
	if s == nil {
		return term.Term{}
	}
	t, _ := term.Parse(*s)
	return t
}

func yearsOn(t term.Term, years int) term.Term {
	t.Year = min(t.Year+years, term.LastYear)
	return t
}

// emptySlots returns the terms from first to last.
func emptySlots(first, last term.Term) []slot {
	var out []slot
	for t := first; term.Compare(t, last) <= 0; t = t.Next() {
		out = append(out, newSlot(t))
	}
	return out
}
