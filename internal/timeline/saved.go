package timeline

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/term"
)

// FromSaved builds a saved timeline again, as seen at now: what was planned for a term that is over meanwhile is
// incomplete. The errors are degree_not_found, for a degree that the catalogue no longer has, and invalid_form.
func FromSaved(cat *catalogue.Catalogue, s Saved, now time.Time) (*Result, error) {
	degree, ok := cat.Degree(s.DegreeID)
	if !ok || degree.DegreeType != catalogue.Standalone {
		return nil, &fault.Error{Code: fault.DegreeNotFound, Closest: cat.Closest(s.DegreeID)}
	}
	d := &draft{
		id: s.ID, name: s.Name, cat: cat,
		program:   programOf(cat, degree, s.IsExtendedCredit, s.IsCoop),
		extended:  s.IsExtendedCredit,
		coop:      s.IsCoop,
		states:    make(map[string]State, len(s.States)),
		exempt:    unique(s.Exemptions),
		deficient: unique(s.Deficiencies),
		extra:     make(map[string]ExtraCourse, len(s.Extra)),
	}
	for _, x := range s.Extra {
		if _, known := cat.Index(x.Code); !known {
			d.extra[x.Code] = x
		}
	}
	var found faults
	for i, semester := range s.Semesters {
		t, err := term.Parse(semester.Term)
		if err != nil {
			found.add(join(join("semesters", i), "term"), termSentence)
			continue
		}
		slot := newSlot(t)
		slot.courses = append(slot.courses, semester.Courses...)
		d.slots = append(d.slots, slot)
	}
	d.slots = ordered(d.slots)
	sat := sittings(s.Semesters)
	for _, code := range slices.Sorted(maps.Keys(s.States)) {
		// That nothing is known says something only of a course that is sat: its owner put it so.
		if state := s.States[code]; state != (State{Status: Incomplete}) || len(sat[code]) > 0 {
			d.recall(code, state, &found)
		}
	}
	if len(found) > 0 {
		return nil, invalid(found)
	}
	d.settle(now)
	return d.assemble(), nil
}

// recall takes a saved state over. Exemptions stand in their own list, transfers only here.
func (d *draft) recall(code string, s State, found *faults) {
	if !d.hasEntry(code) {
		d.extra[code] = ExtraCourse{Code: code}
	}
	if s.Semester != nil {
		t, err := term.Parse(*s.Semester)
		if err != nil {
			found.add(join(join("courses", code), "semester"), termSentence)
			return
		}
		label := t.Label()
		s.Semester = &label
	}
	switch s.Via {
	case ViaTransfer:
		d.transferred = append(d.transferred, code)
	case ViaExemption:
		if s.Semester == nil && !slices.Contains(d.exempt, code) {
			return // exempted no longer, and never sat
		}
	}
	s.Via = ""
	d.states[code] = s
}

// settle gives each sat course a state and ends the plans of terms that are over.
func (d *draft) settle(now time.Time) {
	derived := map[string]State{}
	for k := range d.slots {
		s := &d.slots[k]
		for i := range s.courses {
			sitting := &s.courses[i]
			if !d.hasEntry(sitting.Code) {
				continue
			}
			if _, ok := d.states[sitting.Code]; ok {
				continue
			}
			state := sat(s.term.At(now), &s.label, sitting.Message)
			if before, again := derived[sitting.Code]; again {
				state = better(before, state)
			}
			derived[sitting.Code] = state
		}
	}
	maps.Copy(d.states, derived)
	for code, s := range d.states {
		if s.Semester == nil || s.Status != Planned && s.Status != InProgress {
			continue
		}
		if termOf(s.Semester).At(now) == term.Past {
			s.Status, s.Message = Incomplete, cmp.Or(s.Message, notPosted)
			d.states[code] = s
			d.remark(code, *s.Semester, s.Message)
		}
	}
}

// sat returns the state of a course whose sitting is all that is known of it.
func sat(at term.Position, label *string, message string) State {
	if message == notOfDegree || message == notFound {
		message = ""
	}
	switch at {
	case term.Future:
		return State{Status: Planned, Semester: label}
	case term.Current:
		return State{Status: InProgress, Semester: label}
	}
	return State{Status: Incomplete, Semester: label, Message: cmp.Or(message, notPosted)}
}

// remark puts a message on the last sitting of a course in a term.
func (d *draft) remark(code, label, message string) {
	for k := range d.slots {
		if d.slots[k].label != label {
			continue
		}
		for i, s := range slices.Backward(d.slots[k].courses) {
			if s.Code == code {
				d.slots[k].courses[i].Message = message
				return
			}
		}
	}
}

// Reduce returns what is kept of a timeline: the owner's decisions, not what the catalogue says. Owner, version and
// times are the store's.
func Reduce(r *Result) Saved {
	s := Saved{
		ID: r.ID, Name: r.TimelineName, DegreeID: r.Degree.ID,
		IsCoop: r.IsCoop, IsExtendedCredit: r.IsExtendedCredit,
		Semesters: make([]Semester, 0, len(r.Semesters)), States: map[string]State{},
		Exemptions: []string{}, Deficiencies: []string{},
	}
	sat := map[string]bool{}
	for _, semester := range r.Semesters {
		s.Semesters = append(s.Semesters, Semester{Term: semester.Term, Courses: present(slices.Clone(semester.Courses))})
		for _, sitting := range semester.Courses {
			sat[sitting.Code] = true
		}
	}
	for _, pool := range r.Pools {
		switch pool.ID {
		case ExemptionsPoolID:
			s.Exemptions = present(slices.Clone(pool.Courses))
		case DeficienciesPoolID:
			s.Deficiencies = present(slices.Clone(pool.Courses))
		}
	}
	for code, c := range r.Courses {
		if c.State != (State{Status: Incomplete}) || sat[code] {
			s.States[code] = c.State
		}
		if c.InCatalogue != nil {
			s.Extra = append(s.Extra, ExtraCourse{Code: code, Title: c.Title, Credits: c.Credits})
		}
	}
	slices.SortFunc(s.Extra, func(a, b ExtraCourse) int { return cmp.Compare(a.Code, b.Code) })
	return s
}

// Slim returns r without the courses of which nothing is known: neither sat, exempted, transferred, deficient nor
// planned. It shares what it keeps with r.
func (r *Result) Slim() *Result {
	slim := *r
	slim.Courses = map[string]Course{}
	keep := func(code string) {
		if c, ok := r.Courses[code]; ok {
			slim.Courses[code] = c
		}
	}
	for code, c := range r.Courses {
		if c.State != (State{Status: Incomplete}) {
			keep(code)
		}
	}
	for _, semester := range r.Semesters {
		for _, sitting := range semester.Courses {
			keep(sitting.Code)
		}
	}
	for _, pool := range r.Pools {
		if pool.ID == ExemptionsPoolID || pool.ID == DeficienciesPoolID {
			for _, code := range pool.Courses {
				keep(code)
			}
		}
	}
	return &slim
}
