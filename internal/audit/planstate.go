package audit

import (
	"cmp"
	"slices"
)

// courseState is what the planner knows of one course. It answers by id what a search of the record and the tasks
// would.
type courseState struct {
	tasks uint8 // the plan's tasks of the course
	facts courseFacts
}

// courseFacts is a set of facts that do not change while a plan is made.
type courseFacts uint8

const (
	isRecorded   courseFacts = 1 << iota // the record has an attempt that is not incomplete
	isUsable                             // the record has one that is not below C- either
	isPast                               // the same for attempts that end before the plan begins
	isPastUsable                         //
	isPreferred                          // by the request, or planned in the record
	isAvoided                            // by the request
	isOwed                               // a deficiency
)

func (s courseState) has(fact courseFacts) bool { return s.facts&fact != 0 }

// readStates fills the states from the record and the wishes.
func (x *planner) readStates() {
	for i := range x.base {
		it := &x.base[i]
		id := it.id
		if it.filler { // it has the name of its pool, unless someone gave it that of a course
			if found, ok := x.book.findID(it.Code); ok {
				id = found
			}
		}
		if id < 0 || it.Status == Incomplete {
			continue
		}
		x.states[id].facts |= isRecorded
		if it.end < x.wishes.from {
			x.states[id].facts |= isPast
		}
		if !it.BelowCMinus || x.auditor.isWaived(CMinus, it.Code, "") {
			x.states[id].facts |= isUsable
			if it.end < x.wishes.from {
				x.states[id].facts |= isPastUsable
			}
		}
	}
	x.markCodes(x.wishes.prefer, isPreferred)
	x.markCodes(x.wishes.avoid, isAvoided)
	x.markCodes(x.record.Deficiencies, isOwed)
}

func (x *planner) markCodes(codes []string, fact courseFacts) {
	for _, code := range codes {
		if id, ok := x.book.findID(code); ok {
			x.states[id].facts |= fact
		}
	}
}

// addTask adds a task.
func (x *planner) addTask(a Attempt, at slot) {
	x.insertTask(planTask{attempt: a, item: x.book.newItem(a), fixed: at})
}

// addCourse adds a task without a term for a course of the catalogue.
func (x *planner) addCourse(id int32, retake bool) {
	c := &x.book.courses[id]
	a := Attempt{Code: c.code, Credits: c.credits, Status: Planned}
	it := emptyItem(a)
	it.id = id
	x.insertTask(planTask{attempt: a, item: it, fixed: never, retake: retake})
}

// insertTask adds a task, counts it for its course, and keeps the order of the items.
func (x *planner) insertTask(task planTask) {
	task.id = task.item.id
	if task.id >= 0 {
		x.states[task.id].tasks++
	}
	at, _ := slices.BinarySearchFunc(x.order, &task.item, func(i int, it *item) int {
		return cmp.Or(compareItems(&x.tasks[i].item, it), -1) // after its equals
	})
	x.order = slices.Insert(x.order, at, len(x.tasks))
	x.tasks = append(x.tasks, task)
}

// cutTasks removes the tasks and the faults from these indices on.
func (x *planner) cutTasks(tasks, faults int) {
	for i := tasks; i < len(x.tasks); i++ {
		if id := x.tasks[i].id; id >= 0 {
			x.states[id].tasks--
		}
	}
	x.tasks, x.faults = x.tasks[:tasks], x.faults[:faults]
	x.order = slices.DeleteFunc(x.order, func(i int) bool { return i >= tasks })
	if x.measured > tasks {
		x.measured = notMeasured
	}
}

// hasCourse reports whether the record, or the plan so far, has a course that is not incomplete.
func (x *planner) hasCourse(id int32) bool {
	return x.states[id].tasks > 0 || x.states[id].has(isRecorded)
}

// hasCode is hasCourse for a code, which may be unknown to the catalogue.
func (x *planner) hasCode(code string) bool {
	if id, ok := x.book.findID(code); ok {
		return x.hasCourse(id)
	}
	return slices.ContainsFunc(x.record.Attempts, func(a Attempt) bool { return a.Code == code && a.Status != Incomplete })
}

