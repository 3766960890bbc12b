package timeline

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/term"
	"github.com/trackmydegree/trackmydegree/internal/warning"
)

// The pools that every timeline adds to those of its degree. Their ids are their names.
const (
	UnusedPoolID       = "unused credits"
	DeficienciesPoolID = "deficiencies"
	ExemptionsPoolID   = "exemptions"
)

// The ways in which a course counts without a sitting.
const (
	ViaTransfer  = "transfer"
	ViaExemption = "exemption"
)

// slot is one term and its sittings. Terms of slots are counted terms: no Spring.
type slot struct {
	term    term.Term
	label   string
	courses []Sitting
}

func newSlot(t term.Term) slot {
	t = t.ToCanonical()
	return slot{term: t, label: t.UpperLabel(), courses: []Sitting{}}
}

// mergeSlots sorts slots by time and joins those of one term.
func mergeSlots(slots []slot) []slot {
	slices.SortStableFunc(slots, func(a, b slot) int { return term.Compare(a.term, b.term) })
	out := slots[:0]
	for _, s := range slots {
		if last := len(out) - 1; last >= 0 && out[last].term == s.term {
			out[last].courses = append(out[last].courses, s.courses...)
			continue
		}
		out = append(out, s)
	}
	return out
}

// draft is the input of a timeline from any source. Codes are normalised; a sitting without a code is a placeholder,
// which is in the terms only.
type draft struct {
	id, name       string
	cat            *catalogue.Catalogue
	program        *program
	extended, coop bool
	slots          []slot           // in order
	states         map[string]State // the states from sittings or from the owner
	transferred    []string
	exempt         []string
	deficient      []string
	owed           map[string]bool        // deficiencies, as a set
	extra          map[string]ExtraCourse // courses that the catalogue lacks
	transfers      []Transfer
	required       float64 // the degree's total as printed, 0 for none
	pins           map[string]string
	waivers        []audit.Waiver
	warnings       []warning.Warning // of the document
}

// hasEntry reports whether a code is a course, and so has an entry among the result's courses.
func (d *draft) hasEntry(code string) bool {
	if catalogue.IsCode(code) {
		return true
	}
	_, ok := d.extra[code]
	return ok
}

// isListed reports whether a pool of the program lists a course.
func (d *draft) isListed(code string) bool {
	i, known := d.cat.CourseIndex(code)
	return known && d.program.listed[i]
}

// newEntry returns a course without a state.
func (d *draft) newEntry(code string) Course {
	if i, ok := d.cat.CourseIndex(code); ok {
		return d.program.courses[i]
	}
	known := false
	x := d.extra[code]
	credits := x.Credits
	if credits == 0 { // an edit or a form prints none
		credits = d.successorCredits(code)
	}
	return Course{
		ID: code, Title: x.Title, Credits: roundToQuarters(credits), OfferedIn: []string{}, Rules: []Rule{},
		InCatalogue: &known, State: State{Status: Incomplete},
	}
}

// successorCredits returns the credits of the first equivalent that the catalogue has, 0 without one.
func (d *draft) successorCredits(code string) float64 {
	for _, other := range d.cat.Equivalents(code) {
		if i, ok := d.cat.CourseIndex(other); ok {
			return d.program.courses[i].Credits
		}
	}
	return 0
}

// assembleResult builds the result of a draft, which it consumes, as of now.
func (d *draft) assembleResult(now time.Time) *Result {
	r, touched := d.layOutResult()
	out := d.auditRecord(r, touched, now)
	unused := d.markUnused(r)
	for _, s := range d.slots {
		r.Semesters = append(r.Semesters, Semester{Term: s.label, Courses: s.courses})
	}
	r.Pools = slices.Grow(slices.Clone(d.program.pools), 3)
	if len(unused) > 0 {
		r.Pools = append(r.Pools, Pool{ID: UnusedPoolID, Name: UnusedPoolID, Courses: unused, Rules: []Rule{}})
	}
	r.Pools = append(r.Pools,
		Pool{ID: DeficienciesPoolID, Name: DeficienciesPoolID, Courses: orEmpty(d.deficient), Rules: []Rule{}},
		Pool{ID: ExemptionsPoolID, Name: ExemptionsPoolID, Courses: orEmpty(d.exempt), Rules: []Rule{}},
	)
	d.measureProgress(r, out)
	d.addWarnings(r, touched)
	return r
}

