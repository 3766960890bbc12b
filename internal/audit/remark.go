package audit

import (
	"cmp"
	"slices"
)

// RemarkCode names a rule that a record breaks. Codes are stable: clients and pages translate them.
type RemarkCode string

// The codes of remarks.
const (
	Prerequisite  RemarkCode = "prerequisite"
	Corequisite   RemarkCode = "corequisite"
	Either        RemarkCode = "prerequisite_or_corequisite"
	Excluded      RemarkCode = "excluded"
	CreditsBefore RemarkCode = "credits_before"
	NotOffered    RemarkCode = "not_offered"
	Overload      RemarkCode = "overload"
	Repeated      RemarkCode = "repeated"
	SetMinimum    RemarkCode = "set_minimum"
	SetMaximum    RemarkCode = "set_maximum"
	CMinus        RemarkCode = "c_minus"
	CoopStart     RemarkCode = "coop_start"    // the first term is a work term
	CoopEnd       RemarkCode = "coop_end"      // the last term is a work term
	CoopTooEarly  RemarkCode = "coop_early"    // fewer than two study terms before the first work term
	CoopInARow    RemarkCode = "coop_in_a_row" // more than two work terms in a row
	CoopOrder     RemarkCode = "coop_order"    // the work terms are out of order
	CoopMissing   RemarkCode = "coop_missing"  // fewer than three work terms
	PinUnknown    RemarkCode = "pin_unknown"   // a pin names a course or a requirement that does not fit
	TotalDiffers  RemarkCode = "total_differs" // the document's total is less than the requirements add up to
	MadeUp        RemarkCode = "made_up"       // an exemption without credits: other courses provide its credits
)

// RemarkCodes returns every code, in the order of the remarks of one course.
func RemarkCodes() []RemarkCode {
	return []RemarkCode{
		Prerequisite, Corequisite, Either, Excluded, CreditsBefore, NotOffered, Overload, Repeated, SetMinimum, SetMaximum,
		CMinus, CoopStart, CoopEnd, CoopTooEarly, CoopInARow, CoopOrder, CoopMissing, PinUnknown, TotalDiffers, MadeUp,
	}
}

// Level is the severity of a remark.
type Level string

// The levels: an error prevents a plan from working, a warning may, an info does not.
const (
	Error   Level = "error"
	Warning Level = "warning"
	Info    Level = "info"
)

// Remark is one broken rule, and what to do about it. A waived remark counts as met.
type Remark struct {
	Code    RemarkCode `json:"code"`
	Level   Level      `json:"level"`
	Course  string     `json:"course,omitempty"`
	Term    string     `json:"term,omitempty"`
	Pool    string     `json:"pool,omitempty"`
	Message string     `json:"message"`
	Remedy  string     `json:"remedy"`
	Params  Params     `json:"params"`
	Waived  bool       `json:"waived,omitempty"`
	Reason  string     `json:"reason,omitempty"` // of the waiver
}

// Params are the facts of a remark; its code decides which are set.
type Params struct {
	Courses      []string `json:"courses,omitempty"`      // the courses of the rule
	Needed       int      `json:"needed,omitempty"`       // how many of them
	Credits      Credits  `json:"credits,omitempty"`      // the credits that the rule requires or allows
	Missing      Credits  `json:"missing,omitempty"`      // the number of missing or excess credits
	EarliestTerm string   `json:"earliestTerm,omitempty"` // the first term in which the rule would be met
	OfferedIn    []string `json:"offeredIn,omitempty"`
}

// sortRemarks sorts the remarks by term, course, pool and code.
func (a *auditor) sortRemarks() []Remark {
	order := map[RemarkCode]int{}
	for i, code := range RemarkCodes() {
		order[code] = i
	}
	rank := map[Level]int{Error: 0, Warning: 1, Info: 2}
	slices.SortFunc(a.remarks, func(x, y Remark) int {
		return cmp.Or(cmp.Compare(rank[x.Level], rank[y.Level]), cmp.Compare(order[x.Code], order[y.Code]),
			compareStrings(x.Course, y.Course, x.Pool, y.Pool, x.Term, y.Term, x.Message, y.Message))
	})
	if a.remarks == nil {
		return []Remark{}
	}
	return a.remarks
}
