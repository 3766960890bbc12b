package audit

import (
	"fmt"
	"slices"
	"strings"
)

// checks are the rules of one attempt, in the order of their remarks. Each adds a remark if its rule is broken.
var checks = []func(*auditor, *item){
	checkNeeds, checkCreditsBefore, checkOffered, checkRepeated, checkCMinus,
}

// applyRules checks every attempt in its position, and then the terms and the pools.
func (a *auditor) applyRules() {
	for i := range a.items {
		it := &a.items[i]
		if it.id < 0 || it.owed && it.Status == Incomplete {
			continue
		}
		for _, check := range checks {
			check(a, it)
		}
	}
	a.checkExcluded()
	a.checkLoad()
	a.checkLimits()
	a.checkCoop()
}

func (a *auditor) addRemark(r Remark) { a.remarks = append(a.remarks, r) }

// addPositionRemark adds a remark on the position of an attempt. A completed course has no remedy: its term is past.
func (a *auditor) addPositionRemark(it *item, r Remark) {
	if it.Status == Completed {
		r.Remedy, r.Params.EarliestTerm = "Nothing is to be done: the course is completed.", ""
	}
	a.addRemark(r)
}

// levelOf returns the severity of a broken rule for an attempt: a completed one cannot be changed.
func levelOf(it *item) Level {
	switch it.Status {
	case Completed:
		return Info
	case InProgress:
		return Warning
	}
	return Error
}

// isBefore reports whether an earlier attempt comes before a later one. Before a past attempt only completed ones
// count; before a planned one planned ones count as well. Together allows the same term.
func isBefore(earlier, later *item, together bool) bool {
	switch {
	case earlier.Status == Incomplete, later.Status != Planned && earlier.Status != Completed && !(together && earlier.Status == later.Status):
		return false
	case earlier.begin == never:
		return earlier.Status == Completed
	case together:
		return earlier.begin <= later.end
	}
	return earlier.end < later.begin
}

// meets reports whether the record has a course, or an equivalent of it, where the later attempt needs it.
func (a *auditor) meets(id int32, later *item, kind RemarkCode) bool {
	if a.hasBefore(id, later, kind) {
		return true
	}
	for _, other := range a.book.courses[id].equivalents {
		if a.hasBefore(other, later, kind) {
			return true
		}
	}
	return false
}

func (a *auditor) hasBefore(id int32, later *item, kind RemarkCode) bool {
	for j := int(a.first[id]) - 1; j >= 0; j = a.items[j].next {
		it := &a.items[j]
		if it.BelowCMinus && kind == Prerequisite && later.Status == Planned && a.isStrict(id, later.id) && !a.isWaived(CMinus, it.Code, "") {
			continue
		}
		if isBefore(it, later, kind != Prerequisite) {
			return true
		}
	}
	return false
}

// checkNeeds checks the prerequisites and corequisites of an attempt. Courses that admission provides are met, unless
// the record lists them as deficiencies.
func checkNeeds(a *auditor, it *item) {
	if it.Status == Incomplete || it.Via != "" {
		return
	}
	for n := range a.book.courses[it.id].needs {
		need := &a.book.courses[it.id].needs[n]
		if missing := a.countMissing(it, need); missing > 0 {
			a.remarkNeed(it, need, missing)
		}
	}
}

// countMissing returns the number of courses of a need that an attempt lacks.
func (a *auditor) countMissing(it *item, n *need) int {
	have := 0
	for _, id := range n.list {
		if a.meets(id, it, n.code) || a.isPresumed(id) {
			have++
		}
	}
	return max(0, min(n.count, len(n.list))-have)
}

// isPresumed reports whether admission provides a course.
func (a *auditor) isPresumed(id int32) bool {
	return a.presumed[id] && !slices.Contains(a.record.Deficiencies, a.book.courses[id].code)
}

