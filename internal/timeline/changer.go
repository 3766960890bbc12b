package timeline

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/term"
	"github.com/trackmydegree/trackmydegree/internal/timeline/fieldfault"
)

// Limits of what changes can grow a timeline to. They are those of the lists that package wire reads.
const (
	maxTerms       = 300
	maxTermCourses = 100
	maxMarked      = 300 // courses that are exempted, or deficient, or pinned
)

// changer applies a list of changes to a saved timeline, in order. A change with a fault is left out, and the next ones
// are applied to what there is without it.
type changer struct {
	b       *Builder
	s       *Saved
	own     map[string]Course // the courses of the timeline, of which the catalogue may lack some
	program *program
	now     time.Time
	found   *fieldfault.List
	path    string          // of the change at hand
	waived  []claimedWaiver // by the list
}

// claimedWaiver is a waiver of the list, whose remark must exist.
type claimedWaiver struct {
	path   string
	waiver audit.Waiver
}

// applyChanges applies every change, and gathers the faults of all of them.
func (x *changer) applyChanges(changes []Change) {
	for i := range changes {
		c := &changes[i]
		x.path = fieldfault.JoinPath("changes", i)
		before := len(*x.found)
		if x.checkFields(c) {
			x.applyChange(c)
		}
		if len(*x.found) > before {
			x.checkReferences(c)
		}
	}
}

// checkReferences looks for what the fields of a change name, where other fields of it have faults: the first fault of
// a change does not hide the others.
func (x *changer) checkReferences(c *Change) {
	grammar := fieldsOf[c.Op]
	for _, f := range c.listFields() {
		path := fieldfault.JoinPath(x.path, f.name)
		switch {
		case f.value == "" || x.found.HasPath(path):
		case slices.Contains(grammar.terms, f.name):
			x.findTerm(f.name, f.value)
		case slices.Contains(grammar.labels, f.name):
			x.parseTerm(f.name, f.value)
		case f.name == "course" && grammar.isKnown && !(c.Op == PlaceCourse && isPlaceholder(f.value)):
			x.findCourse(f.value)
		case f.name == "pool" && (c.Op == PinCourse || c.Op == PlaceCourse && c.Pool != audit.OtherCreditsID):
			x.checkPool(f.value)
		case f.name == "as" && !slices.Contains(marks, c.As):
			x.addFault(f.name, marksSentence)
		case f.name == "code" && !slices.Contains(audit.RemarkCodes(), c.Code):
			x.addFault(f.name, "There is no such remark.")
		}
	}
}

// checkPool reports whether the degree has the requirement in the field pool.
func (x *changer) checkPool(id string) bool {
	if slices.Contains(x.program.degree.CoursePools, id) {
		return true
	}
	x.addFault("pool", "The degree has no such requirement.")
	return false
}

// addFault notes a fault of a field of the change at hand.
func (x *changer) addFault(field, format string, args ...any) {
	x.found.AddFault(fieldfault.JoinPath(x.path, field), fmt.Sprintf(format, args...))
}

// checkFields holds a change to the fields that its operation takes.
func (x *changer) checkFields(c *Change) bool {
	grammar, ok := fieldsOf[c.Op]
	if !ok {
		x.addFault("op", "There is no such change.")
		return false
	}
	before := len(*x.found)
	for _, f := range c.listFields() {
		needed := slices.Contains(grammar.needs, f.name)
		switch {
		case needed && strings.TrimSpace(f.value) == "":
			x.addFault(f.name, "%s needs this field.", c.Op)
		case f.value != "" && !needed && !slices.Contains(grammar.may, f.name):
			x.addFault(f.name, "%s does not take this field.", c.Op)
		}
	}
	return len(*x.found) == before
}

func (x *changer) applyChange(c *Change) {
	switch c.Op {
	case AddTerm:
		x.addTerm(c)
	case InsertTerm:
		x.insertTerm(c)
	case RemoveTerm:
		x.removeTerm(c)
	case RenameTerm:
		x.renameTerm(c)
	case PlaceCourse:
		x.placeCourse(c)
	case MoveCourse:
		x.moveCourse(c)
	case RemoveCourse:
		x.removeCourse(c)
	case MarkCourse:
		x.markCourse(c)
	case UnmarkCourse:
		x.unmarkCourse(c)
	case PinCourse:
		x.pinCourse(c)
	case UnpinCourse:
		x.unpinCourse(c)
	case WaiveRemark:
		x.waiveRemark(c)
	case UnwaiveRemark:
		x.unwaiveRemark(c)
	}
}

// parseTerm reads the term in a field; it notes a fault and returns no term where there is none.
func (x *changer) parseTerm(field, value string) (term.Term, bool) {
	t, err := term.Parse(value)
	if err != nil {
		x.addFault(field, "%s", termSentence)
		return term.Term{}, false
	}
	return t.ToCanonical(), true
}

// findTerm reads the term in a field and returns its place among the terms.
func (x *changer) findTerm(field, value string) (term.Term, int, bool) {
	t, ok := x.parseTerm(field, value)
	if !ok {
		return t, 0, false
	}
	k := x.indexOf(t)
	if k < 0 {
		x.addFault(field, "The timeline has no term %s.", t.UpperLabel())
	}
	return t, k, k >= 0
}

// indexOf returns the place of a term among the terms, -1 for none.
func (x *changer) indexOf(t term.Term) int {
	label := t.UpperLabel()
	return slices.IndexFunc(x.s.Semesters, func(s Semester) bool { return s.Term == label })
}

// findCourse reads the field course. A placeholder is no course.
func (x *changer) findCourse(value string) (string, bool) {
	code := catalogue.NormalizeCode(value)
	if _, known := x.b.cat.CourseIndex(code); known {
		return code, true
	}
	if _, mine := x.own[code]; mine {
		return code, true
	}
	x.addFault("course", "There is no such course.")
	return "", false
}

// setTerms replaces the terms, and works the states of the courses in them out again.
func (x *changer) setTerms(semesters []Semester) { x.s.replaceSemesters(semesters, x.now) }

// copyTerms returns the terms with lists of courses that may be changed.
func (x *changer) copyTerms() []Semester {
	out := make([]Semester, len(x.s.Semesters))
	for k, s := range x.s.Semesters {
		out[k] = Semester{Term: s.Term, Courses: slices.Clone(s.Courses)}
	}
	return out
}
