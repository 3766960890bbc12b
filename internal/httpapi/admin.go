package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/auth"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

const (
	maxFilter = 8 << 10 // bytes of a filter as JSON
	// maxBulk is how many jobs one request is done to. It does what it can in the time of an answer, and says where to go on.
	maxBulk = 200
)

// adminRoutes are for operators: callers whose token has the role.
func (a *API) adminRoutes(r chi.Router) {
	r.Use(a.admins)
	a.get(r, "/queues", inTime(a.adminQueues))
	r.Post("/queues/{name}/pause", a.handle(inTime(a.adminQueue(a.operate.Pause))))
	r.Post("/queues/{name}/resume", a.handle(inTime(a.adminQueue(a.operate.Resume))))
	r.Post("/drain", a.handle(inTime(a.adminDrain(a.operate.Drain))))
	r.Delete("/drain", a.handle(inTime(a.adminDrain(a.operate.Undrain))))
	a.get(r, "/jobs", inTime(a.adminJobs))
	r.Post("/jobs/retry", a.handle(a.adminBulk(a.operate.RetryAll)))
	r.Post("/jobs/delete", a.handle(a.adminBulk(a.operate.DeleteAll)))
	a.get(r, "/jobs/{jobId}", inTime(a.adminJob))
	r.Delete("/jobs/{jobId}", a.handle(inTime(a.adminOne(a.operate.Delete))))
	r.Post("/jobs/{jobId}/retry", a.handle(inTime(a.adminOne(a.operate.Retry))))
}

// admins lets operators in.
func (a *API) admins(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !callerOf(r).Has(auth.RoleAdmin) {
			a.fail(w, r, fault.Detailed(fault.Forbidden, `Your account is not an operator's: its token lacks the role "admin".`))
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// adminQueues tells what is in the queues and who works on it.
func (a *API) adminQueues(w http.ResponseWriter, r *http.Request) error {
	stats, err := a.operate.Stats(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, stats)
}

func (a *API) adminQueue(do func(context.Context, ...string) error) endpoint {
	return func(w http.ResponseWriter, r *http.Request) error {
		name, err := parameter(r, "name", maxName)
		if err != nil {
			return err
		}
		if err := do(r.Context(), name); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}

func (a *API) adminDrain(do func(context.Context) error) endpoint {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := do(r.Context()); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}

// adminJobs answers with a page of jobs.
func (a *API) adminJobs(w http.ResponseWriter, r *http.Request) error {
	filter, page, err := filterOf(r.URL.Query())
	if err != nil {
		return err
	}
	jobs, next, err := a.operate.List(r.Context(), filter, page)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, struct {
		Jobs []admin.Job `json:"jobs"`
		Next string      `json:"next,omitempty"`
	}{jobs, next})
}

func filterOf(values url.Values) (admin.Filter, admin.Page, error) {
	f := admin.Filter{Queue: values.Get("queue"), Kind: job.Kind(values.Get("kind")), Code: fault.Code(values.Get("code"))}
	for _, s := range values["state"] {
		f.States = append(f.States, admin.State(s))
	}
	var err error
	if f.OlderThan, err = age("olderThan", values.Get("olderThan")); err != nil {
		return f, admin.Page{}, err
	}
	if f.NewerThan, err = age("newerThan", values.Get("newerThan")); err != nil {
		return f, admin.Page{}, err
	}
	p := admin.Page{Cursor: values.Get("cursor")}
	p.Limit, err = limit(values, admin.MaxLimit)
	return f, p, err
}

// age reads a duration such as 90m; none is 0.
func age(name, s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return 0, &fault.Error{Code: fault.BadRequest, Detail: name + " is a duration above 0, such as 90m or 36h.", Cause: errors.New("not a duration")}
	}
	return d, nil
}

// adminJob tells all that is known of one job, its owner included.
func (a *API) adminJob(w http.ResponseWriter, r *http.Request) error {
	id, err := jobID(r)
	if err != nil {
		return err
	}
	d, err := a.operate.Show(r.Context(), id)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, d)
}

func (a *API) adminOne(do func(context.Context, job.ID) error) endpoint {
	return func(w http.ResponseWriter, r *http.Request) error {
		id, err := jobID(r)
		if err != nil {
			return err
		}
		if err := do(r.Context(), id); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}

// bulk is the body of a request for many jobs.
type bulk struct {
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

func (a *API) adminBulk(do func(context.Context, admin.Bulk) (admin.Report, error)) endpoint {
	return func(w http.ResponseWriter, r *http.Request) error {
		body, err := a.jsonBody(w, r, maxFilter)
		if err != nil {
			return err
		}
		b, err := decodeBulk(body)
		if err != nil {
			return err
		}
		r, cancel := bounded(r)
		defer cancel()
		report, err := do(r.Context(), b)
		if err != nil {
			return err
		}
		return writeJSON(w, http.StatusOK, report)
	}
}

func decodeBulk(body []byte) (admin.Bulk, error) {
	var b bulk
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	err := dec.Decode(&b)
	if err == nil {
		if _, more := dec.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("more than one value")
		}
	}
	if err != nil {
		// The text of a JSON error may quote what it read.
		return admin.Bulk{}, fault.Detailed(fault.BadRequest, "Send the filter as one JSON object, with the fields "+strings.Join(bulkFields, ", ")+".")
	}
	if b.Limit < 0 || b.Limit > maxBulk {
		return admin.Bulk{}, fault.Detailed(fault.BadRequest, "limit is a number from 1 to 200.")
	}
	o := admin.Bulk{
		Filter: admin.Filter{States: b.State, Queue: b.Queue, Kind: b.Kind, Code: b.Code},
		Page:   admin.Page{Limit: b.Limit, Cursor: b.Cursor}, DryRun: b.DryRun,
	}
	if o.OlderThan, err = age("olderThan", b.OlderThan); err != nil {
		return o, err
	}
	o.NewerThan, err = age("newerThan", b.NewerThan)
	return o, err
}

var bulkFields = []string{"state", "queue", "kind", "code", "olderThan", "newerThan", "limit", "cursor", "dryRun"}
