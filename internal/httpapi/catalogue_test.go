package httpapi_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi"
)

// counted counts the calls of the store.
type counted struct {
	httpapi.Catalogue
	reads *atomic.Int64
}

func (c counted) ListDegrees(ctx context.Context) ([]catalogue.Degree, error) {
	c.reads.Add(1)
	return c.Catalogue.ListDegrees(ctx)
}

func (c counted) FindDegree(ctx context.Context, id string) (catalogue.Degree, error) {
	c.reads.Add(1)
	return c.Catalogue.FindDegree(ctx, id)
}

func (c counted) ListCourses(ctx context.Context, q catalogue.CourseQuery) ([]catalogue.Course, string, error) {
	c.reads.Add(1)
	return c.Catalogue.ListCourses(ctx, q)
}

func TestCatalogue(t *testing.T) {
	t.Parallel()
	var reads atomic.Int64
	s := setup(t, func(d *httpapi.Deps) { d.Catalogue = counted{d.Catalogue, &reads} })
	degree := "/api/degrees/" + url.PathEscape("BEng in Software Engineering")

	t.Run("cached", func(t *testing.T) {
		s := s.in(t)
		before := reads.Load()
		var got struct{ Degrees []catalogue.Degree }
		for range 3 {
			s.get("ann", "/api/degrees").want(t, http.StatusOK).decode(t, &got)
		}
		if len(got.Degrees) != len(s.cat.StandaloneDegrees()) || reads.Load()-before != 1 {
			t.Errorf("%d degrees in %d reads", len(got.Degrees), reads.Load()-before)
		}
	})
	t.Run("tags", func(t *testing.T) {
		s := s.in(t)
		for _, path := range []string{"/api/degrees", degree, degree + "/pools", degree + "/sequences", degree + "/sequences?calendar=2026-27", "/api/degrees?calendar=2026-27", "/api/courses?prefix=COMP", "/api/courses/COMP%20248"} {
			for _, accept := range []string{"gzip", "identity"} {
				a := s.get("ann", path, "Accept-Encoding", accept).want(t, http.StatusOK)
				if (a.Header.Get("Content-Encoding") == "gzip") != (accept == "gzip") || a.Header.Get("Vary") != "Accept-Encoding" {
					t.Errorf("%s %s: %v", path, accept, a.Header)
				}
				s.get("ann", path, "Accept-Encoding", accept, "If-None-Match", a.Header.Get("ETag")).want(t, http.StatusNotModified)
			}
		}
		if a, b := s.get("ann", degree).Header.Get("ETag"), s.get("ann", degree+"/pools").Header.Get("ETag"); a == b {
			t.Error("two things have one tag")
		}
	})
	t.Run("one of each", func(t *testing.T) {
		s := s.in(t)
		var d catalogue.Degree
		s.get("ann", degree).decode(t, &d)
		var p struct{ Pools []catalogue.Pool }
		s.get("ann", degree+"/pools").decode(t, &p)
		var c catalogue.Course
		s.get("ann", "/api/courses/comp%20248").decode(t, &c)
		if d.Name == "" || len(p.Pools) != len(d.Pools) || c.Code != "COMP 248" {
			t.Errorf("%+v, %d pools, %+v", d, len(p.Pools), c)
		}
	})
	t.Run("courses, page by page", func(t *testing.T) {
		s := s.in(t)
		type page struct {
			Courses []catalogue.Course
			Next    string
		}
		n := 0
		for after := ""; ; {
			var p page
			s.get("ann", "/api/courses?prefix=COMP&limit=20&after="+url.QueryEscape(after)).want(t, http.StatusOK).decode(t, &p)
			n += len(p.Courses)
			if after = p.Next; after == "" {
				break
			}
		}
		var all page
		s.get("ann", "/api/courses?prefix=comp").decode(t, &all)
		if n == 0 || n != len(all.Courses) {
			t.Errorf("%d courses in pages, %d at once", n, len(all.Courses))
		}
		if a := s.get("ann", "/api/courses?search=nothing+like+this"); string(a.body) != `{"courses":[]}` {
			t.Errorf("%s", a.body)
		}
		before := reads.Load()
		s.get("ann", "/api/courses?search=Data++Structures")
		s.get("ann", "/api/courses?search=data+structures&unknown=1")
		if reads.Load()-before != 1 {
			t.Error("the same question has two places in the cache")
		}
	})
	t.Run("not found", func(t *testing.T) {
		s := s.in(t)
		for _, path := range []string{"/api/degrees/x", "/api/degrees/x/pools", "/api/degrees/x/sequences", "/api/degrees?calendar=1999-00", "/api/degrees?calendar=", "/api/degrees/x?calendar=2026-27", "/api/degrees/x/pools?calendar=2026-27", "/api/degrees/x/sequences?calendar=2026-27", "/api/courses?pool=x&calendar=2026-27", "/api/courses/x", "/api/courses/" + strings.Repeat("x", 1000), "/api/degrees/%00", "/api/degrees/a%2fb", "/api/courses/COMP%2520248", "/api/courses/%7f"} {
			s.get("ann", path).wantProblem(t, fault.NotFound)
		}
		before := reads.Load()
		s.get("ann", "/api/degrees/x").wantProblem(t, fault.NotFound)
		if reads.Load() == before {
			t.Error("what is not there was kept")
		}
	})
	t.Run("bad queries", func(t *testing.T) {
		for _, query := range []string{"limit=0", "limit=501", "limit=-1", "limit=9999999999999999999", "search=" + strings.Repeat("x", 101), "after=" + strings.Repeat("x", 17), "prefix=" + strings.Repeat("x", 17), "pool=" + strings.Repeat("x", 201), "search=%00", "prefix=COMP%00", "after=%07", "pool=%00"} {
			s.in(t).get("ann", "/api/courses?"+query).wantProblem(t, fault.BadRequest)
		}
	})
}
