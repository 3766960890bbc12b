package httpapi

import (
	"net/http"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/auth"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/middleware"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/params"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/respond"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/submit"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// maxIdempotencyKey bounds the keys, in bytes; a UUID has 36.
const maxIdempotencyKey = 128

// readSubmission reads the parts that all submissions share: the owner, the key, force and the priority.
func readSubmission(r *http.Request) (submit.Request, error) {
	caller := middleware.CallerOf(r)
	s := submit.Request{Owner: caller.Owner, IdempotencyKey: r.Header.Get("Idempotency-Key")}
	if len(s.IdempotencyKey) > maxIdempotencyKey || strings.ContainsFunc(s.IdempotencyKey, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return s, fault.WithDetail(fault.BadRequest,
			"The Idempotency-Key is longer than 128 characters or contains something other than visible ASCII. Use a UUID.")
	}
	query := r.URL.Query()
	var err error
	if s.Force, err = params.ParseBool("force", query.Get("force"), false); err != nil {
		return s, err
	}
	if !query.Has("priority") {
		return s, nil
	}
	s.Priority = job.Priority(query.Get("priority"))
	switch s.Priority {
	case job.High, job.Low:
	default:
		return s, fault.WithDetail(fault.BadRequest, "The priority is high or low. Omit it for the normal one.")
	}
	if !caller.Has(auth.RolePriority) {
		return s, fault.WithDetail(fault.Forbidden, "Your account may not choose a priority. Omit it.")
	}
	return s, nil
}

// readChoice reads the degree and the edition that are chosen for a document or a saved timeline. A degree that a
// student cannot be in is degree_not_found, an edition that is not loaded invalid_form.
func (a *API) readChoice(r *http.Request, s *submit.Request) (err error) {
	query := r.URL.Query()
	if query.Has("calendar") {
		if s.Calendar, err = a.checkCalendar(r, query.Get("calendar")); err != nil {
			return err
		}
	}
	if query.Has("degree") {
		s.Degree, err = a.checkDegree(r, query.Get("degree"))
	}
	return err
}

// checkCalendar returns the name of an edition that is loaded; invalid_form.
func (a *API) checkCalendar(r *http.Request, calendar string) (string, error) {
	r, cancel := middleware.LimitAnswer(r)
	defer cancel()
	editions, err := a.snapshot.CurrentEditions(r.Context())
	if err != nil {
		return "", err
	}
	return timeline.CheckCalendar(editions, calendar)
}

// checkDegree returns the id of a degree that a student can be in; degree_not_found.
func (a *API) checkDegree(r *http.Request, id string) (string, error) {
	r, cancel := middleware.LimitAnswer(r)
	defer cancel()
	editions, err := a.snapshot.CurrentEditions(r.Context())
	if err != nil {
		return "", err
	}
	degree, err := editions.FindStandalone(id[:min(len(id), maxName+1)])
	if err != nil {
		f := *fault.From(err)
		f.Fields = []fault.Field{{Path: "degree", Message: "There is no such degree. Choose one of the list of degrees."}}
		return "", &f
	}
	return degree.ID, nil
}

// writeAccepted answers 202 with the job. A request that repeats a key or a content receives the existing job in its
// present state, or conflict when that is of another kind.
func (a *API) writeAccepted(w http.ResponseWriter, r *http.Request, kind job.Kind, receipt submit.Receipt) error {
	respond.ExchangeOf(r.Context()).JobID = string(receipt.ID)
	state := job.Queued
	if receipt.Existing {
		record, err := a.loadOwned(r, receipt.ID)
		if err != nil {
			return err
		}
		if record.Kind != kind {
			return fault.WithDetail(fault.Conflict, "The Idempotency-Key was used for another request. Send this one with a new key.")
		}
		state = record.State
	}
	w.Header().Set("Location", "/api/timeline/status/"+string(receipt.ID))
	return respond.WriteJSON(w, http.StatusAccepted, acceptedJob{receipt.ID, state})
}

// acceptedJob is the body of 202.
type acceptedJob struct {
	JobID  job.ID    `json:"jobId"`
	Status job.State `json:"status"`
}
