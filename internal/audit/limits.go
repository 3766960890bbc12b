package audit

import (
	"fmt"
	"slices"
)

// checkLimits compares each pool with its minima and maxima.
func (a *auditor) checkLimits() {
	for k := range a.pools {
		for l := range a.pools[k].limits {
			if limit := &a.pools[k].limits[l]; limit.isMin {
				a.checkMinimum(k, limit)
			} else {
				a.checkMaximum(k, l, limit)
			}
		}
	}
}

// checkMinimum remarks on a set with too few courses. It is an error only when nothing is left to choose.
func (a *auditor) checkMinimum(k int, l *limit) {
	r := Requirement{Required: a.required[k]}
	for x, i := range a.index {
		for _, share := range a.shares[x] {
			if share.Pool == k {
				r.count(&a.items[i], Credits(share.Credits))
			}
		}
	}
	missing := l.missing(a, &r, Planned)
	if missing == 0 {
		return
	}
	level := Info
	if r.Completed+r.InProgress+r.Planned >= r.Required {
		level = Error
	}
	what := fmt.Sprintf("%s credits", Credits(missing))
	params := Params{Courses: l.codes, Missing: Credits(missing)}
	if l.courses {
		what, params = countCourses(missing), Params{Courses: l.codes, Needed: missing}
	}
	a.addRemark(Remark{Code: SetMinimum, Level: level, Pool: a.pools[k].id, Params: params,
		Message: fmt.Sprintf("%s still asks for %s of %s.", a.pools[k].name, what, phraseList(l.codes, 1)),
		Remedy:  fmt.Sprintf("Choose %s of the list.", what)})
}

func countCourses(n int) string {
	if n == 1 {
		return "1 course"
	}
	return fmt.Sprintf("%d courses", n)
}

// checkMaximum remarks on a set of which the record contains more than may count, if credits do not count because of
// that.
func (a *auditor) checkMaximum(k, l int, limit *limit) {
	var over []string
	courses, credits, offered, offeredCredits := 0, 0, 0, 0
	for x, i := range a.index {
		it := &a.items[i]
		if !slices.ContainsFunc(it.placed, func(at place) bool { return at.pool == k && at.inSet>>l&1 == 1 }) {
			continue
		}
		offered++
		offeredCredits += int(it.Credits)
		here := 0
		for _, share := range a.shares[x] {
			if share.Pool == k {
				here = share.Credits
			}
		}
		credits += here
		if here > 0 {
			courses++
		}
		if a.unused(it) > 0 && !a.isExcluded(i) {
			over = append(over, it.Code)
		}
	}
	waived := a.isWaived(SetMaximum, "", a.pools[k].id)
	reached := limit.courses && courses >= limit.n && offered > limit.n || !limit.courses && credits >= limit.n && offeredCredits > limit.n
	broken := limit.courses && courses > limit.n || !limit.courses && credits > limit.n
	if !broken && (!reached || len(over) == 0 || waived) {
		return
	}
	what := fmt.Sprintf("%s credits", Credits(limit.n))
	params := Params{Courses: limit.codes, Credits: Credits(limit.n)}
	if limit.courses {
		what, params = countCourses(limit.n), Params{Courses: limit.codes, Needed: limit.n}
	}
	a.addRemark(Remark{Code: SetMaximum, Level: Warning, Pool: a.pools[k].id, Params: params,
		Message: fmt.Sprintf("%s counts at most %s of %s.", a.pools[k].name, what, phraseList(limit.codes, len(limit.codes))),
		Remedy:  "Choose courses outside this list for the rest."})
}
