package timeline

import (
	"maps"
	"slices"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/term"
)

// marks are all marks.
var marks = []Mark{MarkCompleted, MarkIncomplete, MarkTransferred, MarkExempted, MarkDeficient}

const marksSentence = "A mark is completed, incomplete, transferred, exempted or deficient."

// markCourse says how a sitting ended, or that a course counts, or is owed, without one.
func (x *changer) markCourse(c *Change) {
	isSitting := c.As == MarkCompleted || c.As == MarkIncomplete
	if c.Term != "" && !isSitting {
		x.addFault("term", "The mark %q is about the course, not about a term.", c.As)
		return
	}
	if isSitting {
		x.markSitting(c)
		return
	}
	code, ok := x.findCourse(c.Course)
	if !ok {
		return
	}
	switch c.As {
	case MarkTransferred:
		x.s.Exemptions = slices.DeleteFunc(slices.Clone(x.s.Exemptions), func(s string) bool { return s == code })
		x.s.States[code] = State{Status: Completed, Semester: x.s.States[code].Semester, Via: ViaTransfer}
	case MarkExempted:
		if x.hasRoom(x.s.Exemptions) {
			x.restoreState(code, ViaTransfer)
			x.s.Exemptions = uniqueCodes(append(slices.Clone(x.s.Exemptions), code))
		}
	case MarkDeficient:
		if x.hasRoom(x.s.Deficiencies) {
			x.s.Deficiencies = uniqueCodes(append(slices.Clone(x.s.Deficiencies), code))
		}
	default:
		x.addFault("as", marksSentence)
	}
}

// hasRoom reports whether a list of marked courses may grow.
func (x *changer) hasRoom(codes []string) bool {
	if len(codes) < maxMarked {
		return true
	}
	x.addFault("course", "At most %d courses.", maxMarked)
	return false
}

// markSitting says how a sitting ended. A completed course without a term is put into the one that is
// named, which has begun.
func (x *changer) markSitting(c *Change) {
	code, ok := x.findCourse(c.Course)
	if !ok {
		return
	}
	if c.As == MarkCompleted && c.Term != "" {
		t, k, ok := x.findTerm("term", c.Term)
		switch {
		case !ok:
			return
		case t.PositionAt(x.now) == term.Future:
			x.addFault("term", "%s is still to come: nothing is completed in it.", t.UpperLabel())
			return
		case !hasSitting(x.s.Semesters[k], code) && !x.addSitting(k, Sitting{Code: code}):
			return
		}
	}
	k, _, ok := x.findSitting(c, "term", c.Term)
	if !ok {
		return
	}
	label := x.s.Semesters[k].Term
	state := State{Status: Completed, Semester: &label, Via: x.s.States[code].Via}
	switch {
	case termOf(&label).PositionAt(x.now) == term.Future && c.As == MarkCompleted:
		x.addFault("course", "%s is in %s, which is still to come.", code, label)
		return
	case c.As == MarkIncomplete && state.Via != "":
		x.addFault("course", "%s counts as %s. Take that back first.", code, viaWords[state.Via])
		return
	case c.As == MarkIncomplete:
		state = State{Status: Incomplete, Semester: &label}
	}
	x.s.setState(code, state, true)
}

// viaWords are the marks for the ways in which a course counts without being sat.
var viaWords = map[string]Mark{ViaTransfer: MarkTransferred, ViaExemption: MarkExempted}

// unmarkCourse takes a mark back.
func (x *changer) unmarkCourse(c *Change) {
	code, ok := x.findCourse(c.Course)
	if !ok {
		return
	}
	is := func(s string) bool { return s == code }
	switch c.As {
	case MarkTransferred:
		if x.s.States[code].Via == ViaTransfer {
			x.restoreState(code, ViaTransfer)
			return
		}
	case MarkExempted:
		if slices.Contains(x.s.Exemptions, code) {
			x.s.Exemptions = slices.DeleteFunc(slices.Clone(x.s.Exemptions), is)
			x.restoreState(code, ViaExemption)
			return
		}
	case MarkDeficient:
		if slices.Contains(x.s.Deficiencies, code) {
			x.s.Deficiencies = slices.DeleteFunc(slices.Clone(x.s.Deficiencies), is)
			return
		}
	default:
		x.addFault("as", "What can be taken back is transferred, exempted or deficient.")
		return
	}
	x.addFault("course", "%s is not marked as %s.", code, c.As)
}

