package parserapi

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// legacy is the answer of the earlier system's parser. Codes have no space, and the name transferedCourses is kept from
// the earlier system.
type legacy struct {
	ProgramInfo        *legacyProgram   `json:"programInfo,omitempty"`
	Semesters          []legacySemester `json:"semesters"`
	TransferredCourses []string         `json:"transferedCourses"`
	ExemptedCourses    []string         `json:"exemptedCourses"`
	DeficiencyCourses  []string         `json:"deficiencyCourses"`
}

type legacyProgram struct {
	Degree                  string   `json:"degree"`
	FirstTerm               *string  `json:"firstTerm,omitempty"`
	LastTerm                *string  `json:"lastTerm,omitempty"`
	IsCoop                  bool     `json:"isCoop"`
	IsExtendedCreditProgram bool     `json:"isExtendedCreditProgram"`
	MinimumProgramLength    *float64 `json:"minimumProgramLength,omitempty"`
	EWTSatisfied            bool     `json:"ewtSatisfied"`
	OtherPlans              []string `json:"-"` // the legacy format does not have them
	ProgramTerm             *string  `json:"-"`
}

type legacySemester struct {
	Term    string         `json:"term"`
	Courses []legacyCourse `json:"courses"`
}

type legacyCourse struct {
	Code  string `json:"code"`
	Grade string `json:"grade,omitempty"`
}

type legacyError struct {
	Error string `json:"error"`
}

// toLegacy omits what the legacy format does not have: sections, titles, credits, notations, potential exemptions.
func toLegacy(d document.Document) legacy {
	l := legacy{
		Semesters:          make([]legacySemester, len(d.Semesters)),
		TransferredCourses: joinCodes(d.TransferredCourses),
		ExemptedCourses:    joinCodes(d.ExemptedCourses),
		DeficiencyCourses:  joinCodes(d.DeficiencyCourses),
	}
	if d.ProgramInfo != nil {
		p := legacyProgram(*d.ProgramInfo)
		l.ProgramInfo = &p
	}
	for i, s := range d.Semesters {
		l.Semesters[i] = legacySemester{Term: s.Term, Courses: make([]legacyCourse, len(s.Courses))}
		for j, c := range s.Courses {
			l.Semesters[i].Courses[j] = legacyCourse{Code: joinCode(c.Code), Grade: c.Grade}
		}
	}
	return l
}

func joinCode(code string) string { return strings.ReplaceAll(code, " ", "") }

func joinCodes(codes []string) []string {
	out := make([]string, len(codes))
	for i, c := range codes {
		out[i] = joinCode(c)
	}
	return out
}

// decodeLegacy returns the facts of a legacy answer. The earlier parser reads student records only; an answer without
// a program and without a term comes from another document.
func decodeLegacy(b []byte) (document.Document, error) {
	var l legacy
	if err := json.Unmarshal(b, &l); err != nil {
		return document.Document{}, fmt.Errorf("decode legacy answer: %w", err)
	}
	if l.ProgramInfo == nil && len(l.Semesters) == 0 {
		return document.Document{}, fault.New(fault.UnrecognizedDocument)
	}
	d := document.Document{
		Kind:               document.Transcript,
		Semesters:          make([]document.Semester, len(l.Semesters)),
		TransferredCourses: splitCodes(l.TransferredCourses),
		ExemptedCourses:    splitCodes(l.ExemptedCourses),
		DeficiencyCourses:  splitCodes(l.DeficiencyCourses),
	}
	if l.ProgramInfo != nil {
		p := document.ProgramInfo(*l.ProgramInfo)
		p.Degree = strings.Join(strings.Fields(p.Degree), " ")
		p.FirstTerm, p.LastTerm = optionalTerm(p.FirstTerm), optionalTerm(p.LastTerm)
		d.ProgramInfo = &p
	}
	for i, s := range l.Semesters {
		d.Semesters[i] = document.Semester{Term: strings.TrimSpace(s.Term), Courses: make([]document.Sitting, len(s.Courses))}
		for j, c := range s.Courses {
			d.Semesters[i].Courses[j] = document.Sitting{Code: splitCode(c.Code), Grade: strings.ToUpper(strings.TrimSpace(c.Grade))}
		}
	}
	return d, nil
}

// optionalTerm returns a term, or nil for the empty string with which the earlier parser represents no term.
func optionalTerm(term *string) *string {
	if term == nil || strings.TrimSpace(*term) == "" {
		return nil
	}
	t := strings.TrimSpace(*term)
	return &t
}

var code = regexp.MustCompile(`^([A-Z]{2,4})\s*(\d{3,4})$`)

// splitCode inserts the space of a code. Other text is not changed: the timeline shows it as unknown.
func splitCode(s string) string {
	s = strings.ToUpper(strings.Join(strings.Fields(s), " "))
	return code.ReplaceAllString(s, "$1 $2")
}

func splitCodes(codes []string) []string {
	out := make([]string, len(codes))
	for i, c := range codes {
		out[i] = splitCode(c)
	}
	return out
}
