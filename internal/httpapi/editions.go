package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/respond"
)

// maxCalendar bounds the name of an edition, in bytes.
const maxCalendar = 16

// chooseEdition returns what answers a request about the catalogue, and the beginning of its keys in the cache. Without
// ?calendar= it is the store, which has the newest edition. A chosen edition is answered from memory, under keys that
// name its contents: a process that does not know a correction yet stores nothing that others would serve for it.
func (a *API) chooseEdition(r *http.Request) (from Catalogue, keys string, err error) {
	query := r.URL.Query()
	if !query.Has("calendar") {
		return a.catalogue, "", nil
	}
	calendar := query.Get("calendar")
	editions, err := a.snapshot.CurrentEditions(r.Context())
	if err != nil {
		return nil, "", err
	}
	edition, ok := editions.FindEdition(calendar[:min(len(calendar), maxCalendar)])
	if !ok || calendar == "" {
		return nil, "", fault.WithDetail(fault.NotFound, fmt.Sprintf("This edition of the calendar is not loaded. Choose one of %s.",
			strings.Join(editions.Calendars(), ", ")))
	}
	return loadedEdition{edition}, edition.Calendar() + "@" + edition.Version() + ":", nil
}

// listCalendars answers with the editions that are loaded, the oldest first.
func (a *API) listCalendars(w http.ResponseWriter, r *http.Request) error {
	editions, err := a.snapshot.CurrentEditions(r.Context())
	if err != nil {
		return err
	}
	type listedEdition struct {
		Calendar string `json:"calendar"`
		Version  string `json:"version"`
		Degrees  int    `json:"degrees"`
		Courses  int    `json:"courses"`
	}
	answer := struct {
		Calendars []listedEdition `json:"calendars"`
	}{}
	for _, e := range editions.Editions() {
		answer.Calendars = append(answer.Calendars, listedEdition{e.Calendar(), e.Version(), len(e.StandaloneDegrees()), len(e.Courses())})
	}
	w.Header().Set("Cache-Control", "private, no-cache")
	return respond.WriteJSON(w, http.StatusOK, answer)
}

// loadedEdition answers from one edition in memory what the store answers from the newest.
type loadedEdition struct{ *catalogue.Catalogue }

func (e loadedEdition) ListDegrees(context.Context) ([]catalogue.Degree, error) {
	return e.StandaloneDegrees(), nil
}

func (e loadedEdition) FindDegree(_ context.Context, id string) (catalogue.Degree, error) {
	return toNotFound(e.Catalogue.FindDegree(id))
}

func (e loadedEdition) ListPools(ctx context.Context, degreeID string) ([]catalogue.Pool, error) {
	degree, err := e.FindDegree(ctx, degreeID)
	if err != nil {
		return nil, err
	}
	return e.DegreePools(degree), nil
}

func (e loadedEdition) ListSequences(ctx context.Context, degreeID string) ([]catalogue.Sequence, error) {
	if _, err := e.FindDegree(ctx, degreeID); err != nil {
		return nil, err
	}
	return e.DegreeSequences(degreeID), nil
}

func (e loadedEdition) ListCourses(_ context.Context, q catalogue.CourseQuery) ([]catalogue.Course, string, error) {
	page, next, ok := e.SearchCourses(q)
	if !ok {
		return nil, "", fault.New(fault.NotFound)
	}
	return page, next, nil
}

func (e loadedEdition) FindCourse(_ context.Context, code string) (catalogue.Course, error) {
	return toNotFound(e.Catalogue.FindCourse(code))
}

func toNotFound[T any](v T, ok bool) (T, error) {
	if !ok {
		return v, fault.New(fault.NotFound)
	}
	return v, nil
}
