package audit

import (
	"cmp"
	"slices"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/audit/allocation"
)

func compareStrings(pairs ...string) int {
	for i := 0; i+1 < len(pairs); i += 2 {
		if d := strings.Compare(pairs[i], pairs[i+1]); d != 0 {
			return d
		}
	}
	return 0
}

// measureRequirements sums the counts of each pool, and the totals.
func (a *auditor) measureRequirements() []Requirement {
	out := make([]Requirement, 0, len(a.pools)+2)
	for k := range a.pools {
		out = append(out, Requirement{
			ID: a.pools[k].id, Name: a.pools[k].name, Required: a.required[k], Note: a.notes[k],
			Courses: []CountedCourse{}, Choices: []Choice{},
		})
	}
	for x, i := range a.index {
		for _, share := range a.shares[x] {
			out[share.Pool].count(&a.items[i], Credits(share.Credits))
		}
	}
	for i := range a.items {
		if it := &a.items[i]; it.isLive() && it.Credits == 0 && len(it.placed) > 0 {
			out[a.emptyPlace(it)].count(it, 0)
		} else if it.problem >= 0 && len(a.shares[it.problem]) == 0 {
			for _, at := range it.placed {
				if a.pools[at.pool].isCoop {
					out[at.pool].count(it, 0)
				}
			}
		}
	}
	a.total = Totals{Required: a.total.Required, Source: a.total.Source}
	for k := range out {
		a.finishRequirement(&out[k], k)
		a.total.Completed += out[k].Completed
		a.total.InProgress += out[k].InProgress
		a.total.Planned += out[k].Planned
	}
	if a.other > 0 {
		other := a.fillOther()
		a.total.Completed += other.Completed
		a.total.InProgress += other.InProgress
		a.total.Planned += other.Planned
		out = append(out, other)
	}
	a.total.Remaining = max(0, a.total.Required-a.total.Completed-a.total.InProgress-a.total.Planned)
	if len(a.record.Deficiencies) > 0 {
		out = append(out, a.measureDeficiencies())
	}
	return out
}

// emptyPlace returns the pool of an item without credits.
func (a *auditor) emptyPlace(it *item) int {
	if it.filled >= 0 {
		return it.filled
	}
	return it.placed[0].pool
}

func (r *Requirement) count(it *item, credits Credits) {
	switch it.Status {
	case Completed:
		r.Completed += credits
	case InProgress:
		r.InProgress += credits
	default:
		r.Planned += credits
	}
	r.Courses = append(r.Courses, CountedCourse{Code: it.Code, Credits: credits, Status: it.Status})
}

// finishRequirement computes the remaining credits and the status.
func (a *auditor) finishRequirement(r *Requirement, k int) {
	r.Remaining = max(0, r.Required-r.Completed-r.InProgress-r.Planned)
	r.Status = statusOf(r)
	if k < 0 {
		return
	}
	if a.pools[k].isCoop {
		r.Status = a.workTermStatus(r)
	}
	for l := range a.pools[k].limits {
		limit := &a.pools[k].limits[l]
		if !limit.isMin || a.isWaived(SetMinimum, "", a.pools[k].id) {
			continue
		}
		for _, step := range []struct {
			status RequirementStatus
			least  Status
		}{{RequirementComplete, Completed}, {RequirementInProgress, InProgress}, {RequirementPlanned, Planned}} {
			if r.Status == step.status && limit.missing(a, r, step.least) > 0 {
				r.Status = nextStatus(step.status)
			}
		}
	}
}

func nextStatus(s RequirementStatus) RequirementStatus {
	switch s {
	case RequirementComplete:
		return RequirementInProgress
	case RequirementInProgress:
		return RequirementPlanned
	}
	return RequirementMissing
}

// missing returns how many courses, or quarters, of a minimum's set are missing when only courses with at least this
// status count.
func (l *limit) missing(a *auditor, r *Requirement, least Status) int {
	have := 0
	for _, c := range r.Courses {
		id, ok := a.book.findID(c.Code)
		if !ok || rankOf(c.Status) < rankOf(least) || !l.hasCourse(a, id) {
			continue
		}
		if l.courses {
			have++
		} else {
			have += int(c.Credits)
		}
	}
	return max(0, l.n-have)
}

