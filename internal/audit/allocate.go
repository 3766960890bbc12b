package audit

import (
	"fmt"
	"slices"

	"github.com/trackmydegree/trackmydegree/internal/audit/allocation"
)

// allocate assigns each item to pools, with the pins applied.
func (a *auditor) allocate(pins map[string]string) {
	solution := a.solver.Solve(a.newProblem(pins))
	a.shares, a.exact = solution.Shares, solution.Exact
}

// countPlanned returns the planned credits that the best allocation counts. It does not decide where each of them
// counts, unless the remaining credits depend on it.
func (a *auditor) countPlanned(pins map[string]string) Credits {
	problem := a.newProblem(pins)
	if a.other == 0 {
		return Credits(allocation.CountCredits(problem, allocation.Planned))
	}
	a.allocate(pins)
	a.measureRequirements()
	return a.total.Planned
}

// newProblem describes the items and the pools for an allocation.
func (a *auditor) newProblem(pins map[string]string) allocation.Problem {
	a.setRequired()
	problem := allocation.Problem{
		Pools: make([]allocation.Pool, len(a.pools)), Courses: make([]allocation.Course, 0, len(a.items)),
	}
	for k := range a.pools {
		problem.Pools[k] = allocation.Pool{Required: int(a.required[k]), Limits: a.limitsOf(k)}
	}
	a.index = a.index[:0]
	for i := range a.items {
		it := &a.items[i]
		it.problem = -1
		if !it.isLive() || len(it.placed) == 0 || it.Credits == 0 {
			continue
		}
		it.problem = len(problem.Courses)
		a.index = append(a.index, i)
		problem.Courses = append(problem.Courses, allocation.Course{
			Code: it.Code, When: int(it.begin), Class: classOf(it.Status), Credits: int(it.Credits), Places: a.pinPlaces(it, pins),
		})
	}
	for _, pair := range a.excluded {
		x, y := &a.items[pair[0]], &a.items[pair[1]]
		if x.problem >= 0 && y.problem >= 0 && !a.isExclusionWaived(pair) {
			problem.Excluded = append(problem.Excluded, [2]int{x.problem, y.problem})
		}
	}
	return problem
}

func classOf(s Status) allocation.Class {
	switch s {
	case Completed:
		return allocation.Completed
	case InProgress:
		return allocation.InProgress
	}
	return allocation.Planned
}

// pinPlaces returns the places of an item, or the one to which the student pinned it.
func (a *auditor) pinPlaces(it *item, pins map[string]string) []allocation.Place {
	pinned := -1
	if id, ok := pins[it.Code]; ok {
		pinned = slices.IndexFunc(it.placed, func(x place) bool { return a.pools[x.pool].id == id })
	}
	out := make([]allocation.Place, 0, len(it.placed))
	for i, at := range it.placed {
		if pinned < 0 || i == pinned {
			out = append(out, allocation.Place{Pool: at.pool, InSet: at.inSet})
		}
	}
	return out
}

// limitsOf returns the limits of a pool. A limit that the student has waived keeps its position and restricts
// nothing.
func (a *auditor) limitsOf(k int) []allocation.Limit {
	if len(a.pools[k].limits) == 0 {
		return nil
	}
	const noLimit = 1 << 30
	out := make([]allocation.Limit, 0, len(a.pools[k].limits))
	for _, l := range a.pools[k].limits {
		code, n := SetMaximum, l.n
		if l.isMin {
			code, n = SetMinimum, l.reserve
		}
		if a.isWaived(code, "", a.pools[k].id) {
			n = noLimit
			if l.isMin {
				n = 0
			}
		}
		out = append(out, allocation.Limit{Kind: l.kind, N: n})
	}
	return out
}

