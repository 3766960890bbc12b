package audit

import (
	"cmp"
	"slices"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/audit/allocation"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
)

// mostSpecific is the largest list of a requirement whose courses are the degree's own; longer lists, such as those
// of general education, are open to every student.
const mostSpecific = 150

// Program is a degree prepared for audits: its pools in order, extended credit and co-op included. It is immutable
// and shared by all records.
type Program struct {
	book     *Rulebook
	degree   catalogue.Degree
	pools    []pool
	places   [][]place // by course id
	listed   []bool    // by course id: a pool lists it
	specific []bool    // by course id: one of the degree's own pools lists it
	needed   []bool    // by course id: a pool without a choice lists it
	rank     []uint8   // by course id: how the planner prefers courses of which any would do, 1 for the most
	presumed []bool    // by course id: admission provides it
	unlocks  []int     // by course id: the number of the degree's own courses that require it
	sum      Credits   // of all pools
}

// pool is one requirement.
type pool struct {
	id, name string
	required Credits
	ids      []int32 // of its courses, those that unlock most first
	byCode   []int32 // the same in the order of their codes
	typical  Credits // the most frequent number of credits of its courses
	filler   []place // of a placeholder for one of its courses
	needsAll bool
	isCoop   bool
	limits   []limit
}

// limit is a rule of a pool.
type limit struct {
	kind    allocation.LimitKind
	n       int // courses or quarters
	reserve int // quarters reserved for the set, of a minimum
	courses bool
	isMin   bool
	set     map[int32]bool
	codes   []string
}

// place is a pool that lists a course or, with its id in stands, an equivalent of it.
type place struct {
	pool   int
	inSet  uint64
	stands int32 // -1 for the course itself
}

// NewProgram prepares a degree with the given pools, whose order decides where courses count first.
func (b *Rulebook) NewProgram(d catalogue.Degree, pools []catalogue.Pool) *Program {
	n := len(b.courses)
	p := &Program{
		book: b, degree: d, places: make([][]place, n), listed: make([]bool, n), specific: make([]bool, n),
		needed: make([]bool, n), presumed: make([]bool, n), unlocks: make([]int, n),
	}
	for k, source := range pools {
		p.addPool(k, source)
	}
	for id := range b.courses {
		for _, other := range b.courses[id].equivalents {
			p.addEquivalent(int32(id), other)
		}
		for _, need := range b.courses[id].needs {
			for _, before := range need.list {
				if p.specific[id] {
					p.unlocks[before]++
				}
			}
		}
	}
	for k := range p.pools {
		slices.SortFunc(p.pools[k].ids, func(x, y int32) int {
			return cmp.Or(cmp.Compare(p.unlocks[y], p.unlocks[x]), strings.Compare(b.courses[x].code, b.courses[y].code))
		})
	}
	p.presume()
	p.rankCourses()
	return p
}

// rankCourses prepares what the planner asks of each course and pool: courses of a published sequence come first,
// then those that the degree needs, then its own, then those that it lists.
func (p *Program) rankCourses() {
	p.rank = make([]uint8, len(p.places))
	for id := range p.rank {
		switch {
		case p.book.courses[id].rank > 0:
			p.rank[id] = 1
		case p.needed[id]:
			p.rank[id] = 2
		case p.specific[id]:
			p.rank[id] = 3
		case p.listed[id]:
			p.rank[id] = 4
		default:
			p.rank[id] = 5
		}
	}
	for k := range p.pools {
		at := &p.pools[k]
		at.filler = []place{{pool: k, stands: -1}}
		at.typical = p.book.typicalCredits(at.ids)
		at.byCode = slices.Clone(at.ids)
		slices.SortFunc(at.byCode, func(x, y int32) int { return strings.Compare(p.book.courses[x].code, p.book.courses[y].code) })
	}
}

// typicalCredits returns the most frequent number of credits of courses, of equally frequent ones the smallest.
func (b *Rulebook) typicalCredits(ids []int32) Credits {
	count := map[Credits]int{}
	best := placeholderCredits
	for _, id := range ids {
		count[b.courses[id].credits]++
	}
	for credits, n := range count {
		if credits > 0 && (n > count[best] || n == count[best] && credits < best) {
			best = credits
		}
	}
	return best
}