func (a *auditor) remarkNeed(it *item, n *need, missing int) {
	codes := make([]string, 0, len(n.list))
	level, isOpen := levelOf(it), true
	for _, id := range n.list {
		codes = append(codes, a.book.courses[id].code)
		if a.listed[id] || a.first[id] > 0 || !a.needed[it.id] && !isIntroductory(a.book.courses[id].code) {
			isOpen = false
		}
	}
	// A student may know a 200-level course outside the degree from school or from a placement test. A degree that
	// requires a course without its prerequisite has its own arrangement.
	if isOpen && level == Error {
		level = Warning
	}
	when := map[RemarkCode]string{Prerequisite: "before it", Corequisite: "in the same term or earlier", Either: "in the same term or earlier"}[n.code]
	r := Remark{Code: n.code, Level: level, Course: it.Code, Term: labelOf(it.Term), Params: Params{Courses: codes, Needed: missing},
		Message: fmt.Sprintf("%s needs %s %s.", it.Code, phraseList(codes, missing), when),
		Remedy:  fmt.Sprintf("Plan %s %s.", phraseList(codes, missing), when)}
	if at := a.findEarliest(n, it); at != never {
		r.Params.EarliestTerm = at.label()
		r.Remedy = fmt.Sprintf("Move %s to %s or later.", it.Code, at.label())
	}
	if n.code == Prerequisite && a.isBelowCMinus(n, it) {
		r.Message = fmt.Sprintf("%s needs %s with at least C- %s.", it.Code, phraseList(codes, missing), when)
		r.Remedy = fmt.Sprintf("Plan %s again %s.", phraseList(codes, missing), when)
	}
	a.addPositionRemark(it, r)
}

// isIntroductory reports whether a course is of the 200 level or below.
func isIntroductory(code string) bool {
	_, number, _ := strings.Cut(code, " ")
	return number != "" && number[0] <= '2'
}

// isBelowCMinus reports whether a need is missed only because of a grade.
func (a *auditor) isBelowCMinus(n *need, later *item) bool {
	return slices.ContainsFunc(n.list, func(id int32) bool {
		for j := int(a.first[id]) - 1; j >= 0; j = a.items[j].next {
			if later.Status == Planned && a.items[j].BelowCMinus && isBefore(&a.items[j], later, false) && a.isStrict(id, later.id) {
				return true
			}
		}
		return false
	})
}

// findEarliest returns the first term in which the record meets a need; never when it does not.
func (a *auditor) findEarliest(n *need, it *item) slot {
	var ready []slot
	for _, id := range n.list {
		best := never
		for j := int(a.first[id]) - 1; j >= 0; j = a.items[j].next {
			other := &a.items[j]
			if other.Status == Incomplete || other.begin == never || other.BelowCMinus && a.isStrict(id, it.id) {
				continue
			}
			at := other.end + 1
			if n.code != Prerequisite {
				at = other.begin
			}
			if best == never || at < best {
				best = at
			}
		}
		if best != never {
			ready = append(ready, best)
		}
	}
	if len(ready) < n.count {
		return never
	}
	slices.Sort(ready)
	at := ready[n.count-1]
	set := a.book.courses[it.id].seasons
	for range 3 {
		if set.hasTerm(at.toTerm()) {
			break
		}
		at++
	}
	return at
}

// checkCreditsBefore checks the credits that the course of an attempt requires.
func checkCreditsBefore(a *auditor, it *item) {
	asked := a.book.courses[it.id].minCredits
	if asked == 0 || it.Status == Incomplete || it.Via != "" {
		return
	}
	have := Credits(0)
	for j := range a.items {
		if x := &a.items[j]; x != it && x.isLive() && !isWorkTerm(x.Code) && isBefore(x, it, false) {
			have += x.Credits
		}
	}
	if have < asked {
		a.addPositionRemark(it, Remark{Code: CreditsBefore, Level: levelOf(it), Course: it.Code, Term: labelOf(it.Term),
			Params:  Params{Credits: asked, Missing: asked - have},
			Message: fmt.Sprintf("%s needs %s credits before it; %s are missing.", it.Code, asked, asked-have),
			Remedy:  fmt.Sprintf("Move %s to a later term.", it.Code)})
	}
}

// checkOffered compares the term of a planned course with the terms in which it is offered. The catalogue's list is a
// hint, and so is the term in a published sequence: the schedule decides.
func checkOffered(a *auditor, it *item) {
	set := a.book.courses[it.id].seasons
	if set != 0 {
		set |= a.book.courses[it.id].published
	}
	if it.Status != Planned || set.hasTerm(it.Term) {
		return
	}
	c, _ := a.book.cat.FindCourse(it.Code)
	a.addRemark(Remark{Code: NotOffered, Level: Warning, Course: it.Code, Term: labelOf(it.Term), Params: Params{OfferedIn: c.OfferedIn},
		Message: fmt.Sprintf("%s is usually offered in %s.", it.Code, strings.Join(c.OfferedIn, ", ")),
		Remedy:  "Check the schedule, or move it to such a term."})
}

