package audit

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/term"
)

// selectCourses chooses the courses of the plan: those without a choice, their prerequisites, the preferred electives
// as far as they count, the smallest set for each minimum, and placeholders for the rest.
func (x *planner) selectCourses() {
	x.addRequired()
	for _, code := range x.record.Deficiencies {
		if id, ok := x.book.findID(code); ok && !x.hasCourse(code) {
			x.addCourse(id)
		}
	}
	x.addPrerequisites()
	x.addPreferred()
	x.addMinima()
	x.addPlaceholders()
}

func (x *planner) addCourse(id int32) {
	c := &x.book.courses[id]
	x.addTask(Attempt{Code: c.code, Credits: c.credits, Status: Planned}, never, false)
}

// addRequired adds the courses of the pools without a choice. From a set with a limited number it prefers courses
// that already count, then preferred ones, then those of the published sequence, then the first.
func (x *planner) addRequired() {
	for k := range x.pools {
		p := &x.pools[k]
		if !p.needsAll {
			continue
		}
		ids := slices.Clone(p.ids)
		slices.SortStableFunc(ids, func(i, j int32) int {
			return cmp.Or(cmp.Compare(x.preference(i), x.preference(j)), cmp.Compare(x.book.courses[i].code, x.book.courses[j].code))
		})
		taken := make([]int, len(p.limits))
		count := func(id int32) {
			for l := range p.limits {
				if p.limits[l].set[id] {
					taken[l]++
				}
			}
		}
		for _, id := range ids {
			if x.isCovered(id) {
				count(id)
			}
		}
		for _, id := range ids {
			full := false
			for l := range p.limits {
				full = full || p.limits[l].courses && !p.limits[l].isMin && p.limits[l].set[id] && taken[l] >= p.limits[l].n
			}
			if !full && !x.isCovered(id) && !x.isShut(id, k) {
				x.addCourse(id)
				count(id)
			}
		}
	}
}

// isCovered reports whether the record or the plan has a course, or an equivalent of it.
func (x *planner) isCovered(id int32) bool {
	if x.hasCourse(x.book.courses[id].code) {
		return true
	}
	return slices.ContainsFunc(x.book.courses[id].equivalents, func(other int32) bool { return x.hasCourse(x.book.courses[other].code) })
}

// isShut reports whether the student avoids a course, or a course of the record or the plan excludes it. Two courses
// that one pool requires do not exclude each other.
func (x *planner) isShut(id int32, pool int) bool {
	code := x.book.courses[id].code
	if slices.Contains(x.wishes.avoid, code) {
		return true
	}
	shuts := func(other int32) bool {
		together := pool >= 0 && x.pools[pool].needsAll && slices.ContainsFunc(x.places[other], func(at place) bool { return at.pool == pool })
		return !together && other != id && !x.book.isAbove(other, id) && x.hasCourse(x.book.courses[other].code)
	}
	for _, other := range x.book.courses[id].excludes {
		// A higher course of the plan comes after this one; one of the record came before it.
		ahead := x.book.isAbove(id, other) && slices.ContainsFunc(x.tasks, func(t planTask) bool { return t.id == other })
		if !ahead && shuts(other) {
			return true
		}
	}
	excludes := func(other int32) bool {
		return slices.Contains(x.book.courses[other].excludes, id) && shuts(other)
	}
	for i := range x.tasks {
		if other := x.tasks[i].id; other >= 0 && excludes(other) {
			return true
		}
	}
	return slices.ContainsFunc(x.record.Attempts, func(a Attempt) bool {
		other, ok := x.book.findID(a.Code)
		return ok && a.Status != Incomplete && excludes(other)
	})
}

// preference orders courses of which any would do.
func (x *planner) preference(id int32) int {
	code := x.book.courses[id].code
	switch {
	case slices.Contains(x.wishes.prefer, code):
		return 0
	case x.book.courses[id].rank > 0:
		return 1
	case x.needed[id]:
		return 2
	case x.specific[id]:
		return 3
	case x.listed[id]:
		return 4
	}
	return 5
}

// addPrerequisites adds the prerequisites of the plan's courses that are not met.
func (x *planner) addPrerequisites() {
	for i := 0; i < len(x.tasks); i++ {
		id := x.tasks[i].id
		if id < 0 {
			continue
		}
		for n := range x.book.courses[id].needs {
			x.meetNeed(id, &x.book.courses[id].needs[n])
		}
	}
}

