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
	x.problem = plan.Problem{Terms: x.listRooms(), Before: int(x.creditsBefore())}
	ranks := x.rankBySequence()
	at := map[int32][]int{} // the tasks of a course
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
	r := *x.record
	a := x.Program.newAuditor(&r)
	sum := Credits(0)
	for i := range a.items {
		if it := &a.items[i]; it.isLive() && !isWorkTerm(it.Code) && it.end < x.wishes.from {
			sum += it.Credits
		}
	}
	for i := range x.tasks {
		if x.tasks[i].retake {
			sum -= x.tasks[i].attempt.Credits
		}
	}
	return max(0, sum)
}

// rankBySequence returns the positions of courses in the published sequence that contains most of the plan.
func (x *planner) rankBySequence() map[string]int {
	var best map[string]int
	most := 0
	for _, ranks := range x.book.ranks {
		n := 0
		for i := range x.tasks {
			if _, ok := ranks[x.tasks[i].attempt.Code]; ok {
				n++
			}
		}
		if n > most {
			best, most = ranks, n
		}
	}
	return best
}

func (x *planner) newTask(i int, at map[int32][]int, ranks map[string]int) plan.Task {
	task := &x.tasks[i]
	out := plan.Task{
		Name: task.attempt.Code, Credits: int(task.attempt.Credits), Rank: lateRank, Fixed: -1, Exempt: isWorkTerm(task.attempt.Code),
	}
	if rank, ok := ranks[task.attempt.Code]; ok {
		out.Rank = rank
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
		out.CreditsBefore = int(c.minCredits)
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
// closes may begin in any: the catalogue's list is a hint.
func (x *planner) listStarts(set seasons, fullYear bool) []bool {
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
	if !found && !fullYear {
		return x.listStarts(0, false)
	}
	return starts
}

// newNeed returns the part of a need that the record does not meet, and whether there is any.
func (x *planner) newNeed(id int32, n *need, at map[int32][]int, self int) (plan.Need, bool) {
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
		return slices.ContainsFunc(x.record.Attempts, func(a Attempt) bool {
			return a.Code == x.book.courses[c].code && a.Status != Incomplete && slotOf(a.Term.LastSeason()) < x.wishes.from &&
				(!a.BelowCMinus || code != Prerequisite || !x.isStrict(c, id))
		})
	}
	return has(other) || slices.ContainsFunc(x.book.courses[other].equivalents, has)
}
