package wire

import (
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/term"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timeline/fieldfault"
)

// The limits of patches.
const (
	maxList      = 300  // exemptions, deficiencies
	maxStates    = 4000 // courses of one edit: all of the largest program
	maxSemesters = 300
	maxMessage   = 300 // characters
	maxPoolID    = 200 // characters
	maxChanges   = 200 // of one edit

	maxSittingCredits = 100
)

const (
	termSentence = `A term is a season and a year, such as "FALL 2026" or "FALL/WINTER 2028-29".`
	codeSentence = `A course code is letters, a space and a number, such as "COMP 248".`
)

// DecodePatch decodes an edit from JSON and validates what needs no timeline. The errors are those of DecodeForm. With
// invalid_form it returns the patch as far as it was read, so that its other faults can be found.
func DecodePatch(r io.Reader) (timeline.Patch, error) {
	var p timeline.Patch
	codes := func(into *[]string) field { return listField(into, maxList, textField[string]) }
	err := decodeObject(r, map[string]field{
		"exemptions":       optionalField(&p.Exemptions, codes),
		"deficiencies":     optionalField(&p.Deficiencies, codes),
		"timelineName":     optionalField(&p.TimelineName, textField[string]),
		"isCoop":           optionalField(&p.IsCoop, flagField),
		"isExtendedCredit": optionalField(&p.IsExtendedCredit, flagField),
		"pins": optionalField(&p.Pins, func(into *map[string]string) field {
			return dictionaryField(into, maxList, textField[string])
		}),
		"waivers": optionalField(&p.Waivers, func(into *[]audit.Waiver) field {
			return listField(into, maxList, waiverField)
		}),
		"courses": dictionaryField(&p.Courses, maxStates, stateField),
		"semesters": optionalField(&p.Semesters, func(into *[]timeline.Semester) field {
			return listField(into, maxSemesters, semesterField)
		}),
		"changes": listField(&p.Changes, maxChanges, changeField),
	}, func() fieldfault.List { return checkPatch(p) })
	return p, err
}

func waiverField(w *audit.Waiver) field {
	return objectField(map[string]field{
		"code": textField(&w.Code), "course": textField(&w.Course), "pool": textField(&w.Pool), "term": textField(&w.Term),
		"reason": textField(&w.Reason),
	})
}

func stateField(s *timeline.State) field {
	return objectField(map[string]field{
		"status":   textField(&s.Status),
		"semester": optionalField(&s.Semester, textField[string]),
		"via":      textField(&s.Via),
		"message":  textField(&s.Message),
	})
}

func semesterField(s *timeline.Semester) field {
	return objectField(map[string]field{
		"term": textField(&s.Term),
		"courses": listField(&s.Courses, maxTermCourses, func(c *timeline.Sitting) field {
			return objectField(map[string]field{
				"code": textField(&c.Code), "pool": textField(&c.Pool), "credits": optionalField(&c.Credits, numberField),
				"belowCMinus": flagField(&c.IsBelowCMinus), "message": textField(&c.Message),
			})
		}),
	})
}

// ValidatePatch validates what needs no timeline; its error is invalid_form with every faulty field. A patch from
// DecodePatch is valid.
func ValidatePatch(p timeline.Patch) error {
	found := checkPatch(p)
	return found.ToError()
}

// checkPatch returns the faults of a patch that need no timeline.
func checkPatch(p timeline.Patch) fieldfault.List {
	var found checker
	found.checkCodes("exemptions", p.Exemptions)
	found.checkCodes("deficiencies", p.Deficiencies)
	if p.TimelineName != nil {
		if name := strings.TrimSpace(*p.TimelineName); found.checkText("timelineName", name, maxText) && !timeline.IsOneLine(name) {
			found.AddFault("timelineName", "A name is one line, without control characters.")
		}
	}
	if p.Pins != nil {
		found.checkPins(*p.Pins)
	}
	if p.Waivers != nil {
		found.checkWaivers(*p.Waivers)
	}
	found.checkStatesAt("courses", p.Courses)
	if p.Semesters != nil {
		found.checkSemesters(*p.Semesters)
	}
	found.checkChanges(p.Changes)
	return found.List
}

func (c *checker) checkCodes(path string, codes *[]string) {
	if codes == nil {
		return
	}
	if len(*codes) > maxList {
		c.AddFault(path, "At most 300 courses.")
		return
	}
	for i, code := range *codes {
		if !catalogue.IsCode(catalogue.NormalizeCode(code)) {
			c.AddFault(fieldfault.JoinPath(path, i), codeSentence)
		}
	}
}