func (p *Program) addPool(k int, source catalogue.Pool) {
	b := p.book
	next := pool{
		id: source.ID, name: source.Name, required: Quarters(source.CreditsRequired), needsAll: b.needsAll(source),
		isCoop: source.ID == catalogue.CoopPoolID,
	}
	for _, rule := range source.Rules {
		if l, ok := b.newLimit(rule); ok && len(next.limits) < 64 {
			next.limits = append(next.limits, l)
		}
	}
	for _, code := range source.Courses {
		id, ok := b.findID(code)
		if !ok || slices.ContainsFunc(p.places[id], func(x place) bool { return x.pool == k }) {
			continue
		}
		at := place{pool: k, stands: -1}
		for l := range next.limits {
			if next.limits[l].set[id] {
				at.inSet |= 1 << l
			}
		}
		next.ids = append(next.ids, id)
		p.places[id] = append(p.places[id], at)
		p.listed[id] = true
		p.needed[id] = p.needed[id] || next.needsAll
		p.specific[id] = p.specific[id] || len(source.Courses) <= mostSpecific && !next.isCoop
	}
	p.sum += next.required
	p.pools = append(p.pools, next)
}

func (b *Rulebook) newLimit(rule catalogue.Rule) (limit, bool) {
	l := limit{codes: rule.CourseList, set: map[int32]bool{}}
	for _, code := range rule.CourseList {
		if id, ok := b.findID(code); ok {
			l.set[id] = true
		}
	}
	switch rule.Type {
	case catalogue.RuleMaxCourses:
		l.kind, l.courses = allocation.MostCourses, true
		if rule.MaxCourses != nil {
			l.n = *rule.MaxCourses
		}
	case catalogue.RuleMaxCreditsFromSet:
		l.kind, l.n = allocation.MostCredits, int(Quarters(rule.MaxCredits))
	case catalogue.RuleMinCourses:
		l.kind, l.n, l.courses, l.isMin = allocation.ReserveForSet, rule.MinCourses, true, true
		l.reserve = l.n * int(b.smallestCredits(rule.CourseList))
	case catalogue.RuleMinCreditsFromSet:
		l.kind, l.n, l.isMin = allocation.ReserveForSet, int(Quarters(rule.MinCredits)), true
		l.reserve = l.n
	default:
		return limit{}, false
	}
	return l, true
}

// addEquivalent lets a course count in the places of an equivalent, where it has none of its own.
func (p *Program) addEquivalent(id, other int32) {
	for _, at := range p.places[other] {
		if at.stands >= 0 || slices.ContainsFunc(p.places[id], func(x place) bool { return x.pool == at.pool }) {
			continue
		}
		own := make([]place, 0, len(p.places[id])+1)
		own = append(append(own, p.places[id]...), place{pool: at.pool, inSet: at.inSet, stands: other})
		slices.SortFunc(own, func(x, y place) int { return cmp.Compare(x.pool, y.pool) })
		p.places[id] = own
	}
}

// presume finds the courses that admission provides: those that the extended-credit program would add, and their
// prerequisites, unless the program requires them itself. A degree without such a program presumes those of all.
func (p *Program) presume() {
	open := p.book.presumed
	if ecp, ok := p.book.cat.FindDegree(p.degree.ECPDegreeID); ok {
		open = p.book.requiredCourses(ecp)
	}
	open = slices.Clone(open)
	seen := make([]bool, len(p.places))
	for len(open) > 0 {
		id := open[len(open)-1]
		open = open[:len(open)-1]
		if seen[id] {
			continue
		}
		seen[id] = true
		p.presumed[id] = !p.needed[id]
		for _, need := range p.book.courses[id].needs {
			open = append(open, need.list...)
		}
	}
}

// isStrict reports whether a course must be passed with at least C- before another of the degree's own courses. The
// rule is the School's; every degree of the catalogue belongs to the School.
func (p *Program) isStrict(before, follower int32) bool {
	return p.specific[follower] && (p.needed[follower] || p.specific[before])
}

// ListsCourse reports whether a pool of the program lists a course, or an equivalent of it.
func (p *Program) ListsCourse(pool, code string) bool {
	id, ok := p.book.findID(code)
	return ok && slices.ContainsFunc(p.places[id], func(x place) bool { return p.pools[x.pool].id == pool })
}
