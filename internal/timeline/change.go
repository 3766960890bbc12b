package timeline

import (
	"github.com/trackmydegree/trackmydegree/internal/audit"
)

// ChangeOp names what one change of an edit does.
type ChangeOp string

// The operations of changes. Each names the fields of Change that it takes.
const (
	AddTerm     ChangeOp = "addTerm"     // term
	InsertTerm  ChangeOp = "insertTerm"  // after: the next term of the calendar, where the timeline leaves it out
	RemoveTerm  ChangeOp = "removeTerm"  // term; a term with courses only with courses "return"
	RenameTerm  ChangeOp = "renameTerm"  // term, to: the season or the year was wrong
	PlaceCourse ChangeOp = "placeCourse" // course, term: the current one or a later one; pool for a placeholder
	MoveCourse  ChangeOp = "moveCourse"  // course, to; from if it is in several terms
	// RemoveCourse removes one sitting: course; term if it is in several.
	RemoveCourse  ChangeOp = "removeCourse"
	MarkCourse    ChangeOp = "markCourse"    // course, as; term for completed and incomplete
	UnmarkCourse  ChangeOp = "unmarkCourse"  // course, as: transferred, exempted or deficient
	PinCourse     ChangeOp = "pinCourse"     // course, pool
	UnpinCourse   ChangeOp = "unpinCourse"   // course
	WaiveRemark   ChangeOp = "waiveRemark"   // code, course or pool or term; reason
	UnwaiveRemark ChangeOp = "unwaiveRemark" // code, course or pool or term
)

// Mark says what a course is to its owner.
type Mark string

// The marks. The first two are about a sitting, the others about the course, sat or not.
const (
	MarkCompleted   Mark = "completed"
	MarkIncomplete  Mark = "incomplete"
	MarkTransferred Mark = "transferred" // done elsewhere
	MarkExempted    Mark = "exempted"
	MarkDeficient   Mark = "deficient" // owed on top of the degree
)

// ReturnCourses lets RemoveTerm remove a term that holds courses: they are to be taken again, as if never planned.
const ReturnCourses = "return"

// Change is one step of an edit. Op decides which fields it takes; the others are empty. Terms are labels and codes
// are codes in any spelling.
type Change struct {
	Op      ChangeOp         `json:"op"`
	Term    string           `json:"term,omitempty"`
	After   string           `json:"after,omitempty"`
	From    string           `json:"from,omitempty"`
	To      string           `json:"to,omitempty"`
	Courses string           `json:"courses,omitempty"` // ReturnCourses or empty
	Course  string           `json:"course,omitempty"`
	As      Mark             `json:"as,omitempty"`
	Pool    string           `json:"pool,omitempty"`
	Code    audit.RemarkCode `json:"code,omitempty"`
	Reason  string           `json:"reason,omitempty"`
}

// changeFields lists the fields that an operation needs and those that it may have. Terms are those of them that name a
// term of the timeline, labels those that name any term; isKnown is set when the course is one of the catalogue.
type changeFields struct {
	needs, may, terms, labels []string
	isKnown                   bool
}

// fieldsOf is the grammar of changes.
var fieldsOf = map[ChangeOp]changeFields{
	AddTerm:       {needs: []string{"term"}, labels: []string{"term"}},
	InsertTerm:    {needs: []string{"after"}, terms: []string{"after"}},
	RemoveTerm:    {needs: []string{"term"}, may: []string{"courses"}, terms: []string{"term"}},
	RenameTerm:    {needs: []string{"term", "to"}, terms: []string{"term"}, labels: []string{"to"}},
	PlaceCourse:   {needs: []string{"course", "term"}, may: []string{"pool"}, terms: []string{"term"}, isKnown: true},
	MoveCourse:    {needs: []string{"course", "to"}, may: []string{"from"}, terms: []string{"to", "from"}},
	RemoveCourse:  {needs: []string{"course"}, may: []string{"term"}, terms: []string{"term"}},
	MarkCourse:    {needs: []string{"course", "as"}, may: []string{"term"}, terms: []string{"term"}, isKnown: true},
	UnmarkCourse:  {needs: []string{"course", "as"}, isKnown: true},
	PinCourse:     {needs: []string{"course", "pool"}, isKnown: true},
	UnpinCourse:   {needs: []string{"course"}},
	WaiveRemark:   {needs: []string{"code"}, may: []string{"course", "pool", "term", "reason"}, labels: []string{"term"}},
	UnwaiveRemark: {needs: []string{"code"}, may: []string{"course", "pool", "term"}, labels: []string{"term"}},
}

// ChangeOps returns every operation, in the order in which documentation lists them.
func ChangeOps() []ChangeOp {
	return []ChangeOp{
		AddTerm, InsertTerm, RemoveTerm, RenameTerm, PlaceCourse, MoveCourse, RemoveCourse, MarkCourse, UnmarkCourse,
		PinCourse, UnpinCourse, WaiveRemark, UnwaiveRemark,
	}
}

// listFields returns the names and values of the fields, without op.
func (c *Change) listFields() []struct{ name, value string } {
	return []struct{ name, value string }{
		{"term", c.Term}, {"after", c.After}, {"from", c.From}, {"to", c.To}, {"courses", c.Courses}, {"course", c.Course},
		{"as", string(c.As)}, {"pool", c.Pool}, {"code", string(c.Code)}, {"reason", c.Reason},
	}
}
