// Package catalogue is the academic catalogue: degrees, their pools, courses and published sequences. A Catalogue is
// immutable and shared by every job without copying.
package catalogue

// DegreeType says whether a student can be in a degree alone or whether it extends another one.
type DegreeType string

// The types of degrees.
const (
	Standalone     DegreeType = "Standalone"
	ExtendedCredit DegreeType = "ECP"
	Coop           DegreeType = "Co-op"
)

// DegreeKind is the diploma of a standalone degree. Programs that extend a degree have none.
type DegreeKind string

// The kinds of degrees.
const (
	BEng    DegreeKind = "BEng"
	BCompSc DegreeKind = "BCompSc"
	BSc     DegreeKind = "BSc"
)

// CoopPoolID is the pool of the co-op work terms.
const CoopPoolID = "COOP_Co-op Work Terms"

// Course is one course. Credits come in steps of 0.25.
type Course struct {
	Code    string  `json:"code"`
	Title   string  `json:"title"`
	Credits float64 `json:"credits"`
	// OfferedIn lists the seasons as a hint, empty when they are not known.
	OfferedIn []string `json:"offeredIn"`
	Rules     []Rule   `json:"rules"`
	// Repeatable marks a topics course: each sitting may be on another topic, and each counts.
	Repeatable bool `json:"repeatable,omitempty"`
}

// Pool is a requirement: a number of credits out of a list of courses.
type Pool struct {
	ID              string   `json:"id"`
	Name            string   `json:"name"`
	CreditsRequired float64  `json:"creditsRequired"`
	Courses         []string `json:"courses"`
	Rules           []Rule   `json:"rules"`
}

// Degree is a program and the pools that it requires, in order. ECPDegreeID names the program that extends it by 30
// credits, or is empty.
type Degree struct {
	ID           string     `json:"id"`
	Name         string     `json:"name"`
	DegreeType   DegreeType `json:"degreeType"`
	Kind         DegreeKind `json:"kind,omitempty"`
	TotalCredits float64    `json:"totalCredits"`
	ECPDegreeID  string     `json:"ecpDegreeId"`
	Pools        []string   `json:"pools"`
	// Aliases are other spellings under which documents print the degree.
	Aliases []string `json:"aliases,omitempty"`
}

// RuleType names what a rule restricts.
type RuleType string

// The types of rules, and which parameters they have.
const (
	RulePrerequisite              RuleType = "prerequisite"                // CourseList, MinCourses: taken in an earlier term
	RuleCorequisite               RuleType = "corequisite"                 // CourseList, MinCourses: in the same term or earlier
	RulePrerequisiteOrCorequisite RuleType = "prerequisite_or_corequisite" // CourseList, MinCourses
	RuleNotTaken                  RuleType = "not_taken"                   // CourseList, MaxCourses 0
	RuleMinCourses                RuleType = "min_courses_from_set"        // CourseList, MinCourses
	RuleMaxCourses                RuleType = "max_courses_from_set"        // CourseList, MaxCourses
	RuleMinCreditsFromSet         RuleType = "min_credits_from_set"        // CourseList, MinCredits
	RuleMaxCreditsFromSet         RuleType = "max_credits_from_set"        // CourseList, MaxCredits
	RuleMinCredits                RuleType = "min_credits"                 // MinCredits
)

// Rule restricts a course or a pool. Several prerequisite rules are joined by AND, the list inside one by OR.
type Rule struct {
	Type       RuleType `json:"type"`
	CourseList []string `json:"courseList,omitempty"`
	MinCourses int      `json:"minCourses,omitempty"`
	MaxCourses *int     `json:"maxCourses,omitempty"` // 0 is a value: not_taken
	MinCredits float64  `json:"minCredits,omitempty"`
	MaxCredits float64  `json:"maxCredits,omitempty"`
}

// TermKind says whether a term of a sequence is for study or for work.
type TermKind string

// The kinds of a sequence's terms.
const (
	AcademicTerm TermKind = "Academic"
	WorkTerm     TermKind = "Co-op"
)

// Sequence is a published order of courses.
type Sequence struct {
	Name string `json:"sequence"`
	// DegreeID is the degree of the sequence, empty when it is not known.
	DegreeID string `json:"degreeId,omitempty"`
	// Calendar is the academic year of the sequence where it is older than the catalogue's.
	Calendar string         `json:"calendar,omitempty"`
	Terms    []SequenceTerm `json:"terms"`
}

// SequenceTerm is one term of a sequence; a course may be a placeholder such as "GEN ED ELECTIVE".
type SequenceTerm struct {
	Type    TermKind `json:"type"`
	Label   string   `json:"label,omitempty"`
	Courses []string `json:"courses"`
}

// Data is a whole catalogue in its stored form.
type Data struct {
	// Calendar is the academic year of the undergraduate calendar, such as "2026-27"; empty for data of older stores.
	Calendar  string     `json:"calendar"`
	Degrees   []Degree   `json:"degrees"`
	Pools     []Pool     `json:"pools"`
	Courses   []Course   `json:"courses"`
	Sequences []Sequence `json:"sequences"`
	// Equivalents are sets of codes of one course: today's code first, then the codes that it had before.
	Equivalents [][]string `json:"equivalents"`
}