// setRequired subtracts from each pool the credits that exemptions without credits fill. A pool without a choice
// lists no course that could replace the credits; in any other pool other courses must, unless the document's total
// is lower.
func (a *auditor) setRequired() {
	a.required, a.notes = make([]Credits, len(a.pools)), make([]string, len(a.pools))
	for k := range a.pools {
		a.required[k] = a.pools[k].required
	}
	a.total = Totals{Required: a.sum, Source: FromCatalogue}
	if a.degree.TotalCredits > 0 && a.sum == 0 {
		a.total.Required = Quarters(a.degree.TotalCredits)
	}
	if a.record.Required > 0 {
		a.total.Required, a.total.Source = a.record.Required, FromDocument
	}
	sum := a.sum
	for _, needsAll := range []bool{true, false} {
		for i := range a.items {
			it := &a.items[i]
			if it.Credits > 0 || !it.isLive() || it.Status != Completed || it.Via == "" {
				continue
			}
			at := slices.IndexFunc(it.placed, func(x place) bool { return a.pools[x.pool].needsAll })
			if at < 0 && len(it.placed) > 0 {
				at = 0
			}
			if at < 0 || a.pools[it.placed[at].pool].needsAll != needsAll {
				continue
			}
			k := it.placed[at].pool
			it.filled = k
			less := min(a.book.courses[it.id].credits, a.required[k])
			if !needsAll {
				less = min(less, sum-a.total.Required)
			}
			if less <= 0 {
				continue
			}
			if sum-less >= a.total.Required {
				a.notes[k] = appendNote(a.notes[k], fmt.Sprintf("%s is exempted: %s credits less are required.", it.Code, less))
			} else {
				a.notes[k] = appendNote(a.notes[k], fmt.Sprintf("%s is exempted without credits: other courses make up its %s.", it.Code, less))
				a.addRemark(Remark{Code: MadeUp, Level: Info, Course: it.Code, Pool: a.pools[k].id, Params: Params{Credits: less},
					Message: fmt.Sprintf("%s is exempted without credits. The degree's total stays, so other courses make up its %s credits.", it.Code, less),
					Remedy:  "Take any other course for these credits."})
			}
			a.required[k] -= less
			sum -= less
		}
	}
	a.other = max(0, a.total.Required-sum)
	if left := sum - a.total.Required; left > 0 {
		a.addRemark(Remark{Code: TotalDiffers, Level: Info, Params: Params{Credits: a.total.Required, Missing: left},
			Message: fmt.Sprintf("The document requires %s credits; the requirements add up to %s.", a.total.Required, sum),
			Remedy:  "Ask your advisor which requirement is smaller for you."})
	}
}

func appendNote(note, more string) string {
	if note == "" {
		return more
	}
	return note + " " + more
}

// weighPins returns for each pin whether it is applied, and the cost of all pins.
func (a *auditor) weighPins() []Pin {
	if len(a.record.Pins) == 0 {
		return nil
	}
	var pins []Pin
	applied := false
	for course, id := range a.record.Pins {
		pin := Pin{Course: course, Pool: id}
		for i := range a.items {
			it := &a.items[i]
			if it.Code == course && it.isLive() && slices.ContainsFunc(it.placed, func(x place) bool { return a.pools[x.pool].id == id }) {
				pin.Applied, applied = true, true
			}
		}
		if !pin.Applied && !a.ListsCourse(id, course) {
			a.addRemark(Remark{Code: PinUnknown, Level: Warning, Course: course, Pool: id,
				Message: course + " is pinned to a requirement that does not list it.",
				Remedy:  "Remove the pin, or pin the course to a requirement that lists it."})
		}
		pins = append(pins, pin)
	}
	slices.SortFunc(pins, func(x, y Pin) int { return compareStrings(x.Course, y.Course, x.Pool, y.Pool) })
	if !applied {
		return pins
	}
	free := a.Program.newAuditor(&Record{
		Attempts: a.record.Attempts, Deficiencies: a.record.Deficiencies, Waivers: a.record.Waivers, Required: a.record.Required,
	})
	free.allocate(nil)
	best := free.measureRequirements()
	cost := &PinCost{
		Completed: free.total.Completed - a.total.Completed, InProgress: free.total.InProgress - a.total.InProgress,
		Planned: free.total.Planned - a.total.Planned, Pools: countComplete(best) - countComplete(a.measureRequirements()),
	}
	for i := range pins {
		if pins[i].Applied {
			pins[i].Cost = cost
		}
	}
	return pins
}

func countComplete(list []Requirement) int {
	n := 0
	for i := range list {
		if list[i].Status == RequirementComplete {
			n++
		}
	}
	return n
}
