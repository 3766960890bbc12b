package audit

import (
	"slices"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
)

// defaultMaxLoad is the most credits of one term that the university's planning page allows without permission.
const defaultMaxLoad Credits = 19 * 4

// Settings are the rules of a catalogue other than its lists.
type Settings struct {
	// Calendar is the academic year of the catalogue, such as "2025-26"; empty means the catalogue's own.
	Calendar string
	// MaxLoad is the most credits of one term; 0 means 19.
	MaxLoad Credits
	// Equivalents returns the other codes of a course; nil means the catalogue's own.
	Equivalents func(code string) []string
	// Repeatable reports whether a course may count more than once; nil means none.
	Repeatable func(code string) bool
}

// Rulebook is a catalogue prepared for audits. It is immutable; one serves every degree and every record.
type Rulebook struct {
	cat      *catalogue.Catalogue
	settings Settings
	extra    map[string]int32 // ids of codes that only rules and equivalents name
	courses  []rules          // by id
	presumed []int32          // the courses of every extended-credit program
	ranks    [][]int16        // of each published sequence, by id: 1 + the first term of the course, 0 for none
}

// rules are the rules of a course in the form that the checks use.
type rules struct {
	code        string
	title       string
	credits     Credits
	seasons     seasons
	needs       []need
	excludes    []int32
	excludedBy  []int32 // the courses whose rules exclude this one
	above       []int32 // of excludes: the courses that this one leads to, which exclude it only when they come first
	minCredits  Credits
	equivalents []int32
	repeatable  bool
	known       bool    // the catalogue has it
	published   seasons // the seasons in which published sequences place it
	rank        int     // its first place in a published sequence, 0 for none
}

// need is one prerequisite or corequisite: a number of courses of a list.
type need struct {
	code  RemarkCode
	list  []int32 // as the catalogue lists them
	count int
}

// NewRulebook prepares a catalogue.
func NewRulebook(cat *catalogue.Catalogue, s Settings) *Rulebook {
	if s.MaxLoad <= 0 {
		s.MaxLoad = defaultMaxLoad
	}
	if s.Calendar == "" {
		s.Calendar = cat.Calendar()
	}
	if s.Equivalents == nil {
		s.Equivalents = cat.Equivalents
	}
	b := &Rulebook{cat: cat, settings: s, extra: map[string]int32{}, courses: make([]rules, len(cat.Courses()))}
	for i := range cat.Courses() {
		b.addCourse(i)
	}
	for id := range len(b.courses) {
		b.linkEquivalents(int32(id))
	}
	for _, d := range cat.Data().Degrees {
		if d.DegreeType == catalogue.ExtendedCredit {
			b.presumed = append(b.presumed, b.requiredCourses(d)...)
		}
	}
	b.linkExclusions()
	b.findAbove()
	b.readSequences()
	return b
}

func (b *Rulebook) addCourse(i int) {
	c := &b.cat.Courses()[i]
	r := rules{code: c.Code, title: c.Title, credits: Quarters(c.Credits), seasons: parseSeasons(c.OfferedIn), known: true}
	r.repeatable = b.settings.Repeatable != nil && b.settings.Repeatable(c.Code)
	for _, rule := range c.Rules {
		switch rule.Type {
		case catalogue.RulePrerequisite:
			r.needs = append(r.needs, need{Prerequisite, b.internCodes(rule.CourseList), max(1, rule.MinCourses)})
		case catalogue.RuleCorequisite:
			r.needs = append(r.needs, need{Corequisite, b.internCodes(rule.CourseList), max(1, rule.MinCourses)})
		case catalogue.RulePrerequisiteOrCorequisite:
			r.needs = append(r.needs, need{Either, b.internCodes(rule.CourseList), max(1, rule.MinCourses)})
		case catalogue.RuleNotTaken:
			r.excludes = append(r.excludes, b.internCodes(rule.CourseList)...)
		case catalogue.RuleMinCredits:
			r.minCredits = max(r.minCredits, Quarters(rule.MinCredits))
		}
	}
	b.courses[i] = r
}

func (b *Rulebook) linkEquivalents(id int32) {
	if b.settings.Equivalents == nil {
		return
	}
	// internCodes may reallocate the courses.
	others := b.internCodes(b.settings.Equivalents(b.courses[id].code))
	b.courses[id].equivalents = others
	for _, other := range others {
		if !b.courses[other].known && len(b.courses[other].equivalents) == 0 {
			b.courses[other].equivalents = []int32{id}
		}
	}
}

// linkExclusions records for each course the courses that exclude it.
func (b *Rulebook) linkExclusions() {
	for id := range b.courses {
		for _, other := range b.courses[id].excludes {
			if by := b.courses[other].excludedBy; !slices.Contains(by, int32(id)) {
				b.courses[other].excludedBy = append(by, int32(id))
			}
		}
	}
}

// findAbove finds, among the courses that exclude one, those that it leads to: a student who has passed the higher
// course may not take the lower one, but the usual order is allowed.
func (b *Rulebook) findAbove() {
	seen := make([]int, len(b.courses))
	stamp := 0
	var leadsTo func(id, to int32) bool
	leadsTo = func(id, to int32) bool {
		if seen[to] == stamp {
			return false
		}
		seen[to] = stamp
		for n := range b.courses[to].needs {
			for _, before := range b.courses[to].needs[n].list {
				if before == id || leadsTo(id, before) {
					return true
				}
			}
		}
		return false
	}
	for id := range b.courses {
		for _, other := range b.courses[id].excludes {
			if stamp++; other != int32(id) && leadsTo(int32(id), other) {
				b.courses[id].above = append(b.courses[id].above, other)
			}
		}
	}
}

