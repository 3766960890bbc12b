package catalogue

import (
	"fmt"
	"math"
	"slices"
)

// IsCode reports whether s is a course's code in its normalised spelling: 2 to 4 capitals, a space, 3 or 4 digits.
// Placeholders of sequences are not codes.
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

// maxCredits is above the credits of any course, pool or degree.
const maxCredits = 300

// validator gathers the faults of a catalogue.
type validator struct {
	faults  []Finding
	courses map[string]bool
	pools   map[string]bool
	degrees map[string]DegreeType
}

func (k *validator) addFault(file, entry, format string, args ...any) {
	k.faults = append(k.faults, Finding{File: file, Entry: entry, Message: fmt.Sprintf(format, args...)})
}

// ValidateData returns all that is wrong with the data of an edition, with file and entry: what New refuses, then what
// checkConsistency finds. Findings that are known are no faults.
func ValidateData(d Data) []Finding { return append(validateData(d), checkConsistency(d)...) }

// validateData returns every fault of d for which New refuses it.
func validateData(d Data) []Finding {
	k := &validator{
		courses: make(map[string]bool, len(d.Courses)),
		pools:   make(map[string]bool, len(d.Pools)),
		degrees: make(map[string]DegreeType, len(d.Degrees)),
	}
	for _, c := range d.Courses {
		k.validateCourse(c)
	}
	for _, p := range d.Pools {
		k.validatePool(p)
	}
	for _, g := range d.Degrees {
		if _, ok := k.degrees[g.ID]; ok {
			k.addFault(degreesFile, g.ID, "listed twice")
		}
		k.degrees[g.ID] = g.DegreeType
	}
	standalone := false
	for _, g := range d.Degrees {
		k.validateDegree(g)
		standalone = standalone || g.DegreeType == Standalone
	}
	if !standalone {
		k.addFault(degreesFile, "degrees", "no degree is %s", Standalone)
	}
	if !k.pools[CoopPoolID] {
		k.addFault(poolsFile, CoopPoolID, "the pool of the work terms is missing")
	}
	names := map[string]bool{}
	for _, s := range d.Sequences {
		if names[s.Name] {
			k.addFault(sequencesFile, s.Name, "listed twice")
		}
		names[s.Name] = true
		k.validateSequence(s)
	}
	k.validateEdition(d)
	return k.faults
}

func (k *validator) validateCourse(c Course) {
	if !IsCode(c.Code) {
		k.addFault(coursesFile, c.Code, "the code is not 2 to 4 capitals, a space, and 3 or 4 digits")
	}
	if k.courses[c.Code] {
		k.addFault(coursesFile, c.Code, "listed twice")
	}
	k.courses[c.Code] = true
	if c.Title == "" {
		k.addFault(coursesFile, c.Code, "no title")
	}
	if !validCredits(c.Credits) {
		k.addFault(coursesFile, c.Code, "%v credits", c.Credits)
	}
	for _, season := range c.OfferedIn {
		if !slices.Contains([]string{"Fall", "Winter", "Summer", "Fall/Winter"}, season) {
			k.addFault(coursesFile, c.Code, "offered in %q", season)
		}
	}
	k.validateRules(coursesFile, c.Code, c.Rules)
}

func (k *validator) validatePool(p Pool) {
	if p.ID == "" || p.Name == "" {
		k.addFault(poolsFile, p.ID, "no id or no name")
	}
	if k.pools[p.ID] {
		k.addFault(poolsFile, p.ID, "listed twice")
	}
	k.pools[p.ID] = true
	if !validCredits(p.CreditsRequired) {
		k.addFault(poolsFile, p.ID, "%v credits", p.CreditsRequired)
	}
	k.validateReferences(poolsFile, p.ID, p.Courses, k.courses, "course %q is not in the catalogue", "course %q is listed twice")
	k.validateRules(poolsFile, p.ID, p.Rules)
}

func (k *validator) validateDegree(g Degree) {
	if g.ID == "" || g.Name == "" {
		k.addFault(degreesFile, g.ID, "no id or no name")
	}
	switch g.DegreeType {
	case Standalone, ExtendedCredit, Coop:
	default:
		k.addFault(degreesFile, g.ID, "unknown type %q", g.DegreeType)
	}
	switch g.Kind {
	case BEng, BCompSc, BSc, "":
	default:
		k.addFault(degreesFile, g.ID, "unknown kind %q", g.Kind)
	}
	if !validCredits(g.TotalCredits) {
		k.addFault(degreesFile, g.ID, "%v credits", g.TotalCredits)
	}
	if g.ECPDegreeID != "" && k.degrees[g.ECPDegreeID] != ExtendedCredit {
		k.addFault(degreesFile, g.ID, "%q is no extended-credit program", g.ECPDegreeID)
	}
	k.validateReferences(degreesFile, g.ID, g.Pools, k.pools, "there is no pool %q", "pool %q is listed twice")
}

