// Package document reads a student record or an offer of admission. It works on words with coordinates and adds
// nothing to what is printed: a Document contains facts, and package timeline draws the conclusions.
package document

import (
	"github.com/trackmydegree/trackmydegree/internal/document/layout"
	"github.com/trackmydegree/trackmydegree/internal/warning"
)

// Limits of the input, from the domain's rules. The parser's children limit time and memory.
const (
	MaxBytes      = 10 << 20
	MaxPages      = 60
	MaxCharacters = 200_000
)

// Word is a word with its coordinates.
type Word = layout.Word

// Page is one page of a document, with its words in no particular order.
type Page = layout.Page

// Kind is the kind of a document.
type Kind string

// The kinds of documents.
const (
	Transcript Kind = "transcript"
	Letter     Kind = "letter"
)

// Document is the content of a PDF ("facts"). Codes are as printed with one space ("CWTE 100"); terms are as printed
// ("Fall/Winter 2025-26"), semesters in order of time.
type Document struct {
	Kind                Kind         `json:"kind"`
	ProgramInfo         *ProgramInfo `json:"programInfo"`
	Semesters           []Semester   `json:"semesters"`
	TransferredCourses  []string     `json:"transferredCourses"`
	ExemptedCourses     []string     `json:"exemptedCourses"`
	PotentialExemptions []string     `json:"potentialExemptions,omitempty"`
	DeficiencyCourses   []string     `json:"deficiencyCourses"`
	CumulativeGPA       *float64     `json:"cumulativeGPA,omitempty"`
	// Transfers holds every granted row of transfer credits and exemptions, in the order of the document.
	Transfers []Transfer `json:"transfers,omitempty"`
	// CreditsEarned is the printed Program Credits Earned of a transcript, nil when there is none.
	CreditsEarned *float64 `json:"creditsEarned,omitempty"`
	// Warnings are findings that a person should check, in the order of the document.
	Warnings []warning.Warning `json:"warnings,omitempty"`
	// Rows are the positions of the courses' rows, those of transfers included.
	Rows []RowPlace `json:"rows,omitempty"`
	// RowsPrinted is the number of lines that begin like a course's row, whether they were read or not.
	RowsPrinted int `json:"rowsPrinted,omitempty"`
}

// Plain returns the facts without the fields that were added later: transfers, warnings, rows, further plans and
// printed sums.
func (d Document) Plain() Document {
	d.Transfers, d.Warnings, d.Rows, d.CreditsEarned, d.RowsPrinted = nil, nil, nil, nil, 0
	if d.ProgramInfo != nil {
		info := *d.ProgramInfo
		info.OtherPlans, info.ProgramTerm = nil, nil
		d.ProgramInfo = &info
	}
	return d
}

// Transfer is a course, or credits without a course, from another school. Grade is EX (exempted) or TRC
// (transferred). Origin is the school as printed; letters print a title instead. Credits is 0 when none are printed.
type Transfer struct {
	Code    string  `json:"code"`
	Title   string  `json:"title,omitempty"`
	Credits float64 `json:"credits"`
	Grade   string  `json:"grade"`
	Origin  string  `json:"origin,omitempty"`
	// Unassigned reports that the code names no course, as in "PHIL 2XX" or "GNRL 3---".
	Unassigned bool `json:"unassigned,omitempty"`
}

// RowPlace is the position of a course's row: the page of the file, from 1, and its box in points from the top left
// corner of the upright page.
type RowPlace struct {
	Code string  `json:"code"`
	Term string  `json:"term,omitempty"`
	Page int     `json:"page"`
	X0   float64 `json:"x0"`
	Y0   float64 `json:"y0"`
	X1   float64 `json:"x1"`
	Y1   float64 `json:"y1"`
}

// ProgramInfo is the program block. Terms are as printed and nil when absent; MinimumProgramLength is in credits.
type ProgramInfo struct {
	Degree                  string   `json:"degree,omitempty"`
	FirstTerm               *string  `json:"firstTerm"`
	LastTerm                *string  `json:"lastTerm"`
	IsCoop                  bool     `json:"isCoop"`
	IsExtendedCreditProgram bool     `json:"isExtendedCreditProgram"`
	MinimumProgramLength    *float64 `json:"minimumProgramLength,omitempty"`
	EWTSatisfied            bool     `json:"ewtSatisfied"`
	// OtherPlans are the other plans of the document: a minor, a certificate, an entry program.
	OtherPlans []string `json:"otherPlans,omitempty"`
	// ProgramTerm is the first admit term of the present program, where another program came before it.
	ProgramTerm *string `json:"programTerm,omitempty"`
}

// Semester holds the sittings of one term.
type Semester struct {
	Term    string    `json:"term"`
	Courses []Sitting `json:"courses"`
}

// Sitting is one row of a course in one term. Grade is empty when none is posted.
type Sitting struct {
	Code             string  `json:"code"`
	Section          string  `json:"section,omitempty"`
	Title            string  `json:"title,omitempty"`
	CreditsAttempted float64 `json:"creditsAttempted"`
	CreditsEarned    float64 `json:"creditsEarned"`
	Grade            string  `json:"grade,omitempty"`
	Notation         string  `json:"notation,omitempty"`
}
