// Package plan lays courses out over terms: the fewest terms first, then an even load, then the published order. A
// course is a task with prerequisites, terms in which it may begin, and credits.
package plan

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// Term is a calendar term. Room is the most credits that it may hold, 0 for one that is closed.
type Term struct {
	Room int
}

// Need is a prerequisite: Count of Tasks are in earlier terms, or in the same one when Together.
type Need struct {
	Tasks    []int
	Count    int
	Together bool
}

// Task is one course. It begins in a term whose entry in Starts is true; a full-year task takes half its credits in
// that term and half in the next. CreditsBefore must be in earlier terms. Rank is its position in the published
// order. A fixed task begins in the term Fixed, whatever Starts says; Fixed is -1 for the others.
type Task struct {
	Name          string
	Credits       int
	Needs         []Need
	Starts        []bool
	FullYear      bool
	CreditsBefore int
	Rank          int
	Fixed         int
	// Exempt marks a task whose credits count neither for the load nor for CreditsBefore.
	Exempt bool
}

// Problem is the input of Solve. Before are the credits before the first term.
type Problem struct {
	Terms  []Term
	Tasks  []Task
	Before int
}

// Schedule is a layout. Start is the term of each task. Last is the last used term; Bound is a proven lower bound of
// it. Optimal means that they are equal.
type Schedule struct {
	Start   []int
	Last    int
	Bound   int
	Optimal bool
	// ByCredits reports whether the bound comes from the credits and not from a chain of prerequisites.
	ByCredits bool
	// Earliest is the first term in which each task could begin if room did not matter.
	Earliest []int
}

// mostNodes bounds the search that proves that fewer terms are impossible. It counts steps, not time, so the answer
// does not depend on the machine.
const mostNodes = 12_000

// Solve returns the best layout, and false when none exists within the terms. When the context ends it returns the
// best layout found until then.
func Solve(ctx context.Context, p *Problem) (Schedule, bool) {
	s := &solver{Problem: p, ctx: ctx}
	s.earliest = s.findEarliest()
	if s.earliest == nil {
		return Schedule{}, false
	}
	chain, credits := s.boundByChains(), s.boundByCredits()
	first := max(chain, credits, 0)
	proven := true
	for last := first; last < len(p.Terms); last++ {
		if p.Terms[last].Room == 0 && last > first && !s.hasFixedAt(last) {
			continue
		}
		start, found := s.tryLast(last)
		if !found && s.isRefuted {
			if proven {
				first = last + 1
			}
			continue
		}
		if found {
			start = s.levelLoad(start, last)
			reached := s.lastUsed(start)
			return Schedule{
				Start: start, Last: reached, Bound: min(first, reached), Optimal: proven || reached <= first,
				ByCredits: credits >= chain, Earliest: s.earliest,
			}, true
		}
		proven = false
	}
	return Schedule{Bound: first}, false
}

// FindEarliest returns the first term of each task by its chain of prerequisites alone, as if no task were fixed; -1
// for a task that can never begin.
func FindEarliest(p *Problem) []int {
	free := Problem{Terms: p.Terms, Tasks: slices.Clone(p.Tasks), Before: p.Before}
	for i := range free.Tasks {
		if free.Tasks[i].Fixed >= 0 {
			free.Tasks[i].Fixed, free.Tasks[i].Starts = -1, openTerms(p)
		}
	}
	s := &solver{Problem: &free}
	if early := s.findEarliest(); early != nil {
		return early
	}
	early := make([]int, len(p.Tasks))
	for i := range early {
		early[i] = -1
	}
	return early
}

// openTerms returns the terms that have room.
func openTerms(p *Problem) []bool {
	open := make([]bool, len(p.Terms))
	for t := range open {
		open[t] = p.Terms[t].Room > 0
	}
	return open
}

// mostTries is how many mixed orders are tried before the search.
const mostTries = 100

type solver struct {
	*Problem
	ctx       context.Context
	earliest  []int
	latest    []int
	isRefuted bool
	nodes     int
}

func (s *solver) hasFixedAt(t int) bool {
	return slices.ContainsFunc(s.Tasks, func(task Task) bool { return task.Fixed == t })
}

// endOf returns the last term of a task that begins in t.
func (s *solver) endOf(i, t int) int {
	if s.Tasks[i].FullYear {
		return t + 1
	}
	return t
}

