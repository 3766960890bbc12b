package legacy

import (
	"net/http"
	"net/url"
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

func (a adapter) listDegrees(x *exchange) {
	var all struct{ Degrees []catalogueDegree }
	if !x.get(http.MethodGet, "/api/degrees", nil, &all) {
		return
	}
	degrees := make([]degree, len(all.Degrees))
	for i, d := range all.Degrees {
		degrees[i] = d.toDegree()
	}
	x.writeJSON(http.StatusOK, degrees)
}

func (a adapter) getDegree(x *exchange) {
	var d catalogueDegree
	if x.get(http.MethodGet, x.pathOf("/api/degrees/", ""), nil, &d) {
		x.writeJSON(http.StatusOK, d.toDegree())
	}
}

func (a adapter) getDegreeCredits(x *exchange) {
	var d catalogueDegree
	if x.get(http.MethodGet, x.pathOf("/api/degrees/", ""), nil, &d) {
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
func (x *exchange) loadPools() ([]cataloguePool, bool) {
	var all struct{ Pools []cataloguePool }
	ok := x.get(http.MethodGet, x.pathOf("/api/degrees/", "/pools"), nil, &all)
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
	all, ok := x.loadPools()
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
	codes := []string{}
	if x.visitCourses(url.Values{}, func(c catalogueCourse) { codes = append(codes, c.Code) }) {
		x.writeJSON(http.StatusOK, map[string][]string{"courseCodes": codes})
	}
}

func (a adapter) listCoursesOfDegree(x *exchange) {
	pools, ok := x.loadPools()
	if !ok {
		return
	}
	courses, seen := []course{}, map[string]bool{}
	for _, p := range pools {
		ok := x.visitCourses(url.Values{"pool": {p.ID}}, func(c catalogueCourse) {
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
