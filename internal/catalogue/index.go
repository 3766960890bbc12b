package catalogue

import (
	"cmp"
	"errors"
	"slices"
	"strings"
)

// Catalogue is an indexed, immutable catalogue. All callers share its lists and their contents, and must not change
// them.
type Catalogue struct {
	data      Data
	version   string
	courses   map[string]int
	pools     map[string]int
	degrees   map[string]int
	sequences map[string]int
	// equivalents maps each code of a set of equivalents to the set.
	equivalents map[string][]string
	names       []degreeName // the names that MatchDegree compares
}

// New validates and indexes d. The error contains every fault, each on its own line. The catalogue owns d afterwards:
// the caller must not change it.
func New(d Data) (*Catalogue, error) {
	if faults := validateData(d); len(faults) > 0 {
		lines := make([]error, len(faults))
		for i, f := range faults {
			lines[i] = f.toError()
		}
		return nil, errors.Join(lines...)
	}
	d = normalizeData(d)
	return &Catalogue{
		data: d, version: d.Fingerprint(),
		courses:     indexBy(d.Courses, func(c Course) string { return c.Code }),
		pools:       indexBy(d.Pools, func(p Pool) string { return p.ID }),
		degrees:     indexBy(d.Degrees, func(g Degree) string { return g.ID }),
		sequences:   indexBy(d.Sequences, func(s Sequence) string { return s.Name }),
		equivalents: indexEquivalents(d.Equivalents),
		names:       degreeNames(d.Degrees),
	}, nil
}

// normalizeData returns d in a fixed order and without nil lists, so that the same catalogue has the same version in
// every store.
func normalizeData(d Data) Data {
	d.Degrees = slices.SortedFunc(slices.Values(d.Degrees), func(a, b Degree) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	d.Pools = slices.SortedFunc(slices.Values(d.Pools), func(a, b Pool) int { return cmp.Compare(a.ID, b.ID) })
	d.Courses = slices.SortedFunc(slices.Values(d.Courses), func(a, b Course) int { return cmp.Compare(a.Code, b.Code) })
	d.Sequences = slices.SortedFunc(slices.Values(d.Sequences), func(a, b Sequence) int { return cmp.Compare(a.Name, b.Name) })
	for i := range d.Degrees {
		d.Degrees[i].Pools = nonNil(d.Degrees[i].Pools)
	}
	for i := range d.Pools {
		d.Pools[i].Courses, d.Pools[i].Rules = nonNil(d.Pools[i].Courses), nonNil(d.Pools[i].Rules)
	}
	for i := range d.Courses {
		d.Courses[i].OfferedIn, d.Courses[i].Rules = nonNil(d.Courses[i].OfferedIn), nonNil(d.Courses[i].Rules)
	}
	d.Equivalents = slices.SortedFunc(slices.Values(d.Equivalents), slices.Compare[[]string])
	return d
}

// nonNil returns s, or an empty list for nil: JSON then has [] and not null.
func nonNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

func indexBy[T any](list []T, key func(T) string) map[string]int {
	m := make(map[string]int, len(list))
	for i, v := range list {
		m[key(v)] = i
	}
	return m
}

// Version is the fingerprint of the contents: equal catalogues have equal versions.
func (c *Catalogue) Version() string { return c.version }

// Data returns the whole catalogue, which is read-only.
func (c *Catalogue) Data() Data { return c.data }

// Courses returns every course in the order of codes.
func (c *Catalogue) Courses() []Course { return c.data.Courses }

// CourseIndex returns the index of a course in Courses.
func (c *Catalogue) CourseIndex(code string) (int, bool) {
	i, ok := c.courses[code]
	return i, ok
}

// FindCourse returns the course with a normalised code.
func (c *Catalogue) FindCourse(code string) (Course, bool) {
	return findIn(c.data.Courses, c.courses, code)
}

// FindPool returns the pool with the id.
func (c *Catalogue) FindPool(id string) (Pool, bool) { return findIn(c.data.Pools, c.pools, id) }

// FindDegree returns the degree with the id, whatever its type.
func (c *Catalogue) FindDegree(id string) (Degree, bool) {
	return findIn(c.data.Degrees, c.degrees, id)
}

// FindSequence returns the published sequence with the name.
func (c *Catalogue) FindSequence(name string) (Sequence, bool) {
	return findIn(c.data.Sequences, c.sequences, name)
}

func findIn[T any](list []T, at map[string]int, key string) (T, bool) {
	i, ok := at[key]
	if !ok {
		var none T
		return none, false
	}
	return list[i], true
}

// StandaloneDegrees returns the degrees that a student can be in, by name.
func (c *Catalogue) StandaloneDegrees() []Degree {
	var out []Degree
	for _, d := range c.data.Degrees {
		if d.DegreeType == Standalone {
			out = append(out, d)
		}
	}
	return out
}

// Sequences returns the published sequences by name.
func (c *Catalogue) Sequences() []Sequence { return c.data.Sequences }

// Calendar returns the academic year of the catalogue, such as "2026-27"; "" for data of older stores.
func (c *Catalogue) Calendar() string { return c.data.Calendar }

// DegreeSequences returns the published sequences of a degree by name.
func (c *Catalogue) DegreeSequences(degreeID string) []Sequence {
	return slices.DeleteFunc(slices.Clone(c.data.Sequences), func(s Sequence) bool { return s.DegreeID != degreeID })
}

// Equivalents returns the other codes of a course: its current one and its former ones. A course with one code has
// none.
func (c *Catalogue) Equivalents(code string) []string {
	return slices.DeleteFunc(slices.Clone(c.equivalents[code]), func(other string) bool { return other == code })
}

func indexEquivalents(sets [][]string) map[string][]string {
	m := map[string][]string{}
	for _, set := range sets {
		for _, code := range set {
			m[code] = set
		}
	}
	return m
}

// PrerequisiteClosure returns the codes and all their prerequisites and corequisites that the catalogue contains, in
// the order of codes.
func (c *Catalogue) PrerequisiteClosure(codes []string) []string {
	seen := make(map[string]bool, 2*len(codes))
	var open []string
	add := func(codes []string) {
		for _, code := range codes {
			if _, ok := c.courses[code]; ok && !seen[code] {
				seen[code] = true
				open = append(open, code)
			}
		}
	}
	add(codes)
	for i := 0; i < len(open); i++ {
		course, _ := c.FindCourse(open[i])
		for _, r := range course.Rules {
			switch r.Type {
			case RulePrerequisite, RuleCorequisite, RulePrerequisiteOrCorequisite:
				add(r.CourseList)
			}
		}
	}
	slices.Sort(open)
	return open
}

// NormalizeCode returns a course's code in its normalised spelling: upper case, one space before the number, and the
// work terms that documents print as CWTE or CWTC as CWT. Other characters than letters and digits are dropped.
func NormalizeCode(s string) string {
	if IsCode(s) {
		return s
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return -1
	}, s)
	i := strings.IndexAny(s, "0123456789")
	if i <= 0 {
		return s
	}
	letters := s[:i]
	if letters == "CWTE" || letters == "CWTC" {
		letters = "CWT"
	}
	return letters + " " + s[i:]
}