// mayStart reports whether a task may begin in a term, room aside.
func (s *solver) mayStart(i, t int) bool {
	task := &s.Tasks[i]
	if task.Fixed >= 0 {
		return t == task.Fixed
	}
	return t >= 0 && t < len(task.Starts) && task.Starts[t] && s.endOf(i, t) < len(s.Terms)
}

// nextStart returns the first term from t on in which a task may begin, -1 for none.
func (s *solver) nextStart(i, t int) int {
	for ; t < len(s.Terms); t++ {
		if s.mayStart(i, t) {
			return t
		}
	}
	return -1
}

// findEarliest returns the first term of each task by its chain alone, nil when a task has none.
func (s *solver) findEarliest() []int {
	n := len(s.Tasks)
	early := make([]int, n)
	for i := range early {
		if early[i] = s.nextStart(i, s.firstWithCredits(i)); early[i] < 0 {
			return nil
		}
	}
	for range n + 1 {
		changed := false
		for i := range s.Tasks {
			at := early[i]
			for _, need := range s.Tasks[i].Needs {
				at = max(at, s.needMetAt(need, early))
			}
			if at == early[i] {
				continue
			}
			if at = s.nextStart(i, at); at < 0 {
				return nil
			}
			changed = changed || at != early[i]
			early[i] = at
		}
		if !changed {
			return early
		}
	}
	return nil // a cycle
}

// firstWithCredits returns the first term before which the credits that a task requires fit.
func (s *solver) firstWithCredits(i int) int {
	sum := s.Before
	for t := range s.Terms {
		if sum >= s.Tasks[i].CreditsBefore {
			return t
		}
		sum += s.Terms[t].Room
	}
	return len(s.Terms)
}

// needMetAt returns the first term in which a need is met when every task is in its given term.
func (s *solver) needMetAt(need Need, start []int) int {
	at := make([]int, 0, len(need.Tasks))
	for _, j := range need.Tasks {
		if need.Together {
			at = append(at, start[j])
		} else {
			at = append(at, s.endOf(j, start[j])+1)
		}
	}
	slices.Sort(at)
	if need.Count > len(at) {
		return len(s.Terms)
	}
	if need.Count <= 0 {
		return 0
	}
	return at[need.Count-1]
}

// tryLast searches for a layout that ends with the term last. isRefuted reports whether there is none.
func (s *solver) tryLast(last int) ([]int, bool) {
	s.isRefuted = false
	if !s.findLatest(last) || !s.fitsWindows(last) || !s.canPack(last) {
		s.isRefuted = true
		return nil, false
	}
	if start, ok := s.layOut(last, -1); ok {
		return start, true
	}
	for _, order := range []func(i, j int) int{s.order, s.orderAwkward, s.orderLatestAwkward} {
		if start, ok := s.fillTight(last, order); ok {
			return start, true
		}
	}
	for seed := range mostTries {
		if s.ctx.Err() != nil {
			break
		}
		if start, ok := s.fillTight(last, s.orderMixed(uint32(seed))); ok {
			return start, true
		}
	}
	return s.searchAll(last)
}

// levelLoad finds the smallest load per term with which the layout still ends in the same term.
func (s *solver) levelLoad(start []int, last int) []int {
	total, open, most := 0, 0, 0
	for t := 0; t <= last; t++ {
		if s.Terms[t].Room > 0 {
			open++
			most = max(most, s.Terms[t].Room)
		}
	}
	for i := range s.Tasks {
		if !s.Tasks[i].Exempt {
			total += s.Tasks[i].Credits
		}
	}
	if open == 0 {
		return start
	}
	for load := (total + open - 1) / open; load < most; load++ {
		if s.ctx.Err() != nil {
			break
		}
		if level, ok := s.layOut(last, load); ok {
			return level
		}
	}
	return start
}

func (s *solver) lastUsed(start []int) int {
	last := -1
	for i, t := range start {
		last = max(last, s.endOf(i, t))
	}
	return last
}

// order compares tasks by urgency.
func (s *solver) order(i, j int) int {
	return cmp.Or(cmp.Compare(s.latest[i], s.latest[j]), cmp.Compare(s.Tasks[i].Rank, s.Tasks[j].Rank),
		strings.Compare(s.Tasks[i].Name, s.Tasks[j].Name), cmp.Compare(i, j))
}
