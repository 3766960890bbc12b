package timeline

import (
	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/warning"
)

// Status is the progress of a course.
type Status string

// The statuses of a course.
const (
	Completed  Status = "completed"
	InProgress Status = "inprogress"
	Planned    Status = "planned"
	Incomplete Status = "incomplete"
)

// IsKnown reports whether s is one of the statuses.
func (s Status) IsKnown() bool { return statusRank(s) >= 0 }

// State is a course's status and the sitting or the reason for it. Semester is a term label in upper case, nil when
// the course was not sat.
type State struct {
	Status   Status  `json:"status"`
	Semester *string `json:"semester"`
	Via      string  `json:"via,omitempty"` // "transfer" or "exemption"
	Message  string  `json:"message,omitempty"`
}

// Result is a timeline: every course of the degree and its state, the terms in order, and the progress of each
// requirement. It is the body of a done job.
type Result struct {
	ID           string `json:"_id,omitempty"`
	TimelineName string `json:"timelineName,omitempty"`
	Degree       Degree `json:"degree"`
	// Calendar is the academic year of the catalogue by which the student is measured, such as "2026-27"; empty in
	// results of older versions.
	Calendar  string            `json:"calendar,omitempty"`
	Pools     []Pool            `json:"pools"`
	Courses   map[string]Course `json:"courses"`
	Semesters []Semester        `json:"semesters"`
	Progress  Progress          `json:"progress"`
	Totals    Totals            `json:"totals"`
	// Remarks are the rules that the timeline breaks; see audit.
	Remarks []audit.Remark `json:"remarks"`
	// Graduation is the earliest term after which the degree can be complete. It is nil before Builder.AddGraduation,
	// and where twelve years are not enough.
	Graduation *audit.Graduation `json:"graduation,omitempty"`
	// Warnings are findings that a person should check, those of the document first.
	Warnings []warning.Warning `json:"warnings"`
	// Transfers are the transferred and exempted courses as printed, and the credits without a course.
	Transfers []Transfer `json:"transfers,omitempty"`
	// Pins and Waivers are the student's decisions for the audit: course code → pool id, and remarks that do not
	// apply.
	Pins             map[string]string `json:"pins,omitempty"`
	Waivers          []audit.Waiver    `json:"waivers,omitempty"`
	IsCoop           bool              `json:"isCoop"`
	IsExtendedCredit bool              `json:"isExtendedCredit"`
	// Plan says how the future terms were planned; nil for a timeline that no plan made, or that was edited since.
	Plan *PlanNotes `json:"plan,omitempty"`
}

// Totals are the credits of the whole degree and the source of the number: audit.FromDocument when it is printed,
// otherwise audit.FromCatalogue.
type Totals struct {
	Required float64 `json:"required"`
	Source   string  `json:"source"`
}

// Transfer is one transferred or exempted course as printed. Code is empty for credits without a course, such as
// "PHIL 2XX", which is then in Title. Credits are nil where the document prints none.
type Transfer struct {
	Code    string   `json:"code,omitempty"`
	Title   string   `json:"title,omitempty"`
	Credits *float64 `json:"credits,omitempty"`
	Via     string   `json:"via"`
}

// Degree is the degree of this timeline, with the credits and pools of extended credit and co-op.
type Degree struct {
	ID           string               `json:"_id"`
	Name         string               `json:"name"`
	DegreeType   catalogue.DegreeType `json:"degreeType"`
	TotalCredits float64              `json:"totalCredits"`
	CoursePools  []string             `json:"coursePools"`
	ECPDegreeID  string               `json:"ecpDegreeId,omitempty"`
}

// Pool is a requirement of this timeline, synthetic ones included.
type Pool struct {
	ID              string   `json:"_id"`
	Name            string   `json:"name"`
	CreditsRequired float64  `json:"creditsRequired"`
	Courses         []string `json:"courses"`
	Rules           []Rule   `json:"rules"`
}

// Course is a course of this timeline. InCatalogue is nil for a course of the catalogue and false for one that only
// the document has.
type Course struct {
	ID          string   `json:"id"`
	Title       string   `json:"title"`
	Credits     float64  `json:"credits"`
	OfferedIn   []string `json:"offeredIn"`
	Rules       []Rule   `json:"rules"`
	InCatalogue *bool    `json:"inCatalogue,omitempty"`
	State       State    `json:"status"`
	// Counts are the pools in which the course counts, with the credits and the reason; empty when it counts nowhere.
	Counts []audit.Count `json:"counts,omitempty"`
}

// Rule is a catalogue rule with a sentence for people.
type Rule struct {
	Type    string     `json:"type"`
	Level   string     `json:"level"` // "warning" or "info"
	Message string     `json:"message"`
	Params  RuleParams `json:"params"`
}

// RuleParams are the parameters of a rule; its type decides which are set.
type RuleParams struct {
	CourseList []string `json:"courseList,omitempty"`
	MinCourses int      `json:"minCourses,omitempty"`
	MaxCourses *int     `json:"maxCourses,omitempty"`
	MinCredits float64  `json:"minCredits,omitempty"`
	MaxCredits float64  `json:"maxCredits,omitempty"`
}

// Semester is one term and its sittings, past and planned.
type Semester struct {
	Term    string    `json:"term"`
	Courses []Sitting `json:"courses"`
}

// Sitting is one course in one term; Message is a remark about this sitting. Credits are those of the document,
// earned when it is over and attempted before; nil where the catalogue's apply. IsBelowCMinus marks a passing grade
// below C-. Only a placeholder has a Pool: the pool of the course to be chosen, or audit.OtherCreditsID for a course
// of any kind.
type Sitting struct {
	Code          string   `json:"code"`
	Pool          string   `json:"pool,omitempty"`
	Credits       *float64 `json:"credits,omitempty"`
	IsBelowCMinus bool     `json:"belowCMinus,omitempty"`
	Message       string   `json:"message,omitempty"`
}

// Progress is the progress of the degree and of each pool, in credits.
type Progress struct {
	Overall Credits        `json:"overall"`
	Pools   []PoolProgress `json:"pools"` // in the order of the result's pools
}

// PoolProgress is the progress of one pool.
type PoolProgress struct {
	ID   string `json:"_id"`
	Name string `json:"name"`
	Credits
}

// Credits counts credits by progress. Remaining is neither completed, in progress nor planned.
type Credits struct {
	CreditsRequired float64 `json:"creditsRequired"`
	Completed       float64 `json:"completed"`
	InProgress      float64 `json:"inProgress"`
	Planned         float64 `json:"planned"`
	Remaining       float64 `json:"remaining"`
}
