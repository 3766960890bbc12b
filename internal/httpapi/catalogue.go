package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/params"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/respond"
)

// Limits of the parameters of the catalogue, in bytes. They also bound the keys of the cache.
const (
	maxName   = 200
	maxSearch = 100
	maxCode   = 16
)

// listDegrees answers with the degrees.
func (a *API) listDegrees(w http.ResponseWriter, r *http.Request) error {
	return a.writeCached(w, r, "degrees", func(ctx context.Context, from Catalogue) (any, error) {
		degrees, err := from.ListDegrees(ctx)
		return struct {
			Degrees []catalogue.Degree `json:"degrees"`
		}{respond.NonNil(degrees)}, err
	})
}

// getDegree answers with one degree.
func (a *API) getDegree(w http.ResponseWriter, r *http.Request) error {
	id, err := params.PathValue(r, "id", maxName)
	if err != nil {
		return err
	}
	return a.writeCached(w, r, "degree:"+id, func(ctx context.Context, from Catalogue) (any, error) { return from.FindDegree(ctx, id) })
}

// listPools answers with the pools of a degree.
func (a *API) listPools(w http.ResponseWriter, r *http.Request) error {
	id, err := params.PathValue(r, "id", maxName)
	if err != nil {
		return err
	}
	return a.writeCached(w, r, "pools:"+id, func(ctx context.Context, from Catalogue) (any, error) {
		pools, err := from.ListPools(ctx, id)
		return struct {
			Pools []catalogue.Pool `json:"pools"`
		}{respond.NonNil(pools)}, err
	})
}

// listSequences answers with the published sequences of a degree, term by term.
func (a *API) listSequences(w http.ResponseWriter, r *http.Request) error {
	id, err := params.PathValue(r, "id", maxName)
	if err != nil {
		return err
	}
	return a.writeCached(w, r, "sequences:"+id, func(ctx context.Context, from Catalogue) (any, error) {
		sequences, err := from.ListSequences(ctx, id)
		return struct {
			Sequences []catalogue.Sequence `json:"sequences"`
		}{respond.NonNil(sequences)}, err
	})
}

// listCourses answers with a page of courses. The next page begins after the last code.
func (a *API) listCourses(w http.ResponseWriter, r *http.Request) error {
	q, key, err := readCourseQuery(r.URL.Query())
	if err != nil {
		return err
	}
	return a.writeCached(w, r, key, func(ctx context.Context, from Catalogue) (any, error) {
		courses, next, err := from.ListCourses(ctx, q)
		return struct {
			Courses []catalogue.Course `json:"courses"`
			Next    string             `json:"next,omitempty"`
		}{respond.NonNil(courses), next}, err
	})
}

// getCourse answers with one course.
func (a *API) getCourse(w http.ResponseWriter, r *http.Request) error {
	code, err := params.PathValue(r, "code", maxCode)
	if err != nil {
		return err
	}
	code = strings.ToUpper(code)
	return a.writeCached(w, r, "course:"+code, func(ctx context.Context, from Catalogue) (any, error) { return from.FindCourse(ctx, code) })
}

// readCourseQuery reads the query of the courses, and its key in the cache: one for all spellings of a query.
func readCourseQuery(values url.Values) (catalogue.CourseQuery, string, error) {
	q := catalogue.CourseQuery{
		Search: strings.Join(strings.Fields(strings.ToLower(values.Get("search"))), " "),
		Pool:   values.Get("pool"),
		Prefix: strings.ToUpper(values.Get("prefix")),
		After:  strings.ToUpper(values.Get("after")),
	}
	for _, f := range []struct {
		name, value string
		most        int
	}{{"search", q.Search, maxSearch}, {"pool", q.Pool, maxName}, {"prefix", q.Prefix, maxCode}, {"after", q.After, maxCode}} {
		if len(f.value) > f.most {
			return q, "", fault.WithDetail(fault.BadRequest, fmt.Sprintf("%s is longer than %d characters.", f.name, f.most))
		}
		if strings.ContainsFunc(f.value, unicode.IsControl) {
			return q, "", fault.WithDetail(fault.BadRequest, f.name+" contains a control character. Remove it.")
		}
	}
	var err error
	if q.Limit, err = params.PageLimit(values, catalogue.MaxPageSize); err != nil {
		return q, "", err
	}
	key := url.Values{
		"search": {q.Search}, "pool": {q.Pool}, "prefix": {q.Prefix}, "after": {q.After}, "limit": {strconv.Itoa(q.PageSize())},
	}
	return q, "courses:" + key.Encode(), nil
}
