package audit

import (
	"cmp"
	"slices"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/audit/allocation"
	"github.com/trackmydegree/trackmydegree/internal/term"
)

// item is one attempt of the record, prepared. Begin and end are its first and last single-season term.
type item struct {
	Attempt
	id         int32 // -1 for a code that no rule and no pool names
	begin, end slot
	placed     []place // possible places; empty for a course that counts nowhere
	problem    int     // its index in the allocation, -1 for none
	repeatOf   int     // the item that counts instead, -1 for none
	owed       bool    // a deficiency
	beyond     Credits // what it gives to the total beyond the pools
	filler     bool    // a placeholder, not a course
	next       int     // the next item of the same course, -1 for none
	filled     int     // of an exemption without credits: the pool whose place it fills, -1 for none
}

// Placeholder returns an attempt that represents a course still to be chosen from a pool, or any course when the pool
// is empty.
func Placeholder(name, pool string, credits Credits, t term.Term) Attempt {
	return Attempt{Code: name, Pool: pool, IsPlaceholder: true, Credits: credits, Status: Planned, Term: t}
}

// placeholderCredits are the credits of a placeholder without a number.
const placeholderCredits Credits = 3 * 4

// auditor audits one record.
type auditor struct {
	*Program
	record   *Record
	items    []item
	first    []int32   // by course id: its first item + 1, 0 for none
	required []Credits // of each pool, exemptions without credits taken off
	notes    []string  // of each pool
	shares   [][]allocation.Share
	solver   allocation.Solver
	index    []int // item of each course of the allocation
	exact    bool
	remarks  []Remark
	excluded [][2]int // items of which one counts
	total    Totals
	other    Credits // the part of the total that is not in the pools
	current  slot
}

// Audit audits a record.
func (p *Program) Audit(r Record) *Audit {
	a := p.newAuditor(&r)
	a.allocate(r.Pins)
	out := &Audit{
		Degree: DegreeName{ID: p.degree.ID, Name: p.degree.Name}, Calendar: p.book.settings.Calendar,
		GeneratedFrom: r.GeneratedFrom, Exact: a.exact,
	}
	out.Requirements = a.measureRequirements()
	out.Courses = a.describeCourses(out.Requirements)
	out.Totals = a.total
	out.Pins = a.weighPins()
	a.applyRules()
	a.addChoices(out.Requirements)
	a.applyWaivers()
	out.Remarks = a.sortRemarks()
	return out
}

func (p *Program) newAuditor(r *Record) *auditor {
	a := p.emptyAuditor(r)
	a.setItems(p.book.readItems(r.Attempts))
	return a
}

// emptyAuditor returns an auditor that has no items yet.
func (p *Program) emptyAuditor(r *Record) *auditor {
	return &auditor{Program: p, record: r, first: make([]int32, len(p.places)), current: slotOf(r.Current.LastSeason())}
}

// readItems prepares attempts for the programs of the rulebook, in the order of all decisions.
func (b *Rulebook) readItems(attempts []Attempt) []item {
	items := make([]item, 0, len(attempts))
	for _, attempt := range attempts {
		items = append(items, b.newItem(attempt))
	}
	// Items are large, and a record is mostly in order.
	order := make([]int, len(items))
	isSorted := true
	for i := range order {
		order[i] = i
		isSorted = isSorted && (i == 0 || compareItems(&items[i-1], &items[i]) <= 0)
	}
	if isSorted {
		return items
	}
	slices.SortStableFunc(order, func(i, j int) int { return compareItems(&items[i], &items[j]) })
	sorted := make([]item, 0, len(items))
	for _, i := range order {
		sorted = append(sorted, items[i])
	}
	return sorted
}

func compareItems(x, y *item) int {
	if d := cmp.Or(cmp.Compare(x.begin, y.begin), cmp.Compare(x.end, y.end)); d != 0 {
		return d
	}
	if d := strings.Compare(x.Code, y.Code); d != 0 {
		return d
	}
	return cmp.Or(cmp.Compare(rankOf(x.Status), rankOf(y.Status)), cmp.Compare(x.Credits, y.Credits), strings.Compare(x.Via, y.Via),
		strings.Compare(x.Pool, y.Pool), compareBool(x.BelowCMinus, y.BelowCMinus))
}

// setItems replaces the items of an auditor by a copy of others, which are in order, and forgets what it knew of the
// old ones.
func (a *auditor) setItems(items []item) {
	for i := range a.items {
		if id := a.items[i].id; id >= 0 {
			a.first[id] = 0
		}
	}
	a.items, a.exact, a.remarks, a.excluded = append(a.items[:0], items...), true, a.remarks[:0], a.excluded[:0]
	for i := len(a.items) - 1; i >= 0; i-- {
		it := &a.items[i]
		a.placeItem(it)
		if it.id >= 0 {
			it.next = int(a.first[it.id]) - 1
			a.first[it.id] = int32(i + 1)
		}
	}
	a.findRepeats()
	a.findExclusions()
}

