package audit

import (
	"fmt"
	"slices"
)

// checkCMinus remarks on a course below C- while a course that is still to be taken requires it, and no such course
// has been passed.
func checkCMinus(a *auditor, it *item) {
	if !it.BelowCMinus || it.Status != Completed || it.repeatOf >= 0 {
		return
	}
	var open []string
	for id := range a.book.courses {
		if !a.specific[id] || !a.isStrict(it.id, int32(id)) || !a.asksFor(int32(id), it) {
			continue
		}
		first := int(a.first[id]) - 1
		status := Incomplete
		for j := first; j >= 0; j = a.items[j].next {
			if rankOf(a.items[j].Status) > rankOf(status) {
				status = a.items[j].Status
			}
		}
		if status == Completed {
			return
		}
		if a.needed[id] || status != Incomplete {
			open = append(open, a.book.courses[id].code)
		}
	}
	if len(open) > 0 {
		a.addRemark(Remark{Code: CMinus, Level: Warning, Course: it.Code, Term: labelOf(it.Term), Params: Params{Courses: open},
			Message: fmt.Sprintf("%s is passed below C-; %s ask for C- in it.", it.Code, phraseList(open, len(open))),
			Remedy:  fmt.Sprintf("Repeat %s before the courses that ask for it.", it.Code)})
	}
}

// asksFor reports whether a course has another as a prerequisite that no other course of the record meets.
func (a *auditor) asksFor(id int32, it *item) bool {
	for n := range a.book.courses[id].needs {
		need := &a.book.courses[id].needs[n]
		if need.code != Prerequisite || !slices.Contains(need.list, it.id) {
			continue
		}
		instead := slices.ContainsFunc(need.list, func(other int32) bool {
			for j := int(a.first[other]) - 1; j >= 0; j = a.items[j].next {
				if x := &a.items[j]; x.Status == Completed && !x.BelowCMinus {
					return true
				}
			}
			return false
		})
		if !instead {
			return true
		}
	}
	return false
}
