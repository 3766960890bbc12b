// Package document reads what a student record or an offer of admission says. It works on words with coordinates and
// adds nothing to what is printed: a Document holds facts, and what follows from them is the timeline's business.
package document

import "github.com/trackmydegree/trackmydegree/internal/document/layout"

// Limits of what is read, from the domain's rules. The deadline and the memory belong to the parser's children.
const (
	MaxBytes      = 10 << 20
	MaxPages      = 60
	MaxCharacters = 200_000
)

// Word and Page are what documents are read from: words with coordinates, page by page.
type (
	Word = layout.Word
	Page = layout.Page
)

// Kind is the kind of a document.
type Kind string

// The kinds of documents.
const (
	Transcript Kind = "transcript"
	Letter     Kind = "letter"
)

// Document is what a PDF says ("facts"). Codes are as printed with one space ("CWTE 100"); terms are as printed
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
}

// Semester is the sittings of one term.
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
