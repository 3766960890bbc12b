package httpapi

import (
	"bytes"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timeline/wire"
	"github.com/trackmydegree/trackmydegree/internal/timelines"
)

// form queues a job that builds a timeline from a form.
func (a *API) form(w http.ResponseWriter, r *http.Request) error {
	request, err := submission(r)
	if err != nil {
		return err
	}
	body, err := a.jsonBody(w, r, maxForm)
	if err != nil {
		return err
	}
	f, err := wire.DecodeForm(bytes.NewReader(body))
	if err != nil {
		return err
	}
	r, cancel := bounded(r)
	defer cancel()
	current, err := a.curriculum.Current(r.Context())
	if err != nil {
		return err
	}
	if err := timeline.ValidateForm(current, f); err != nil {
		return err
	}
	receipt, err := a.submit.Form(r.Context(), request, f)
	if err != nil {
		return err
	}
	return a.accepted(w, r, job.Form, receipt)
}

// load queues a job that builds a saved timeline again.
func (a *API) load(w http.ResponseWriter, r *http.Request) error {
	request, err := submission(r)
	if err != nil {
		return err
	}
	id, err := timelineID(r)
	if err != nil {
		return err
	}
	r, cancel := bounded(r)
	defer cancel()
	// The job would find out, too; but then the answer would come late, and as a failed job.
	if _, err := a.edit.Get(r.Context(), request.Owner, id); err != nil {
		return err
	}
	receipt, err := a.submit.Load(r.Context(), request, id)
	if err != nil {
		return err
	}
	return a.accepted(w, r, job.TimelineData, receipt)
}

// patchJob edits the result of a job and answers with the new one.
func (a *API) patchJob(w http.ResponseWriter, r *http.Request) error {
	id, err := jobID(r)
	if err != nil {
		return err
	}
	slim, err := slimView(r.URL.Query().Get("view"))
	if err != nil {
		return err
	}
	version, err := ifMatch(r)
	if err != nil {
		return err
	}
	body, err := a.jsonBody(w, r, maxPatch)
	if err != nil {
		return err
	}
	patch, err := wire.DecodePatch(bytes.NewReader(body))
	if err != nil {
		return err
	}
	r, cancel := bounded(r)
	defer cancel()
	if _, err := a.edit.Edit(r.Context(), callerOf(r).Owner, id, version, patch); err != nil {
		return err
	}
	record, result, err := a.jobs.LoadWithResult(r.Context(), id, slim)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "private, no-cache")
	return a.writeStatus(w, r, record, result)
}

// save keeps the result of a job as a timeline of the caller's. A result that was saved before updates its timeline.
func (a *API) save(w http.ResponseWriter, r *http.Request) error {
	body, err := a.jsonBody(w, r, maxForm)
	if err != nil {
		return err
	}
	k, err := wire.DecodeSaveRequest(bytes.NewReader(body))
	if err != nil {
		return err
	}
	if k.JobID == nil || !canonicalUUID(*k.JobID) {
		return errJobID()
	}
	exchangeOf(r.Context()).jobID = *k.JobID
	name := ""
	if k.Name != nil {
		name = *k.Name
	}
	r, cancel := bounded(r)
	defer cancel()
	saved, err := a.edit.Save(r.Context(), callerOf(r).Owner, job.ID(*k.JobID), name)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/api/timelines/"+saved.ID)
	return writeTimeline(w, http.StatusCreated, saved)
}

func errJobID() error {
	return &fault.Error{Code: fault.InvalidForm, Fields: []fault.Field{
		{Path: "jobId", Message: "Give the id of the job whose result is to be saved."},
	}}
}

// listed is a timeline in a list: without semesters and states.
type listed struct {
	ID               string    `json:"_id"`
	Name             string    `json:"timelineName"`
	DegreeID         string    `json:"degreeId"`
	IsCoop           bool      `json:"isCoop"`
	IsExtendedCredit bool      `json:"isExtendedCredit"`
	Version          int64     `json:"version"`
	CreatedAt        time.Time `json:"createdAt"`
	UpdatedAt        time.Time `json:"updatedAt"`
}

// list answers with the caller's timelines, newest first.
func (a *API) list(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	most, err := limit(query, timelines.MaxPage)
	if err != nil {
		return err
	}
	timelines, next, err := a.edit.List(r.Context(), callerOf(r).Owner, query.Get("cursor"), most)
	if err != nil {
		return err
	}
	page := struct {
		Timelines []listed `json:"timelines"`
		Next      string   `json:"next,omitempty"`
	}{make([]listed, len(timelines)), next}
	for i, s := range timelines {
		page.Timelines[i] = listed{s.ID, s.Name, s.DegreeID, s.IsCoop, s.IsExtendedCredit, s.Version, s.CreatedAt, s.UpdatedAt}
	}
	w.Header().Set("Cache-Control", "private, no-cache")
	return writeJSON(w, http.StatusOK, page)
}

func (a *API) timeline(w http.ResponseWriter, r *http.Request) error {
	id, err := timelineID(r)
	if err != nil {
		return err
	}
	saved, err := a.edit.Get(r.Context(), callerOf(r).Owner, id)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "private, no-cache")
	if setTag(w, r, strconv.FormatInt(saved.Version, 10), false) {
		return notModified(w)
	}
	return writeTimeline(w, http.StatusOK, saved)
}

// update renames a timeline, or replaces it with the result of a job.
func (a *API) update(w http.ResponseWriter, r *http.Request) error {
	id, err := timelineID(r)
	if err != nil {
		return err
	}
	version, err := ifMatch(r)
	if err != nil {
		return err
	}
	body, err := a.jsonBody(w, r, maxForm)
	if err != nil {
		return err
	}
	k, err := wire.DecodeSaveRequest(bytes.NewReader(body))
	if err != nil {
		return err
	}
	if k.JobID != nil && !canonicalUUID(*k.JobID) {
		return errJobID()
	}
	r, cancel := bounded(r)
	defer cancel()
	saved, err := a.edit.Update(r.Context(), callerOf(r).Owner, id, version, k.Name, (*job.ID)(k.JobID))
	if err != nil {
		return err
	}
	return writeTimeline(w, http.StatusOK, saved)
}

func (a *API) deleteTimeline(w http.ResponseWriter, r *http.Request) error {
	id, err := timelineID(r)
	if err != nil {
		return err
	}
	version, err := ifMatch(r)
	if err != nil {
		return err
	}
	if err := a.edit.Delete(r.Context(), callerOf(r).Owner, id, version); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func writeTimeline(w http.ResponseWriter, status int, s timeline.Saved) error {
	w.Header().Set("ETag", `"`+strconv.FormatInt(s.Version, 10)+`"`)
	return writeJSON(w, status, s)
}

// timelineID is the timeline that the path names. What no store can have is not looked for.
func timelineID(r *http.Request) (string, error) {
	id := chi.URLParam(r, "id")
	if !timelines.ValidID(id) {
		return "", fault.New(fault.TimelineNotFound)
	}
	return id, nil
}
