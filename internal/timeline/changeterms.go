package timeline

import (
	"fmt"
	"slices"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/term"
)

// addTerm adds a term.
func (x *changer) addTerm(c *Change) {
	if t, ok := x.parseTerm("term", c.Term); ok {
		x.appendTerm("term", t)
	}
}

// appendTerm adds an empty term; the order of terms is made when the timeline is built.
func (x *changer) appendTerm(field string, t term.Term) {
	switch {
	case x.indexOf(t) >= 0:
		x.addFault(field, "The timeline has the term %s already.", t.UpperLabel())
	case len(x.s.Semesters) >= maxTerms:
		x.addFault(field, "At most %d terms.", maxTerms)
	default:
		x.setTerms(append(x.copyTerms(), Semester{Term: t.UpperLabel()}))
	}
}

// insertTerm adds the term of the calendar that follows another, where the timeline leaves it out.
func (x *changer) insertTerm(c *Change) {
	t, _, ok := x.findTerm("after", c.After)
	if !ok {
		return
	}
	next := t.NextTerm()
	if next.Year > term.LastYear {
		x.addFault("after", "There is no term after %s.", t.UpperLabel())
		return
	}
	for _, s := range x.s.Semesters {
		if later := termOf(&s.Term); term.Compare(later, t) > 0 && term.Compare(later, next) <= 0 {
			x.addFault("after", "%s and %s follow each other: there is no term between them.", t.UpperLabel(), s.Term)
			return
		}
	}
	x.appendTerm("after", next)
}

// removeTerm removes a term. One that holds courses is removed only when these are to be returned: to what is still to
// be taken.
func (x *changer) removeTerm(c *Change) {
	if c.Courses != "" && c.Courses != ReturnCourses {
		x.addFault("courses", `Write "return", or leave it out.`)
		return
	}
	t, k, ok := x.findTerm("term", c.Term)
	if !ok {
		return
	}
	if n := len(x.s.Semesters[k].Courses); n > 0 && c.Courses == "" {
		x.addFault("term", `%s holds %s. Remove them first, or send "courses": "return".`, t.UpperLabel(), countThings(n, "course"))
		return
	}
	x.setTerms(slices.Delete(x.copyTerms(), k, k+1))
}

func countThings(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// renameTerm gives a term another season or year. Its courses keep their states where that is possible.
func (x *changer) renameTerm(c *Change) {
	t, k, ok := x.findTerm("term", c.Term)
	to, valid := x.parseTerm("to", c.To)
	switch {
	case !ok || !valid:
		return
	case to == t:
		x.addFault("to", "The term has this name already.")
		return
	case x.indexOf(to) >= 0:
		x.addFault("to", "The timeline has the term %s already.", to.UpperLabel())
		return
	}
	semesters := x.copyTerms()
	for _, sitting := range semesters[k].Courses {
		if !x.mayMove("to", &sitting, t, to) {
			return
		}
	}
	for i := range semesters[k].Courses {
		x.carryState(&semesters[k].Courses[i], t, to)
	}
	semesters[k].Term = to.UpperLabel()
	x.setTerms(semesters)
}

// mayMove reports whether a sitting can be in another term: a sitting with an outcome cannot be in a future one.
func (x *changer) mayMove(field string, s *Sitting, from, to term.Term) bool {
	if to.PositionAt(x.now) != term.Future || from.PositionAt(x.now) == term.Future || !x.isRecorded(s, from) {
		return true
	}
	x.addFault(field, "%s has ended in %s, and %s is still to come. To repeat it, place it there as well.", s.Code, from.UpperLabel(), to.UpperLabel())
	return false
}

// isRecorded reports whether a sitting has an outcome: it completed its course, or the record says how it ended.
func (x *changer) isRecorded(s *Sitting, t term.Term) bool {
	state, known := x.s.States[s.Code]
	if known && state.Semester != nil && *state.Semester == t.UpperLabel() && state.Status == Completed && state.Via == "" {
		return true
	}
	return t.PositionAt(x.now) == term.Past && (s.Credits != nil || !isOpenMessage(s.Message))
}

// isOpenMessage reports whether what is said at a sitting leaves its outcome open.
func isOpenMessage(message string) bool {
	return message == "" || message == notPosted || message == notFound || message == placeholder || message == workTerm ||
		isUnusedMessage(message)
}

// carryState moves the state of a course with its sitting to another term. A state that only depends on the position of
// the term is computed again.
func (x *changer) carryState(s *Sitting, from, to term.Term) {
	label, state := to.UpperLabel(), x.s.States[s.Code]
	isDecisive := state.Semester != nil && *state.Semester == from.UpperLabel()
	if isDecisive && (state.Status == Completed || from.PositionAt(x.now) == to.PositionAt(x.now)) {
		state.Semester = &label
		x.s.States[s.Code] = state
	}
	isCompleted := isDecisive && state.Status == Completed && state.Via == ""
	switch past := to.PositionAt(x.now) == term.Past; {
	case !past && s.Message == notPosted:
		s.Message = ""
	case past && from.PositionAt(x.now) != term.Past && !isCompleted && isOpenMessage(s.Message) && catalogue.IsCode(s.Code):
		s.Message = notPosted
	}
}
