package wire

import (
	"io"
	"slices"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timeline/fieldfault"
	"github.com/trackmydegree/trackmydegree/internal/warning"
)

// maxTitle is the largest number of characters of a title in an imported timeline.
const maxTitle = 200

// CreateRequest is the body of POST /api/timelines: a job whose result is saved, or a timeline that was exported.
type CreateRequest struct {
	SaveRequest
	Imported *timeline.Saved // nil for a job
}

// DecodeCreateRequest decodes a CreateRequest from JSON. A body with a degree is an imported timeline, and names no
// job. It validates what needs no catalogue. The errors are those of DecodeForm.
func DecodeCreateRequest(r io.Reader) (CreateRequest, error) {
	var request CreateRequest
	var s timeline.Saved
	codes := func(into *[]string) field { return listField(into, maxList, textField[string]) }
	hasImport := false
	imported := func(read field) field {
		return func(f *fieldfault.List, path string, v any) {
			hasImport = true
			read(f, path, v)
		}
	}
	err := decodeObject(r, map[string]field{
		"timelineName":     optionalField(&request.Name, textField[string]),
		"jobId":            optionalField(&request.JobID, textField[string]),
		"degreeId":         imported(textField(&s.DegreeID)),
		"calendar":         imported(textField(&s.Calendar)),
		"isCoop":           imported(flagField(&s.IsCoop)),
		"isExtendedCredit": imported(flagField(&s.IsExtendedCredit)),
		"semesters":        imported(listField(&s.Semesters, maxSemesters, semesterField)),
		"courseStatusMap":  imported(dictionaryField(&s.States, maxStates, stateField)),
		"exemptions":       imported(codes(&s.Exemptions)),
		"deficiencies":     imported(codes(&s.Deficiencies)),
		"extraCourses": imported(listField(&s.Extra, maxStates, func(x *timeline.ExtraCourse) field {
			return objectField(map[string]field{"code": textField(&x.Code), "title": textField(&x.Title), "credits": numberField(&x.Credits)})
		})),
		"creditsRequired": imported(numberField(&s.Required)),
		"transfers": imported(listField(&s.Transfers, maxList, func(t *timeline.Transfer) field {
			return objectField(map[string]field{
				"code": textField(&t.Code), "title": textField(&t.Title), "credits": optionalField(&t.Credits, numberField), "via": textField(&t.Via),
			})
		})),
		"warnings": imported(listField(&s.Warnings, maxList, warningField)),
		"pins":     imported(dictionaryField(&s.Pins, maxList, textField[string])),
		"waivers":  imported(listField(&s.Waivers, maxList, waiverField)),
	}, func() fieldfault.List {
		if !hasImport {
			return nil
		}
		return checkImport(&s, request.JobID != nil)
	})
	if err != nil {
		return CreateRequest{}, err
	}
	if hasImport {
		request.Imported = &s
	}
	return request, nil
}

func warningField(w *warning.Warning) field {
	return objectField(map[string]field{
		"code": textField(&w.Code), "message": textField(&w.Message), "term": textField(&w.Term), "course": textField(&w.Course),
		"expected": textField(&w.Expected), "found": textField(&w.Found),
		"page": func(f *fieldfault.List, path string, v any) {
			var page float64
			numberField(&page)(f, path, v)
			w.Page = int(min(max(page, 0), maxMessage))
		},
	})
}

// checkImport returns the faults of an imported timeline that need no catalogue. What a patch holds as well is checked
// as in a patch.
func checkImport(s *timeline.Saved, hasJob bool) fieldfault.List {
	found := checker{checkPatch(timeline.Patch{
		Exemptions: &s.Exemptions, Deficiencies: &s.Deficiencies, Semesters: &s.Semesters, Pins: &s.Pins, Waivers: &s.Waivers,
	})}
	found.checkStatesAt("courseStatusMap", s.States)
	if hasJob {
		found.AddFault("jobId", "Send the id of a job or a timeline, not both.")
	}
	if found.checkText("degreeId", s.DegreeID, maxPoolID) && strings.TrimSpace(s.DegreeID) == "" {
		found.AddFault("degreeId", "Name the degree.")
	}
	found.checkText("calendar", s.Calendar, maxText)
	found.checkCredits("creditsRequired", &s.Required, maxCredits)
	for i := range s.Extra {
		x, path := &s.Extra[i], fieldfault.JoinPath("extraCourses", i)
		found.checkCode(fieldfault.JoinPath(path, "code"), x.Code)
		found.checkTitle(fieldfault.JoinPath(path, "title"), x.Title)
		found.checkCredits(fieldfault.JoinPath(path, "credits"), &x.Credits, maxSittingCredits)
	}
	for i := range s.Transfers {
		t, path := &s.Transfers[i], fieldfault.JoinPath("transfers", i)
		if t.Code != "" {
			found.checkCode(fieldfault.JoinPath(path, "code"), t.Code)
		}
		found.checkTitle(fieldfault.JoinPath(path, "title"), t.Title)
		found.checkCredits(fieldfault.JoinPath(path, "credits"), t.Credits, maxSittingCredits)
		if t.Via != timeline.ViaTransfer && t.Via != timeline.ViaExemption {
			found.AddFault(fieldfault.JoinPath(path, "via"), "A course counts via transfer or via exemption.")
		}
	}
	for i := range s.Warnings {
		w, path := &s.Warnings[i], fieldfault.JoinPath("warnings", i)
		if !slices.Contains(warning.AllCodes(), w.Code) {
			found.AddFault(fieldfault.JoinPath(path, "code"), "There is no such warning.")
		}
		for name, text := range map[string]string{"message": w.Message, "term": w.Term, "course": w.Course, "expected": w.Expected, "found": w.Found} {
			found.checkText(fieldfault.JoinPath(path, name), text, maxMessage)
		}
	}
	return found.List
}

// checkTitle checks that a title is one short line.
func (c *checker) checkTitle(path, title string) {
	if c.checkText(path, title, maxTitle) && !timeline.IsOneLine(title) {
		c.AddFault(path, "A title is one line, without control characters.")
	}
}

// checkCredits checks a number of credits, which may be absent.
func (c *checker) checkCredits(path string, credits *float64, most float64) {
	if credits != nil && !(*credits >= 0 && *credits <= most) {
		c.AddFault(path, "Credits are not below 0, and not that many.")
	}
}
