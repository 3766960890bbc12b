package httpapi

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/middleware"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/params"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/respond"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/tracing"
)

// jobStatus is a job as its owner sees it. The result, when there is one, follows as "data".
type jobStatus struct {
	JobID      job.ID       `json:"jobId"`
	Kind       job.Kind     `json:"kind"`
	Status     job.State    `json:"status"`
	Attempt    int          `json:"attempt"`
	Version    int64        `json:"version"`
	Error      *job.Failure `json:"error,omitempty"`
	RetryAt    *time.Time   `json:"retryAt,omitempty"`
	CreatedAt  time.Time    `json:"createdAt"`
	UpdatedAt  time.Time    `json:"updatedAt"`
	FinishedAt *time.Time   `json:"finishedAt,omitempty"`
	Answerable *answerable  `json:"answerable,omitempty"`
	TraceID    string       `json:"traceId,omitempty"` // of the latest run, where it is recorded
	// WorkerStartSeconds is how long the start of a worker usually takes, while the job waits and there is none.
	WorkerStartSeconds int `json:"workerStartSeconds,omitempty"`
}

func (a *API) toStatus(ctx context.Context, r job.Record) jobStatus {
	return jobStatus{
		JobID: r.ID, Kind: r.Kind, Status: r.State, Attempt: r.Attempt, Version: r.Version, Error: r.Error,
		RetryAt: toOptionalTime(r.RetryAt), CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(), FinishedAt: toOptionalTime(r.FinishedAt),
		Answerable: a.toAnswerable(ctx, r), TraceID: tracing.TraceIDOf(r.Trace), WorkerStartSeconds: a.estimateStart(ctx, r.State),
	}
}

// estimateStart returns the whole seconds, rounded up, that the start of a worker usually takes. It is 0 for a job that
// does not wait for one.
func (a *API) estimateStart(ctx context.Context, s job.State) int {
	if a.workers == nil || s != job.Queued {
		return 0
	}
	start, waits := a.workers.EstimateStart(ctx)
	if !waits {
		return 0
	}
	return int(math.Ceil(start.Seconds()))
}

func toOptionalTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// getJob answers with the state of a job and, once it is done, its result. It takes one round trip to Redis without the
// result, or when the client has this version already.
func (a *API) getJob(w http.ResponseWriter, r *http.Request) error {
	id, err := pathJobID(r)
	if err != nil {
		return err
	}
	query := r.URL.Query()
	withResult, err := params.ParseBool("result", query.Get("result"), true)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "private, no-cache")
	if withResult && query.Get("view") == "facts" {
		return a.getReading(w, r, id)
	}
	slim, err := parseView(query.Get("view"))
	if err != nil {
		return err
	}

	if !withResult || len(r.Header["If-None-Match"]) > 0 {
		record, err := a.loadOwned(r, id)
		if err != nil {
			return err
		}
		if respond.SetETag(w, r, versionTag(record), withResult && record.State == job.Done) {
			return respond.WriteNotModified(w)
		}
		if !withResult || record.State != job.Done {
			return respond.WriteJSON(w, http.StatusOK, a.toStatus(r.Context(), record))
		}
	}
	record, result, err := a.jobs.LoadWithResult(r.Context(), id, slim)
	if record, err = a.checkOwner(r, id, record, err); err != nil {
		return err
	}
	return a.writeStatus(w, r, record, result)
}

// getReading answers with the state of a job and, once its document was read and the job has ended, with what was read.
func (a *API) getReading(w http.ResponseWriter, r *http.Request, id job.ID) error {
	record, err := a.loadOwned(r, id)
	if err != nil {
		return err
	}
	if !record.State.IsFinal() {
		return a.writeStatus(w, r, record, nil)
	}
	if respond.SetETag(w, r, versionTag(record), true) {
		return respond.WriteNotModified(w)
	}
	reading, err := a.jobs.LoadReading(r.Context(), id)
	if err != nil {
		return err
	}
	return a.writeStatus(w, r, record, reading)
}

// writeStatus answers with a record and, where there is one, its result.
func (a *API) writeStatus(w http.ResponseWriter, r *http.Request, record job.Record, result []byte) error {
	respond.SetETag(w, r, versionTag(record), len(result) > 0)
	if len(result) == 0 {
		return respond.WriteJSON(w, http.StatusOK, a.toStatus(r.Context(), record))
	}
	before, err := json.Marshal(a.toStatus(r.Context(), record))
	if err != nil {
		return err
	}
	before = append(before[:len(before)-1], `,"data":`...)
	return respond.WriteGzip(w, r, http.StatusOK, before, result, []byte("}"))
}

// deleteJob deletes the document and the ticket of a job, then its record and its result. In this order a failure in
// between leaves the record, with which the owner can repeat the request; a ticket without a record would restore the
// job. The writes of a worker that runs it are refused.
func (a *API) deleteJob(w http.ResponseWriter, r *http.Request) error {
	id, err := pathJobID(r)
	if err != nil {
		return err
	}
	if _, err := a.loadOwned(r, id); err != nil {
		return err
	}
	if err := a.uploads.DeleteAll(r.Context(), id); err != nil {
		return err
	}
	if err := a.jobs.DeleteJob(r.Context(), id); err != nil {
		return err
	}
	return respond.WriteNoContent(w)
}

// loadOwned returns the record of a job of the caller; job_not_found for any other.
func (a *API) loadOwned(r *http.Request, id job.ID) (job.Record, error) {
	record, err := a.jobs.LoadRecord(r.Context(), id)
	return a.checkOwner(r, id, record, err)
}

// checkOwner returns the record of a job if the caller owns it. A job with a ticket and without a record is about to
// be restored by package repair: its owner sees it as queued.
func (a *API) checkOwner(r *http.Request, id job.ID, record job.Record, err error) (job.Record, error) {
	if fault.CodeOf(err) == fault.JobNotFound {
		ticket, terr := a.uploads.LoadTicket(r.Context(), id)
		if terr != nil {
			return job.Record{}, err // an error of the tickets changes nothing: there is no such job
		}
		record, err = job.Record{
			ID: id, Kind: ticket.Kind, Owner: ticket.Owner, Priority: ticket.Priority, State: job.Queued,
			CreatedAt: ticket.CreatedAt, UpdatedAt: ticket.CreatedAt,
		}, nil
	}
	if err != nil {
		return job.Record{}, err
	}
	if record.Owner != middleware.CallerOf(r).Owner {
		// The answer is the same as for an unknown job: it does not reveal which ids exist.
		return job.Record{}, fault.New(fault.JobNotFound)
	}
	return record, nil
}

// pathJobID is the job that the path names. Every id is a UUID in its canonical form.
func pathJobID(r *http.Request) (job.ID, error) {
	id, err := job.ParseID(chi.URLParam(r, "jobId"))
	if err != nil {
		return "", fault.New(fault.JobNotFound)
	}
	respond.ExchangeOf(r.Context()).JobID = string(id)
	return id, nil
}

// versionTag is the version of a record as the content of an ETag.
func versionTag(r job.Record) string { return strconv.FormatInt(r.Version, 10) }

// parseView reports whether the request asks for the slim view of a result.
func parseView(view string) (bool, error) {
	switch view {
	case "", "full":
		return false, nil
	case "slim":
		return true, nil
	}
	return false, fault.WithDetail(fault.BadRequest, "The view is full, slim or, of a job, facts.")
}
