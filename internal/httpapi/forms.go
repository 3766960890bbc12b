package httpapi

import (
	"bytes"
	"net/http"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/middleware"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/params"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timeline/fieldfault"
	"github.com/trackmydegree/trackmydegree/internal/timeline/wire"
)

// maxForm bounds a form, in bytes.
const maxForm = 64 << 10

// submitForm queues a job that builds a timeline from a form.
func (a *API) submitForm(w http.ResponseWriter, r *http.Request) error {
	request, err := readSubmission(r)
	if err != nil {
		return err
	}
	body, err := params.ReadJSON(w, r, a.uploadTimeout, maxForm)
	if err != nil {
		return err
	}
	f, shapeErr := wire.DecodeForm(bytes.NewReader(body))
	if shapeErr != nil && fault.CodeOf(shapeErr) != fault.InvalidForm {
		return shapeErr
	}
	r, cancel := middleware.LimitAnswer(r)
	defer cancel()
	editions, err := a.snapshot.CurrentEditions(r.Context())
	if err != nil {
		return err
	}
	edition, err := timeline.FormEdition(editions, f)
	if err == nil {
		err = timeline.ValidateForm(edition, f)
	}
	// One answer names the faults of both checks.
	if err := fieldfault.Merge(shapeErr, err); err != nil {
		return err
	}
	receipt, err := a.submit.SubmitForm(r.Context(), request, f)
	if err != nil {
		return err
	}
	return a.writeAccepted(w, r, job.Form, receipt)
}

// submitTimeline queues a job that rebuilds a saved timeline.
func (a *API) submitTimeline(w http.ResponseWriter, r *http.Request) error {
	request, err := readSubmission(r)
	if err != nil {
		return err
	}
	id, err := pathTimelineID(r)
	if err != nil {
		return err
	}
	r, cancel := middleware.LimitAnswer(r)
	defer cancel()
	if err := a.readChoice(r, &request); err != nil {
		return err
	}
	// The job would fail later without it; this answer comes at once.
	if _, err := a.timelines.FindTimeline(r.Context(), request.Owner, id); err != nil {
		return err
	}
	receipt, err := a.submit.SubmitTimeline(r.Context(), request, id)
	if err != nil {
		return err
	}
	return a.writeAccepted(w, r, job.TimelineData, receipt)
}
