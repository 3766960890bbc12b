package legacy

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// catalogueDegree is a degree of the present API, and degree the same in the earlier form.
type catalogueDegree struct {
	ID           string   `json:"id"`
	Name         string   `json:"name"`
	DegreeType   string   `json:"degreeType"`
	TotalCredits float64  `json:"totalCredits"`
	ECPDegreeID  string   `json:"ecpDegreeId"`
	Pools        []string `json:"pools"`
}

type degree struct {
	ID           string   `json:"_id"`
	Name         string   `json:"name"`
	DegreeType   string   `json:"degreeType"`
	TotalCredits float64  `json:"totalCredits"`
	CoursePools  []string `json:"coursePools"`
	ECPDegreeID  string   `json:"ecpDegreeId"`
}

func (d catalogueDegree) toDegree() degree {
	return degree{d.ID, d.Name, d.DegreeType, d.TotalCredits, d.Pools, d.ECPDegreeID}
}

// rule is a rule of the present API; earlierRule has its numbers in params.
type rule struct {
	Type       string   `json:"type"`
	CourseList []string `json:"courseList,omitempty"`
	MinCourses int      `json:"minCourses,omitempty"`
	MaxCourses *int     `json:"maxCourses,omitempty"`
	MinCredits float64  `json:"minCredits,omitempty"`
	MaxCredits float64  `json:"maxCredits,omitempty"`
}

type earlierRule struct {
	Type    string         `json:"type"`
	Level   string         `json:"level"`
	Message string         `json:"message"`
	Params  map[string]any `json:"params"`
}

func toEarlierRules(rules []rule) []earlierRule {
	out := make([]earlierRule, 0, len(rules))
	for _, r := range rules {
		params := map[string]any{}
		if len(r.CourseList) > 0 {
			params["courseList"] = r.CourseList
		}
		for name, value := range map[string]float64{"minCourses": float64(r.MinCourses), "minCredits": r.MinCredits, "maxCredits": r.MaxCredits} {
			if value > 0 {
				params[name] = value
			}
		}
		if r.MaxCourses != nil {
			params["maxCourses"] = *r.MaxCourses
		}
		out = append(out, earlierRule{Type: r.Type, Level: "warning", Params: params})
	}
	return out
}

// yearOf is the year with which a spelling of an academic year begins: "2025", "2025-26" or "2025-2026".
var yearOf = regexp.MustCompile(`^(20\d\d)(-\d{2}|-\d{4})?$`)

// editionQuery is the query of the present API for ?academicYear=: the edition of that year or, without it, the one
// before it, and before all editions the oldest. false when the client was answered already.
func (x *exchange) editionQuery() (url.Values, bool) {
	year := x.r.URL.Query().Get("academicYear")
	if year == "" {
		return url.Values{}, true
	}
	m := yearOf.FindStringSubmatch(year)
	if m == nil {
		x.writeError(http.StatusBadRequest, "BadRequestError", `An academic year is written as "2025-2026".`)
		return nil, false
	}
	var all struct{ Calendars []struct{ Calendar string } } // the oldest first
	if !x.get(http.MethodGet, "/api/calendars", nil, &all) {
		return nil, false
	}
	chosen := ""
	for _, c := range all.Calendars {
		if begin, _, _ := strings.Cut(c.Calendar, "-"); chosen == "" || begin <= m[1] {
			chosen = c.Calendar
		}
	}
	return url.Values{"calendar": {chosen}}, true
}

// listDegrees answers with the degrees that a student can be in, by name.
func (a adapter) listDegrees(x *exchange) {
	query, ok := x.editionQuery()
	var all struct{ Degrees []catalogueDegree }
	if !ok || !x.get(http.MethodGet, "/api/degrees?"+query.Encode(), nil, &all) {
		return
	}
	degrees := make([]degree, 0, len(all.Degrees))
	for _, d := range all.Degrees {
		if d.DegreeType != "ECP" && d.DegreeType != "Co-op" {
			degrees = append(degrees, d.toDegree())
		}
	}
	slices.SortFunc(degrees, func(a, b degree) int { return strings.Compare(a.Name, b.Name) })
	x.writeJSON(http.StatusOK, degrees)
}

