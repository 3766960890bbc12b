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
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/term"
	"github.com/trackmydegree/trackmydegree/internal/timeline/fieldfault"
)

// Patch is an edit of a result. A nil field is not changed; a list replaces the whole list.
type Patch struct {
	Exemptions       *[]string        `json:"exemptions,omitempty"`
	Deficiencies     *[]string        `json:"deficiencies,omitempty"`
	Courses          map[string]State `json:"courses,omitempty"`
	Semesters        *[]Semester      `json:"semesters,omitempty"`
	TimelineName     *string          `json:"timelineName,omitempty"`
	IsCoop           *bool            `json:"isCoop,omitempty"`
	IsExtendedCredit *bool            `json:"isExtendedCredit,omitempty"`
	// Pins assign courses to pools (course code → pool id); Waivers are remarks that do not apply to the student.
	Pins    *map[string]string `json:"pins,omitempty"`
	Waivers *[]audit.Waiver    `json:"waivers,omitempty"`
	// Changes are steps, applied in order after the fields above.
	Changes []Change `json:"changes,omitempty"`
}

// ApplyPatch returns r with the edit p, as of now, and does not change r. It applies the fields first, then the changes
// in order, all or none. It rebuilds the timeline from its saved form, so the result is the same as after saving and
// loading. The errors are invalid_form, with every field and every change that cannot be applied, and those of
// FromSaved. Package wire checks what needs no timeline. A patch that it refuses may be passed as well: its other
// faults are found, and its result is of no use.
func (b *Builder) ApplyPatch(r *Result, p Patch, now time.Time) (*Result, error) {
	s := r.ToSaved()
	s.IsCoop = *cmp.Or(p.IsCoop, &s.IsCoop)
	s.IsExtendedCredit = *cmp.Or(p.IsExtendedCredit, &s.IsExtendedCredit)
	degree, ok := b.cat.FindDegree(s.DegreeID)
	if !ok || degree.DegreeType != catalogue.Standalone {
		return nil, &fault.Error{Code: fault.DegreeNotFound, Closest: b.cat.ClosestNames(s.DegreeID)}
	}
	var found fieldfault.List
	x := changer{
		b: b, s: &s, own: r.Courses, now: now, found: &found,
		program: b.findProgram(degree, s.IsExtendedCredit, s.IsCoop),
	}
	x.applyFields(p)
	x.applyChanges(p.Changes)
	if len(found) > 0 && len(x.waived) == 0 {
		return nil, found.ToError()
	}
	// Whether a new waiver has a remark shows in the timeline, also when other changes have faults.
	next, err := b.FromSaved(s, now)
	if err == nil {
		err = x.checkWaivers(r, next)
	}
	if err = fieldfault.Merge(found.ToError(), err); err != nil {
		return nil, err
	}
	return next, nil
}

// applyFields replaces what the fields of a patch replace.
func (x *changer) applyFields(p Patch) {
	s := x.s
	states := make(map[string]State, len(p.Courses))
	for _, key := range slices.Sorted(maps.Keys(p.Courses)) {
		code := catalogue.NormalizeCode(key)
		_, mine := x.own[code]
		_, known := x.b.cat.CourseIndex(code)
		if !mine && !known {
			x.found.AddFault(fieldfault.JoinPath("courses", key), "There is no such course.")
		}
		if state := p.Courses[key]; state.Status.IsKnown() && (state.Semester == nil || isTerm(*state.Semester)) {
			states[code] = state
		}
	}
	s.Name = strings.TrimSpace(*cmp.Or(p.TimelineName, &s.Name))
	if p.Exemptions != nil {
		s.Exemptions = uniqueCodes(*p.Exemptions)
		s.withdrawExemptions(x.now)
	}
	if p.Deficiencies != nil {
		s.Deficiencies = uniqueCodes(*p.Deficiencies)
	}
	if p.Pins != nil {
		x.replacePins(*p.Pins)
	}
	if p.Waivers != nil {
		x.replaceWaivers(*p.Waivers)
	}
	if p.Semesters != nil {
		s.replaceSemesters(*p.Semesters, x.now)
	}
	for code, state := range states {
		s.setState(code, state, p.Semesters == nil)
	}
}

