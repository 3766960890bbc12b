package httpapi_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi"
)

// editions is a snapshot of several editions.
type editions struct {
	current atomic.Pointer[catalogue.Editions]
}

func (e *editions) CurrentEditions(context.Context) (*catalogue.Editions, error) {
	return e.current.Load(), nil
}

// loadEditions replaces the editions with the embedded catalogue and one of the year after, in which COMP 248 has
// another title.
func (e *editions) loadEditions(t *testing.T, title string) {
	t.Helper()
	all := make([]catalogue.Data, 2)
	for i := range all {
		all[i] = cataloguetest.EmbeddedData()
	}
	all[1].Calendar = "2027-28"
	for i, c := range all[1].Courses {
		if c.Code == "COMP 248" {
			all[1].Courses[i].Title = title
		}
	}
	loaded, err := catalogue.NewEditions(all...)
	if err != nil {
		t.Fatal(err)
	}
	e.current.Store(loaded)
}

func TestEditions(t *testing.T) {
	t.Parallel()
	var snapshot editions
	snapshot.loadEditions(t, "Of next year")
	s := setup(t, func(d *httpapi.Deps) { d.Snapshot = &snapshot })
	degree := "/api/degrees/" + url.PathEscape("BEng in Software Engineering")

	t.Run("the same answers from memory as from the store", func(t *testing.T) {
		s := s.in(t)
		for _, path := range []string{"/api/degrees", degree, degree + "/pools", degree + "/sequences", "/api/courses/COMP%20248",
			"/api/courses?prefix=COMP&limit=20&after=COMP+248", "/api/courses?search=data+structures", "/api/courses?limit=3",
			"/api/courses?pool=SOEN_Engineering+Core&search=and", "/api/courses?after=ZZZZ+999"} {
			separator := "?"
			if strings.Contains(path, "?") {
				separator = "&"
			}
			store := s.get("ann", path).want(t, http.StatusOK)
			memory := s.get("ann", path+separator+"calendar=2026-27").want(t, http.StatusOK)
			if string(store.body) != string(memory.body) || store.Header.Get("ETag") != memory.Header.Get("ETag") {
				t.Errorf("%s: %.200s\nfrom memory %.200s", path, store.body, memory.body)
			}
		}
	})
	t.Run("each edition has its answers", func(t *testing.T) {
		s := s.in(t)
		title := func(query string) string {
			var c catalogue.Course
			s.get("ann", "/api/courses/COMP%20248"+query).want(t, http.StatusOK).decode(t, &c)
			return c.Title
		}
		newest := title("")
		for range 2 { // the second time from the cache
			if got := title("?calendar=2027-28"); got != "Of next year" {
				t.Errorf("the edition of 2027-28 has the title %q, want Of next year", got)
			}
			if got := title("?calendar=2026-27"); got != newest {
				t.Errorf("the edition of 2026-27 has the title %q, want %q", got, newest)
			}
		}
		snapshot.loadEditions(t, "Corrected")
		if got := title("?calendar=2027-28"); got != "Corrected" {
			t.Errorf("after a correction the title is %q, want Corrected", got)
		}
	})
	t.Run("list of editions", func(t *testing.T) {
		var got struct {
			Calendars []struct {
				Calendar         string
				Degrees, Courses int
			}
		}
		s.in(t).get("ann", "/api/calendars").want(t, http.StatusOK).decode(t, &got)
		if len(got.Calendars) != 2 || got.Calendars[0].Calendar != "2026-27" || got.Calendars[1].Calendar != "2027-28" || got.Calendars[1].Degrees != 17 {
			t.Errorf("%+v, want two editions", got.Calendars)
		}
	})
	t.Run("forms", func(t *testing.T) {
		s := s.in(t)
		form := func(calendar string) string {
			return `{"degree":"BEng in Software Engineering","firstTerm":"Fall 2026","calendar":"` + calendar + `"}`
		}
		s.json(http.MethodPost, "ann", "/api/timeline/form", form("2027-28")).want(t, http.StatusAccepted)
		p := s.json(http.MethodPost, "ann", "/api/timeline/form", form("2019-20")).wantProblem(t, fault.InvalidForm)
		if len(p.Errors) != 1 || p.Errors[0].Path != "calendar" {
			t.Errorf("%+v, want a fault of calendar", p)
		}
	})
}
