package audit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
)

// The pattern of a co-op degree, as the Institute for Co-operative Education publishes it.
const (
	studyTermsFirst = 2 // before the first work term
	workTermsInARow = 2
	workTerms       = 3
)

// isWorkTerm reports whether a course is a work term or the report about one.
func isWorkTerm(code string) bool { return strings.HasPrefix(code, "CWT ") }

// coopTerm is a term that is not empty.
type coopTerm struct {
	at    slot
	works int // the number of its work term, 0 for a study term, -1 for one without a number
}

// listTerms returns the terms of the record in order. A term with a work term counts as one, whatever else it
// contains.
func (a *auditor) listTerms() []coopTerm {
	works := map[slot]int{}
	for _, t := range a.record.WorkTerms {
		works[slotOf(t)] = -1
	}
	for i := range a.items {
		it := &a.items[i]
		if it.begin == never || it.Status == Incomplete {
			continue
		}
		for at := it.begin; at <= it.end; at++ {
			number := works[at]
			if isWorkTerm(it.Code) && number <= 0 {
				number = int(it.Code[4] - '0')
			}
			works[at] = number
		}
	}
	out := make([]coopTerm, 0, len(works))
	for at, number := range works {
		out = append(out, coopTerm{at, number})
	}
	slices.SortFunc(out, func(x, y coopTerm) int { return int(x.at - y.at) })
	return out
}

// checkCoop checks the pattern of work terms and study terms.
func (a *auditor) checkCoop() {
	if !a.record.IsCoop {
		return
	}
	terms := a.listTerms()
	study, row, count, last := 0, 0, 0, 0
	add := func(code RemarkCode, level Level, at slot, message, remedy string) {
		a.addRemark(Remark{Code: code, Level: level, Term: at.label(), Message: message, Remedy: remedy})
	}
	for i, t := range terms {
		if t.works == 0 {
			study++
			row = 0
			continue
		}
		count++
		row++
		level := Error
		if t.at <= a.current {
			level = Info
		}
		switch {
		case i == 0:
			add(CoopStart, level, t.at, "The sequence begins with a work term.", "Begin with a study term.")
		case count == 1 && study < studyTermsFirst:
			add(CoopTooEarly, level, t.at, fmt.Sprintf("The first work term follows %s.", countTerms(study)), "Plan two study terms before the first work term.")
		}
		if row > workTermsInARow {
			add(CoopInARow, level, t.at, "More than two work terms follow each other.", "Plan a study term between them.")
		}
		if t.works > 0 && t.works < last {
			add(CoopOrder, level, t.at, fmt.Sprintf("Work term %d comes after work term %d.", t.works, last), "Plan the work terms in the order of their numbers.")
		}
		last = max(last, t.works)
	}
	if len(terms) == 0 {
		return
	}
	if end := terms[len(terms)-1]; end.works != 0 {
		level := Error
		if a.total.Remaining > 0 {
			level = Info // terms that are not planned yet follow
		}
		add(CoopEnd, level, end.at, "The sequence ends with a work term.", "Plan a study term after the last work term.")
	}
	if count < workTerms {
		level := Warning
		if a.total.Remaining > 0 {
			level = Info
		}
		a.addRemark(Remark{Code: CoopMissing, Level: level, Pool: catalogue.CoopPoolID, Params: Params{Needed: workTerms - count},
			Message: fmt.Sprintf("%d of %d work terms are in the record.", count, workTerms),
			Remedy:  "Plan the other work terms."})
	}
}

func countTerms(n int) string {
	if n == 1 {
		return "one study term"
	}
	return fmt.Sprintf("%d study terms", n)
}
