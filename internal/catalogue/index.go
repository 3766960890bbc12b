package catalogue

import (
	"cmp"
	"slices"
	"strings"
)

// Catalogue is an indexed, immutable catalogue. Its lists and what is in them are shared by everyone who asks: nobody
// may change them.
type Catalogue struct {
	data      Data
	version   string
	courses   map[string]int
	pools     map[string]int
	degrees   map[string]int
	sequences map[string]int
	names     []name // what Match compares with
}

// New checks d and indexes it. Every fault is in the error, each on a line of its own. The catalogue takes d over: the
// caller does not change it any more.
func New(d Data) (*Catalogue, error) {
	if err := check(d); err != nil {
		return nil, err
	}
	d = ordered(d)
	return &Catalogue{
		data: d, version: d.Fingerprint(),
		courses:   index(d.Courses, func(c Course) string { return c.Code }),
		pools:     index(d.Pools, func(p Pool) string { return p.ID }),
		degrees:   index(d.Degrees, func(g Degree) string { return g.ID }),
		sequences: index(d.Sequences, func(s Sequence) string { return s.Name }),
		names:     namesOf(d.Degrees),
	}, nil
}

// ordered returns d in one order and without nil lists, so that the same catalogue has the same version wherever it was
// kept.
func ordered(d Data) Data {
	d.Degrees = slices.SortedFunc(slices.Values(d.Degrees), func(a, b Degree) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	d.Pools = slices.SortedFunc(slices.Values(d.Pools), func(a, b Pool) int { return cmp.Compare(a.ID, b.ID) })
	d.Courses = slices.SortedFunc(slices.Values(d.Courses), func(a, b Course) int { return cmp.Compare(a.Code, b.Code) })
	d.Sequences = slices.SortedFunc(slices.Values(d.Sequences), func(a, b Sequence) int { return cmp.Compare(a.Name, b.Name) })
	for i := range d.Degrees {
		d.Degrees[i].Pools = present(d.Degrees[i].Pools)
	}
	for i := range d.Pools {
		d.Pools[i].Courses, d.Pools[i].Rules = present(d.Pools[i].Courses), present(d.Pools[i].Rules)
	}
	for i := range d.Courses {
		d.Courses[i].OfferedIn, d.Courses[i].Rules = present(d.Courses[i].OfferedIn), present(d.Courses[i].Rules)
	}
	return d
}

// present returns s, or an empty list for none: JSON says [] and not null.
func present[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

func index[T any](list []T, key func(T) string) map[string]int {
	m := make(map[string]int, len(list))
	for i, v := range list {
		m[key(v)] = i
	}
	return m
}

// Version is the fingerprint of the contents: equal catalogues have equal versions.
func (c *Catalogue) Version() string { return c.version }

// Data returns the whole catalogue, to be read only.
func (c *Catalogue) Data() Data { return c.data }

// Courses returns every course in the order of codes.
func (c *Catalogue) Courses() []Course { return c.data.Courses }

// Index returns the place of a course in Courses.
func (c *Catalogue) Index(code string) (int, bool) {
	i, ok := c.courses[code]
	return i, ok
}

// Course returns the course with a normalised code.
func (c *Catalogue) Course(code string) (Course, bool) { return find(c.data.Courses, c.courses, code) }

// Pool returns the pool with the id.
func (c *Catalogue) Pool(id string) (Pool, bool) { return find(c.data.Pools, c.pools, id) }

// Degree returns the degree with the id, whatever its type.
func (c *Catalogue) Degree(id string) (Degree, bool) { return find(c.data.Degrees, c.degrees, id) }

// Sequence returns the published sequence with the name.
func (c *Catalogue) Sequence(name string) (Sequence, bool) {
	return find(c.data.Sequences, c.sequences, name)
}

func find[T any](list []T, at map[string]int, key string) (T, bool) {
	i, ok := at[key]
	if !ok {
		var none T
		return none, false
	}
	return list[i], true
}

// Degrees returns the degrees that a student can be in, by name.
func (c *Catalogue) Degrees() []Degree {
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

// Closure returns the codes and what their prerequisite, corequisite and either-or rules lead to, as far as the
// catalogue has it, in the order of codes.
func (c *Catalogue) Closure(codes []string) []string {
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
		course, _ := c.Course(open[i])
		for _, r := range course.Rules {
			switch r.Type {
			case RulePrerequisite, RuleCorequisite, RuleEither:
				add(r.CourseList)
			}
		}
	}
	slices.Sort(open)
	return open
}

// Code returns a course's code in its one spelling: upper case, one space before the number, and the work terms that
// documents print as CWTE or CWTC as CWT. Whatever is neither a letter nor a digit is left out.
func Code(s string) string {
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