// layOutResult returns the result without the findings of the audit, its terms and its pools, and the codes of all
// courses with a state.
func (d *draft) layOutResult() (r *Result, touched []string) {
	p := d.program
	d.owed = make(map[string]bool, len(d.deficient))
	for _, code := range d.deficient {
		d.owed[code] = true
	}
	r = &Result{
		ID: d.id, TimelineName: d.name, Degree: p.degree, Calendar: d.cat.Calendar(), IsCoop: d.coop, IsExtendedCredit: d.extended,
		Transfers: d.transfers, Pins: d.pins, Waivers: d.waivers, Warnings: d.warnings,
		Courses:   make(map[string]Course, len(p.closure)+len(d.states)+len(d.extra)),
		Semesters: make([]Semester, 0, len(d.slots)),
	}
	for _, i := range p.closure {
		r.Courses[p.courses[i].ID] = p.courses[i]
	}
	return r, d.applyStates(r)
}

// applyStates sets the state of each course, adds the courses outside of the pools, and returns the codes of all
// courses with a state.
func (d *draft) applyStates(r *Result) []string {
	touched := make([]string, 0, len(d.states)+len(d.transferred)+len(d.exempt)+len(d.deficient))
	set := func(code string, change func(*State)) {
		c, ok := r.Courses[code]
		if !ok {
			c = d.newEntry(code)
		}
		change(&c.State)
		r.Courses[code] = c
		touched = append(touched, code)
	}
	for code, s := range d.states {
		set(code, func(state *State) { *state = s })
	}
	for _, code := range d.deficient {
		set(code, func(*State) {})
	}
	// A transfer has credits, so it takes precedence over an exemption of the same course.
	for _, code := range d.exempt {
		set(code, func(s *State) { *s = State{Status: Completed, Semester: s.Semester, Via: ViaExemption} })
	}
	for _, code := range d.transferred {
		set(code, func(s *State) { *s = State{Status: Completed, Semester: s.Semester, Via: ViaTransfer} })
	}
	slices.Sort(touched)
	return slices.Compact(touched)
}

// markUnused returns the sat courses that no pool can use, in order of time, and marks their sittings. A deficiency is
// used, though no pool of the degree lists it; so is a course that counts for its equivalent.
func (d *draft) markUnused(r *Result) []string {
	var unused []string
	seen := map[string]bool{}
	for k := range d.slots {
		for i := range d.slots[k].courses {
			s := &d.slots[k].courses[i]
			if isUnusedMessage(s.Message) {
				s.Message = "" // said of another program, or before an edit
			}
			message := d.findUnused(r, s.Code)
			if message == "" {
				continue
			}
			s.Message = cmp.Or(s.Message, message)
			if !seen[s.Code] {
				seen[s.Code] = true
				unused = append(unused, s.Code)
			}
		}
	}
	return unused
}

// findUnused returns why no pool can use a course, "" for a course that a pool uses or could use.
func (d *draft) findUnused(r *Result, code string) string {
	course, known := r.Courses[code]
	if !known || d.isListed(code) || d.owed[code] {
		return ""
	}
	if slices.ContainsFunc(course.Counts, func(c audit.Count) bool { return c.For != "" }) {
		return ""
	}
	listed := false
	for _, other := range d.cat.Equivalents(code) {
		if len(r.Courses[other].Counts) > 0 {
			return countsInstead + other
		}
		listed = listed || d.isListed(other)
	}
	if listed {
		return ""
	}
	return notOfDegree
}

// termOf parses a label; none is the zero term, before every other.
func termOf(label *string) term.Term {
	if label == nil {
		return term.Term{}
	}
	t, _ := term.Parse(*label)
	return t
}

// roundToQuarters rounds credits to steps of 0.25, and returns 0 for invalid ones.
func roundToQuarters(n float64) float64 {
	if !(n > 0 && n <= 100) {
		return 0
	}
	return math.Round(n*4) / 4
}

// orEmpty returns s, or an empty list for nil: JSON then has [] and not null.
func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// uniqueCodes returns the normalised codes, each once, in the given order.
func uniqueCodes(codes []string) []string {
	out := make([]string, 0, len(codes))
	seen := make(map[string]bool, len(codes))
	for _, code := range codes {
		if code = catalogue.NormalizeCode(code); code != "" && !seen[code] {
			seen[code] = true
			out = append(out, code)
		}
	}
	return out
}
