package wire

import (
	"io"
	"maps"
	"slices"
	"strings"

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
)

const (
	termSentence = `A term is a season and a year, such as "FALL 2026" or "FALL/WINTER 2028-29".`
	codeSentence = `A course code is letters, a space and a number, such as "COMP 248".`
)

// DecodePatch reads an edit from JSON and checks all of it that needs no timeline. The errors are those of DecodeForm.
func DecodePatch(r io.Reader) (timeline.Patch, error) {
	var p timeline.Patch
	codes := func(into *[]string) field { return listField(into, maxList, textField[string]) }
	err := decodeObject(r, map[string]field{
		"exemptions":       optionalField(&p.Exemptions, codes),
		"deficiencies":     optionalField(&p.Deficiencies, codes),
		"timelineName":     optionalField(&p.TimelineName, textField[string]),
		"isCoop":           optionalField(&p.IsCoop, flagField),
		"isExtendedCredit": optionalField(&p.IsExtendedCredit, flagField),
		"courses": dictionaryField(&p.Courses, maxStates, func(s *timeline.State) field {
			return objectField(map[string]field{
				"status":   textField(&s.Status),
				"semester": optionalField(&s.Semester, textField[string]),
				"via":      textField(&s.Via),
				"message":  textField(&s.Message),
			})
		}),
		"semesters": optionalField(&p.Semesters, func(into *[]timeline.Semester) field {
			return listField(into, maxSemesters, func(s *timeline.Semester) field {
				return objectField(map[string]field{
					"term": textField(&s.Term),
					"courses": listField(&s.Courses, maxTermCourses, func(c *timeline.Sitting) field {
						return objectField(map[string]field{"code": textField(&c.Code), "message": textField(&c.Message)})
					}),
				})
			})
		}),
	}, func() fieldfault.List { return checkPatch(p) })
	if err != nil {
		return timeline.Patch{}, err
	}
	return p, nil
}

// checkPatch returns the faults of a patch that show without the timeline.
func checkPatch(p timeline.Patch) fieldfault.List {
	var found checker
	found.checkCodes("exemptions", p.Exemptions)
	found.checkCodes("deficiencies", p.Deficiencies)
	if p.TimelineName != nil {
		if name := strings.TrimSpace(*p.TimelineName); found.checkText("timelineName", name, maxText) && !timeline.IsOneLine(name) {
			found.AddFault("timelineName", "A name is one line, without control characters.")
		}
	}
	found.checkStates(p.Courses)
	if p.Semesters != nil {
		found.checkSemesters(*p.Semesters)
	}
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
		if !catalogue.IsCode(catalogue.Code(code)) {
			c.AddFault(fieldfault.JoinPath(path, i), codeSentence)
		}
	}
}

func (c *checker) checkStates(states map[string]timeline.State) {
	if len(states) > maxStates {
		c.AddFault("courses", "At most 4000 courses.")
		return
	}
	seen := map[string]bool{}
	for _, key := range slices.Sorted(maps.Keys(states)) {
		path, code := fieldfault.JoinPath("courses", key), catalogue.Code(key)
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
		if _, err := term.Parse(*s.Semester); err != nil {
			c.AddFault(fieldfault.JoinPath(path, "semester"), termSentence)
		}
	}
	if s.Via != "" && s.Via != timeline.ViaTransfer && s.Via != timeline.ViaExemption {
		c.AddFault(fieldfault.JoinPath(path, "via"), "A course counts via transfer or via exemption.")
	}
	c.checkText(fieldfault.JoinPath(path, "message"), s.Message, maxMessage)
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
		case seen[t.Label()]:
			c.AddFault(fieldfault.JoinPath(path, "term"), "The term is listed twice.")
		default:
			seen[t.Label()] = true
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
		}
	}
}
