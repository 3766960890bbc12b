package timeline

import (
	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/warning"
)

// Status is how far a course is.
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

// State is a course's status and the sitting or the reason behind it. Semester is a term label in upper case, nil when
// the course was not sat.
type State struct {
	Status   Status  `json:"status" bson:"status"`
	Semester *string `json:"semester" bson:"semester"`
	Via      string  `json:"via,omitempty" bson:"via,omitempty"` // "transfer" or "exemption"
	Message  string  `json:"message,omitempty" bson:"message,omitempty"`
}

// Result is a timeline: every course of the degree and its state, the terms in order, and how far each requirement is
// met. It is the body of a done job.
type Result struct {
	ID           string            `json:"_id,omitempty"`
	TimelineName string            `json:"timelineName,omitempty"`
	Degree       Degree            `json:"degree"`
	Pools        []Pool            `json:"pools"`
	Courses      map[string]Course `json:"courses"`
	Semesters    []Semester        `json:"semesters"`
	Progress     Progress          `json:"progress"`
	Totals       Totals            `json:"totals"`
	// Remarks are the rules that the timeline breaks; see audit.
	Remarks []audit.Remark `json:"remarks"`
	// Warnings are what a person should look at, from the document first.
	Warnings []warning.Warning `json:"warnings"`
	// Transfers are the transferred and exempted courses as printed, with the credits that no course stands for.
	Transfers []Transfer `json:"transfers,omitempty"`
	// Pins and Waivers are the student's decisions for the audit: course code → pool id, and remarks that do not hold.
	Pins             map[string]string `json:"pins,omitempty"`
	Waivers          []audit.Waiver    `json:"waivers,omitempty"`
	IsCoop           bool              `json:"isCoop"`
	IsExtendedCredit bool              `json:"isExtendedCredit"`
}

// Totals are the credits of the whole degree and where the number stands: audit.FromDocument when the document prints
// it, else audit.FromCatalogue.
type Totals struct {
	Required float64 `json:"required"`
	Source   string  `json:"source"`
}

// Transfer is one transferred or exempted course as printed. Code is empty for credits that no course stands for,
// such as "PHIL 2XX", which then is in Title. Credits are nil where the document prints none.
type Transfer struct {
	Code    string   `json:"code,omitempty" bson:"code,omitempty"`
	Title   string   `json:"title,omitempty" bson:"title,omitempty"`
	Credits *float64 `json:"credits,omitempty" bson:"credits,omitempty"`
	Via     string   `json:"via" bson:"via"`
}

// Degree is the degree as this timeline counts it: credits and pools of extended credit and co-op included.
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

// Course is a course of this timeline. InCatalogue is nil for a course of the catalogue and false for one that only the
// document knows.
type Course struct {
	ID          string   `json:"id"`
	Title       string   `json:"title"`
	Credits     float64  `json:"credits"`
	OfferedIn   []string `json:"offeredIn"`
	Rules       []Rule   `json:"rules"`
	InCatalogue *bool    `json:"inCatalogue,omitempty"`
	State       State    `json:"status"`
	// Counts says in which pools the course counts, with how many credits and why; empty when it counts nowhere.
	Counts []audit.Count `json:"counts,omitempty"`
}

// Rule is a catalogue rule with a sentence for people.
type Rule struct {
	Type    string     `json:"type"`
	Level   string     `json:"level"` // "warning" or "info"
	Message string     `json:"message"`
	Params  RuleParams `json:"params"`
}

// RuleParams are the parameters of a rule; which are set depends on its type.
type RuleParams struct {
	CourseList []string `json:"courseList,omitempty"`
	MinCourses int      `json:"minCourses,omitempty"`
	MaxCourses *int     `json:"maxCourses,omitempty"`
	MinCredits float64  `json:"minCredits,omitempty"`
	MaxCredits float64  `json:"maxCredits,omitempty"`
}

// Semester is one term and what was or will be sat in it.
type Semester struct {
	Term    string    `json:"term" bson:"term"`
	Courses []Sitting `json:"courses" bson:"courses"`
}

// Sitting is one course in one term; Message is a remark about this sitting. Credits are what the document says that it
// counts, earned when it is over and attempted before; nil where the catalogue's hold. IsBelowCMinus marks a passing
// grade below C-. Pool is for a placeholder alone: the pool of which a course is still to be chosen, or
// audit.OtherCreditsID for a course of any kind.
type Sitting struct {
	Code          string   `json:"code" bson:"code"`
	Pool          string   `json:"pool,omitempty" bson:"pool,omitempty"`
	Credits       *float64 `json:"credits,omitempty" bson:"credits,omitempty"`
	IsBelowCMinus bool     `json:"belowCMinus,omitempty" bson:"belowCMinus,omitempty"`
	Message       string   `json:"message,omitempty" bson:"message,omitempty"`
}

// Progress is how far the degree and each pool are, in credits.
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

// Credits counts credits by how far they are. Remaining is what is neither completed, in progress nor planned.
type Credits struct {
	CreditsRequired float64 `json:"creditsRequired"`
	Completed       float64 `json:"completed"`
	InProgress      float64 `json:"inProgress"`
	Planned         float64 `json:"planned"`
	Remaining       float64 `json:"remaining"`
}
