package timeline

import (
	"slices"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/term"
)

// placeCourse plans a course, or a placeholder for one of a pool, in a term that is not over.
func (x *changer) placeCourse(c *Change) {
	name, message := strings.TrimSpace(c.Course), placeholder
	known := isPlaceholder(name) && !catalogue.IsCode(catalogue.NormalizeCode(name))
	if !known {
		name, known = x.findCourse(c.Course)
		message = ""
	}
	t, k, ok := x.findTerm("term", c.Term)
	switch {
	case !known || !ok:
	case t.PositionAt(x.now) == term.Past:
		x.addFault("term", "%s is over. Mark the course as completed there, or as transferred.", t.UpperLabel())
	case message == "" && hasSitting(x.s.Semesters[k], name):
		x.addFault("course", "%s is already in %s.", name, t.UpperLabel())
	case message == "" && c.Pool != "":
		x.addFault("pool", "%s is a course; pin it to count in a requirement of your choice.", name)
	case c.Pool != "" && c.Pool != audit.OtherCreditsID && !slices.Contains(x.program.degree.CoursePools, c.Pool):
		x.addFault("pool", "The degree has no such requirement.")
	default:
		x.addSitting(k, Sitting{Code: name, Pool: c.Pool, Message: message})
	}
}

func hasSitting(s Semester, code string) bool { return slices.ContainsFunc(s.Courses, hasCode(code)) }

// addSitting adds a sitting to the k-th term, and reports whether there is room.
func (x *changer) addSitting(k int, s Sitting) bool {
	if len(x.s.Semesters[k].Courses) >= maxTermCourses {
		x.addFault("course", "At most %d courses in a term.", maxTermCourses)
		return false
	}
	semesters := x.copyTerms()
	semesters[k].Courses = append(semesters[k].Courses, s)
	x.setTerms(semesters)
	return true
}

// findSitting returns the term, and the place in it, of the one sitting that a change is about. Field names the field
// with the term, which may be empty if the course is in one term only.
func (x *changer) findSitting(c *Change, field, value string) (k, i int, ok bool) {
	name := canonicalCode(c.Course)
	if value != "" {
		t, k, ok := x.findTerm(field, value)
		if !ok {
			return 0, 0, false
		}
		if i = lastSitting(x.s.Semesters[k], name); i < 0 {
			x.addFault(field, "%s is not in %s.", name, t.UpperLabel())
		}
		return k, i, i >= 0
	}
	var labels []string
	for at, s := range x.s.Semesters {
		if last := lastSitting(s, name); last >= 0 {
			k, i = at, last
			labels = append(labels, s.Term)
		}
	}
	switch len(labels) {
	case 0:
		x.addFault("course", "%s is in no term.", name)
	case 1:
		return k, i, true
	default:
		x.addFault(field, "%s is in %s. Name one of them.", name, strings.Join(labels, ", "))
	}
	return 0, 0, false
}

// lastSitting returns the place of the last sitting of a course in a term, -1 for none.
func lastSitting(s Semester, code string) int {
	for i, sitting := range slices.Backward(s.Courses) {
		if sitting.Code == code {
			return i
		}
	}
	return -1
}

// moveCourse moves a sitting to another term.
func (x *changer) moveCourse(c *Change) {
	to, target, known := x.findTerm("to", c.To)
	k, i, ok := x.findSitting(c, "from", c.From)
	if !known || !ok {
		return
	}
	sitting, from := x.s.Semesters[k].Courses[i], termOf(&x.s.Semesters[k].Term)
	switch {
	case hasCourseTwice(x.s.Semesters[target], &sitting):
		x.addFault("to", "%s is already in %s.", sitting.Code, to.UpperLabel())
	case len(x.s.Semesters[target].Courses) >= maxTermCourses:
		x.addFault("to", "At most %d courses in a term.", maxTermCourses)
	case x.mayMove("to", &sitting, from, to):
		semesters := x.copyTerms()
		semesters[k].Courses = slices.Delete(semesters[k].Courses, i, i+1)
		x.carryState(&sitting, from, to)
		semesters[target].Courses = append(semesters[target].Courses, sitting)
		x.setTerms(semesters)
	}
}

// hasCourseTwice reports whether a sitting would be in a term a second time; placeholders may.
func hasCourseTwice(s Semester, sitting *Sitting) bool {
	return sitting.Message != placeholder && hasSitting(s, sitting.Code)
}

// removeCourse takes one sitting out. Its course is to be taken, unless another sitting or a mark stands for it.
func (x *changer) removeCourse(c *Change) {
	if k, i, ok := x.findSitting(c, "term", c.Term); ok {
		semesters := x.copyTerms()
		semesters[k].Courses = slices.Delete(semesters[k].Courses, i, i+1)
		x.setTerms(semesters)
	}
}