// meetNeed adds courses until a need can be met.
func (x *planner) meetNeed(id int32, n *need) {
	missing := min(n.count, len(n.list))
	var open []int32
	for _, other := range n.list {
		switch {
		case x.hasUsable(id, other, n.code), x.isPresumed(other):
			missing--
		case x.mayTake(id, other):
			open = append(open, other)
		}
	}
	if missing <= 0 || x.isOutside(id, n) {
		return
	}
	if len(open) < missing {
		code := x.book.courses[id].code
		if i := slices.Index(x.wishes.prefer, code); i >= 0 && !x.needed[id] {
			return // it is removed later
		}
		x.faults = append(x.faults, fault.Field{Path: "avoid", Message: fmt.Sprintf("%s asks for a course that is avoided, excluded or unknown: %s.", code, phraseList(x.codesOf(n.list), n.count))})
		return
	}
	if len(open) > missing {
		x.sortOptions(open)
	}
	for _, other := range open[:missing] {
		c := &x.book.courses[other]
		x.addTask(Attempt{Code: c.code, Credits: c.credits, Status: Planned}, never, x.hasCourse(c.code))
	}
}

// sortOptions orders courses of which any would do: first those that can be taken, then preferred ones, then a course
// that only has to be repeated, then by preference.
func (x *planner) sortOptions(ids []int32) {
	type option struct {
		isShut     bool
		preference int
	}
	options := make(map[int32]option, len(ids))
	for _, id := range ids {
		o := option{isShut: !x.canBegin(id, nil), preference: x.preference(id)}
		if o.preference > 0 && x.hasCourse(x.book.courses[id].code) {
			o.preference = 1
		} else if o.preference > 0 {
			o.preference++
		}
		options[id] = o
	}
	slices.SortStableFunc(ids, func(i, j int32) int {
		a, b := options[i], options[j]
		return cmp.Or(compareBool(a.isShut, b.isShut), cmp.Compare(a.preference, b.preference), cmp.Compare(x.book.courses[i].code, x.book.courses[j].code))
	})
}

// canBegin reports whether the record, the plan and courses that may still be added meet the prerequisites of a
// course. path holds the courses that led to it.
func (x *planner) canBegin(id int32, path []int32) bool {
	path = append(path[:len(path):len(path)], id)
	for n := range x.book.courses[id].needs {
		need := &x.book.courses[id].needs[n]
		missing := min(need.count, len(need.list))
		for _, other := range need.list {
			if x.hasUsable(id, other, need.code) || x.isPresumed(other) ||
				!slices.Contains(path, other) && x.book.courses[other].known && x.mayTake(id, other) && x.canBegin(other, path) {
				missing--
			}
		}
		if missing > 0 && !x.isOutside(id, need) {
			return false
		}
	}
	return true
}

// isPresumed reports whether admission stands for a course, and the student does not owe it.
func (x *planner) isPresumed(id int32) bool {
	return x.presumed[id] && !slices.Contains(x.record.Deficiencies, x.book.courses[id].code)
}

// mayTake reports whether a prerequisite of a course can be taken, or taken again.
func (x *planner) mayTake(id, prerequisite int32) bool {
	c := &x.book.courses[prerequisite]
	return x.hasCourse(c.code) || c.known && !x.isShut(prerequisite, x.sharedPool(id, prerequisite))
}

// sharedPool returns a pool that lists two courses, -1 for none.
func (x *planner) sharedPool(id, other int32) int {
	for _, at := range x.places[id] {
		if slices.ContainsFunc(x.places[other], func(o place) bool { return o.pool == at.pool }) {
			return at.pool
		}
	}
	return -1
}

func (x *planner) codesOf(ids []int32) []string {
	codes := make([]string, 0, len(ids))
	for _, id := range ids {
		codes = append(codes, x.book.courses[id].code)
	}
	return codes
}

// isOutside reports whether no course of a need belongs to the degree, so that the audit only warns of it.
func (p *Program) isOutside(id int32, n *need) bool {
	return !slices.ContainsFunc(n.list, func(other int32) bool {
		return p.listed[other] || !p.needed[id] && !isIntroductory(p.book.courses[other].code)
	})
}

