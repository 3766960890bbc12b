package timeline

import (
	"slices"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
)

// generalEducation is the part of a name that the general-education pools of a degree and of its extension share.
const generalEducation = "General Education Humanities and Social Sciences Electives"

// program is a degree as a timeline counts it, extended credit and co-op included. Timelines share its lists and never
// change them.
type program struct {
	degree  Degree
	pools   []Pool
	members [][]bool // for each pool, for each course of the catalogue: whether the pool lists it
	listed  []bool   // for each course of the catalogue: whether any pool lists it
	strict  []bool   // for each course of the catalogue: whether C- is its lowest passing grade
	closure []int    // the courses of the pools and what their rules lead to, in the order of codes
	courses []Course // every course of the catalogue, nothing known about it
}

// toCourses returns every course of the catalogue as timelines show it.
func toCourses(courses []catalogue.Course) []Course {
	out := make([]Course, 0, len(courses))
	for _, c := range courses {
		out = append(out, Course{
			ID: c.Code, Title: c.Title, Credits: c.Credits, OfferedIn: c.OfferedIn, Rules: toRules(c.Rules),
			State: State{Status: Incomplete},
		})
	}
	return out
}

func toRules(rules []catalogue.Rule) []Rule {
	out := make([]Rule, 0, len(rules))
	for _, r := range rules {
		out = append(out, Rule{Type: r.Type, Level: r.Level(), Message: r.Message(), Params: RuleParams{
			CourseList: r.CourseList, MinCourses: r.MinCourses, MaxCourses: r.MaxCourses,
			MinCredits: r.MinCredits, MaxCredits: r.MaxCredits,
		}})
	}
	return out
}

// newProgram works a degree out; courses are those of the catalogue, in its order.
func newProgram(cat *catalogue.Catalogue, courses []Course, d catalogue.Degree, extended, coop bool) *program {
	p := &program{
		degree:  Degree{ID: d.ID, Name: d.Name, DegreeType: d.DegreeType, TotalCredits: d.TotalCredits, ECPDegreeID: d.ECPDegreeID},
		courses: courses,
	}
	p.addPools(cat, d.Pools)
	if ecp, ok := cat.Degree(d.ECPDegreeID); ok && extended {
		p.degree.TotalCredits += ecp.TotalCredits
		p.addPools(cat, p.mergeGeneralEducation(cat, ecp.Pools))
	}
	if coop {
		p.addPools(cat, []string{catalogue.CoopPoolID})
	}

	p.degree.CoursePools = make([]string, 0, len(p.pools))
	p.members = make([][]bool, 0, len(p.pools))
	p.listed = make([]bool, len(p.courses))
	var all []string
	for _, pool := range p.pools {
		p.degree.CoursePools = append(p.degree.CoursePools, pool.ID)
		members := make([]bool, len(p.courses))
		for _, code := range pool.Courses {
			if i, ok := cat.Index(code); ok {
				members[i], p.listed[i] = true, true
			}
		}
		p.members = append(p.members, members)
		all = append(all, pool.Courses...)
	}
	for _, code := range cat.Closure(all) {
		i, _ := cat.Index(code)
		p.closure = append(p.closure, i)
	}
	p.markStrict(cat)
	return p
}

// addPools appends the pools that the program does not have yet.
func (p *program) addPools(cat *catalogue.Catalogue, ids []string) {
	for _, id := range ids {
		pool, ok := cat.Pool(id)
		if !ok || slices.ContainsFunc(p.pools, func(have Pool) bool { return have.ID == id }) {
			continue
		}
		p.pools = append(p.pools, Pool{
			ID: pool.ID, Name: pool.Name, CreditsRequired: pool.CreditsRequired, Courses: pool.Courses, Rules: toRules(pool.Rules),
		})
	}
}

// mergeGeneralEducation adds the extension's general-education pool to the degree's own, where both have one, and
// returns the pools that are left to append.
func (p *program) mergeGeneralEducation(cat *catalogue.Catalogue, ids []string) []string {
	own := slices.IndexFunc(p.pools, func(pool Pool) bool { return strings.Contains(pool.Name, generalEducation) })
	var rest []string
	for _, id := range ids {
		extra, ok := cat.Pool(id)
		if !ok || own < 0 || !strings.Contains(extra.Name, generalEducation) {
			rest = append(rest, id)
			continue
		}
		pool := &p.pools[own]
		pool.CreditsRequired += extra.CreditsRequired
		pool.Rules = slices.Concat(pool.Rules, toRules(extra.Rules))
		have := make(map[string]bool, len(pool.Courses))
		for _, code := range pool.Courses {
			have[code] = true
		}
		courses := slices.Clone(pool.Courses) // the catalogue's list is not ours to extend
		for _, code := range extra.Courses {
			if !have[code] {
				courses = append(courses, code)
			}
		}
		pool.Courses = courses
	}
	return rest
}

// markStrict finds the courses that need a C-: in the degrees of the Gina Cody School, every prerequisite of a required
// course. Courses of elective pools are not required, and 200-level prerequisites count only where they are required
// themselves.
func (p *program) markStrict(cat *catalogue.Catalogue) {
	p.strict = make([]bool, len(p.courses))
	if !strings.HasPrefix(p.degree.Name, "BEng") && !strings.HasPrefix(p.degree.Name, "BCompSc") {
		return
	}
	required := make([]bool, len(p.courses))
	for k, pool := range p.pools {
		if strings.Contains(strings.ToLower(pool.Name), "elective") || pool.ID == catalogue.CoopPoolID {
			continue
		}
		for i, member := range p.members[k] {
			required[i] = required[i] || member
		}
	}
	for i, is := range required {
		if !is {
			continue
		}
		for _, r := range p.courses[i].Rules {
			if r.Type != catalogue.RulePrerequisite {
				continue
			}
			for _, code := range r.Params.CourseList {
				if j, ok := cat.Index(code); ok && (required[j] || !is200Level(code)) {
					p.strict[j] = true
				}
			}
		}
	}
}

// is200Level reports whether a course is of the 200 level: its number begins with 2.
func is200Level(code string) bool {
	_, number, _ := strings.Cut(code, " ")
	return strings.HasPrefix(number, "2")
}
