package timeline

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/term"
)

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

// Apply returns r with the edit p, as seen at now. It never changes r. The timeline is built again from what would be
// saved of it, so an edit gives what saving, loading and nothing else would give. The errors are invalid_form and those
// of FromSaved.
func Apply(cat *catalogue.Catalogue, r *Result, p Patch, now time.Time) (*Result, error) {
	found := p.check()
	states := make(map[string]State, len(p.Courses))
	for _, key := range slices.Sorted(maps.Keys(p.Courses)) {
		code := catalogue.Code(key)
		_, mine := r.Courses[code]
		_, known := cat.Index(code)
		if path := join("courses", key); !mine && !known && !found.has(path) {
			found.add(path, "There is no such course.")
		}
		states[code] = p.Courses[key]
	}
	if len(found) > 0 {
		return nil, invalid(found)
	}

	s := Reduce(r)
	s.Name = strings.TrimSpace(*cmp.Or(p.TimelineName, &s.Name))
	s.IsCoop = *cmp.Or(p.IsCoop, &s.IsCoop)
	s.IsExtendedCredit = *cmp.Or(p.IsExtendedCredit, &s.IsExtendedCredit)
	if p.Exemptions != nil {
		s.Exemptions = unique(*p.Exemptions)
		s.withdraw(now)
	}
	if p.Deficiencies != nil {
		s.Deficiencies = unique(*p.Deficiencies)
	}
	if p.Semesters != nil {
		s.resit(*p.Semesters, now)
	}
	for code, state := range states {
		s.set(code, state, p.Semesters == nil)
	}
	return FromSaved(cat, s, now)
}

// withdraw gives the courses that are exempted no longer back the state of their sitting.
func (s *Saved) withdraw(now time.Time) {
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
		at := termOf(state.Semester).At(now)
		for _, semester := range s.Semesters {
			for _, sitting := range semester.Courses {
				if sitting.Code != code || semester.Term != *state.Semester {
					continue
				}
				judged := sat(at, state.Semester, sitting.Message)
				if at == term.Past && judged.Message == notPosted && sitting.Message != notPosted {
					// The grade was good: nothing is said about it.
					judged = State{Status: Completed, Semester: state.Semester}
				}
				s.States[code] = judged
			}
		}
	}
}

// resit replaces the terms. A course that is sat in other terms than before gets the best state of these; where it
// keeps its term it keeps what is known of it.
func (s *Saved) resit(semesters []Semester, now time.Time) {
	before := sittings(s.Semesters)
	s.Semesters = make([]Semester, 0, len(semesters))
	for _, semester := range semesters {
		t, _ := term.Parse(semester.Term) // checked
		courses := make([]Sitting, 0, len(semester.Courses))
		for _, sitting := range semester.Courses {
			sitting.Code = sittingCode(sitting.Code)
			courses = append(courses, sitting)
		}
		s.Semesters = append(s.Semesters, Semester{Term: t.Label(), Courses: courses})
	}
	after := sittings(s.Semesters)
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
			next := sat(termOf(&label).At(now), &label, "")
			if known && old.Semester != nil && *old.Semester == label {
				next = old
			}
			state = better(cmp.Or(state, next), next)
		}
		if old.Via != "" {
			state.Status, state.Via, state.Message = Completed, old.Via, ""
		}
		if state.Status != "" {
			s.States[code] = state
		}
	}
}

// sittings returns for each code the terms in which it is sat, in order.
func sittings(semesters []Semester) map[string][]string {
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

// sittingCode returns a code in its one spelling, and a placeholder as it is.
func sittingCode(s string) string {
	if code := catalogue.Code(s); catalogue.IsCode(code) {
		return code
	}
	return strings.TrimSpace(s)
}

// set takes a state over that the owner gives. What is said about it is said at the sitting too, unless the owner gives
// the sittings as well.
func (s *Saved) set(code string, state State, remark bool) {
	if state.Semester != nil {
		t, _ := term.Parse(*state.Semester) // checked
		label := t.Label()
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

// OneLine reports whether a name can be shown as one line: it holds no control characters and no line ends of any kind.
func OneLine(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp) })
}

// check returns the faults of an edit that show without the timeline.
func (p Patch) check() faults {
	var found faults
	found.codes("exemptions", p.Exemptions)
	found.codes("deficiencies", p.Deficiencies)
	if p.TimelineName != nil {
		if name := strings.TrimSpace(*p.TimelineName); found.text("timelineName", name, maxText) && !OneLine(name) {
			found.add("timelineName", "A name is one line, without control characters.")
		}
	}
	found.states(p.Courses)
	if p.Semesters != nil {
		found.semesters(*p.Semesters)
	}
	return found
}

func (f *faults) codes(path string, codes *[]string) {
	if codes == nil {
		return
	}
	if len(*codes) > maxList {
		f.add(path, "At most 300 courses.")
		return
	}
	for i, code := range *codes {
		if !catalogue.IsCode(catalogue.Code(code)) {
			f.add(join(path, i), codeSentence)
		}
	}
}

func (f *faults) states(states map[string]State) {
	if len(states) > maxStates {
		f.add("courses", "At most 4000 courses.")
		return
	}
	seen := map[string]bool{}
	for _, key := range slices.Sorted(maps.Keys(states)) {
		path, code := join("courses", key), catalogue.Code(key)
		switch {
		case !catalogue.IsCode(code):
			f.add(path, codeSentence)
		case seen[code]:
			f.add(path, "The course is listed twice.")
		}
		seen[code] = true
		f.state(path, states[key])
	}
}

func (f *faults) state(path string, s State) {
	if rank(s.Status) < 0 {
		f.add(join(path, "status"), "A status is completed, inprogress, planned or incomplete.")
	}
	if s.Semester != nil {
		if _, err := term.Parse(*s.Semester); err != nil {
			f.add(join(path, "semester"), termSentence)
		}
	}
	if s.Via != "" && s.Via != ViaTransfer && s.Via != ViaExemption {
		f.add(join(path, "via"), "A course counts via transfer or via exemption.")
	}
	f.text(join(path, "message"), s.Message, maxMessage)
}

func (f *faults) semesters(semesters []Semester) {
	if len(semesters) > maxSemesters {
		f.add("semesters", "At most 300 terms.")
		return
	}
	seen := map[string]bool{}
	for i, semester := range semesters {
		path := join("semesters", i)
		t, err := term.Parse(semester.Term)
		switch {
		case err != nil:
			f.add(join(path, "term"), termSentence)
		case seen[t.Label()]:
			f.add(join(path, "term"), "The term is listed twice.")
		default:
			seen[t.Label()] = true
		}
		if len(semester.Courses) > maxTermCourses {
			f.add(join(path, "courses"), "At most 100 courses in a term.")
			continue
		}
		for k, sitting := range semester.Courses {
			at := join(join(path, "courses"), k)
			if f.text(join(at, "code"), sitting.Code, maxText) && strings.TrimSpace(sitting.Code) == "" {
				f.add(join(at, "code"), "Name a course.")
			}
			f.text(join(at, "message"), sitting.Message, maxMessage)
		}
	}
}