// withdrawExemptions restores the state of the sitting of each course that is no longer exempted.
func (s *Saved) withdrawExemptions(now time.Time) {
	exempt := make(map[string]bool, len(s.Exemptions))
	for _, code := range s.Exemptions {
		exempt[code] = true
	}
	for code, state := range s.States {
		if state.Via == ViaExemption && !exempt[code] {
			s.restoreState(code, now)
		}
	}
}

// restoreState restores the state of the sitting of a course that counted without one. Without a sitting the course has
// no state.
func (s *Saved) restoreState(code string, now time.Time) {
	state := s.States[code]
	delete(s.States, code)
	if state.Semester == nil {
		return
	}
	at := termOf(state.Semester).PositionAt(now)
	for _, semester := range s.Semesters {
		for _, sitting := range semester.Courses {
			if sitting.Code != code || semester.Term != *state.Semester {
				continue
			}
			judged := unjudgedState(at, state.Semester, sitting.Message)
			if at == term.Past && judged.Message == notPosted && sitting.Message != notPosted {
				// The grade was good: it needs no message.
				judged = State{Status: Completed, Semester: state.Semester}
			}
			s.States[code] = judged
		}
	}
}

// replaceSemesters replaces the terms. A course that is sat in other terms than before gets the best state of these;
// where it keeps its term it keeps its state.
func (s *Saved) replaceSemesters(semesters []Semester, now time.Time) {
	before, printed := findSittings(s.Semesters), findPrinted(s.Semesters)
	s.Semesters = make([]Semester, 0, len(semesters))
	for _, semester := range semesters {
		t, err := term.Parse(semester.Term)
		if err != nil {
			continue // a fault of its own
		}
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
	after, outcomes := findSittings(s.Semesters), findOutcomes(s.Semesters)
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
			next := outcomes[sittingKey{code, label}].toState(termOf(&label).PositionAt(now), &label)
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

func isTerm(label string) bool {
	_, err := term.Parse(label)
	return err == nil
}

// sittingKey identifies the sittings of one course in one term.
type sittingKey struct{ code, label string }

// findPrinted returns the printed facts of sittings, so that an edit that does not repeat them keeps them.
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

// findOutcomes returns the last sitting of each course in each term.
func findOutcomes(semesters []Semester) map[sittingKey]Sitting {
	out := map[sittingKey]Sitting{}
	for _, semester := range semesters {
		for _, sitting := range semester.Courses {
			out[sittingKey{sitting.Code, semester.Term}] = sitting
		}
	}
	return out
}

// toState returns the state of a course whose only record is this sitting. A past sitting that earned credits completed
// the course; one that failed keeps its message.
func (s Sitting) toState(at term.Position, label *string) State {
	if at == term.Past && s.Message == "" && s.Credits != nil && *s.Credits > 0 {
		return State{Status: Completed, Semester: label}
	}
	if s.Message == placeholder || s.Message == workTerm {
		s.Message = ""
	}
	return unjudgedState(at, label, s.Message)
}

// findSittings returns the terms of the sittings of each code, in order.
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

// canonicalCode returns a normalised code, and a placeholder unchanged.
func canonicalCode(s string) string {
	if code := catalogue.NormalizeCode(s); catalogue.IsCode(code) {
		return code
	}
	return strings.TrimSpace(s)
}

// setState sets a state that the owner sends. Its message is set at the sitting too, unless the owner sends the
// sittings as well.
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

// IsOneLine reports whether a name can be shown as one line: it contains no control characters and no line ends of
// any kind.
func IsOneLine(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp) })
}
