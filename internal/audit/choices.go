package audit

import (
	"slices"

	"github.com/trackmydegree/trackmydegree/internal/audit/allocation"
)

// mostChoices is the number of courses that a requirement offers.
const mostChoices = 12

// addChoices adds to each requirement that lacks credits the courses that can be taken next.
func (a *auditor) addChoices(requirements []Requirement) {
	next := a.current + 1
	probe := item{Attempt: Attempt{Status: Planned}, begin: next, end: next}
	blocked := a.findBlocked()
	for k := range a.pools {
		r := &requirements[k]
		if r.Remaining == 0 && r.Status != RequirementMissing {
			continue
		}
		open := a.findOpenings(k)
		var soon, later []Choice
		for _, id := range a.pools[k].ids {
			if blocked[id] || !a.isOpen(k, id, open) {
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

// isTaken reports whether an attempt of the record counts for a course.
func (a *auditor) isTaken(id int32) bool {
	for j := int(a.first[id]) - 1; j >= 0; j = a.items[j].next {
		if a.items[j].isLive() {
			return true
		}
	}
	return false
}

// findBlocked returns the courses that the record contains or excludes.
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

// openings describe which courses the limits of a pool still allow. full has the bit of each limit whose set is full,
// or has its reserved credits; restFull reports that nothing is left outside of the reserved credits.
type openings struct {
	full     uint64
	restFull bool
}

// findOpenings derives the openings of a pool from the allocation.
func (a *auditor) findOpenings(k int) openings {
	var out openings
	beside, kept := 0, 0
	for x := range a.index {
		for _, share := range a.shares[x] {
			if share.Pool == k {
				beside += share.Credits
			}
		}
	}
	for l, limit := range a.pools[k].limits {
		courses, credits := 0, 0
		for x, i := range a.index {
			for _, share := range a.shares[x] {
				if share.Pool == k && slices.ContainsFunc(a.items[i].placed, func(at place) bool { return at.pool == k && at.inSet>>l&1 == 1 }) {
					courses++
					credits += share.Credits
				}
			}
		}
		isFull := credits >= limit.n
		switch limit.kind {
		case allocation.MostCourses:
			isFull = courses >= limit.n
		case allocation.ReserveForSet:
			isFull = credits >= limit.reserve
			beside -= min(credits, limit.reserve)
			kept += limit.reserve
		}
		if isFull {
			out.full |= 1 << l
		}
	}
	out.restFull = kept > 0 && beside >= max(0, int(a.required[k])-kept)
	return out
}

// isOpen reports whether the limits of a pool allow one more course to count.
func (a *auditor) isOpen(k int, id int32, o openings) bool {
	isKept := false
	for l := range a.pools[k].limits {
		limit := &a.pools[k].limits[l]
		isFull := o.full>>l&1 == 1
		if limit.set[id] && !limit.isMin && isFull {
			return false
		}
		isKept = isKept || limit.set[id] && limit.isMin && !isFull
	}
	return isKept || !o.restFull
}

// isReady reports whether completed courses and those in progress meet the prerequisites of a course that is not
// planned yet.
func (a *auditor) isReady(probe *item) bool {
	for n := range a.book.courses[probe.id].needs {
		need := &a.book.courses[probe.id].needs[n]
		if need.code == Prerequisite && a.countMissing(probe, need) > 0 {
			return false
		}
	}
	return true
}