// validateReferences checks the list of ids of an entry: the catalogue has each of them, and none is listed twice.
// unknown and twice are the texts of the two faults: each names the id.
func (k *validator) validateReferences(file, entry string, ids []string, known map[string]bool, unknown, twice string) {
	seen := make(map[string]bool, len(ids))
	for _, id := range ids {
		if !known[id] {
			k.addFault(file, entry, unknown, id)
		}
		if seen[id] {
			k.addFault(file, entry, twice, id)
		}
		seen[id] = true
	}
}

func (k *validator) validateSequence(s Sequence) {
	if s.Name == "" {
		k.addFault(sequencesFile, "sequences", "a sequence has no name")
	}
	if len(s.Terms) == 0 {
		k.addFault(sequencesFile, s.Name, "no terms")
	}
	if _, ok := k.degrees[s.DegreeID]; !ok && s.DegreeID != "" {
		k.addFault(sequencesFile, s.Name, "there is no degree %q", s.DegreeID)
	}
	for i, t := range s.Terms {
		if t.Type != AcademicTerm && t.Type != WorkTerm {
			k.addFault(sequencesFile, s.Name, "term %d has the unknown type %q", i+1, t.Type)
		}
		if slices.Contains(t.Courses, "") {
			k.addFault(sequencesFile, s.Name, "term %d has a course without a name", i+1)
		}
	}
}

// validateRules checks the rules of a course or a pool. A rule may name courses that the catalogue lacks.
func (k *validator) validateRules(file, of string, rules []Rule) {
	for _, r := range rules {
		if r.Type != RuleMinCredits && len(r.CourseList) == 0 {
			k.addFault(file, of, "the rule %s names no course", r.Type)
		}
		for _, code := range r.CourseList {
			if !IsCode(code) {
				k.addFault(file, of, "the rule %s names %q, which is no code", r.Type, code)
			}
		}
		sound := true
		switch r.Type {
		case RulePrerequisite, RuleCorequisite, RulePrerequisiteOrCorequisite, RuleMinCourses:
			sound = r.MinCourses >= 1 && r.MinCourses <= len(r.CourseList)
		case RuleNotTaken:
			sound = r.MaxCourses == nil || *r.MaxCourses == 0
		case RuleMaxCourses:
			sound = r.MaxCourses != nil && *r.MaxCourses >= 0
		case RuleMinCredits, RuleMinCreditsFromSet:
			sound = validCredits(r.MinCredits) && r.MinCredits > 0
		case RuleMaxCreditsFromSet:
			sound = validCredits(r.MaxCredits) && r.MaxCredits > 0
		default:
			k.addFault(file, of, "unknown rule %q", r.Type)
		}
		if !sound {
			k.addFault(file, of, "the number of the rule %s makes no sense", r.Type)
		}
	}
}

// validCredits reports whether n is a number of credits: not negative, in steps of 0.25.
func validCredits(n float64) bool { return n >= 0 && n <= maxCredits && math.Trunc(n*4) == n*4 }

// validateEdition checks the calendar and the equivalents. A set of equivalents contains former codes, which the
// catalogue does not have, and one code that it has.
func (k *validator) validateEdition(d Data) {
	if _, ok := calendarYear(d.Calendar); !ok && d.Calendar != "" {
		k.addFault(editionFile, "calendar", "the calendar %q is no academic year such as 2026-27", d.Calendar)
	}
	seen := map[string]bool{}
	for _, set := range d.Equivalents {
		if len(set) < 2 || !slices.ContainsFunc(set, func(code string) bool { return k.courses[code] }) {
			k.addFault(editionFile, "equivalents", "%q: two codes or more, one of them a course of the catalogue", set)
		}
		for _, code := range set {
			if !IsCode(code) || seen[code] {
				k.addFault(editionFile, "equivalents", "%q: %q is no code, or is listed before", set, code)
			}
			seen[code] = true
		}
	}
}