// placeItem finds the places of an item in the program.
func (a *auditor) placeItem(it *item) {
	it.placed = nil
	switch {
	case it.filler:
		if k := a.findPool(it.Pool); k >= 0 {
			it.placed = a.pools[k].filler
		}
	case slices.Contains(a.record.Deficiencies, it.Code):
		it.owed = true
	case it.id >= 0:
		it.placed = a.places[it.id]
	}
}

func compareBool(x, y bool) int {
	switch {
	case x == y:
		return 0
	case x:
		return 1
	}
	return -1
}

func (b *Rulebook) newItem(attempt Attempt) item {
	it := emptyItem(attempt)
	if it.filler {
		if it.Credits < 0 {
			it.Credits = placeholderCredits
		}
		return it
	}
	if id, ok := b.findID(attempt.Code); ok {
		it.id = id
	}
	if it.Credits < 0 {
		it.Credits = 0
		if it.id >= 0 {
			it.Credits = b.catalogueCredits(it.id)
		}
	}
	return it
}

// catalogueCredits returns the credits of a course. A code that is no longer in the catalogue has those of its
// equivalent.
func (b *Rulebook) catalogueCredits(id int32) Credits {
	c := &b.courses[id]
	if !c.known {
		for _, other := range c.equivalents {
			if b.courses[other].known {
				return b.courses[other].credits
			}
		}
	}
	return c.credits
}

func (p *Program) findPool(id string) int {
	return slices.IndexFunc(p.pools, func(x pool) bool { return x.id == id })
}

// emptyItem returns the item of an attempt of an unknown course.
func emptyItem(attempt Attempt) item {
	return item{
		Attempt: attempt, id: -1, problem: -1, repeatOf: -1, next: -1, filled: -1, filler: attempt.IsPlaceholder,
		begin: slotOf(attempt.Term.FirstSeason()), end: slotOf(attempt.Term.LastSeason()),
	}
}

// rankOf orders statuses by progress.
func rankOf(s Status) int {
	switch s {
	case Completed:
		return 3
	case InProgress:
		return 2
	case Planned:
		return 1
	}
	return 0
}

// findRepeats decides which attempt of a course counts: the one with the most progress, among equals the one with
// credits, then the later one.
func (a *auditor) findRepeats() {
	for i := range a.items {
		id := a.items[i].id
		if id < 0 || int(a.first[id])-1 != i || a.book.courses[id].repeatable {
			continue
		}
		best := i
		for j := a.items[i].next; j >= 0; j = a.items[j].next {
			x, y := &a.items[j], &a.items[best]
			if cmp.Or(cmp.Compare(rankOf(x.Status), rankOf(y.Status)), compareBool(x.Credits > 0, y.Credits > 0)) >= 0 {
				best = j
			}
		}
		for j := i; j >= 0; j = a.items[j].next {
			if j != best {
				a.items[j].repeatOf = best
			}
		}
	}
}

// findExclusions lists the pairs of items of which only one counts.
func (a *auditor) findExclusions() {
	for i := range a.items {
		x := &a.items[i]
		if x.id < 0 || !x.isLive() {
			continue
		}
		for _, others := range [][]int32{a.book.courses[x.id].excludes, a.book.courses[x.id].equivalents} {
			for _, other := range others {
				for j := int(a.first[other]) - 1; j >= 0; j = a.items[j].next {
					y := &a.items[j]
					if j == i || !y.isLive() || y.id == x.id || a.requiresBoth(x, y) || a.book.isAbove(x.id, y.id) && isEarlier(x, y) {
						continue
					}
					a.excluded = append(a.excluded, [2]int{min(i, j), max(i, j)})
				}
			}
		}
	}
	slices.SortFunc(a.excluded, func(x, y [2]int) int { return cmp.Or(cmp.Compare(x[0], y[0]), cmp.Compare(x[1], y[1])) })
	a.excluded = slices.Compact(a.excluded)
}

// isEarlier reports whether an item comes before another; an item without a sitting comes before all others.
func isEarlier(x, y *item) bool { return x.begin == never || x.end < y.begin }

// requiresBoth reports whether one pool requires two courses, so that they cannot exclude each other in spite of a
// rule.
func (a *auditor) requiresBoth(x, y *item) bool {
	for _, at := range x.placed {
		for _, other := range y.placed {
			if at.pool != other.pool || at.stands >= 0 || other.stands >= 0 || !a.pools[at.pool].needsAll {
				continue
			}
			if at.inSet&other.inSet == 0 {
				return true
			}
		}
	}
	return false
}

// isLive reports whether the attempt counts for its course: it is not incomplete, and no other attempt counts
// instead.
func (it *item) isLive() bool { return it.Status != Incomplete && it.repeatOf < 0 }