// hasCourse reports whether the set lists a course or an equivalent of it.
func (l *limit) hasCourse(a *auditor, id int32) bool {
	return l.set[id] || slices.ContainsFunc(a.book.courses[id].equivalents, func(other int32) bool { return l.set[other] })
}

func statusOf(r *Requirement) RequirementStatus {
	switch {
	case r.Completed >= r.Required:
		return RequirementComplete
	case r.Completed+r.InProgress >= r.Required:
		return RequirementInProgress
	case r.Remaining == 0:
		return RequirementPlanned
	}
	return RequirementMissing
}

// workTermStatus derives the status of the work terms from their courses, because they have no credits of the degree.
func (a *auditor) workTermStatus(r *Requirement) RequirementStatus {
	k := a.findPool(r.ID)
	least := rankOf(Completed)
	isWaived := a.isWaived(CoopMissing, "", r.ID)
	for _, id := range a.pools[k].ids {
		have := 0
		for _, c := range r.Courses {
			if c.Code == a.book.courses[id].code {
				have = max(have, rankOf(c.Status))
			}
		}
		if have > 0 || !isWaived { // those that are missing count as met
			least = min(least, have)
		}
	}
	return [...]RequirementStatus{RequirementMissing, RequirementPlanned, RequirementInProgress, RequirementComplete}[least]
}

// unused returns the credits of an item that count in no pool.
func (a *auditor) unused(it *item) Credits {
	left := it.Credits
	if it.problem >= 0 {
		for _, share := range a.shares[it.problem] {
			left -= Credits(share.Credits)
		}
	}
	return left
}

// mayFillOther reports whether an item can count in the part of the total that is not in the pools: work terms,
// deficiencies and excluded courses cannot.
func (a *auditor) mayFillOther(i int) bool {
	it := &a.items[i]
	if !it.isLive() || it.owed || isWorkTerm(it.Code) {
		return false
	}
	for _, pair := range a.excluded {
		other := pair[0] + pair[1] - i
		if (pair[0] == i || pair[1] == i) && !a.isExclusionWaived(pair) && (a.counts(other) || !a.counts(i) && pair[1] == i) {
			return false
		}
	}
	return true
}

// counts reports whether an item gives credits to a pool.
func (a *auditor) counts(i int) bool {
	it := &a.items[i]
	return it.problem >= 0 && len(a.shares[it.problem]) > 0
}

// fillOther counts credits that no pool takes in the part of the total that is not in the pools, completed courses
// first.
func (a *auditor) fillOther() Requirement {
	r := Requirement{
		ID: OtherCreditsID, Name: "Other credits", Required: a.other, Courses: []CountedCourse{}, Choices: []Choice{},
		Note: "The degree's total is more than its requirements add up to. Any course can make up the difference.",
	}
	left := a.other
	for class := range allocation.Planned + 1 {
		for i := range a.items {
			it := &a.items[i]
			if classOf(it.Status) != class || !a.mayFillOther(i) {
				continue
			}
			if it.beyond = max(0, min(left, a.unused(it))); it.beyond > 0 {
				r.count(it, it.beyond)
				left -= it.beyond
			}
		}
	}
	a.finishRequirement(&r, -1)
	return r
}

// measureDeficiencies sums the courses that are owed in addition to the degree.
func (a *auditor) measureDeficiencies() Requirement {
	r := Requirement{ID: deficienciesID, Name: "Deficiencies", Courses: []CountedCourse{}, Choices: []Choice{}}
	codes := slices.Compact(slices.Sorted(slices.Values(a.record.Deficiencies)))
	for _, code := range codes {
		credits, found := Credits(0), false
		for i := range a.items {
			if it := &a.items[i]; it.Code == code && it.isLive() {
				credits, found = it.Credits, true
				r.count(it, it.Credits)
			}
		}
		if id, ok := a.book.findID(code); ok && !found {
			credits = a.book.courses[id].credits
		}
		r.Required += credits
	}
	slices.SortFunc(r.Courses, func(x, y CountedCourse) int { return cmp.Compare(x.Code, y.Code) })
	a.finishRequirement(&r, -1)
	return r
}
