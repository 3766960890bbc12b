package timeline

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/term"
)

// The limits of what people send.
const (
	maxSequence    = maxYears * 3 // terms
	maxTermCourses = 100          // courses in one term
	maxText        = 100          // characters of a name, a code or a placeholder
	maxCredits     = 300
)

// FromForm builds the timeline of a form, as seen at now. Its one error is invalid_form, with every faulty field.
func FromForm(cat *catalogue.Catalogue, f Form, now time.Time) (*Result, error) {
	if found := f.check(); len(found) > 0 {
		return nil, invalid(found)
	}
	if err := ValidateForm(cat, f); err != nil {
		return nil, err
	}
	degree, _ := cat.Degree(f.Degree)
	d := &draft{
		cat:      cat,
		program:  programOf(cat, degree, f.IsExtendedCreditProgram, f.IsCoop),
		extended: f.IsExtendedCreditProgram,
		coop:     f.IsCoop,
		states:   map[string]State{},
	}
	if f.EWTSatisfied {
		d.exempt = []string{writingCourse}
	}
	first, _ := term.Parse(f.FirstTerm)
	first = first.Counted()
	sequence := f.PredefinedSequence
	if published, ok := cat.Sequence(f.Sequence); ok {
		for _, t := range published.Terms {
			sequence = append(sequence, SequenceTerm{Type: t.Type, CoopLabel: t.Label, Courses: t.Courses})
		}
	}
	if len(sequence) > 0 {
		d.plan(first, sequence, now)
		return d.assemble(), nil
	}
	last := yearsOn(first, formYears)
	if f.LastTerm != "" {
		last, _ = term.Parse(f.LastTerm)
	}
	d.slots = emptySlots(first, last.Counted())
	return d.assemble(), nil
}

// plan lays a sequence out from the first term on. Everything in it is planned, and incomplete where the term is over.
func (d *draft) plan(first term.Term, sequence []SequenceTerm, now time.Time) {
	t := first
	for _, st := range sequence {
		s := newSlot(t)
		if st.Type == catalogue.WorkTerm && len(st.Courses) == 0 {
			label := cmp.Or(strings.TrimSpace(st.CoopLabel), "Co-op Work Term")
			s.courses = append(s.courses, Sitting{Code: label, Message: workTerm})
		}
		for _, name := range st.Courses {
			s.courses = append(s.courses, d.planned(name))
		}
		d.slots = append(d.slots, s)
		t = t.Next()
	}
	d.slots = mergeCapstones(d.slots)
	for k := range d.slots {
		s := &d.slots[k]
		status, message := Planned, ""
		if s.term.At(now) == term.Past {
			status, message = Incomplete, notPosted
		}
		for i := range s.courses {
			sitting := &s.courses[i]
			if !d.hasEntry(sitting.Code) {
				continue
			}
			sitting.Message = cmp.Or(sitting.Message, message)
			state := State{Status: status, Semester: &s.label, Message: message}
			if before, ok := d.states[sitting.Code]; ok {
				state = better(before, state)
			}
			d.states[sitting.Code] = state
		}
	}
}

// planned reads one name of a sequence: a course, a placeholder, or something that the catalogue lacks.
func (d *draft) planned(name string) Sitting {
	name = strings.TrimSpace(name)
	code := catalogue.Code(name)
	if _, ok := d.cat.Index(code); ok {
		return Sitting{Code: code}
	}
	if isPlaceholder(name) {
		return Sitting{Code: name, Message: placeholder}
	}
	if catalogue.IsCode(code) {
		return Sitting{Code: code, Message: notFound}
	}
	return Sitting{Code: name, Message: notFound}
}

// isPlaceholder reports whether a name of a sequence stands for a course that is still to be chosen.
func isPlaceholder(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{"elective", "general", "technical", "gen ed", "natural science"}, func(word string) bool {
		return strings.Contains(name, word)
	})
}

