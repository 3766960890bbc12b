package audit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/term"
)

// selectCourses chooses the courses of the plan: those without a choice, their prerequisites, the preferred electives
// as far as they count, the smallest set for each minimum, and placeholders for the rest.
func (x *planner) selectCourses() {
	x.addRequired()
	for _, code := range x.record.Deficiencies {
		if id, ok := x.book.findID(code); ok && !x.hasCourse(id) {
			x.addCourse(id, false)
		}
	}
	x.addPrerequisites()
	x.addPreferred()
	x.addMinima()
	x.addPlaceholders()
}

// addRequired adds the courses of the pools without a choice. From a set with a limited number it prefers courses
// that already count, then preferred ones, then those of the published sequence, then the first.
func (x *planner) addRequired() {
	for k := range x.pools {
		p := &x.pools[k]
		if !p.needsAll {
			continue
		}
		ids := slices.Clone(p.byCode)
		slices.SortStableFunc(ids, func(i, j int32) int { return cmp.Compare(x.preference(i), x.preference(j)) })
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
				x.addCourse(id, false)
				count(id)
			}
		}
	}
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
	if x.isNeedWaived(id, n) {
		return
	}
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
		if !x.states[id].has(isPreferred) || x.needed[id] { // a preferred elective is removed later
			x.faults = append(x.faults, fault.Field{Path: "avoid", Message: fmt.Sprintf("%s asks for a course that is avoided, excluded or unknown: %s.",
				x.book.courses[id].code, phraseList(x.codesOf(n.list), n.count))})
		}
		return
	}
	if len(open) > missing {
		x.sortOptions(open)
	}
	for _, other := range open[:missing] {
		x.addCourse(other, x.hasCourse(other))
	}
}

// sortOptions orders courses of which any would do: first those that can be taken, then preferred ones, then a course
// that only has to be repeated, then by preference.
func (x *planner) sortOptions(ids []int32) {
	type option struct {
		id         int32
		isShut     bool
		preference uint8
	}
	options := make([]option, 0, len(ids))
	for _, id := range ids {
		o := option{id: id, isShut: !x.canBegin(id, nil), preference: x.preference(id)}
		if o.preference > 0 && x.hasCourse(id) {
			o.preference = 1
		} else if o.preference > 0 {
			o.preference++
		}
		options = append(options, o)
	}
	slices.SortStableFunc(options, func(a, b option) int {
		if d := cmp.Or(compareBool(a.isShut, b.isShut), cmp.Compare(a.preference, b.preference)); d != 0 {
			return d
		}
		return strings.Compare(x.book.courses[a.id].code, x.book.courses[b.id].code)
	})
	for i := range options {
		ids[i] = options[i].id
	}
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
		if missing > 0 && !x.isOutside(id, need) && !x.isNeedWaived(id, need) {
			return false
		}
	}
	return true
}

// mayTake reports whether a prerequisite of a course can be taken, or taken again.
func (x *planner) mayTake(id, prerequisite int32) bool {
	return x.hasCourse(prerequisite) || x.book.courses[prerequisite].known && !x.isShut(prerequisite, x.sharedPool(id, prerequisite))
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

// addPreferred adds the preferred electives that count in the degree, and their prerequisites.
func (x *planner) addPreferred() {
	before := Credits(-1) // the planned credits without this course
	for _, code := range x.wishes.prefer {
		id, ok := x.book.findID(code)
		if !ok || x.isCovered(id) || x.isShut(id, -1) || !x.listed[id] || isWorkTerm(code) {
			continue
		}
		if before < 0 {
			before = x.countPlanned()
		}
		tasks, faults := len(x.tasks), len(x.faults)
		x.addCourse(id, false)
		x.addPrerequisites()
		after := x.countPlanned()
		if gain := after - before; gain <= 0 || len(x.faults) > faults || gain < x.creditsFrom(tasks)/2 {
			x.cutTasks(tasks, faults)
			continue
		}
		before = after
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
	return x.auditor.isWaived(SetMinimum, "", x.pools[k].id)
}

// isNeedWaived reports whether the student waived a prerequisite or corequisite of a course: it counts as met.
func (x *planner) isNeedWaived(id int32, n *need) bool {
	return x.auditor.isWaived(n.code, x.book.courses[id].code, "")
}

func (x *planner) addMinimum(k int, limit *limit) {
	var ids []int32
	for _, id := range x.pools[k].byCode {
		if limit.set[id] && !x.isCovered(id) && !x.isShut(id, k) {
			ids = append(ids, id)
		}
	}
	cost := map[int32]int{}
	for _, id := range ids {
		tasks, faults := len(x.tasks), len(x.faults)
		x.addCourse(id, false)
		x.addPrerequisites()
		cost[id] = len(x.tasks) - tasks + 1000*(len(x.faults)-faults)
		x.cutTasks(tasks, faults)
	}
	slices.SortStableFunc(ids, func(i, j int32) int {
		return cmp.Or(cmp.Compare(x.preference(i), x.preference(j)), cmp.Compare(cost[i], cost[j]))
	})
	for _, id := range ids {
		a, requirements := x.measure()
		if limit.missing(a, &requirements[k], Planned) == 0 {
			return
		}
		x.addCourse(id, false)
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
			size = x.pools[k].typical
		} else {
			pool = ""
		}
		for left := requirement.Remaining; left > 0; left -= size {
			x.addTask(Placeholder(requirement.Name, pool, min(size, left), term.Term{}), never)
		}
	}
}