// hasUsable reports whether the record or the plan has a course, or an equivalent, with a sufficient grade for
// another.
func (x *planner) hasUsable(id, other int32, code RemarkCode) bool {
	usable := func(c int32) bool {
		if slices.ContainsFunc(x.tasks, func(t planTask) bool { return t.id == c }) {
			return true
		}
		return slices.ContainsFunc(x.record.Attempts, func(a Attempt) bool {
			return a.Code == x.book.courses[c].code && a.Status != Incomplete && (!a.BelowCMinus || code != Prerequisite || !x.isStrict(c, id))
		})
	}
	return usable(other) || slices.ContainsFunc(x.book.courses[other].equivalents, usable)
}

// measure returns the requirements with the plan so far.
func (x *planner) measure() (*auditor, []Requirement) {
	r := x.fullRecord()
	a := x.Program.newAuditor(&r)
	a.allocate(r.Pins)
	return a, a.measureRequirements()
}

// addPreferred adds the preferred electives that count in the degree, and their prerequisites.
func (x *planner) addPreferred() {
	var before *Totals // of the plan without this course
	for _, code := range x.wishes.prefer {
		id, ok := x.book.findID(code)
		if !ok || x.isCovered(id) || x.isShut(id, -1) || !x.listed[id] || isWorkTerm(code) {
			continue
		}
		if before == nil {
			a, _ := x.measure()
			before = &a.total
		}
		tasks, faults := len(x.tasks), len(x.faults)
		x.addCourse(id)
		x.addPrerequisites()
		after, _ := x.measure()
		if gain := after.total.Planned - before.Planned; gain <= 0 || len(x.faults) > faults || gain < x.creditsFrom(tasks)/2 {
			x.tasks, x.faults = x.tasks[:tasks], x.faults[:faults]
			continue
		}
		before = &after.total
	}
}

// creditsFrom returns the credits of the tasks from an index on.
func (x *planner) creditsFrom(i int) Credits {
	sum := Credits(0)
	for ; i < len(x.tasks); i++ {
		sum += x.tasks[i].attempt.Credits
	}
	return sum
}

// addMinima chooses courses for the minima of requirements, first those with the fewest missing prerequisites.
func (x *planner) addMinima() {
	for k := range x.pools {
		for l := range x.pools[k].limits {
			limit := &x.pools[k].limits[l]
			if !limit.isMin || x.isMinimumWaived(k) {
				continue
			}
			x.addMinimum(k, limit)
		}
	}
}

func (x *planner) isMinimumWaived(k int) bool {
	a := auditor{record: x.record}
	return a.isWaived(SetMinimum, "", x.pools[k].id)
}

func (x *planner) addMinimum(k int, limit *limit) {
	var ids []int32
	for _, id := range x.pools[k].ids {
		if limit.set[id] && !x.isCovered(id) && !x.isShut(id, k) {
			ids = append(ids, id)
		}
	}
	cost := map[int32]int{}
	for _, id := range ids {
		tasks, faults := len(x.tasks), len(x.faults)
		x.addCourse(id)
		x.addPrerequisites()
		cost[id] = len(x.tasks) - tasks + 1000*(len(x.faults)-faults)
		x.tasks, x.faults = x.tasks[:tasks], x.faults[:faults]
	}
	slices.SortFunc(ids, func(i, j int32) int {
		return cmp.Or(cmp.Compare(x.preference(i), x.preference(j)), cmp.Compare(cost[i], cost[j]), cmp.Compare(x.book.courses[i].code, x.book.courses[j].code))
	})
	for _, id := range ids {
		a, requirements := x.measure()
		if limit.missing(a, &requirements[k], Planned) == 0 {
			return
		}
		x.addCourse(id)
		x.addPrerequisites()
	}
}

// addPlaceholders adds placeholders for what the requirements lack.
func (x *planner) addPlaceholders() {
	_, requirements := x.measure()
	for r := range requirements {
		requirement := &requirements[r]
		if requirement.ID == deficienciesID {
			continue
		}
		size, pool := placeholderCredits, requirement.ID
		if k := x.findPool(requirement.ID); k >= 0 {
			size = x.typicalCredits(k)
		} else {
			pool = ""
		}
		for left := requirement.Remaining; left > 0; left -= size {
			x.addTask(Placeholder(requirement.Name, pool, min(size, left), term.Term{}), never, false)
		}
	}
}

// typicalCredits returns the most frequent number of credits of a pool's courses.
func (x *planner) typicalCredits(k int) Credits {
	count := map[Credits]int{}
	best := placeholderCredits
	for _, id := range x.pools[k].ids {
		count[x.book.courses[id].credits]++
	}
	for credits, n := range count {
		if credits > 0 && (n > count[best] || n == count[best] && credits < best) {
			best = credits
		}
	}
	return best
}
