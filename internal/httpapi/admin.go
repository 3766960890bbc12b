package httpapi

import (
	"cmp"
	"context"
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/middleware"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/params"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/respond"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

const (
	maxFilter = 8 << 10 // bytes of a filter in JSON
	// maxBulk is the greatest number of jobs of one bulk operation, which ends earlier when budget.Answer runs out.
	maxBulk = 200
)

// adminRoutes are the routes of operators: callers whose token has the role admin, or viewer for those that only read.
func (a *API) adminRoutes(r chi.Router) {
	r.Use(middleware.RequireOperator)
	routeGet(r, "/audit-trail", middleware.WithTimeout(a.listAudit))
	routeGet(r, "/queues", middleware.WithTimeout(a.showQueues))
	r.Post("/queues/{name}/pause", respond.HandleEndpoint(middleware.WithTimeout(a.changeQueue(a.admin.PauseQueues))))
	r.Post("/queues/{name}/resume", respond.HandleEndpoint(middleware.WithTimeout(a.changeQueue(a.admin.ResumeQueues))))
	r.Post("/drain", respond.HandleEndpoint(middleware.WithTimeout(a.changeIntake(a.admin.PauseIntake))))
	r.Delete("/drain", respond.HandleEndpoint(middleware.WithTimeout(a.changeIntake(a.admin.ResumeIntake))))
	routeGet(r, "/jobs", middleware.WithTimeout(a.listJobs))
	r.Post("/jobs/retry", respond.HandleEndpoint(a.bulkChange(a.admin.RetryAll)))
	r.Post("/jobs/delete", respond.HandleEndpoint(a.bulkChange(a.admin.DeleteAll)))
	routeGet(r, "/jobs/{jobId}", middleware.WithTimeout(a.showJob))
	r.Delete("/jobs/{jobId}", respond.HandleEndpoint(middleware.WithTimeout(a.changeJob(a.admin.DeleteJob))))
	r.Post("/jobs/{jobId}/retry", respond.HandleEndpoint(middleware.WithTimeout(a.changeJob(a.admin.RetryJob))))
}

// showQueues answers with the depths of the queues and the workers.
func (a *API) showQueues(w http.ResponseWriter, r *http.Request) error {
	stats, err := a.admin.CurrentStats(r.Context())
	if err != nil {
		return err
	}
	return respond.WriteJSON(w, http.StatusOK, stats)
}

// changeQueue returns an endpoint that changes one queue.
func (a *API) changeQueue(do func(context.Context, ...string) error) respond.Endpoint {
	return func(w http.ResponseWriter, r *http.Request) error {
		name, err := params.PathValue(r, "name", maxName)
		if err != nil {
			return err
		}
		if err := do(r.Context(), name); err != nil {
			return err
		}
		return respond.WriteNoContent(w)
	}
}

// changeIntake stops or resumes the intake of work.
func (a *API) changeIntake(do func(context.Context) error) respond.Endpoint {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := do(r.Context()); err != nil {
			return err
		}
		return respond.WriteNoContent(w)
	}
}

// listJobs answers with a page of jobs.
func (a *API) listJobs(w http.ResponseWriter, r *http.Request) error {
	filter, page, err := readFilter(r.URL.Query())
	if err != nil {
		return err
	}
	jobs, next, err := a.admin.ListJobs(r.Context(), filter, page)
	if err != nil {
		return err
	}
	return respond.WriteJSON(w, http.StatusOK, struct {
		Jobs []admin.Job `json:"jobs"`
		Next string      `json:"next,omitempty"`
	}{jobs, next})
}

// readFilter reads the filter and the page of a list of jobs.
func readFilter(values url.Values) (admin.Filter, admin.Page, error) {
	f := admin.Filter{Queue: values.Get("queue"), Kind: job.Kind(values.Get("kind")), Code: fault.Code(values.Get("code"))}
	for _, s := range values["state"] {
		f.States = append(f.States, admin.State(s))
	}
	var err error
	if f.OlderThan, err = params.ParseAge("olderThan", values.Get("olderThan")); err != nil {
		return f, admin.Page{}, err
	}
	if f.NewerThan, err = params.ParseAge("newerThan", values.Get("newerThan")); err != nil {
		return f, admin.Page{}, err
	}
	p := admin.Page{Cursor: values.Get("cursor")}
	p.Limit, err = params.PageLimit(values, admin.MaxLimit)
	return f, p, err
}

// showJob answers with everything stored about one job, its owner included.
func (a *API) showJob(w http.ResponseWriter, r *http.Request) error {
	id, err := pathJobID(r)
	if err != nil {
		return err
	}
	d, err := a.admin.FindJob(r.Context(), id)
	if err != nil {
		return err
	}
	return respond.WriteJSON(w, http.StatusOK, d)
}

// changeJob returns an endpoint that changes one job.
func (a *API) changeJob(do func(context.Context, job.ID) error) respond.Endpoint {
	return func(w http.ResponseWriter, r *http.Request) error {
		id, err := pathJobID(r)
		if err != nil {
			return err
		}
		if err := do(r.Context(), id); err != nil {
			return err
		}
		return respond.WriteNoContent(w)
	}
}

// listAudit answers with the latest actions of operators.
func (a *API) listAudit(w http.ResponseWriter, r *http.Request) error {
	limit, err := params.PageLimit(r.URL.Query(), admin.MaxAuditEntries)
	if err != nil {
		return err
	}
	entries, err := a.admin.ListAudit(r.Context(), cmp.Or(limit, admin.DefaultLimit))
	if err != nil {
		return err
	}
	return respond.WriteJSON(w, http.StatusOK, struct {
		Entries []admin.AuditEntry `json:"entries"`
	}{entries})
}