// loadDegree returns the degree in the path.
func (x *exchange) loadDegree() (d catalogueDegree, ok bool) {
	query, ok := x.editionQuery()
	return d, ok && x.get(http.MethodGet, x.pathOf("/api/degrees/", "?"+query.Encode()), nil, &d)
}

func (a adapter) getDegree(x *exchange) {
	if d, ok := x.loadDegree(); ok {
		x.writeJSON(http.StatusOK, d.toDegree())
	}
}

func (a adapter) getDegreeCredits(x *exchange) {
	if d, ok := x.loadDegree(); ok {
		x.writeJSON(http.StatusOK, map[string]float64{"totalCredits": d.TotalCredits})
	}
}

// cataloguePool is a pool of the present API.
type cataloguePool struct {
	ID              string   `json:"id"`
	Name            string   `json:"name"`
	CreditsRequired float64  `json:"creditsRequired"`
	Courses         []string `json:"courses"`
	Rules           []rule   `json:"rules"`
}

// loadPools returns the pools of the degree in the path.
func (x *exchange) loadPools(edition url.Values) ([]cataloguePool, bool) {
	var all struct{ Pools []cataloguePool }
	ok := x.get(http.MethodGet, x.pathOf("/api/degrees/", "/pools?"+edition.Encode()), nil, &all)
	return all.Pools, ok
}

func (a adapter) listPools(x *exchange) {
	type pool struct {
		ID              string        `json:"_id"`
		Name            string        `json:"name"`
		CreditsRequired float64       `json:"creditsRequired"`
		Courses         []string      `json:"courses"`
		Rules           []earlierRule `json:"rules"`
	}
	edition, ok := x.editionQuery()
	if !ok {
		return
	}
	all, ok := x.loadPools(edition)
	if !ok {
		return
	}
	pools := make([]pool, len(all))
	for i, p := range all {
		pools[i] = pool{p.ID, p.Name, p.CreditsRequired, p.Courses, toEarlierRules(p.Rules)}
	}
	x.writeJSON(http.StatusOK, pools)
}

// catalogueCourse is a course of the present API, and course the same in the earlier form.
type catalogueCourse struct {
	Code      string   `json:"code"`
	Title     string   `json:"title"`
	Credits   float64  `json:"credits"`
	OfferedIn []string `json:"offeredIn"`
	Rules     []rule   `json:"rules"`
}

type course struct {
	ID        string        `json:"_id"`
	Title     string        `json:"title"`
	Credits   float64       `json:"credits"`
	OfferedIn []string      `json:"offeredIn"`
	Rules     []earlierRule `json:"rules"`
}

// visitCourses calls visit with each course of a query of the present API; false when the client was answered already.
func (x *exchange) visitCourses(query url.Values, visit func(catalogueCourse)) bool {
	for {
		var page struct {
			Courses []catalogueCourse `json:"courses"`
			Next    string            `json:"next"`
		}
		if !x.get(http.MethodGet, "/api/courses?"+query.Encode(), nil, &page) {
			return false
		}
		for _, c := range page.Courses {
			visit(c)
		}
		if page.Next == "" {
			return true
		}
		query.Set("after", page.Next)
	}
}

func (a adapter) listCodes(x *exchange) {
	query, ok := x.editionQuery()
	codes := []string{}
	if ok && x.visitCourses(query, func(c catalogueCourse) { codes = append(codes, c.Code) }) {
		x.writeJSON(http.StatusOK, map[string][]string{"courseCodes": codes})
	}
}

func (a adapter) listCoursesOfDegree(x *exchange) {
	edition, ok := x.editionQuery()
	if !ok {
		return
	}
	pools, ok := x.loadPools(edition)
	if !ok {
		return
	}
	courses, seen := []course{}, map[string]bool{}
	for _, p := range pools {
		query := maps.Clone(edition)
		query.Set("pool", p.ID)
		ok := x.visitCourses(query, func(c catalogueCourse) {
			if !seen[c.Code] {
				seen[c.Code] = true
				courses = append(courses, course{c.Code, c.Title, c.Credits, c.OfferedIn, toEarlierRules(c.Rules)})
			}
		})
		if !ok {
			return
		}
	}
	x.writeJSON(http.StatusOK, courses)
}