// mergeCapstones joins a capstone that is listed in a fall and in the winter after it into the full-year term between
// them, and drops the terms that this empties. A capstone's number is 490.
func mergeCapstones(slots []slot) []slot {
	var out []slot
	for k := 0; k < len(slots); k++ {
		if k+1 == len(slots) || slots[k].term.Season != term.Fall {
			out = append(out, slots[k])
			continue
		}
		fall, winter := &slots[k], &slots[k+1]
		capstone := slices.IndexFunc(fall.courses, func(s Sitting) bool {
			return strings.HasSuffix(s.Code, " 490") && slices.ContainsFunc(winter.courses, isCourse(s.Code))
		})
		if capstone < 0 {
			out = append(out, *fall)
			continue
		}
		sitting := fall.courses[capstone]
		fall.courses = slices.DeleteFunc(fall.courses, isCourse(sitting.Code))
		winter.courses = slices.DeleteFunc(winter.courses, isCourse(sitting.Code))
		full := newSlot(term.Term{Year: fall.term.Year, Season: term.FallWinter})
		full.courses = append(full.courses, sitting)
		for _, s := range []slot{*fall, full, *winter} {
			if len(s.courses) > 0 {
				out = append(out, s)
			}
		}
		k++ // the winter is done
	}
	return out
}

func isCourse(code string) func(Sitting) bool {
	return func(s Sitting) bool { return s.Code == code }
}

// ValidateForm checks of a form what needs the catalogue; its error is invalid_form, with the closest names for a degree
// that does not exist.
func ValidateForm(cat *catalogue.Catalogue, f Form) error {
	var found faults
	var closest []string
	if d, ok := cat.Degree(f.Degree); !ok || d.DegreeType != catalogue.Standalone {
		found.add("degree", "There is no such degree. Choose one of the list of degrees.")
		closest = cat.Closest(f.Degree)
	}
	if _, ok := cat.Sequence(f.Sequence); f.Sequence != "" && !ok {
		found.add("sequence", "There is no such published sequence.")
	}
	if len(found) == 0 {
		return nil
	}
	return &fault.Error{Code: fault.InvalidForm, Fields: found, Closest: closest}
}

// check returns the faults of a form that show without the catalogue.
func (f Form) check() faults {
	var found faults
	if found.text("degree", f.Degree, maxText) && strings.TrimSpace(f.Degree) == "" {
		found.add("degree", "Choose a degree.")
	}
	first, firstOK := found.formTerm("firstTerm", f.FirstTerm)
	if f.LastTerm != "" {
		last, ok := found.formTerm("lastTerm", f.LastTerm)
		switch {
		case !ok || !firstOK:
		case term.Compare(last, first) < 0:
			found.add("lastTerm", "The last term lies before the first.")
		case term.Compare(last, yearsOn(first, maxYears)) > 0:
			found.add("lastTerm", "The last term lies more than 12 years after the first.")
		}
	}
	if !(f.MinimumProgramLength >= 0 && f.MinimumProgramLength <= maxCredits) {
		found.add("minimumProgramLength", "Credits are between 0 and 300.")
	}
	if f.Sequence != "" && len(f.PredefinedSequence) > 0 {
		found.add("sequence", "Name a published sequence or list one, not both.")
	}
	found.text("sequence", f.Sequence, maxText)
	if len(f.PredefinedSequence) > maxSequence {
		found.add("predefinedSequence", "At most 36 terms.")
		return found
	}
	for i, t := range f.PredefinedSequence {
		at := join("predefinedSequence", i)
		if t.Type != catalogue.Academic && t.Type != catalogue.WorkTerm {
			found.add(join(at, "type"), `A term is "Academic" or "Co-op".`)
		}
		found.text(join(at, "coopLabel"), t.CoopLabel, maxText)
		found.names(join(at, "courses"), t.Courses)
	}
	return found
}

// names checks the courses and placeholders of one term.
func (f *faults) names(path string, names []string) {
	if len(names) > maxTermCourses {
		f.add(path, "At most 100 courses in a term.")
		return
	}
	for i, name := range names {
		if f.text(join(path, i), name, maxText) && strings.TrimSpace(name) == "" {
			f.add(join(path, i), "Name a course.")
		}
	}
}

// formTerm checks a term that a form begins or ends with: a single season, with room for a whole program after it.
func (f *faults) formTerm(path, s string) (term.Term, bool) {
	t, err := term.Parse(s)
	switch {
	case s == "":
		f.add(path, `Choose a term, such as "Fall 2026".`)
	case err != nil || t.FullYear():
		f.add(path, `A term is Winter, Summer or Fall and a year, such as "Fall 2026".`)
	case t.Year > term.LastYear-maxYears:
		f.add(path, "The year is too far ahead.")
	default:
		return t.Counted(), true
	}
	return term.Term{}, false
}

// text checks that a text is not too long, in characters.
func (f *faults) text(path, s string, most int) bool {
	if len(s) > most && utf8.RuneCountInString(s) > most {
		f.add(path, "At most "+itoa(most)+" characters.")
		return false
	}
	return true
}
