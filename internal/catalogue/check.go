package catalogue

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// IsCode reports whether s is a course's code in its one spelling: 2 to 4 capitals, a space, 3 or 4 digits. The
// placeholders of sequences are none.
func IsCode(s string) bool {
	letters := 0
	for letters < len(s) && s[letters] >= 'A' && s[letters] <= 'Z' {
		letters++
	}
	if letters < 2 || letters > 4 || letters == len(s) || s[letters] != ' ' {
		return false
	}
	digits := s[letters+1:]
	if len(digits) < 3 || len(digits) > 4 {
		return false
	}
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return false
		}
	}
	return s != "CWTE "+digits && s != "CWTC "+digits
}

// maxCredits is beyond what any course, pool or degree counts.
const maxCredits = 300

// checker gathers the faults of a catalogue.
type checker struct {
	faults  []error
	courses map[string]bool
	pools   map[string]bool
	degrees map[string]DegreeType
}

func (k *checker) fault(format string, args ...any) {
	k.faults = append(k.faults, fmt.Errorf("catalogue: "+format, args...))
}

// check returns every fault of d.
func check(d Data) error {
	k := &checker{
		courses: make(map[string]bool, len(d.Courses)),
		pools:   make(map[string]bool, len(d.Pools)),
		degrees: make(map[string]DegreeType, len(d.Degrees)),
	}
	for _, c := range d.Courses {
		k.course(c)
	}
	for _, p := range d.Pools {
		k.pool(p)
	}
	for _, g := range d.Degrees {
		if _, ok := k.degrees[g.ID]; ok {
			k.fault("degree %q: listed twice", g.ID)
		}
		k.degrees[g.ID] = g.DegreeType
	}
	standalone := false
	for _, g := range d.Degrees {
		k.degree(g)
		standalone = standalone || g.DegreeType == Standalone
	}
	if !standalone {
		k.fault("no degree is %s", Standalone)
	}
	if !k.pools[CoopPoolID] {
		k.fault("the pool of the work terms, %q, is missing", CoopPoolID)
	}
	names := map[string]bool{}
	for _, s := range d.Sequences {
		if names[s.Name] {
			k.fault("sequence %q: listed twice", s.Name)
		}
		names[s.Name] = true
		k.sequence(s)
	}
	return errors.Join(k.faults...)
}

func (k *checker) course(c Course) {
	if !IsCode(c.Code) {
		k.fault("course %q: the code is not 2 to 4 capitals, a space, and 3 or 4 digits", c.Code)
	}
	if k.courses[c.Code] {
		k.fault("course %q: listed twice", c.Code)
	}
	k.courses[c.Code] = true
	if c.Title == "" {
		k.fault("course %q: no title", c.Code)
	}
	if !validCredits(c.Credits) {
		k.fault("course %q: %v credits", c.Code, c.Credits)
	}
	for _, season := range c.OfferedIn {
		if !slices.Contains([]string{"Fall", "Winter", "Summer", "Fall/Winter"}, season) {
			k.fault("course %q: offered in %q", c.Code, season)
		}
	}
	k.rules("course", c.Code, c.Rules)
}

func (k *checker) pool(p Pool) {
	if p.ID == "" || p.Name == "" {
		k.fault("pool %q: no id or no name", p.ID)
	}
	if k.pools[p.ID] {
		k.fault("pool %q: listed twice", p.ID)
	}
	k.pools[p.ID] = true
	if !validCredits(p.CreditsRequired) {
		k.fault("pool %q: %v credits", p.ID, p.CreditsRequired)
	}
	seen := make(map[string]bool, len(p.Courses))
	for _, code := range p.Courses {
		if !k.courses[code] {
			k.fault("pool %q: course %q is not in the catalogue", p.ID, code)
		}
		if seen[code] {
			k.fault("pool %q: course %q is listed twice", p.ID, code)
		}
		seen[code] = true
	}
	k.rules("pool", p.ID, p.Rules)
}

func (k *checker) degree(g Degree) {
	if g.ID == "" || g.Name == "" {
		k.fault("degree %q: no id or no name", g.ID)
	}
	switch g.DegreeType {
	case Standalone, ExtendedCredit, Coop:
	default:
		k.fault("degree %q: unknown type %q", g.ID, g.DegreeType)
	}
	if !validCredits(g.TotalCredits) {
		k.fault("degree %q: %v credits", g.ID, g.TotalCredits)
	}
	if g.ECPDegreeID != "" && k.degrees[g.ECPDegreeID] != ExtendedCredit {
		k.fault("degree %q: %q is no extended-credit program", g.ID, g.ECPDegreeID)
	}
	seen := make(map[string]bool, len(g.Pools))
	for _, id := range g.Pools {
		if !k.pools[id] {
			k.fault("degree %q: there is no pool %q", g.ID, id)
		}
		if seen[id] {
			k.fault("degree %q: pool %q is listed twice", g.ID, id)
		}
		seen[id] = true
	}
}

func (k *checker) sequence(s Sequence) {
	if s.Name == "" {
		k.fault("a sequence has no name")
	}
	if len(s.Terms) == 0 {
		k.fault("sequence %q: no terms", s.Name)
	}
	for i, t := range s.Terms {
		if t.Type != Academic && t.Type != WorkTerm {
			k.fault("sequence %q: term %d has the unknown type %q", s.Name, i+1, t.Type)
		}
		if slices.Contains(t.Courses, "") {
			k.fault("sequence %q: term %d has a course without a name", s.Name, i+1)
		}
	}
}

// rules checks the rules of a course or a pool. A rule may name courses that the catalogue lacks.
func (k *checker) rules(kind, of string, rules []Rule) {
	for _, r := range rules {
		if r.Type != RuleMinCredits && len(r.CourseList) == 0 {
			k.fault("%s %q: the rule %s names no course", kind, of, r.Type)
		}
		for _, code := range r.CourseList {
			if !IsCode(code) {
				k.fault("%s %q: the rule %s names %q, which is no code", kind, of, r.Type, code)
			}
		}
		sound := true
		switch r.Type {
		case RulePrerequisite, RuleCorequisite, RuleEither, RuleMinCourses:
			sound = r.MinCourses >= 1 && r.MinCourses <= len(r.CourseList)
		case RuleNotTaken:
			sound = r.MaxCourses == nil || *r.MaxCourses == 0
		case RuleMaxCourses:
			sound = r.MaxCourses != nil && *r.MaxCourses >= 0
		case RuleMinCredits, RuleMinCreditsFrom:
			sound = validCredits(r.MinCredits) && r.MinCredits > 0
		case RuleMaxCreditsFrom:
			sound = validCredits(r.MaxCredits) && r.MaxCredits > 0
		default:
			k.fault("%s %q: unknown rule %q", kind, of, r.Type)
		}
		if !sound {
			k.fault("%s %q: the number of the rule %s makes no sense", kind, of, r.Type)
		}
	}
}

// validCredits reports whether n is a number of credits: not negative, in steps of 0.25.
func validCredits(n float64) bool { return n >= 0 && n <= maxCredits && math.Trunc(n*4) == n*4 }
