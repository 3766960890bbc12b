// Package warning is the vocabulary of findings that a person should check although a document was read or a timeline
// was built. A fault stops a job; a warning is part of its result.
package warning

// Code names a kind of warning. Codes are stable: clients and pages translate them.
type Code string

// The codes of warnings. Every part of the product takes its codes from this list.
const (
	CreditsDiffer         Code = "credits_differ"          // the printed credits and the sum of the rows differ
	GPADiffers            Code = "gpa_differs"             // a printed grade point average and the rows differ
	PageWithoutRows       Code = "page_without_rows"       // a page has content that was not read as rows
	RowNotUnderstood      Code = "row_not_understood"      // a line begins like a course and is no row
	TransferNotUnderstood Code = "transfer_not_understood" // the same in a table of transfers or exemptions
	OtherCalendar         Code = "other_calendar"          // the calendar of the admission year is not loaded
	ProgramIgnored        Code = "program_ignored"         // a minor or a second program is not counted
	SecondDocument        Code = "second_document"         // the file holds another document that was not read
	GradeUnknown          Code = "grade_unknown"           // a grade that the university's legend does not have
	CourseUnknown         Code = "course_unknown"          // a course that the catalogue does not have
	CourseRenamed         Code = "course_renamed"          // an equivalent course fills the place of another
)

// AllCodes returns every code, in the order of the list above.
func AllCodes() []Code {
	return []Code{
		CreditsDiffer, GPADiffers, PageWithoutRows, RowNotUnderstood, TransferNotUnderstood, OtherCalendar, ProgramIgnored,
		SecondDocument, GradeUnknown, CourseUnknown, CourseRenamed,
	}
}

// Warning is one finding that a person should check. Message is a sentence for students; it never contains a mark or
// a name. Page counts from 1, and is 0 when the warning belongs to no page. Expected and Found are the printed and
// the found value, as text, where the two differ.
type Warning struct {
	Code     Code   `json:"code"`
	Message  string `json:"message"`
	Page     int    `json:"page,omitempty"`
	Term     string `json:"term,omitempty"`
	Course   string `json:"course,omitempty"`
	Expected string `json:"expected,omitempty"`
	Found    string `json:"found,omitempty"`
}
