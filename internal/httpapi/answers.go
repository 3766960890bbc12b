package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/middleware"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/params"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/respond"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/submit"
)

// maxAnswer bounds the body of an answer, in bytes.
const maxAnswer = 4 << 10

// answerable says what the owner of a failed job can answer, and until when.
type answerable struct {
	Kind  string    `json:"kind"` // "degree"
	Until time.Time `json:"until"`
	// Degrees are the nearest ones, the best first, at most three; Link is the address of all.
	Degrees []degreeName `json:"degrees"`
	Link    string       `json:"link"`
}

type degreeName struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// toAnswerable returns what the owner of a job can answer now; nil for nothing.
func (a *API) toAnswerable(ctx context.Context, r job.Record) *answerable {
	if !r.CanBeAnswered(a.clock()) {
		return nil
	}
	out := &answerable{Kind: "degree", Until: r.AnswerUntil.UTC(), Degrees: []degreeName{}, Link: "/api/degrees"}
	editions, err := a.snapshot.CurrentEditions(ctx)
	if err != nil || r.Error == nil {
		return out // the list is at the link
	}
	for _, name := range r.Error.Closest {
		if d, ok := editions.FindNamed(name); ok {
			out.Degrees = append(out.Degrees, degreeName{d.ID, d.Name})
		}
	}
	return out
}

// answerJob runs a job that failed for want of a degree again, from the facts that are kept with it.
func (a *API) answerJob(w http.ResponseWriter, r *http.Request) error {
	id, err := pathJobID(r)
	if err != nil {
		return err
	}
	body, err := params.ReadJSON(w, r, a.uploadTimeout, maxAnswer)
	if err != nil {
		return err
	}
	degree, err := decodeAnswer(body)
	if err != nil {
		return err
	}
	r, cancel := middleware.LimitAnswer(r)
	defer cancel()
	// Before the degree is checked: a stranger learns nothing of the job.
	record, err := a.loadOwned(r, id)
	if err != nil {
		return err
	}
	if degree, err = a.checkDegree(r, degree); err != nil {
		return err
	}
	record, err = a.submit.AnswerJob(r.Context(), submit.Answer{ID: id, Owner: record.Owner, Degree: degree})
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/api/timeline/status/"+string(id))
	return respond.WriteJSON(w, http.StatusAccepted, acceptedJob{record.ID, record.State})
}

// decodeAnswer reads {"degree": ID}.
func decodeAnswer(body []byte) (string, error) {
	var answer struct {
		Degree *string `json:"degree"`
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	var syntax *json.SyntaxError
	switch err := d.Decode(&answer); {
	case errors.As(err, &syntax), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "", fault.WithDetail(fault.BadRequest, `The body is not JSON. Send {"degree": "…"}.`)
	case err != nil || answer.Degree == nil:
		return "", &fault.Error{Code: fault.InvalidForm, Fields: []fault.Field{
			{Path: "degree", Message: "Give the id of a degree, and nothing else."}}}
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return "", fault.WithDetail(fault.BadRequest, "Something follows the JSON of the body.")
	}
	return *answer.Degree, nil
}