// checkRepeated remarks on an attempt that another one replaces.
func checkRepeated(a *auditor, it *item) {
	if it.repeatOf < 0 || it.Status == Incomplete {
		return
	}
	counted := &a.items[it.repeatOf]
	level := Info
	if it.Status == Planned && !counted.BelowCMinus {
		level = Warning
	}
	a.addRemark(Remark{Code: Repeated, Level: level, Course: it.Code, Term: labelOf(it.Term),
		Message: it.Code + " is in the record more than once; it counts once.",
		Remedy:  "Remove it, unless it is to be repeated for the grade."})
}

// checkExcluded remarks on the courses that do not count because of another one.
func (a *auditor) checkExcluded() {
	for _, pair := range a.excluded {
		loser := a.findLoser(pair)
		it, other := &a.items[loser], &a.items[pair[0]+pair[1]-loser]
		level := Warning
		if it.Status == Planned {
			level = Error
		}
		a.addRemark(Remark{Code: Excluded, Level: level, Course: it.Code, Term: labelOf(it.Term), Params: Params{Courses: []string{other.Code}},
			Message: fmt.Sprintf("%s does not count together with %s: the calendar gives credits for one of them.", it.Code, other.Code),
			Remedy:  a.remedyExcluded(it)})
	}
}

// findLoser returns the item of an excluded pair that does not count. If both or neither count it is the one that the
// student waived, or else the later.
func (a *auditor) findLoser(pair [2]int) int {
	first, second := a.counts(pair[0]), a.counts(pair[1])
	isFirst := second && !first
	if first == second {
		isFirst = a.isWaived(Excluded, a.items[pair[0]].Code, "") && !a.isWaived(Excluded, a.items[pair[1]].Code, "")
	}
	if isFirst {
		return pair[0]
	}
	return pair[1]
}

// remedyExcluded returns what can be done about an attempt that another course excludes. A completed one stays.
func (a *auditor) remedyExcluded(it *item) string {
	switch it.Status {
	case Completed:
		return "Nothing is to be done: the course stays on the record without counting."
	case InProgress:
		return "Ask your advisor: the course is under way and will not count."
	}
	return fmt.Sprintf("Choose another course in place of %s.", it.Code)
}

// checkLoad compares the credits of each term that is not over with the maximum. What is completed in the current term
// counts: it was attempted there. A full-year course counts half in each of its terms.
func (a *auditor) checkLoad() {
	load := map[slot]Credits{}
	planned, isOpen := map[slot]bool{}, map[slot]bool{}
	for i := range a.items {
		it := &a.items[i]
		if it.begin == never || it.Status == Incomplete || isWorkTerm(it.Code) {
			continue
		}
		isOpen[it.begin] = isOpen[it.begin] || it.Status != Completed
		isOpen[it.end] = isOpen[it.end] || it.Status != Completed
		if it.end > it.begin {
			load[it.begin] += (it.Credits + 1) / 2
			load[it.end] += it.Credits / 2
			planned[it.end] = planned[it.end] || it.Status == Planned
		} else {
			load[it.begin] += it.Credits
		}
		planned[it.begin] = planned[it.begin] || it.Status == Planned
	}
	most := a.book.settings.MaxLoad
	for at, credits := range load {
		if credits <= most || !isOpen[at] {
			continue
		}
		level := Error
		if !planned[at] {
			level = Info
		}
		a.addRemark(Remark{Code: Overload, Level: level, Term: at.label(), Params: Params{Credits: most, Missing: credits - most},
			Message: fmt.Sprintf("%s holds %s credits; %s are allowed.", at.label(), credits, most),
			Remedy:  "Move a course to another term, or ask for permission to take more."})
	}
}

// phraseList names a number of courses of a list.
func phraseList(codes []string, n int) string {
	const most = 6
	named, last := codes, " or "
	if n >= len(codes) {
		last = " and "
	}
	prefix := ""
	if n > 1 && n < len(codes) {
		prefix, last = fmt.Sprintf("%d of ", n), ", "
	}
	if len(named) == 1 {
		return named[0]
	}
	if len(named) > most {
		return fmt.Sprintf("%s%s and %d others", prefix, strings.Join(named[:most], ", "), len(named)-most)
	}
	return prefix + strings.Join(named[:len(named)-1], ", ") + last + named[len(named)-1]
}
