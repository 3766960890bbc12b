package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/middleware"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/params"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/respond"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// bulkBody is the body of a bulk operation.
type bulkBody struct {
	State     []admin.State `json:"state"`
	Queue     string        `json:"queue"`
	Kind      job.Kind      `json:"kind"`
	Code      fault.Code    `json:"code"`
	OlderThan string        `json:"olderThan"`
	NewerThan string        `json:"newerThan"`
	Limit     int           `json:"limit"`
	Cursor    string        `json:"cursor"`
	DryRun    bool          `json:"dryRun"`
}

// bulkChange returns an endpoint that changes all jobs of a filter, or reports which jobs those are.
func (a *API) bulkChange(do func(context.Context, admin.BulkRequest) (admin.BulkReport, error)) respond.Endpoint {
	return func(w http.ResponseWriter, r *http.Request) error {
		body, err := params.ReadJSON(w, r, a.uploadTimeout, maxFilter)
		if err != nil {
			return err
		}
		b, err := decodeBulk(body)
		if err != nil {
			return err
		}
		r, cancel := middleware.LimitAnswer(r)
		defer cancel()
		report, err := do(r.Context(), b)
		if err != nil {
			return err
		}
		return respond.WriteJSON(w, http.StatusOK, report)
	}
}

// decodeBulk reads a filter; bad_request for anything but one JSON object of its fields.
func decodeBulk(body []byte) (admin.BulkRequest, error) {
	var b bulkBody
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	err := dec.Decode(&b)
	if err == nil {
		if _, more := dec.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("more than one value")
		}
	}
	if err != nil {
		// An error of the decoder may quote the body.
		return admin.BulkRequest{}, fault.WithDetail(fault.BadRequest, "Send the filter as one JSON object, with the fields "+strings.Join(bulkFields, ", ")+".")
	}
	if b.Limit < 0 || b.Limit > maxBulk {
		return admin.BulkRequest{}, fault.WithDetail(fault.BadRequest, "limit is a number from 1 to 200.")
	}
	o := admin.BulkRequest{
		Filter: admin.Filter{States: b.State, Queue: b.Queue, Kind: b.Kind, Code: b.Code},
		Page:   admin.Page{Limit: b.Limit, Cursor: b.Cursor}, DryRun: b.DryRun,
	}
	if o.OlderThan, err = params.ParseAge("olderThan", b.OlderThan); err != nil {
		return o, err
	}
	o.NewerThan, err = params.ParseAge("newerThan", b.NewerThan)
	return o, err
}

var bulkFields = []string{"state", "queue", "kind", "code", "olderThan", "newerThan", "limit", "cursor", "dryRun"}
