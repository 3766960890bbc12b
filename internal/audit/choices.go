package audit

import (
	"slices"

	"github.com/trackmydegree/trackmydegree/internal/audit/allocation"
)

// mostChoices is how many courses a requirement offers.
const mostChoices = 12

// addChoices names, for each requirement that lacks credits, the courses that can be taken next.
func (a *auditor) addChoices(requirements []Requirement) {
	next := a.current + 1
	probe := item{Attempt: Attempt{Status: Planned}, begin: next, end: next}
	blocked := a.findBlocked()
	for k := range a.pools {
		r := &requirements[k]
		if r.Remaining == 0 && r.Status != RequirementMissing {
			continue
		}
		closed := a.findClosed(k)
		var soon, later []Choice
		for _, id := range a.pools[k].ids {
			if blocked[id] || !a.isOpen(k, id, closed) {
				continue
			}
			c := &a.book.courses[id]
			if slices.ContainsFunc(c.excludes, func(other int32) bool { return a.first[other] > 0 && a.isTaken(other) }) {
				continue
			}
			probe.id, probe.Code = id, c.code
			if !a.isReady(&probe) {
				continue
			}
			if len(soon) >= mostChoices {
				r.MoreChoices++
				continue
			}
			choice := Choice{Code: c.code, Title: c.title, Credits: c.credits, Unlocks: a.unlocks[id], NextTerm: c.seasons.hasTerm(next.toTerm())}
			if choice.NextTerm {
				soon = append(soon, choice)
			} else {
				later = append(later, choice)
			}
		}
		all := append(soon, later...)
		r.Choices = all[:min(len(all), mostChoices)]
		r.MoreChoices += len(all) - len(r.Choices)
		if r.Choices == nil {
			r.Choices = []Choice{}
		}
	}
}

// isTaken reports whether an attempt of the record stands for a course.
func (a *auditor) isTaken(id int32) bool {
	for j := int(a.first[id]) - 1; j >= 0; j = a.items[j].next {
		if a.items[j].isLive() {
			return true
		}
	}
	return false
}

// findBlocked returns the courses that are in the record, or that a course of the record excludes.
func (a *auditor) findBlocked() []bool {
	blocked := make([]bool, len(a.places))
	for i := range a.items {
		it := &a.items[i]
		if it.id < 0 || !it.isLive() {
			continue
		}
		blocked[it.id] = !a.book.courses[it.id].repeatable
		for _, list := range [][]int32{a.book.courses[it.id].excludes, a.book.courses[it.id].equivalents} {
			for _, other := range list {
				blocked[other] = blocked[other] || !a.book.isAbove(it.id, other)
			}
		}
	}
	return blocked
}

// findClosed returns the limits of a pool whose set takes no more courses, as bits.
func (a *auditor) findClosed(k int) uint64 {
	closed := uint64(0)
	for l, limit := range a.pools[k].limits {
		courses, credits, beside := 0, 0, 0
		for x, i := range a.index {
			for _, share := range a.shares[x] {
				if share.Pool != k {
					continue
				}
				if slices.ContainsFunc(a.items[i].placed, func(at place) bool { return at.pool == k && at.inSet>>l&1 == 1 }) {
					courses++
					credits += share.Credits
				} else {
					beside += share.Credits
				}
			}
		}
		switch limit.kind {
		case allocation.MostCourses:
			if courses >= limit.n {
				closed |= 1 << l
			}
		case allocation.MostCredits:
			if credits >= limit.n {
				closed |= 1 << l
			}
		case allocation.ReserveForSet:
			if beside >= max(0, int(a.required[k])-limit.reserve) {
				closed |= 1 << l
			}
		}
	}
	return closed
}

// isOpen reports whether the limits of a pool let one more course count: a closed minimum keeps out what is not of its
// set, a closed maximum what is.
func (a *auditor) isOpen(k int, id int32, closed uint64) bool {
	if closed == 0 {
		return true
	}
	for l := range a.pools[k].limits {
		if limit := &a.pools[k].limits[l]; closed>>l&1 == 1 && limit.set[id] != limit.isMin {
			return false
		}
	}
	return true
}

// isReady reports whether the prerequisites of a course that is not planned yet are met by what is done or under way.
func (a *auditor) isReady(probe *item) bool {
	for n := range a.book.courses[probe.id].needs {
		need := &a.book.courses[probe.id].needs[n]
		if need.code == Prerequisite && a.countMissing(probe, need) > 0 {
			return false
		}
	}
	return true
}
