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

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/auth"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/operate"
)

const (
	// operateTimeout is how long an operator's request may take. A bulk does in that time what it can, and says where to go on.
	operateTimeout = 1600 * time.Millisecond
	maxFilter      = 8 << 10 // bytes of a filter as JSON
	// maxBulk is how many jobs one request is done to.
	maxBulk = 200
)

// adminRoutes are for operators: callers whose token has the role.
func (a *API) adminRoutes(r chi.Router) {
	r.Use(a.admins)
	a.get(r, "/queues", a.adminQueues)
	r.Post("/queues/{name}/pause", a.handle(a.adminQueue(a.operate.Pause)))
	r.Post("/queues/{name}/resume", a.handle(a.adminQueue(a.operate.Resume)))
	r.Post("/drain", a.handle(a.adminDrain(a.operate.Drain)))
	r.Delete("/drain", a.handle(a.adminDrain(a.operate.Undrain)))
	a.get(r, "/jobs", a.adminJobs)
	r.Post("/jobs/retry", a.handle(a.adminBulk(a.operate.RetryAll)))
	r.Post("/jobs/delete", a.handle(a.adminBulk(a.operate.DeleteAll)))
	a.get(r, "/jobs/{jobId}", a.adminJob)
	r.Delete("/jobs/{jobId}", a.handle(a.adminOne(a.operate.Delete)))
	r.Post("/jobs/{jobId}/retry", a.handle(a.adminOne(a.operate.Retry)))
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

// operating is the context of an operator's request.
func operating(r *http.Request) (context.Context, context.CancelFunc) {
	return context.WithTimeout(r.Context(), operateTimeout)
}

type queueLoad struct {
	Name                 string  `json:"name"`
	Paused               bool    `json:"paused"`
	Pending              int64   `json:"pending"`
	Active               int64   `json:"active"`
	Retry                int64   `json:"retry"`
	Scheduled            int64   `json:"scheduled"`
	OldestPendingSeconds float64 `json:"oldestPendingSeconds"`
}

type worker struct {
	Host     string    `json:"host"`
	PID      int       `json:"pid"`
	Started  time.Time `json:"started"`
	Draining bool      `json:"draining"`
	Running  []job.ID  `json:"running"`
}

// adminQueues tells what is in the queues and who works on it.
func (a *API) adminQueues(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := operating(r)
	defer cancel()
	stats, err := a.operate.Stats(ctx)
	if err != nil {
		return err
	}
	answer := struct {
		Draining *time.Time  `json:"drainingSince,omitempty"`
		Dead     int         `json:"dead"`
		Queues   []queueLoad `json:"queues"`
		Workers  []worker    `json:"workers"`
	}{timeOrNil(stats.Draining), stats.Dead, []queueLoad{}, []worker{}}
	for _, q := range stats.Queues {
		answer.Queues = append(answer.Queues, queueLoad{q.Name, q.Paused, q.Pending, q.Active, q.Retry, q.Scheduled, q.OldestPending.Seconds()})
	}
	for _, one := range stats.Workers {
		answer.Workers = append(answer.Workers, worker{one.Host, one.PID, one.Started.UTC(), one.Draining, emptyNotNull(one.Running)})
	}
	return writeJSON(w, http.StatusOK, answer)
}

func (a *API) adminQueue(do func(context.Context, ...string) error) endpoint {
	return func(w http.ResponseWriter, r *http.Request) error {
		name, err := parameter(r, "name", maxName)
		if err != nil {
			return err
		}
		ctx, cancel := operating(r)
		defer cancel()
		if err := do(ctx, name); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}

func (a *API) adminDrain(do func(context.Context) error) endpoint {
	return func(w http.ResponseWriter, r *http.Request) error {
		ctx, cancel := operating(r)
		defer cancel()
		if err := do(ctx); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}

// operated is a job in an operator's list: whose it is, is left out.
type operated struct {
	JobID    job.ID        `json:"jobId"`
	State    operate.State `json:"state"`
	Kind     job.Kind      `json:"kind,omitempty"`
	Priority job.Priority  `json:"priority,omitempty"`
	Queue    string        `json:"queue,omitempty"`
	Attempt  int           `json:"attempt"`
	Code     fault.Code    `json:"code,omitempty"`
	Since    *time.Time    `json:"since,omitempty"`
	DueAt    *time.Time    `json:"dueAt,omitempty"`
	Worker   string        `json:"worker,omitempty"`
}

func operatedOf(j operate.Job) operated {
	return operated{j.ID, j.State, j.Kind, j.Priority, j.Queue, j.Attempt, j.Code, timeOrNil(j.Since), timeOrNil(j.Due), j.Worker}
}

func operatedAll(jobs []operate.Job) []operated {
	all := make([]operated, len(jobs))
	for i, j := range jobs {
		all[i] = operatedOf(j)
	}
	return all
}

// adminJobs answers with a page of jobs.
func (a *API) adminJobs(w http.ResponseWriter, r *http.Request) error {
	filter, page, err := filterOf(r.URL.Query())
	if err != nil {
		return err
	}
	ctx, cancel := operating(r)
	defer cancel()
	jobs, next, err := a.operate.List(ctx, filter, page)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, struct {
		Jobs []operated `json:"jobs"`
		Next string     `json:"next,omitempty"`
	}{operatedAll(jobs), next})
}

func filterOf(values url.Values) (operate.Filter, operate.Page, error) {
	f := operate.Filter{Queue: values.Get("queue"), Kind: job.Kind(values.Get("kind")), Code: fault.Code(values.Get("code"))}
	for _, s := range values["state"] {
		f.States = append(f.States, operate.State(s))
	}
	var err error
	if f.OlderThan, err = age("olderThan", values.Get("olderThan")); err != nil {
		return f, operate.Page{}, err
	}
	if f.NewerThan, err = age("newerThan", values.Get("newerThan")); err != nil {
		return f, operate.Page{}, err
	}
	p := operate.Page{Cursor: values.Get("cursor")}
	p.Limit, err = limit(values, operate.MaxLimit)
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

// incident is an entry of a job's history.
type incident struct {
	Attempt int        `json:"attempt"`
	At      time.Time  `json:"at"`
	Code    fault.Code `json:"code"`
	Worker  string     `json:"worker,omitempty"`
}

// adminJob tells all that is known of one job, its owner included.
func (a *API) adminJob(w http.ResponseWriter, r *http.Request) error {
	id, err := jobID(r)
	if err != nil {
		return err
	}
	ctx, cancel := operating(r)
	defer cancel()
	d, err := a.operate.Show(ctx, id)
	if err != nil {
		return err
	}
	answer := struct {
		operated
		Owner      string     `json:"owner,omitempty"`
		Status     job.State  `json:"status,omitempty"`
		Message    string     `json:"message,omitempty"`
		CreatedAt  *time.Time `json:"createdAt,omitempty"`
		UpdatedAt  *time.Time `json:"updatedAt,omitempty"`
		FinishedAt *time.Time `json:"finishedAt,omitempty"`
		ExpiresAt  *time.Time `json:"expiresAt,omitempty"`
		Kept       *bool      `json:"documentKept,omitempty"`
		History    []incident `json:"history"`
	}{
		operatedOf(d.Job), d.Owner, d.Status, d.Message, timeOrNil(d.CreatedAt), timeOrNil(d.UpdatedAt),
		timeOrNil(d.FinishedAt), timeOrNil(d.Expires), d.Kept, make([]incident, len(d.History)),
	}
	for i, e := range d.History {
		answer.History[i] = incident{e.Attempt, e.At.UTC(), e.Code, e.Worker}
	}
	return writeJSON(w, http.StatusOK, answer)
}

func (a *API) adminOne(do func(context.Context, job.ID) error) endpoint {
	return func(w http.ResponseWriter, r *http.Request) error {
		id, err := jobID(r)
		if err != nil {
			return err
		}
		ctx, cancel := operating(r)
		defer cancel()
		if err := do(ctx, id); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}

// bulk is the body of a request for many jobs.
type bulk struct {
	State     []operate.State `json:"state"`
	Queue     string          `json:"queue"`
	Kind      job.Kind        `json:"kind"`
	Code      fault.Code      `json:"code"`
	OlderThan string          `json:"olderThan"`
	NewerThan string          `json:"newerThan"`
	Limit     int             `json:"limit"`
	Cursor    string          `json:"cursor"`
	DryRun    bool            `json:"dryRun"`
}

// refusal is a job that stayed as it was.
type refusal struct {
	operated
	Reason fault.Code `json:"reason"`
	Detail string     `json:"detail"`
}

func (a *API) adminBulk(do func(context.Context, operate.Bulk) (operate.Report, error)) endpoint {
	return func(w http.ResponseWriter, r *http.Request) error {
		body, err := a.jsonBody(w, r, maxFilter)
		if err != nil {
			return err
		}
		b, err := decodeBulk(body)
		if err != nil {
			return err
		}
		ctx, cancel := operating(r)
		defer cancel()
		report, err := do(ctx, b)
		if err != nil {
			return err
		}
		answer := struct {
			DryRun bool       `json:"dryRun"`
			Jobs   []operated `json:"jobs"`
			Failed []refusal  `json:"failed"`
			Next   string     `json:"next,omitempty"`
		}{report.DryRun, operatedAll(report.Done), make([]refusal, len(report.Failed)), report.Next}
		for i, f := range report.Failed {
			cause := fault.From(f.Cause)
			answer.Failed[i] = refusal{operatedOf(f.Job), cause.Code, cause.Message()}
		}
		return writeJSON(w, http.StatusOK, answer)
	}
}

func decodeBulk(body []byte) (operate.Bulk, error) {
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
		return operate.Bulk{}, fault.Detailed(fault.BadRequest, "Send the filter as one JSON object, with the fields "+strings.Join(bulkFields, ", ")+".")
	}
	if b.Limit < 0 || b.Limit > maxBulk {
		return operate.Bulk{}, fault.Detailed(fault.BadRequest, "limit is a number from 1 to 200.")
	}
	o := operate.Bulk{
		Filter: operate.Filter{States: b.State, Queue: b.Queue, Kind: b.Kind, Code: b.Code},
		Page:   operate.Page{Limit: b.Limit, Cursor: b.Cursor}, DryRun: b.DryRun,
	}
	if o.OlderThan, err = age("olderThan", b.OlderThan); err != nil {
		return o, err
	}
	o.NewerThan, err = age("newerThan", b.NewerThan)
	return o, err
}

var bulkFields = []string{"state", "queue", "kind", "code", "olderThan", "newerThan", "limit", "cursor", "dryRun"}
