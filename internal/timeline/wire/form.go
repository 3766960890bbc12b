package wire

import (
	"io"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/term"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timeline/fieldfault"
)

// The limits of forms.
const (
	maxSequence    = timeline.MaxYears * 3 // terms
	maxTermCourses = 100                   // courses in one term
	maxText        = 100                   // characters of a name, a code or a placeholder
	maxCredits     = 300
)

// DecodeForm decodes a form from JSON and validates what needs no catalogue. The errors are bad_request for anything
// other than a JSON object, and invalid_form with every faulty field and with what could be decoded.
func DecodeForm(r io.Reader) (timeline.Form, error) {
	var form timeline.Form
	err := decodeObject(r, map[string]field{
		"degree":                  textField(&form.Degree),
		"firstTerm":               textField(&form.FirstTerm),
		"lastTerm":                textField(&form.LastTerm),
		"isCoop":                  flagField(&form.IsCoop),
		"isExtendedCreditProgram": flagField(&form.IsExtendedCreditProgram),
		"minimumProgramLength":    numberField(&form.MinimumProgramLength),
		"ewtSatisfied":            flagField(&form.EWTSatisfied),
		"sequence":                textField(&form.Sequence),
		"calendar":                textField(&form.Calendar),
		"predefinedSequence": listField(&form.PredefinedSequence, maxSequence, func(t *timeline.SequenceTerm) field {
			return objectField(map[string]field{
				"type":      textField(&t.Type),
				"coopLabel": textField(&t.CoopLabel),
				"courses":   listField(&t.Courses, maxTermCourses, textField[string]),
			})
		}),
	}, func() fieldfault.List { return checkForm(form) })
	return form, err
}

// checkForm returns the faults of a form that need no catalogue.
func checkForm(f timeline.Form) fieldfault.List {
	var found checker
	if found.checkText("degree", f.Degree, maxText) && strings.TrimSpace(f.Degree) == "" {
		found.AddFault("degree", "Choose a degree.")
	}
	first, firstOK := found.checkTerm("firstTerm", f.FirstTerm)
	if f.LastTerm != "" {
		last, ok := found.checkTerm("lastTerm", f.LastTerm)
		switch {
		case !ok || !firstOK:
		case term.Compare(last, first) < 0:
			found.AddFault("lastTerm", "The last term is before the first.")
		case term.Compare(last, term.Term{Year: first.Year + timeline.MaxYears, Season: first.Season}) > 0:
			found.AddFault("lastTerm", "The last term is more than 12 years after the first.")
		}
	}
	if !(f.MinimumProgramLength >= 0 && f.MinimumProgramLength <= maxCredits) {
		found.AddFault("minimumProgramLength", "Credits are between 0 and 300.")
	}
	if f.Sequence != "" && len(f.PredefinedSequence) > 0 {
		found.AddFault("sequence", "Name a published sequence or list one, not both.")
	}
	found.checkText("sequence", f.Sequence, maxText)
	found.checkText("calendar", f.Calendar, maxText)
	if len(f.PredefinedSequence) > maxSequence {
		found.AddFault("predefinedSequence", "At most 36 terms.")
		return found.List
	}
	for i, t := range f.PredefinedSequence {
		at := fieldfault.JoinPath("predefinedSequence", i)
		if kind := catalogue.TermKind(t.Type); kind != catalogue.AcademicTerm && kind != catalogue.WorkTerm {
			found.AddFault(fieldfault.JoinPath(at, "type"), `A term is "Academic" or "Co-op".`)
		}
		found.checkText(fieldfault.JoinPath(at, "coopLabel"), t.CoopLabel, maxText)
		found.checkNames(fieldfault.JoinPath(at, "courses"), t.Courses)
	}
	return found.List
}

// checkNames validates the courses and placeholders of one term.
func (c *checker) checkNames(path string, names []string) {
	if len(names) > maxTermCourses {
		c.AddFault(path, "At most 100 courses in a term.")
		return
	}
	for i, name := range names {
		if c.checkText(fieldfault.JoinPath(path, i), name, maxText) && strings.TrimSpace(name) == "" {
			c.AddFault(fieldfault.JoinPath(path, i), "Name a course.")
		}
	}
}

// checkTerm validates the first or last term of a form: a single season, with room for a whole program after it.
func (c *checker) checkTerm(path, s string) (term.Term, bool) {
	t, err := term.Parse(s)
	switch {
	case s == "":
		c.AddFault(path, `Choose a term, such as "Fall 2026".`)
	case err != nil || t.IsFullYear():
		c.AddFault(path, `A term is Winter, Summer or Fall and a year, such as "Fall 2026".`)
	case t.Year > term.LastYear-timeline.MaxYears:
		c.AddFault(path, "The year is too far ahead.")
	default:
		return t.ToCanonical(), true
	}
	return term.Term{}, false
}
