package audit

import (
	"slices"

	"github.com/trackmydegree/trackmydegree/internal/audit/plan"
	"github.com/trackmydegree/trackmydegree/internal/term"
)

// lateRank places courses without a published place after all others.
const lateRank = 1000

// buildProblem turns the tasks into a problem of terms.
func (x *planner) buildProblem() {
	x.problem = plan.Problem{Terms: x.listRooms(), Before: int(x.creditsBefore()), Tasks: make([]plan.Task, 0, len(x.tasks))}
	ranks := x.rankBySequence()
	at := make(map[int32][]int, len(x.tasks)) // the tasks of a course
	for i := range x.tasks {
		if id := x.tasks[i].id; id >= 0 {
			at[id] = append(at[id], i)
			for _, other := range x.book.courses[id].equivalents {
				at[other] = append(at[other], i)
			}
		}
	}
	for i := range x.tasks {
		x.problem.Tasks = append(x.problem.Tasks, x.newTask(i, at, ranks))
	}
}

// listRooms returns the room of each term, in credits, without the courses in progress.
func (x *planner) listRooms() []plan.Term {
	terms := make([]plan.Term, planTerms)
	for t := range terms {
		if !x.wishes.isClosed(x.wishes.from + slot(t)) {
			terms[t].Room = int(x.wishes.load)
		}
	}
	closeTerm := func(at slot) {
		if t := int(at - x.wishes.from); t >= 0 && t < len(terms) {
			terms[t].Room = 0
		}
	}
	for _, t := range x.record.WorkTerms {
		closeTerm(slotOf(t))
	}
	for i := range x.tasks {
		if isWorkTerm(x.tasks[i].attempt.Code) && x.tasks[i].fixed != never {
			closeTerm(x.tasks[i].fixed)
		}
	}
	for _, a := range x.record.Attempts {
		begin, end := slotOf(a.Term.FirstSeason()), slotOf(a.Term.LastSeason())
		if t := int(end - x.wishes.from); t >= 0 && t < len(terms) && end > begin && a.Status != Incomplete && a.Status != Completed {
			terms[t].Room = max(0, terms[t].Room-int(a.Credits/2))
		}
	}
	return terms
}

// creditsBefore returns the credits of the record before the plan; a repeated course counts with its new attempt.
func (x *planner) creditsBefore() Credits {
	sum := x.recordCredits
	for i := range x.tasks {
		if x.tasks[i].retake {
			sum -= x.tasks[i].attempt.Credits
		}
	}
	return max(0, sum)
}

// rankBySequence returns the positions of courses in the published sequence that contains most of the plan, nil
// without one.
func (x *planner) rankBySequence() []int16 {
	var best []int16
	most := 0
	for _, ranks := range x.book.ranks {
		n := 0
		for i := range x.tasks {
			if id := x.tasks[i].id; id >= 0 && ranks[id] > 0 {
				n++
			}
		}
		if n > most {
			best, most = ranks, n
		}
	}
	return best
}

func (x *planner) newTask(i int, at map[int32][]int, ranks []int16) plan.Task {
	task := &x.tasks[i]
	out := plan.Task{
		Name: task.attempt.Code, Credits: int(task.attempt.Credits), Rank: lateRank, Fixed: -1, Exempt: isWorkTerm(task.attempt.Code),
	}
	if task.id >= 0 && ranks != nil && ranks[task.id] > 0 {
		out.Rank = int(ranks[task.id]) - 1
	}
	if task.fixed != never {
		out.Fixed = int(task.fixed - x.wishes.from)
		out.FullYear = task.attempt.Term.IsFullYear()
	}
	set := seasons(0)
	if task.id >= 0 {
		c := &x.book.courses[task.id]
		if set = c.seasons; set != 0 {
			set |= c.published
		}
		if task.fixed == never {
			out.FullYear = c.seasons&inFullYear != 0 && c.seasons&(inFall|inWinter|inSummer) == 0
		}
		if !x.auditor.isWaived(CreditsBefore, c.code, "") {
			out.CreditsBefore = int(c.minCredits)
		}
		for n := range c.needs {
			if need, ok := x.newNeed(task.id, &c.needs[n], at, i); ok {
				out.Needs = append(out.Needs, need)
			}
		}
	}
	out.Starts = x.listStarts(set, out.FullYear)
	return out
}

// listStarts returns the terms in which a course may begin. A course that is offered only in terms that the request
// closes may begin in any: the catalogue's list is a hint. Courses with the same seasons share the list.
func (x *planner) listStarts(set seasons, fullYear bool) []bool {
	known := &x.starts[set]
	if fullYear {
		known = &x.fullYearStarts
	}
	if *known != nil {
		return *known
	}
	starts := make([]bool, planTerms)
	found := false
	for t := range starts {
		at := (x.wishes.from + slot(t)).toTerm()
		open := x.problem.Terms[t].Room > 0
		if fullYear {
			starts[t] = open && at.Season == term.Fall && t+1 < planTerms && x.problem.Terms[t+1].Room > 0
		} else {
			starts[t] = open && set.hasTerm(at)
		}
		found = found || starts[t]
	}
	if !found && !fullYear && set != 0 {
		starts = x.listStarts(0, false)
	}
	*known = starts
	return starts
}

// newNeed returns the part of a need that the record does not meet, and whether there is any.
func (x *planner) newNeed(id int32, n *need, at map[int32][]int, self int) (plan.Need, bool) {
	if x.isNeedWaived(id, n) {
		return plan.Need{}, false
	}
	out := plan.Need{Count: min(n.count, len(n.list)), Together: n.code != Prerequisite}
	for _, other := range n.list {
		if x.isMetByRecord(id, other, n.code) {
			out.Count--
			continue
		}
		for _, i := range at[other] {
			if i != self && !slices.Contains(out.Tasks, i) {
				out.Tasks = append(out.Tasks, i)
			}
		}
	}
	if out.Count <= 0 || len(out.Tasks) < out.Count && x.isOutside(id, n) {
		return plan.Need{}, false
	}
	return out, true
}

// isMetByRecord reports whether the record, or admission, provides a course before the plan begins.
func (x *planner) isMetByRecord(id, other int32, code RemarkCode) bool {
	if x.isPresumed(other) {
		return true
	}
	has := func(c int32) bool {
		s := x.states[c]
		return s.has(isPastUsable) || s.has(isPast) && (code != Prerequisite || !x.isStrict(c, id))
	}
	return has(other) || slices.ContainsFunc(x.book.courses[other].equivalents, has)
}