// isCovered reports whether the record or the plan has a course, or an equivalent of it.
func (x *planner) isCovered(id int32) bool {
	return x.hasCourse(id) || slices.ContainsFunc(x.book.courses[id].equivalents, x.hasCourse)
}

// isShut reports whether the student avoids a course, or a course of the record or the plan excludes it. Two courses
// that one pool requires do not exclude each other.
func (x *planner) isShut(id int32, pool int) bool {
	if x.states[id].has(isAvoided) {
		return true
	}
	if x.auditor.isWaived(Excluded, x.book.courses[id].code, "") {
		return false
	}
	shuts := func(other int32) bool {
		return other != id && x.hasCourse(other) && !x.book.isAbove(other, id) && !x.isRequiredTogether(other, pool)
	}
	for _, other := range x.book.courses[id].excludes {
		// A higher course of the plan comes after this one; one of the record came before it.
		ahead := x.states[other].tasks > 0 && x.book.isAbove(id, other)
		if !ahead && shuts(other) {
			return true
		}
	}
	return slices.ContainsFunc(x.book.courses[id].excludedBy, shuts)
}

// isRequiredTogether reports whether a pool without a choice lists a course.
func (x *planner) isRequiredTogether(id int32, pool int) bool {
	return pool >= 0 && x.pools[pool].needsAll && slices.ContainsFunc(x.places[id], func(at place) bool { return at.pool == pool })
}

// isPresumed reports whether admission stands for a course, and the student does not owe it.
func (x *planner) isPresumed(id int32) bool { return x.presumed[id] && !x.states[id].has(isOwed) }

// hasUsable reports whether the record or the plan has a course, or an equivalent, with a sufficient grade for
// another.
func (x *planner) hasUsable(id, other int32, code RemarkCode) bool {
	usable := func(c int32) bool {
		s := x.states[c]
		return s.tasks > 0 || s.has(isUsable) || s.has(isRecorded) && (code != Prerequisite || !x.isStrict(c, id))
	}
	return usable(other) || slices.ContainsFunc(x.book.courses[other].equivalents, usable)
}

// preference orders courses of which any would do.
func (x *planner) preference(id int32) uint8 {
	if x.states[id].has(isPreferred) {
		return 0
	}
	return x.rank[id]
}

// readRecord prepares the record for measurements with an auditor, and sums its credits before the plan.
func (x *planner) readRecord(a *auditor) {
	x.base = x.book.readItems(x.record.Attempts)
	x.auditor = a
	a.record = x.record
	a.setItems(x.base)
	for i := range a.items {
		if it := &a.items[i]; it.isLive() && !isWorkTerm(it.Code) && it.end < x.wishes.from {
			x.recordCredits += it.Credits
		}
	}
}

// measure returns the requirements with the plan so far. They hold until the plan changes.
func (x *planner) measure() (*auditor, []Requirement) {
	if x.measured == len(x.tasks) {
		return x.auditor, x.requirements
	}
	x.auditor.setItems(x.mergeItems())
	x.auditor.allocate(x.record.Pins)
	x.requirements, x.measured = x.auditor.measureRequirements(), len(x.tasks)
	return x.auditor, x.requirements
}

// countPlanned returns the planned credits with the plan so far, without finding out where each of them counts.
func (x *planner) countPlanned() Credits {
	x.auditor.setItems(x.mergeItems())
	x.measured = notMeasured
	return x.auditor.countPlanned(x.record.Pins)
}

// mergeItems returns the items of the record and of the tasks in order. They hold until the next call.
func (x *planner) mergeItems() []item {
	out, base := x.merged[:0], x.base
	for _, i := range x.order {
		it := &x.tasks[i].item
		for len(base) > 0 && compareItems(&base[0], it) <= 0 {
			out, base = append(out, base[0]), base[1:]
		}
		out = append(out, *it)
	}
	x.merged = append(out, base...)
	return x.merged
}