func (c *checker) checkPins(pins map[string]string) {
	if len(pins) > maxList {
		c.AddFault("pins", "At most 300 courses.")
		return
	}
	seen := map[string]bool{}
	for _, key := range slices.Sorted(maps.Keys(pins)) {
		path, code := fieldfault.JoinPath("pins", key), catalogue.NormalizeCode(key)
		switch {
		case !catalogue.IsCode(code):
			c.AddFault(path, codeSentence)
		case seen[code]:
			c.AddFault(path, "The course is listed twice.")
		case strings.TrimSpace(pins[key]) == "":
			c.AddFault(path, "Name the id of a pool.")
		}
		seen[code] = true
		c.checkText(path, pins[key], maxPoolID)
	}
}

func (c *checker) checkWaivers(waivers []audit.Waiver) {
	if len(waivers) > maxList {
		c.AddFault("waivers", "At most 300 waivers.")
		return
	}
	for i, w := range waivers {
		path := fieldfault.JoinPath("waivers", i)
		if !slices.Contains(audit.RemarkCodes(), w.Code) {
			c.AddFault(fieldfault.JoinPath(path, "code"), "There is no such remark.")
		}
		if !w.HasOneTarget() {
			c.AddFault(path, timeline.WaiverSentence)
		}
		if w.Term != "" {
			c.checkLabel(fieldfault.JoinPath(path, "term"), w.Term)
		}
		c.checkText(fieldfault.JoinPath(path, "course"), w.Course, maxText)
		c.checkText(fieldfault.JoinPath(path, "pool"), w.Pool, maxPoolID)
		c.checkText(fieldfault.JoinPath(path, "reason"), w.Reason, maxMessage)
	}
}

func (c *checker) checkStatesAt(field string, states map[string]timeline.State) {
	if len(states) > maxStates {
		c.AddFault(field, "At most 4000 courses.")
		return
	}
	seen := map[string]bool{}
	for _, key := range slices.Sorted(maps.Keys(states)) {
		path, code := fieldfault.JoinPath(field, key), catalogue.NormalizeCode(key)
		switch {
		case !catalogue.IsCode(code):
			c.AddFault(path, codeSentence)
		case seen[code]:
			c.AddFault(path, "The course is listed twice.")
		}
		seen[code] = true
		c.checkState(path, states[key])
	}
}

func (c *checker) checkState(path string, s timeline.State) {
	if !s.Status.IsKnown() {
		c.AddFault(fieldfault.JoinPath(path, "status"), "A status is completed, inprogress, planned or incomplete.")
	}
	if s.Semester != nil {
		c.checkLabel(fieldfault.JoinPath(path, "semester"), *s.Semester)
	}
	if s.Via != "" && s.Via != timeline.ViaTransfer && s.Via != timeline.ViaExemption {
		c.AddFault(fieldfault.JoinPath(path, "via"), "A course counts via transfer or via exemption.")
	}
	c.checkText(fieldfault.JoinPath(path, "message"), s.Message, maxMessage)
}

// checkLabel validates the label of a term of any kind.
func (c *checker) checkLabel(path, label string) {
	if _, err := term.Parse(label); err != nil {
		c.AddFault(path, termSentence)
	}
}

func (c *checker) checkSemesters(semesters []timeline.Semester) {
	if len(semesters) > maxSemesters {
		c.AddFault("semesters", "At most 300 terms.")
		return
	}
	seen := map[string]bool{}
	for i, semester := range semesters {
		path := fieldfault.JoinPath("semesters", i)
		t, err := term.Parse(semester.Term)
		switch {
		case err != nil:
			c.AddFault(fieldfault.JoinPath(path, "term"), termSentence)
		case seen[t.UpperLabel()]:
			c.AddFault(fieldfault.JoinPath(path, "term"), "The term is listed twice.")
		default:
			seen[t.UpperLabel()] = true
		}
		if len(semester.Courses) > maxTermCourses {
			c.AddFault(fieldfault.JoinPath(path, "courses"), "At most 100 courses in a term.")
			continue
		}
		for k, sitting := range semester.Courses {
			at := fieldfault.JoinPath(fieldfault.JoinPath(path, "courses"), k)
			if c.checkText(fieldfault.JoinPath(at, "code"), sitting.Code, maxText) && strings.TrimSpace(sitting.Code) == "" {
				c.AddFault(fieldfault.JoinPath(at, "code"), "Name a course.")
			}
			c.checkText(fieldfault.JoinPath(at, "message"), sitting.Message, maxMessage)
			c.checkText(fieldfault.JoinPath(at, "pool"), sitting.Pool, maxPoolID)
			if sitting.Credits != nil && !(*sitting.Credits >= 0 && *sitting.Credits <= maxSittingCredits) {
				c.AddFault(fieldfault.JoinPath(at, "credits"), "Credits of a course are between 0 and 100.")
			}
		}
	}
}
