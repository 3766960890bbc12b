package timeline

import (
	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
)

// program is a degree with extended credit and co-op. Timelines share its lists and never change them.
type program struct {
	degree  Degree
	pools   []Pool
	listed  []bool // for each course of the catalogue: whether any pool lists it
	audit   *audit.Program
	closure []int    // the courses of the pools and what their rules lead to, in the order of codes
	courses []Course // every course of the catalogue, without a state
}

// toCourses returns every course of the catalogue in the form of a timeline.
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
		out = append(out, Rule{Type: string(r.Type), Level: string(r.Level()), Message: r.Message(), Params: RuleParams{
			CourseList: r.CourseList, MinCourses: r.MinCourses, MaxCourses: r.MaxCourses,
			MinCredits: r.MinCredits, MaxCredits: r.MaxCredits,
		}})
	}
	return out
}

// newProgram computes the program of a degree.
func (b *Builder) newProgram(d catalogue.Degree, extended, coop bool) *program {
	cat := b.cat
	pools := audit.DegreePools(cat, d, extended, coop)
	p := &program{
		degree:  Degree{ID: d.ID, Name: d.Name, DegreeType: d.DegreeType, TotalCredits: d.TotalCredits, ECPDegreeID: d.ECPDegreeID},
		courses: b.courses, audit: b.rulebook.NewProgram(d, pools), listed: make([]bool, len(b.courses)),
	}
	if ecp, ok := cat.FindDegree(d.ECPDegreeID); ok && extended {
		p.degree.TotalCredits += ecp.TotalCredits
	}
	p.degree.CoursePools = make([]string, 0, len(pools))
	var all []string
	for _, pool := range pools {
		p.pools = append(p.pools, Pool{
			ID: pool.ID, Name: pool.Name, CreditsRequired: pool.CreditsRequired, Courses: pool.Courses, Rules: toRules(pool.Rules),
		})
		p.degree.CoursePools = append(p.degree.CoursePools, pool.ID)
		for _, code := range pool.Courses {
			if i, ok := cat.CourseIndex(code); ok {
				p.listed[i] = true
			}
		}
		all = append(all, pool.Courses...)
	}
	for _, code := range cat.PrerequisiteClosure(all) {
		i, _ := cat.CourseIndex(code)
		p.closure = append(p.closure, i)
	}
	return p
}
