// Package audit compares a student's record with a degree: which course counts in which requirement, which credits
// are missing, which rules are broken, and how the degree can be completed. All functions are pure, and the order of
// the input does not matter.
package audit

import (
	"strconv"

	"github.com/trackmydegree/trackmydegree/internal/term"
)

// Credits counts credits in quarters: 14 is 3.5 credits. In JSON it is the number of credits.
type Credits int

// NoCredits marks an attempt whose document prints no credits: the catalogue's apply.
const NoCredits Credits = -1

// Quarters converts credits as the catalogue writes them to the nearest quarter.
func Quarters(credits float64) Credits {
	if !(credits > 0 && credits <= 1000) {
		return 0
	}
	return Credits(credits*4 + 0.5)
}

// Float returns the number of credits.
func (c Credits) Float() float64 { return float64(c) / 4 }

// String returns the number of credits, such as "3.5".
func (c Credits) String() string { return strconv.FormatFloat(c.Float(), 'f', -1, 64) }

// MarshalJSON writes the number of credits.
func (c Credits) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, c.Float(), 'f', -1, 64), nil
}

// UnmarshalJSON reads a number of credits.
func (c *Credits) UnmarshalJSON(b []byte) error {
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return err
	}
	if f < 0 {
		*c = -Quarters(-f)
		return nil
	}
	*c = Quarters(f)
	return nil
}

// Status is the progress of a course.
type Status string

// The statuses of a course.
const (
	Completed  Status = "completed"
	InProgress Status = "inprogress"
	Planned    Status = "planned"
	Incomplete Status = "incomplete"
)

// The ways in which a course counts without a sitting.
const (
	ViaTransfer  = "transfer"
	ViaExemption = "exemption"
)

// Attempt is one course of the record: a sitting, a transfer, an exemption or a plan. Code is normalised. Credits are
// earned when the attempt is over, attempted before; NoCredits where the document has none. Term is zero for an
// attempt without a sitting. BelowCMinus marks a passing grade below C-.
type Attempt struct {
	Code        string
	Credits     Credits
	Status      Status
	Term        term.Term
	Via         string
	BelowCMinus bool
	// IsPlaceholder marks an attempt that represents a course still to be chosen, from the pool with the id Pool.
	IsPlaceholder bool
	Pool          string
}

// Record is a student's record. Required is the degree's total that the document prints, 0 where it prints none.
type Record struct {
	Attempts []Attempt
	// Deficiencies are courses that the student must take in addition to the degree. They count nowhere else.
	Deficiencies []string
	// Pins are the student's own decisions: course code → pool id.
	Pins    map[string]string
	Waivers []Waiver
	IsCoop  bool
	// WorkTerms are terms that hold a work term without a course.
	WorkTerms []term.Term
	Required  Credits
	// Current is the term under way. Choices and plans begin after it.
	Current term.Term
	// GeneratedFrom names the source of the record; the audit only repeats it.
	GeneratedFrom string
}

// Audit is the result of comparing a record with one degree.
type Audit struct {
	Degree       DegreeName    `json:"degree"`
	Calendar     string        `json:"calendar"`
	Totals       Totals        `json:"totals"`
	Requirements []Requirement `json:"requirements"`
	Courses      []Course      `json:"courses"`
	Remarks      []Remark      `json:"remarks"`
	Pins         []Pin         `json:"pins,omitempty"`
	Graduation   *Graduation   `json:"graduation,omitempty"`
	// Obstacles say why there is no Graduation.
	Obstacles []string `json:"obstacles,omitempty"`
	// GeneratedFrom names the record.
	GeneratedFrom string `json:"generatedFrom"`
	// Exact is false only when the search reached its limit of steps; no student's record is known for which it does.
	Exact bool `json:"exact"`
}

// DegreeName names the degree of an audit.
type DegreeName struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// The sources of a degree's total.
const (
	FromDocument  = "document"
	FromCatalogue = "catalogue"
)

// Totals are the degree's credits. Deficiencies are not among them.
type Totals struct {
	Required   Credits `json:"required"`
	Source     string  `json:"source"` // FromDocument or FromCatalogue
	Completed  Credits `json:"completed"`
	InProgress Credits `json:"inProgress"`
	Planned    Credits `json:"planned"`
	Remaining  Credits `json:"remaining"`
}

// RequirementStatus is the progress of a requirement.
type RequirementStatus string

// The statuses of a requirement: filled by completed courses; by those and courses in progress; by those and planned
// ones; not filled.
const (
	RequirementComplete   RequirementStatus = "complete"
	RequirementInProgress RequirementStatus = "in_progress"
	RequirementPlanned    RequirementStatus = "planned"
	RequirementMissing    RequirementStatus = "missing"
)

// The requirements without a pool of the catalogue.
const (
	OtherCreditsID = "other credits" // the part of the total that is not in the pools
	deficienciesID = "deficiencies"
)