// restoreState gives a course that counted in a way without being sat the state of its sittings.
func (x *changer) restoreState(code, via string) {
	if x.s.States[code].Via == via {
		x.s.restoreState(code, x.now)
	}
}

// pinCourse puts a course into a requirement that lists it, or lists an equivalent of it.
func (x *changer) pinCourse(c *Change) {
	code, ok := x.findCourse(c.Course)
	switch {
	case !ok:
	case !x.checkPin("pool", code, c.Pool):
	case len(x.s.Pins) >= maxMarked:
		x.addFault("course", "At most %d courses.", maxMarked)
	default:
		pins := make(map[string]string, len(x.s.Pins)+1)
		maps.Copy(pins, x.s.Pins)
		pins[code] = c.Pool
		x.s.Pins = pins
	}
}

// checkPin reports whether a requirement of the degree lists a course, or an equivalent of it.
func (x *changer) checkPin(field, code, pool string) bool {
	switch {
	case !slices.Contains(x.program.degree.CoursePools, pool):
		x.addFault(field, "The degree has no such requirement.")
	case !x.program.audit.ListsCourse(pool, code):
		x.addFault(field, "This requirement does not list %s.", code)
	default:
		return true
	}
	return false
}

func (x *changer) unpinCourse(c *Change) {
	code := catalogue.NormalizeCode(c.Course)
	if _, pinned := x.s.Pins[code]; !pinned {
		x.addFault("course", "This course is not pinned.")
		return
	}
	x.s.Pins = maps.Clone(x.s.Pins)
	delete(x.s.Pins, code)
}

// readWaiver reads the remark that a change names.
func (x *changer) readWaiver(c *Change) (audit.Waiver, bool) {
	w := toCanonicalWaiver(audit.Waiver{Code: c.Code, Course: c.Course, Pool: c.Pool, Term: c.Term, Reason: c.Reason})
	known := slices.Contains(audit.RemarkCodes(), c.Code)
	if !known {
		x.addFault("code", "There is no such remark.")
	}
	switch {
	case !w.HasOneTarget():
		x.addFault("course", WaiverSentence)
		return w, false
	case w.Term != "":
		if _, ok := x.parseTerm("term", w.Term); !ok {
			return w, false
		}
	}
	return w, known
}

// findWaiver returns the place of the waiver of a remark, -1 for none.
func (x *changer) findWaiver(w audit.Waiver) int {
	return slices.IndexFunc(x.s.Waivers, hasTarget(w))
}

// waiveRemark lifts a remark. Whether there is one shows when the timeline is built.
func (x *changer) waiveRemark(c *Change) {
	w, ok := x.readWaiver(c)
	if !ok {
		return
	}
	x.s.Waivers = slices.Clone(x.s.Waivers)
	if i := x.findWaiver(w); i >= 0 {
		x.s.Waivers[i] = w
		return
	}
	if !x.hasRoom(make([]string, len(x.s.Waivers))) {
		return
	}
	x.s.Waivers = append(x.s.Waivers, w)
	x.waived = append(x.waived, claimedWaiver{x.path, w})
}

func (x *changer) unwaiveRemark(c *Change) {
	w, ok := x.readWaiver(c)
	if !ok {
		return
	}
	i := x.findWaiver(w)
	if i < 0 {
		x.addFault("code", "This remark is not waived.")
		return
	}
	x.s.Waivers = slices.Delete(slices.Clone(x.s.Waivers), i, i+1)
	x.waived = slices.DeleteFunc(x.waived, func(have claimedWaiver) bool { return hasTarget(w)(have.waiver) })
}
