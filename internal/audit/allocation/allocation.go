// Package allocation decides which course counts in which requirement. The decision is exact and optimal, by these
// criteria in order: the most completed credits, then the most in progress, then the most planned; the most pools
// that completed credits fill, then the most pools that any credits fill; the fewest courses that are split over
// pools; the fewest credits in the last pool, in the one before it, and so on; the earlier course in the earlier
// pool. It depends neither on the order of the input nor on anything else.
//
// Credits are integers here; callers count in quarters of a credit.
package allocation

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
)

// Class ranks courses: no credit of a class is given up for credits of a lower class.
type Class uint8

// The classes, highest first.
const (
	Completed Class = iota
	InProgress
	Planned
	classes
)

// LimitKind says what a limit inside a pool counts.
type LimitKind uint8

// The kinds of limits. The sets of MostCredits in a pool are disjoint or nested. The sets of ReserveForSet are
// disjoint, and each set of MostCredits is inside one of them or outside all.
const (
	MostCourses   LimitKind = iota // at most N courses of the set count in the pool
	MostCredits                    // at most N credits of the set count in the pool
	ReserveForSet                  // N credits of the pool are reserved for the set
)

// Limit restricts the courses of one pool.
type Limit struct {
	Kind LimitKind
	N    int
}

// Pool is a requirement with a number of credits.
type Pool struct {
	Required int
	Limits   []Limit // at most 64
}

// Place is a pool in which a course may count. Bit i of InSet is set when the pool's limit i lists the course.
type Place struct {
	Pool  int
	InSet uint64
}

// Course is a course of the record. When orders courses by time.
type Course struct {
	Code    string
	When    int
	Class   Class
	Credits int
	Places  []Place // in the order of pools, each pool once
}

// Problem is a record and a degree. Of each excluded pair of courses, given by their indices, only one counts.
type Problem struct {
	Pools    []Pool
	Courses  []Course
	Excluded [][2]int
}

// Share is the number of credits that one course gives to one pool.
type Share struct {
	Pool, Credits int
}

// Solution is the best allocation. Shares has an entry for each course of the problem, in the order of the problem;
// the shares of a course are in the order of pools, and empty for a course that counts nowhere. Exact is false only
// when the search reached its limit of steps: then more courses than necessary may be split, or exclusions may be
// resolved suboptimally.
type Solution struct {
	Shares [][]Share
	Exact  bool
}

// Solve returns the best allocation.
func Solve(p Problem) Solution { return new(Solver).Solve(p) }

// Solver solves problems that differ in a few courses: it solves again only the groups of pools whose courses
// differ. Its zero value is ready. It is not safe for concurrent use.
type Solver struct {
	known map[string]componentSolution
	key   []byte
}

// componentSolution holds the shares of a component's courses in their order.
type componentSolution struct {
	shares [][]Share
	exact  bool
}

// Solve returns the best allocation. Solutions may have shares in common.
func (v *Solver) Solve(p Problem) Solution {
	s := Solution{Shares: make([][]Share, len(p.Courses)), Exact: true}
	order := sortCourses(p.Courses)
	for _, c := range findComponents(&p, order) {
		if c.fitsAsItIs() {
			for _, i := range c.courses {
				if course := &p.Courses[i]; course.Credits > 0 {
					s.Shares[i] = []Share{{Pool: course.Places[0].Pool, Credits: course.Credits}}
				}
			}
			continue
		}
		v.key = c.encode(v.key[:0])
		known, ok := v.known[string(v.key)]
		if !ok {
			known.exact = c.solve(s.Shares)
			for _, i := range c.courses {
				known.shares = append(known.shares, s.Shares[i])
			}
			if v.known == nil {
				v.known = map[string]componentSolution{}
			}
			v.known[string(v.key)] = known
		}
		for x, i := range c.courses {
			s.Shares[i] = known.shares[x]
		}
		s.Exact = s.Exact && known.exact
	}
	return s
}

// CountCredits returns the credits of a class that the best allocation counts. It does not search for the allocation.
func CountCredits(p Problem, class Class) int {
	sum := 0
	order := sortCourses(p.Courses)
	for _, c := range findComponents(&p, order) {
		if c.fitsAsItIs() {
			for _, i := range c.courses {
				if course := &p.Courses[i]; course.Class == class {
					sum += course.Credits
				}
			}
		} else if len(c.courses) > 0 {
			sum += c.countCredits()[class]
		}
	}
	return sum
}

