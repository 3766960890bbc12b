package timeline

import (
	"slices"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/term"
	"github.com/trackmydegree/trackmydegree/internal/warning"
)

// isComputed reports whether a warning is derived from a timeline and the catalogue. Such warnings are not saved:
// they are computed again, and disappear with their reason.
func isComputed(w warning.Warning) bool {
	return w.Code == warning.CourseUnknown || w.Code == warning.CourseRenamed
}

// hasGradeWarning reports whether the document's warnings name the grade of a course in a term.
func (d *draft) hasGradeWarning(code, label string) bool {
	return slices.ContainsFunc(d.warnings, func(w warning.Warning) bool {
		t, err := term.Parse(w.Term)
		return w.Code == warning.GradeUnknown && catalogue.NormalizeCode(w.Course) == code && err == nil && t.UpperLabel() == label
	})
}

// unknownGrade returns the warning about a grade that is not in the legend; it does not name the grade.
func unknownGrade(code, label string) warning.Warning {
	return warning.Warning{
		Code: warning.GradeUnknown, Course: code, Term: label,
		Message: "The grade of " + code + " is not one that this system knows. It counts when the record prints credits for it.",
	}
}

// addWarnings adds the catalogue's warnings on the touched courses to those of the document, each once.
func (d *draft) addWarnings(r *Result, touched []string) {
	out := make([]warning.Warning, 0, len(d.warnings))
	add := func(w warning.Warning) {
		if !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	for _, w := range d.warnings {
		if !isComputed(w) {
			add(w)
		}
	}
	for _, code := range touched {
		c := r.Courses[code]
		at := slices.IndexFunc(c.Counts, func(x audit.Count) bool { return x.For != "" })
		switch {
		case at >= 0:
			add(warning.Warning{
				Code: warning.CourseRenamed, Course: code,
				Message: code + " counts for " + c.Counts[at].For + ", its equivalent in the catalogue.",
			})
		case c.InCatalogue != nil && c.State.Status != Incomplete:
			add(warning.Warning{
				Code: warning.CourseUnknown, Course: code,
				Message: code + " is not in the catalogue. Its credits are those of the document, and no requirement lists it.",
			})
		}
	}
	r.Warnings = out
}

// otherCalendar returns the warning that a student is measured by another calendar than that of the admission.
func otherCalendar(admitted, used string) warning.Warning {
	return warning.Warning{
		Code: warning.OtherCalendar, Expected: admitted, Found: used,
		Message: "The calendar of " + admitted + " is not loaded. The requirements are those of " + used + ", which may differ.",
	}
}

// withoutCode returns the warnings of all other codes.
func withoutCode(warnings []warning.Warning, code warning.Code) []warning.Warning {
	return slices.DeleteFunc(slices.Clone(warnings), func(w warning.Warning) bool { return w.Code == code })
}

// ignoredPrograms returns a warning for each part of the printed degree that no requirement covers.
func ignoredPrograms(parts []string) []warning.Warning {
	out := make([]warning.Warning, 0, len(parts))
	for _, part := range parts {
		out = append(out, warning.Warning{
			Code: warning.ProgramIgnored, Found: part,
			Message: "The document also names " + part + ". Its requirements are not in the catalogue and are not counted here.",
		})
	}
	return out
}

// replacedDegree says that the document names another degree than the one that was given for it.
func replacedDegree(c degreeChoice) []warning.Warning {
	if c.replaced == "" {
		return nil
	}
	return []warning.Warning{{
		Code: warning.ProgramIgnored, Found: c.replaced,
		Message: "The document names " + c.replaced + ". The timeline is for " + c.Degree.Name + ", which was chosen for it.",
	}}
}
