package timeline

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/term"
	"github.com/trackmydegree/trackmydegree/internal/timeline/fieldfault"
)

// Patch is an edit of a result. A nil field is left as it is; a list replaces the whole list.
type Patch struct {
	Exemptions       *[]string        `json:"exemptions,omitempty"`
	Deficiencies     *[]string        `json:"deficiencies,omitempty"`
	Courses          map[string]State `json:"courses,omitempty"`
	Semesters        *[]Semester      `json:"semesters,omitempty"`
	TimelineName     *string          `json:"timelineName,omitempty"`
	IsCoop           *bool            `json:"isCoop,omitempty"`
	IsExtendedCredit *bool            `json:"isExtendedCredit,omitempty"`
	// Pins put courses into pools (course code → pool id); Waivers are remarks that do not hold for the student.
	Pins    *map[string]string `json:"pins,omitempty"`
	Waivers *[]audit.Waiver    `json:"waivers,omitempty"`
}

// ApplyPatch returns r with the edit p, as seen at now. It never changes r. The timeline is built again from what
// would be saved of it, so an edit gives what saving, loading and nothing else would give. The errors are
// invalid_form, for a course that is not there, and those of FromSaved. What shows without the timeline is checked
// where a patch is read, in wire.
func (b *Builder) ApplyPatch(r *Result, p Patch, now time.Time) (*Result, error) {
	var found fieldfault.List
	states := make(map[string]State, len(p.Courses))
	for _, key := range slices.Sorted(maps.Keys(p.Courses)) {
		code := catalogue.NormalizeCode(key)
		_, mine := r.Courses[code]
		_, known := b.cat.CourseIndex(code)
		if !mine && !known {
			found.AddFault(fieldfault.JoinPath("courses", key), "There is no such course.")
		}
		states[code] = p.Courses[key]
	}
	if err := found.ToError(); err != nil {
		return nil, err
	}

	s := r.ToSaved()
	s.Name = strings.TrimSpace(*cmp.Or(p.TimelineName, &s.Name))
	s.IsCoop = *cmp.Or(p.IsCoop, &s.IsCoop)
	s.IsExtendedCredit = *cmp.Or(p.IsExtendedCredit, &s.IsExtendedCredit)
	if p.Exemptions != nil {
		s.Exemptions = uniqueCodes(*p.Exemptions)
		s.withdrawExemptions(now)
	}
	if p.Deficiencies != nil {
		s.Deficiencies = uniqueCodes(*p.Deficiencies)
	}
	if p.Pins != nil {
		s.Pins = make(map[string]string, len(*p.Pins))
		for code, pool := range *p.Pins {
			s.Pins[catalogue.NormalizeCode(code)] = pool
		}
	}
	if p.Waivers != nil {
		s.Waivers = slices.Clone(*p.Waivers)
	}
	if p.Semesters != nil {
		s.replaceSemesters(*p.Semesters, now)
	}
	for code, state := range states {
		s.setState(code, state, p.Semesters == nil)
	}
	return b.FromSaved(s, now)
}

// withdrawExemptions gives the courses that are exempted no longer back the state of their sitting.
func (s *Saved) withdrawExemptions(now time.Time) {
	exempt := make(map[string]bool, len(s.Exemptions))
	for _, code := range s.Exemptions {
		exempt[code] = true
	}
	for code, state := range s.States {
		if state.Via != ViaExemption || exempt[code] {
			continue
		}
		delete(s.States, code)
		if state.Semester == nil {
			continue
		}
		at := termOf(state.Semester).PositionAt(now)
		for _, semester := range s.Semesters {
			for _, sitting := range semester.Courses {
				if sitting.Code != code || semester.Term != *state.Semester {
					continue
				}
				judged := unjudgedState(at, state.Semester, sitting.Message)
				if at == term.Past && judged.Message == notPosted && sitting.Message != notPosted {
					// The grade was good: nothing is said about it.
					judged = State{Status: Completed, Semester: state.Semester}
				}
				s.States[code] = judged
			}
		}
	}
}

