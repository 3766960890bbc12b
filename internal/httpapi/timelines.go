package httpapi

import (
	"bytes"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/middleware"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/params"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/respond"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timeline/wire"
	"github.com/trackmydegree/trackmydegree/internal/timelines"
)

// saveTimeline saves the result of a job as a timeline of the caller, or a timeline that was exported. A result that
// was saved before updates its timeline; an exported one is always a new timeline.
func (a *API) saveTimeline(w http.ResponseWriter, r *http.Request) error {
	body, err := params.ReadJSON(w, r, a.uploadTimeout, maxPatch)
	if err != nil {
		return err
	}
	k, err := wire.DecodeCreateRequest(bytes.NewReader(body))
	if err != nil {
		return err
	}
	name := ""
	if k.Name != nil {
		name = *k.Name
	}
	if k.Imported != nil {
		r, cancel := middleware.LimitAnswer(r)
		defer cancel()
		saved, err := a.timelines.ImportTimeline(r.Context(), middleware.CallerOf(r).Owner, *k.Imported, name)
		return writeCreated(w, saved, err)
	}
	id, err := parseJobID(k.JobID)
	if err != nil {
		return err
	}
	respond.ExchangeOf(r.Context()).JobID = string(id)
	r, cancel := middleware.LimitAnswer(r)
	defer cancel()
	saved, err := a.timelines.SaveResult(r.Context(), middleware.CallerOf(r).Owner, id, name)
	return writeCreated(w, saved, err)
}

func writeCreated(w http.ResponseWriter, saved timeline.Saved, err error) error {
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/api/timelines/"+saved.ID)
	return writeTimeline(w, http.StatusCreated, saved)
}

// parseJobID returns the job that a request names; invalid_form for none, and for what is not an id.
func parseJobID(s *string) (job.ID, error) {
	if s != nil {
		if id, err := job.ParseID(*s); err == nil {
			return id, nil
		}
	}
	return "", &fault.Error{Code: fault.InvalidForm, Fields: []fault.Field{
		{Path: "jobId", Message: "Give the id of the job whose result is to be saved."},
	}}
}

// listedTimeline is a timeline in a list: without semesters and states.
type listedTimeline struct {
	ID               string    `json:"_id"`
	Name             string    `json:"timelineName"`
	DegreeID         string    `json:"degreeId"`
	Calendar         string    `json:"calendar,omitempty"`
	IsCoop           bool      `json:"isCoop"`
	IsExtendedCredit bool      `json:"isExtendedCredit"`
	Version          int64     `json:"version"`
	CreatedAt        time.Time `json:"createdAt"`
	UpdatedAt        time.Time `json:"updatedAt"`
}

// listTimelines answers with a page of the caller's timelines, newest first.
func (a *API) listTimelines(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	most, err := params.PageLimit(query, timelines.MaxPage)
	if err != nil {
		return err
	}
	saved, next, err := a.timelines.ListTimelines(r.Context(), middleware.CallerOf(r).Owner, query.Get("cursor"), most)
	if err != nil {
		return err
	}
	answer := struct {
		Timelines []listedTimeline `json:"timelines"`
		Next      string           `json:"next,omitempty"`
	}{make([]listedTimeline, len(saved)), next}
	for i, s := range saved {
		answer.Timelines[i] = listedTimeline{s.ID, s.Name, s.DegreeID, s.Calendar, s.IsCoop, s.IsExtendedCredit, s.Version, s.CreatedAt, s.UpdatedAt}
	}
	w.Header().Set("Cache-Control", "private, no-cache")
	return respond.WriteJSON(w, http.StatusOK, answer)
}

// getTimeline answers with a saved timeline.
func (a *API) getTimeline(w http.ResponseWriter, r *http.Request) error {
	id, err := pathTimelineID(r)
	if err != nil {
		return err
	}
	saved, err := a.timelines.FindTimeline(r.Context(), middleware.CallerOf(r).Owner, id)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "private, no-cache")
	if respond.SetETag(w, r, strconv.FormatInt(saved.Version, 10), false) {
		return respond.WriteNotModified(w)
	}
	return writeTimeline(w, http.StatusOK, saved)
}

// updatedTimeline is a saved timeline after an update, without what it holds.
type updatedTimeline struct {
	ID        string    `json:"_id"`
	Version   int64     `json:"version"`
	UpdatedAt time.Time `json:"updatedAt"`
}

// updateTimeline renames a timeline, or replaces it with the result of a job. If-Match makes it conditional.
func (a *API) updateTimeline(w http.ResponseWriter, r *http.Request) error {
	id, err := pathTimelineID(r)
	if err != nil {
		return err
	}
	version, err := respond.IfMatch(r)
	if err != nil {
		return err
	}
	body, err := params.ReadJSON(w, r, a.uploadTimeout, maxForm)
	if err != nil {
		return err
	}
	k, err := wire.DecodeSaveRequest(bytes.NewReader(body))
	if err != nil {
		return err
	}
	if k.JobID != nil {
		if _, err := parseJobID(k.JobID); err != nil {
			return err
		}
	}
	r, cancel := middleware.LimitAnswer(r)
	defer cancel()
	saved, err := a.timelines.UpdateTimeline(r.Context(), middleware.CallerOf(r).Owner, id, version, k.Name, (*job.ID)(k.JobID))
	if err != nil {
		return err
	}
	if respond.PrefersMinimal(w, r) {
		w.Header().Set("ETag", `"`+strconv.FormatInt(saved.Version, 10)+`"`)
		return respond.WriteJSON(w, http.StatusOK, updatedTimeline{saved.ID, saved.Version, saved.UpdatedAt})
	}
	return writeTimeline(w, http.StatusOK, saved)
}

// deleteTimeline deletes a saved timeline. If-Match makes it conditional.
func (a *API) deleteTimeline(w http.ResponseWriter, r *http.Request) error {
	id, err := pathTimelineID(r)
	if err != nil {
		return err
	}
	version, err := respond.IfMatch(r)
	if err != nil {
		return err
	}
	if err := a.timelines.DeleteTimeline(r.Context(), middleware.CallerOf(r).Owner, id, version); err != nil {
		return err
	}
	return respond.WriteNoContent(w)
}

func writeTimeline(w http.ResponseWriter, status int, s timeline.Saved) error {
	w.Header().Set("ETag", `"`+strconv.FormatInt(s.Version, 10)+`"`)
	return respond.WriteJSON(w, status, s)
}

// pathTimelineID returns the timeline id of the path. It does not search for an id that no store issues.
func pathTimelineID(r *http.Request) (string, error) {
	id := chi.URLParam(r, "id")
	if !timelines.ValidID(id) {
		return "", fault.New(fault.TimelineNotFound)
	}
	return id, nil
}
