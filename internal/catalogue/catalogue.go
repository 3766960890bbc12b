// Package catalogue is the academic catalogue: degrees, their pools, courses and published sequences. A Catalogue is
// immutable and shared by every job; nothing in it is ever copied for a job.
package catalogue

// DegreeType tells degrees apart from the programs that extend them.
type DegreeType string

// The types of degrees.
const (
	Standalone     DegreeType = "Standalone"
	ExtendedCredit DegreeType = "ECP"
	Coop           DegreeType = "Co-op"
)

// CoopPoolID is the pool of the co-op work terms.
const CoopPoolID = "COOP_Co-op Work Terms"

// Course is one course. Credits come in steps of 0.25.
type Course struct {
	Code      string   `json:"code" bson:"_id"`
	Title     string   `json:"title" bson:"title"`
	Credits   float64  `json:"credits" bson:"credits"`
	OfferedIn []string `json:"offeredIn" bson:"offeredIn"`
	Rules     []Rule   `json:"rules" bson:"rules"`
}

// Pool is a requirement: a number of credits out of a list of courses.
type Pool struct {
	ID              string   `json:"id" bson:"_id"`
	Name            string   `json:"name" bson:"name"`
	CreditsRequired float64  `json:"creditsRequired" bson:"creditsRequired"`
	Courses         []string `json:"courses" bson:"courses"`
	Rules           []Rule   `json:"rules" bson:"rules"`
}

// Degree is a program and the pools that it requires, in order. ECPDegreeID names the program that extends it by 30
// credits, or is empty.
type Degree struct {
	ID           string     `json:"id" bson:"_id"`
	Name         string     `json:"name" bson:"name"`
	DegreeType   DegreeType `json:"degreeType" bson:"degreeType"`
	TotalCredits float64    `json:"totalCredits" bson:"totalCredits"`
	ECPDegreeID  string     `json:"ecpDegreeId" bson:"ecpDegreeId"`
	Pools        []string   `json:"pools" bson:"coursePools"`
	// Aliases are other spellings under which documents print the degree.
	Aliases []string `json:"aliases,omitempty" bson:"aliases,omitempty"`
}

// Rule restricts a course or a pool. Several prerequisite rules are joined by AND, the list inside one by OR.
type Rule struct {
	Type       string   `json:"type" bson:"type"`
	CourseList []string `json:"courseList,omitempty" bson:"courseList,omitempty"`
	MinCourses int      `json:"minCourses,omitempty" bson:"minCourses,omitempty"`
	MaxCourses *int     `json:"maxCourses,omitempty" bson:"maxCourses,omitempty"` // 0 is a value: not_taken
	MinCredits float64  `json:"minCredits,omitempty" bson:"minCredits,omitempty"`
	MaxCredits float64  `json:"maxCredits,omitempty" bson:"maxCredits,omitempty"`
}

// The types of a sequence's terms.
const (
	Academic = "Academic"
	WorkTerm = "Co-op"
)

// Sequence is a published order of courses.
type Sequence struct {
	Name  string         `json:"sequence" bson:"_id"`
	Terms []SequenceTerm `json:"terms" bson:"terms"`
}

// SequenceTerm is one term of a sequence; a course may be a placeholder such as "GEN ED ELECTIVE".
type SequenceTerm struct {
	Type    string   `json:"type" bson:"type"` // Academic or Co-op
	Label   string   `json:"label,omitempty" bson:"label,omitempty"`
	Courses []string `json:"courses" bson:"courses"`
}

// Data is a whole catalogue as it is kept in files and databases.
type Data struct {
	Degrees   []Degree
	Pools     []Pool
	Courses   []Course
	Sequences []Sequence
}

// The types of rules, and which parameters they have.
const (
	RulePrerequisite   = "prerequisite"                // CourseList, MinCourses: taken in an earlier term
	RuleCorequisite    = "corequisite"                 // CourseList, MinCourses: taken in the same term or earlier
	RuleEither         = "prerequisite_or_corequisite" // CourseList, MinCourses
	RuleNotTaken       = "not_taken"                   // CourseList, MaxCourses 0
	RuleMinCourses     = "min_courses_from_set"        // CourseList, MinCourses
	RuleMaxCourses     = "max_courses_from_set"        // CourseList, MaxCourses
	RuleMinCreditsFrom = "min_credits_from_set"        // CourseList, MinCredits
	RuleMaxCreditsFrom = "max_credits_from_set"        // CourseList, MaxCredits
	RuleMinCredits     = "min_credits"                 // MinCredits
)