// Requirement is one pool and the courses that fill it. Choices are courses that could fill it in the next term,
// nearest first; MoreChoices is the number of those that were left out.
type Requirement struct {
	ID          string            `json:"id"`
	Name        string            `json:"name"`
	Status      RequirementStatus `json:"status"`
	Required    Credits           `json:"required"`
	Completed   Credits           `json:"completed"`
	InProgress  Credits           `json:"inProgress"`
	Planned     Credits           `json:"planned"`
	Remaining   Credits           `json:"remaining"`
	Courses     []CountedCourse   `json:"courses"`
	Choices     []Choice          `json:"choices"`
	MoreChoices int               `json:"moreChoices,omitempty"`
	// Note explains a number of credits that differs from the catalogue's.
	Note string `json:"note,omitempty"`
}

// CountedCourse is a course in a requirement, with the credits that count there.
type CountedCourse struct {
	Code    string  `json:"code"`
	Credits Credits `json:"credits"`
	Status  Status  `json:"status"`
}

// Choice is a course that could fill a requirement.
type Choice struct {
	Code    string  `json:"code"`
	Title   string  `json:"title"`
	Credits Credits `json:"credits"`
	// Unlocks is the number of courses of the degree that require it.
	Unlocks int `json:"unlocks"`
	// NextTerm reports whether it is offered in the next term, if that is known.
	NextTerm bool `json:"nextTerm"`
}

// Because is the reason why a course counts where it does.
type Because string

// The reasons why a course counts in a requirement.
const (
	BecauseRequired   Because = "required"   // the requirement needs every course of its list
	BecauseElective   Because = "elective"   // it is one of the courses to choose from
	BecauseOverflow   Because = "overflow"   // an earlier requirement that lists it is full
	BecauseEquivalent Because = "equivalent" // it is equivalent to a course of the list
	BecauseOnlyPlace  Because = "only_place" // the limits of the other requirements that list it leave no room
	BecauseWaived     Because = "waived"     // a limit that the student has waived would exclude it
	BecausePinned     Because = "pinned"     // the student pinned it there
)

// The reasons why credits of a course count nowhere.
const (
	NotListed   = "not_listed"  // no requirement lists the course
	NoRoom      = "no_room"     // every requirement that lists it is full or limited
	WasExcluded = "excluded"    // a course that excludes it counts
	WasRepeated = "repeated"    // another attempt of the course counts
	NotEarned   = "not_earned"  // the attempt earned nothing
	WorkTermIs  = "work_term"   // work terms are in addition to the degree
	NoCreditsIs = "no_credits"  // an exemption fills its place and adds no credits
	IsOwed      = "not_yet_due" // an incomplete attempt
)

// Course is one attempt and the requirements in which it counts.
type Course struct {
	Code    string  `json:"code"`
	Title   string  `json:"title,omitempty"`
	Status  Status  `json:"status"`
	Term    string  `json:"term,omitempty"`
	Via     string  `json:"via,omitempty"`
	Credits Credits `json:"credits"`
	Counts  []Count `json:"counts"`
	// Alternatives are the other requirements that list it.
	Alternatives []string `json:"alternatives"`
	// Uncounted is the number of its credits that count nowhere, and the reason.
	Uncounted *Uncounted `json:"uncounted,omitempty"`
}

// Count is the number of credits that a course gives to one requirement.
type Count struct {
	Pool    string  `json:"pool"`
	Credits Credits `json:"credits"`
	Because Because `json:"because"`
	// For is the course of the list to which this one is equivalent.
	For string `json:"for,omitempty"`
}

// Uncounted is the part of a course that counts nowhere.
type Uncounted struct {
	Credits Credits `json:"credits"`
	Because string  `json:"because"`
}

// Pin is a decision of the student and its cost: the credits of each kind that the best allocation without any pin
// would count in addition. A pin to a requirement that does not list the course is not applied.
type Pin struct {
	Course  string   `json:"course"`
	Pool    string   `json:"pool"`
	Applied bool     `json:"applied"`
	Cost    *PinCost `json:"cost,omitempty"`
}

// PinCost is the cost of all applied pins together.
type PinCost struct {
	Completed  Credits `json:"completed"`
	InProgress Credits `json:"inProgress"`
	Planned    Credits `json:"planned"`
	Pools      int     `json:"pools"` // how many requirements fewer are complete
}

// Graduation is the earliest term after which the degree can be complete. CriticalChain are the courses, in the order
// of terms, that no plan can shorten; Proven is false when fewer terms could not be ruled out.
type Graduation struct {
	Term          string   `json:"term"`
	Terms         int      `json:"terms"`
	Proven        bool     `json:"proven"`
	CriticalChain []string `json:"criticalChain"`
	Reason        string   `json:"reason"`
}