// replaceSemesters replaces the terms. A course that is sat in other terms than before gets the best state of these;
// where it keeps its term it keeps what is known of it.
func (s *Saved) replaceSemesters(semesters []Semester, now time.Time) {
	before, printed := findSittings(s.Semesters), findPrinted(s.Semesters)
	s.Semesters = make([]Semester, 0, len(semesters))
	for _, semester := range semesters {
		t, _ := term.Parse(semester.Term) // checked
		courses := make([]Sitting, 0, len(semester.Courses))
		for _, sitting := range semester.Courses {
			sitting.Code = canonicalCode(sitting.Code)
			if known, ok := printed[sittingKey{sitting.Code, t.UpperLabel()}]; ok && sitting.Credits == nil {
				sitting.Credits, sitting.IsBelowCMinus = known.Credits, known.IsBelowCMinus
			}
			courses = append(courses, sitting)
		}
		s.Semesters = append(s.Semesters, Semester{Term: t.UpperLabel(), Courses: courses})
	}
	after := findSittings(s.Semesters)
	codes := maps.Clone(before)
	maps.Copy(codes, after)
	for code := range codes {
		if slices.Equal(before[code], after[code]) {
			continue
		}
		old, known := s.States[code]
		delete(s.States, code)
		var state State
		for _, label := range after[code] {
			next := unjudgedState(termOf(&label).PositionAt(now), &label, "")
			if known && old.Semester != nil && *old.Semester == label {
				next = old
			}
			state = betterState(cmp.Or(state, next), next)
		}
		if old.Via != "" {
			state.Status, state.Via, state.Message = Completed, old.Via, ""
		}
		if state.Status != "" {
			s.States[code] = state
		}
	}
}

// sittingKey names the sittings of one course in one term.
type sittingKey struct{ code, label string }

// findPrinted returns what documents say of sittings, so that an edit that does not repeat it keeps it.
func findPrinted(semesters []Semester) map[sittingKey]Sitting {
	out := map[sittingKey]Sitting{}
	for _, semester := range semesters {
		for _, sitting := range semester.Courses {
			if sitting.Credits != nil || sitting.IsBelowCMinus {
				out[sittingKey{sitting.Code, semester.Term}] = sitting
			}
		}
	}
	return out
}

// findSittings returns for each code the terms in which it is sat, in order.
func findSittings(semesters []Semester) map[string][]string {
	out := map[string][]string{}
	for _, semester := range semesters {
		for _, sitting := range semester.Courses {
			if catalogue.IsCode(sitting.Code) {
				out[sitting.Code] = append(out[sitting.Code], semester.Term)
			}
		}
	}
	for _, labels := range out {
		slices.SortFunc(labels, func(a, b string) int { return term.Compare(termOf(&a), termOf(&b)) })
	}
	return out
}

// canonicalCode returns a code in its one spelling, and a placeholder as it is.
func canonicalCode(s string) string {
	if code := catalogue.NormalizeCode(s); catalogue.IsCode(code) {
		return code
	}
	return strings.TrimSpace(s)
}

// setState takes a state over that the owner gives. What is said about it is said at the sitting too, unless the
// owner gives the sittings as well.
func (s *Saved) setState(code string, state State, remark bool) {
	if state.Semester != nil {
		t, _ := term.Parse(*state.Semester) // checked
		label := t.UpperLabel()
		state.Semester = &label
	}
	s.States[code] = state
	if !remark || state.Semester == nil {
		return
	}
	for k := range s.Semesters {
		if s.Semesters[k].Term != *state.Semester {
			continue
		}
		for i, sitting := range slices.Backward(s.Semesters[k].Courses) {
			if sitting.Code == code {
				s.Semesters[k].Courses[i].Message = state.Message
				break
			}
		}
	}
}

// IsOneLine reports whether a name can be shown as one line: it holds no control characters and no line ends of any
// kind.
func IsOneLine(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp) })
}
