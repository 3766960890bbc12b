package audit

import "slices"

// Waiver lifts a remark, because the department agreed. It names one of course, pool and term. A course or a pool lifts
// every remark of the code about it; a term, as a label such as "FALL 2027", lifts the remark about the term itself.
type Waiver struct {
	Code   RemarkCode `json:"code"`
	Course string     `json:"course,omitempty"`
	Pool   string     `json:"pool,omitempty"`
	Term   string     `json:"term,omitempty"`
	Reason string     `json:"reason,omitempty"`
}

// HasOneTarget reports whether the waiver names one of course, pool and term.
func (w Waiver) HasOneTarget() bool {
	named := 0
	for _, target := range []string{w.Course, w.Pool, w.Term} {
		if target != "" {
			named++
		}
	}
	return named == 1
}

// IsFor reports whether the waiver lifts a remark.
func (w Waiver) IsFor(r Remark) bool {
	switch {
	case w.Code != r.Code:
		return false
	case w.Course != "" && w.Course == r.Course, w.Pool != "" && w.Pool == r.Pool:
		return true
	}
	return w.Term != "" && w.Term == r.Term && r.Course == "" && r.Pool == ""
}

// isWaived reports whether the student waived a remark for the course or the pool.
func (a *auditor) isWaived(code RemarkCode, course, pool string) bool {
	return slices.ContainsFunc(a.record.Waivers, func(w Waiver) bool {
		return w.Code == code && (w.Course != "" && w.Course == course || w.Pool != "" && w.Pool == pool)
	})
}

// isExclusionWaived reports whether the student waived the exclusion of one of two items.
func (a *auditor) isExclusionWaived(pair [2]int) bool {
	return a.isWaived(Excluded, a.items[pair[0]].Code, "") || a.isWaived(Excluded, a.items[pair[1]].Code, "")
}

// applyWaivers marks the remarks that the student waived.
func (a *auditor) applyWaivers() {
	for i := range a.remarks {
		r := &a.remarks[i]
		for _, w := range a.record.Waivers {
			if w.IsFor(*r) {
				r.Waived, r.Reason = true, w.Reason
			}
		}
	}
}