// isAbove reports whether a course leads to one that excludes it.
func (b *Rulebook) isAbove(id, other int32) bool { return slices.Contains(b.courses[id].above, other) }

// readSequences records the seasons in which published sequences place each course. Those that begin in January say
// so in their name.
func (b *Rulebook) readSequences() {
	for _, s := range b.cat.Data().Sequences {
		at := slot(2) // Fall
		if strings.Contains(s.Name, "january") || strings.Contains(s.Name, "winter") {
			at = 3
		}
		ranks := make([]int16, len(b.courses))
		b.ranks = append(b.ranks, ranks)
		for i, t := range s.Terms {
			for _, code := range t.Courses {
				id, ok := b.findID(code)
				if !ok {
					continue
				}
				if ranks[id] == 0 {
					ranks[id] = int16(i + 1)
				}
				c := &b.courses[id]
				if c.seasons != inFullYear { // the sheets list such a course in both of its terms
					c.published |= [...]seasons{inWinter, inSummer, inFall}[(at+slot(i))%3]
				}
				if c.rank == 0 || i+1 < c.rank {
					c.rank = i + 1
				}
			}
		}
	}
}

// internCodes returns the ids of codes.
func (b *Rulebook) internCodes(codes []string) []int32 {
	ids := make([]int32, 0, len(codes))
	for _, code := range codes {
		ids = append(ids, b.internCode(code))
	}
	return ids
}

func (b *Rulebook) internCode(code string) int32 {
	if id, ok := b.findID(code); ok {
		return id
	}
	id := int32(len(b.courses))
	b.courses = append(b.courses, rules{code: code})
	b.extra[code] = id
	return id
}

// findID returns the id of a code. A code that neither the catalogue nor its rules name has none.
func (b *Rulebook) findID(code string) (int32, bool) {
	if i, ok := b.cat.CourseIndex(code); ok {
		return int32(i), true
	}
	id, ok := b.extra[code]
	return id, ok
}

// requiredCourses returns the courses of a degree's pools without a choice.
func (b *Rulebook) requiredCourses(d catalogue.Degree) []int32 {
	var ids []int32
	for _, id := range d.Pools {
		if pool, ok := b.cat.FindPool(id); ok && b.needsAll(pool) {
			ids = append(ids, b.internCodes(pool.Courses)...)
		}
	}
	return ids
}

// needsAll reports whether a pool has no choice: its courses, as many as its limits let count, have exactly its
// credits.
func (b *Rulebook) needsAll(p catalogue.Pool) bool {
	sum := Credits(0)
	for _, code := range p.Courses {
		if c, ok := b.cat.FindCourse(code); ok {
			sum += Quarters(c.Credits)
		}
	}
	for _, rule := range p.Rules {
		if rule.Type == catalogue.RuleMaxCourses && rule.MaxCourses != nil {
			least := b.smallestCredits(rule.CourseList)
			sum -= least * Credits(max(0, len(rule.CourseList)-*rule.MaxCourses))
		}
	}
	return p.CreditsRequired > 0 && sum <= Quarters(p.CreditsRequired)
}

// smallestCredits returns the credits of the smallest course of a list.
func (b *Rulebook) smallestCredits(codes []string) Credits {
	least := Credits(0)
	for i, code := range codes {
		if c, ok := b.cat.FindCourse(code); ok {
			if credits := Quarters(c.Credits); i == 0 || credits < least {
				least = credits
			}
		}
	}
	return least
}

// DegreePools returns the pools of a degree in order: its own, those of its extended-credit program when extended, and
// the work terms when coop. The general-education pools of the degree and of its extension are one.
func DegreePools(cat *catalogue.Catalogue, d catalogue.Degree, extended, coop bool) []catalogue.Pool {
	var pools []catalogue.Pool
	ids := d.Pools
	own := len(ids)
	if ecp, ok := cat.FindDegree(d.ECPDegreeID); ok && extended {
		ids = append(ids[:own:own], ecp.Pools...)
	}
	if coop {
		ids = append(ids[:len(ids):len(ids)], catalogue.CoopPoolID)
	}
	general := -1
	for i, id := range ids {
		p, ok := cat.FindPool(id)
		if !ok {
			continue
		}
		isGeneral := strings.Contains(p.Name, "General Education Humanities and Social Sciences Electives")
		if i >= own && isGeneral && general >= 0 {
			pools[general] = mergePools(cat, pools[general], p)
			continue
		}
		if i < own && isGeneral {
			general = len(pools)
		}
		pools = append(pools, p)
	}
	return pools
}

// mergePools joins the general-education pool of a degree, a, with that of its extension. Where the degree leaves no
// choice, its courses stay required in the larger list.
func mergePools(cat *catalogue.Catalogue, a, b catalogue.Pool) catalogue.Pool {
	own := 0.0
	for _, code := range a.Courses {
		if c, ok := cat.FindCourse(code); ok {
			own += c.Credits
		}
	}
	rules := slices.Concat(a.Rules, b.Rules)
	if own > 0 && own <= a.CreditsRequired {
		rules = append(rules, catalogue.Rule{Type: catalogue.RuleMinCreditsFromSet, CourseList: a.Courses, MinCredits: own})
	}
	have := make(map[string]bool, len(a.Courses))
	for _, code := range a.Courses {
		have[code] = true
	}
	courses := append([]string(nil), a.Courses...)
	for _, code := range b.Courses {
		if !have[code] {
			courses = append(courses, code)
		}
	}
	a.Courses, a.CreditsRequired, a.Rules = courses, a.CreditsRequired+b.CreditsRequired, rules
	return a
}
