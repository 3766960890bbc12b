package catalogue

import (
	"slices"
	"strings"
)

// DegreePools returns the pools of a degree in the degree's order.
func (c *Catalogue) DegreePools(degree Degree) []Pool {
	pools := make([]Pool, 0, len(degree.Pools))
	for _, id := range degree.Pools {
		if p, ok := c.FindPool(id); ok {
			pools = append(pools, p)
		}
	}
	return pools
}

// SearchCourses returns a page of courses and what After is for the next one, "" at the end; ok is false for an unknown
// pool.
func (c *Catalogue) SearchCourses(q CourseQuery) (page []Course, next string, ok bool) {
	var pool map[string]bool
	if q.Pool != "" {
		p, found := c.FindPool(q.Pool)
		if !found {
			return nil, "", false
		}
		pool = make(map[string]bool, len(p.Courses))
		for _, code := range p.Courses {
			pool[code] = true
		}
	}
	limit, words, prefix := q.PageSize(), q.SearchWords(), strings.ToUpper(q.Prefix)
	begin, _ := slices.BinarySearchFunc(c.data.Courses, q.After, func(c Course, code string) int { return strings.Compare(c.Code, code) })
	page = []Course{}
	for _, course := range c.data.Courses[begin:] {
		if course.Code == q.After || pool != nil && !pool[course.Code] || !strings.HasPrefix(course.Code, prefix) || !course.HasWords(words) {
			continue
		}
		if len(page) == limit {
			return page, page[limit-1].Code, true
		}
		page = append(page, course)
	}
	return page, "", true
}

// HasWords reports whether each of some words, in lower case, occurs in the code or the title.
func (c Course) HasWords(words []string) bool {
	code, title := strings.ToLower(c.Code), strings.ToLower(c.Title)
	return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(code, word) && !strings.Contains(title, word) })
}