// encode appends everything on which the solution of the component depends.
func (c *component) encode(key []byte) []byte {
	for _, k := range c.pools {
		pool := &c.problem.Pools[k]
		key = binary.AppendUvarint(key, uint64(k))
		key = binary.AppendUvarint(key, uint64(pool.Required))
		for _, limit := range pool.Limits {
			key = append(key, 1, byte(limit.Kind))
			key = binary.AppendVarint(key, int64(limit.N))
		}
		key = append(key, 0)
	}
	for _, i := range c.courses {
		course := &c.problem.Courses[i]
		key = append(key, 2, byte(course.Class))
		key = binary.AppendUvarint(key, uint64(course.Credits))
		for _, at := range course.Places {
			key = append(key, 1)
			key = binary.AppendUvarint(key, uint64(at.Pool))
			key = binary.AppendUvarint(key, at.InSet)
		}
		key = append(key, 0)
	}
	for _, pair := range c.excluded {
		key = append(key, 3)
		key = binary.AppendUvarint(key, uint64(pair[0]))
		key = binary.AppendUvarint(key, uint64(pair[1]))
	}
	return key
}

// sortCourses returns the indices of the courses in the order of all decisions.
func sortCourses(courses []Course) []int {
	order := make([]int, len(courses))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		a, b := &courses[i], &courses[j]
		if d := cmp.Or(cmp.Compare(a.Class, b.Class), cmp.Compare(a.When, b.When)); d != 0 {
			return d
		}
		if d := cmp.Or(strings.Compare(a.Code, b.Code), cmp.Compare(b.Credits, a.Credits)); d != 0 {
			return d
		}
		return slices.CompareFunc(a.Places, b.Places, func(x, y Place) int {
			return cmp.Or(cmp.Compare(x.Pool, y.Pool), cmp.Compare(x.InSet, y.InSet))
		})
	})
	return order
}

// component is a group of pools that share no course with other pools. Each component is solved separately.
type component struct {
	problem  *Problem
	pools    []int    // in the order of the problem
	courses  []int    // in the order of sortCourses; each has a place
	excluded [][2]int // positions in courses, the smaller first
}

// findComponents groups the pools that are linked by a course that both list, or by a pair that exclude each other.
func findComponents(p *Problem, order []int) []*component {
	root := make([]int, len(p.Pools))
	for k := range root {
		root[k] = k
	}
	find := func(k int) int {
		for root[k] != k {
			root[k] = root[root[k]]
			k = root[k]
		}
		return k
	}
	join := func(a, b int) {
		a, b = find(a), find(b)
		root[max(a, b)] = min(a, b)
	}
	for i := range p.Courses {
		for _, place := range p.Courses[i].Places {
			join(p.Courses[i].Places[0].Pool, place.Pool)
		}
	}
	for _, pair := range p.Excluded {
		if a, b := p.Courses[pair[0]].Places, p.Courses[pair[1]].Places; len(a) > 0 && len(b) > 0 {
			join(a[0].Pool, b[0].Pool)
		}
	}
	var out []*component
	at := make([]*component, len(p.Pools))
	for k := range p.Pools {
		r := find(k)
		if at[r] == nil {
			at[r] = &component{problem: p}
			out = append(out, at[r])
		}
		at[r].pools = append(at[r].pools, k)
	}
	position := make([]int, len(p.Courses))
	for _, i := range order {
		if places := p.Courses[i].Places; len(places) > 0 {
			c := at[find(places[0].Pool)]
			position[i] = len(c.courses)
			c.courses = append(c.courses, i)
		}
	}
	for _, pair := range p.Excluded {
		a, b := p.Courses[pair[0]].Places, p.Courses[pair[1]].Places
		if len(a) == 0 || len(b) == 0 || pair[0] == pair[1] {
			continue
		}
		c, x, y := at[find(a[0].Pool)], position[pair[0]], position[pair[1]]
		c.excluded = append(c.excluded, [2]int{min(x, y), max(x, y)})
	}
	return out
}

// fitsAsItIs reports whether the component is one pool that can take all its courses.
func (c *component) fitsAsItIs() bool {
	if len(c.pools) != 1 || len(c.excluded) > 0 {
		return false
	}
	pool := &c.problem.Pools[c.pools[0]]
	sum := 0
	for _, i := range c.courses {
		sum += c.problem.Courses[i].Credits
	}
	if sum > pool.Required {
		return false
	}
	beside, kept := sum, 0 // the credits outside of reserved sets
	for l, limit := range pool.Limits {
		courses, inSet := 0, 0
		for _, i := range c.courses {
			course := &c.problem.Courses[i]
			if course.Places[0].InSet>>l&1 == 1 {
				courses++
				inSet += course.Credits
			}
		}
		switch {
		case limit.Kind == MostCourses && courses > limit.N, limit.Kind == MostCredits && inSet > limit.N:
			return false
		case limit.Kind == ReserveForSet:
			beside -= min(inSet, limit.N)
			kept += limit.N
		}
	}
	return kept == 0 || beside <= max(0, pool.Required-kept)
}
