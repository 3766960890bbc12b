package audit

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/trackmydegree/trackmydegree/internal/audit/plan"
)

// describe turns the schedule into terms and sentences.
func (x *planner) describe() *Plan {
	out := &Plan{
		Optimal: x.schedule.Optimal, Length: x.schedule.Last + 1, Bound: x.schedule.Bound + 1, CriticalChain: []string{}, Terms: []PlannedTerm{},
	}
	critical := x.findCritical()
	terms := map[slot]*PlannedTerm{}
	order := make([]int, len(x.tasks))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		return cmp.Or(cmp.Compare(x.schedule.Start[i], x.schedule.Start[j]), compareBool(x.problem.Tasks[i].FullYear, x.problem.Tasks[j].FullYear),
			compareBool(x.tasks[i].attempt.IsPlaceholder, x.tasks[j].attempt.IsPlaceholder), cmp.Compare(x.tasks[i].attempt.Code, x.tasks[j].attempt.Code))
	})
	var slots []slot
	for _, i := range order {
		task := &x.tasks[i]
		at := slotOf(task.attempt.Term.FirstSeason())
		for key, half := at, 0; half < 2; key, half = at+1, half+1 {
			if half == 1 && !x.problem.Tasks[i].FullYear {
				break
			}
			if terms[key] == nil {
				terms[key] = &PlannedTerm{Term: key.label(), Courses: []PlacedCourse{}}
				slots = append(slots, key)
			}
			if isWorkTerm(task.attempt.Code) {
				terms[key].Work = true
				continue
			}
			credits := task.attempt.Credits
			if x.problem.Tasks[i].FullYear {
				credits = (credits + Credits(1-half)) / 2
			}
			terms[key].Credits += credits
		}
		terms[at].Courses = append(terms[at].Courses, x.describeCourse(i, critical))
	}
	slices.Sort(slots)
	for _, at := range slots {
		t := terms[at]
		if !t.Work {
			out.StudyTerms++
		}
		out.Terms = append(out.Terms, *t)
		out.Graduation = t.Term
	}
	if !x.schedule.ByCredits || len(critical) > 0 && x.schedule.Last == x.schedule.Bound && x.isChainBound() {
		for _, i := range critical {
			out.CriticalChain = append(out.CriticalChain, x.tasks[i].attempt.Code)
		}
	}
	out.Reason = x.describeReason(out)
	return out
}

// isChainBound reports whether the chain of prerequisites alone reaches the last term.
func (x *planner) isChainBound() bool {
	for i, t := range x.schedule.Earliest {
		if x.problem.Tasks[i].FullYear {
			t++
		}
		if t == x.schedule.Last {
			return true
		}
	}
	return false
}

// findCritical returns the chain of tasks that reaches the last term, in the order of terms.
func (x *planner) findCritical() []int {
	last, end := -1, -1
	for i, t := range x.schedule.Earliest {
		if x.problem.Tasks[i].FullYear {
			t++
		}
		if t > end && !x.problem.Tasks[i].Exempt {
			last, end = i, t
		}
	}
	var chain []int
	for last >= 0 {
		chain = append([]int{last}, chain...)
		next := -1
		for _, need := range x.problem.Tasks[last].Needs {
			if j := x.findBinding(need, last); j >= 0 && (next < 0 || x.schedule.Earliest[j] > x.schedule.Earliest[next]) {
				next = j
			}
		}
		if slices.Contains(chain, next) {
			break
		}
		last = next
	}
	return chain
}

// findBinding returns the task of a need that decides when it is met, -1 when the need does not delay its follower.
func (x *planner) findBinding(n plan.Need, follower int) int {
	tasks := slices.Clone(n.Tasks)
	slices.SortStableFunc(tasks, func(i, j int) int { return cmp.Compare(x.schedule.Earliest[i], x.schedule.Earliest[j]) })
	if n.Count < 1 || n.Count > len(tasks) {
		return -1
	}
	j := tasks[n.Count-1]
	if x.schedule.Earliest[j] == 0 && x.schedule.Earliest[follower] == 0 {
		return -1
	}
	return j
}

func (x *planner) describeCourse(i int, critical []int) PlacedCourse {
	task := &x.tasks[i]
	out := PlacedCourse{Code: task.attempt.Code, Credits: task.attempt.Credits, Pool: task.attempt.Pool, Placeholder: task.attempt.IsPlaceholder}
	if task.id >= 0 {
		out.Title = x.book.courses[task.id].title
	}
	at := task.attempt.Term
	switch {
	case isWorkTerm(task.attempt.Code):
		out.Because, out.Message = PlacedWork, "The pattern has a work term here."
	case task.fixed != never:
		out.Because, out.Message = PlacedKept, "You keep it here."
	case slices.Contains(critical, i) && x.isChainBound():
		out.Because, out.Message = PlacedCritical, "It is part of the longest chain of prerequisites: later, the degree would end later."
	case x.schedule.Start[i] <= x.schedule.Earliest[i]:
		out.Because, out.Message = PlacedEarliest, "This is the first term in which it can be taken."
	case task.attempt.IsPlaceholder:
		out.Because, out.Message = PlacedLevel, "Choose a course of "+task.attempt.Code+"; the load of the terms is even this way."
	default:
		out.Because, out.Message = PlacedLevel, fmt.Sprintf("It could begin in %s; the load of the terms is even this way.", (x.wishes.from+slot(x.schedule.Earliest[i])).label())
	}
	if task.id >= 0 && task.fixed == never && !x.problem.Tasks[i].FullYear {
		if c := &x.book.courses[task.id]; c.seasons != 0 && !(c.seasons | c.published).hasTerm(at) {
			out.Message += " It is usually offered in other terms: check the schedule."
		}
	}
	return out
}

func (x *planner) describeReason(p *Plan) string {
	switch {
	case len(x.tasks) == 0:
		return "Nothing is left to plan."
	case !p.Optimal:
		return fmt.Sprintf("Fewer than %d terms are impossible; whether %d are enough is not proven.", p.Bound, p.Length-1)
	case len(p.CriticalChain) > 0:
		return "The longest chain of prerequisites takes this long."
	}
	return fmt.Sprintf("The credits that are left take this long at %s a term.", x.wishes.load)
}
