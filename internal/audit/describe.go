package audit

import "slices"

// describeCourses describes for each attempt where it counts, and why.
func (a *auditor) describeCourses(requirements []Requirement) []Course {
	out := make([]Course, 0, len(a.items))
	for i := range a.items {
		it := &a.items[i]
		c := Course{
			Code: it.Code, Status: it.Status, Term: labelOf(it.Term), Via: it.Via, Credits: it.Credits,
			Counts: []Count{}, Alternatives: []string{},
		}
		if it.id >= 0 {
			c.Title = a.book.courses[it.id].title
		}
		used := Credits(0)
		if it.isLive() {
			used = a.describeCounts(it, &c, requirements)
		}
		for _, at := range it.placed {
			id := a.pools[at.pool].id
			if !slices.ContainsFunc(c.Counts, func(x Count) bool { return x.Pool == id }) {
				c.Alternatives = append(c.Alternatives, id)
			}
		}
		if left := it.Credits - used; left > 0 || len(c.Counts) == 0 {
			c.Uncounted = &Uncounted{Credits: max(0, left), Because: a.reasonAgainst(i)}
		}
		out = append(out, c)
	}
	return out
}

// describeCounts lists the counts of an item, and returns the sum of its credits that count.
func (a *auditor) describeCounts(it *item, c *Course, requirements []Requirement) Credits {
	used := Credits(0)
	add := func(pool string, credits Credits, because Because, stands int32) {
		count := Count{Pool: pool, Credits: credits, Because: because}
		if stands >= 0 {
			count.For = a.book.courses[stands].code
		}
		c.Counts = append(c.Counts, count)
		used += credits
	}
	for k := range a.pools {
		at := slices.IndexFunc(it.placed, func(x place) bool { return x.pool == k })
		if at < 0 {
			continue
		}
		credits, here := a.creditsIn(it, k)
		if here {
			add(a.pools[k].id, credits, a.reasonFor(it, it.placed[at], requirements), it.placed[at].stands)
		}
	}
	if it.owed {
		add(deficienciesID, it.Credits, BecauseRequired, -1)
	}
	if it.beyond > 0 {
		because := BecauseOverflow
		if len(it.placed) == 0 {
			because = BecauseElective
		}
		add(OtherCreditsID, it.beyond, because, -1)
	}
	return used
}

// creditsIn returns the credits that an item gives to a pool, and whether it is in the pool.
func (a *auditor) creditsIn(it *item, k int) (Credits, bool) {
	if it.problem >= 0 {
		for _, share := range a.shares[it.problem] {
			if share.Pool == k {
				return Credits(share.Credits), true
			}
		}
		return 0, a.pools[k].isCoop && len(a.shares[it.problem]) == 0
	}
	return 0, it.Credits == 0 && len(it.placed) > 0 && a.emptyPlace(it) == k
}

// reasonFor returns the reason why an item counts in a place.
func (a *auditor) reasonFor(it *item, at place, requirements []Requirement) Because {
	p := &a.pools[at.pool]
	if a.record.Pins[it.Code] == p.id {
		return BecausePinned
	}
	if a.isHeldByWaiver(it, at) {
		return BecauseWaived
	}
	if at.stands >= 0 {
		return BecauseEquivalent
	}
	limited := false
	for _, other := range it.placed {
		if other.pool == at.pool {
			break
		}
		if requirements[other.pool].Remaining == 0 && requirements[other.pool].Required > 0 {
			return BecauseOverflow
		}
		limited = limited || other.inSet != 0
	}
	switch {
	case p.needsAll || p.isCoop:
		return BecauseRequired
	case limited:
		return BecauseOnlyPlace
	}
	return BecauseElective
}

// isHeldByWaiver reports whether an item counts in a place only because of a waiver.
func (a *auditor) isHeldByWaiver(it *item, at place) bool {
	p := &a.pools[at.pool]
	if a.isWaived(SetMaximum, "", p.id) && at.inSet != 0 {
		for l := range p.limits {
			if at.inSet>>l&1 == 1 && !p.limits[l].isMin {
				return true
			}
		}
	}
	if !a.isWaived(Excluded, it.Code, "") {
		return false
	}
	return slices.ContainsFunc(a.excluded, func(pair [2]int) bool {
		return (&a.items[pair[0]] == it || &a.items[pair[1]] == it) && a.counts(pair[0]) && a.counts(pair[1])
	})
}

// reasonAgainst returns the reason why credits of an item count nowhere.
func (a *auditor) reasonAgainst(i int) string {
	it := &a.items[i]
	switch {
	case it.repeatOf >= 0:
		return WasRepeated
	case it.Status == Incomplete && it.end <= a.current:
		return NotEarned
	case it.Status == Incomplete:
		return IsOwed
	case isWorkTerm(it.Code):
		return WorkTermIs
	case a.isExcluded(i):
		return WasExcluded
	case len(it.placed) == 0 && (a.other == 0 || !a.mayFillOther(i)):
		return NotListed
	case it.Credits == 0:
		return NoCreditsIs
	}
	return NoRoom
}

// isExcluded reports whether an item counts nowhere because a course counts that excludes it.
func (a *auditor) isExcluded(i int) bool {
	if a.counts(i) {
		return false
	}
	return slices.ContainsFunc(a.excluded, func(pair [2]int) bool {
		if a.isExclusionWaived(pair) {
			return false
		}
		return pair[0] == i && a.counts(pair[1]) || pair[1] == i && a.counts(pair[0])
	})
}
