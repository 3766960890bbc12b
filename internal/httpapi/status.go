package httpapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// status is a job as its owner sees it. The result, when there is one, follows as "data".
type status struct {
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
}

func statusOf(r job.Record) status {
	return status{
		JobID: r.ID, Kind: r.Kind, Status: r.State, Attempt: r.Attempt, Version: r.Version, Error: r.Error,
		RetryAt: timeOrNil(r.RetryAt), CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(), FinishedAt: timeOrNil(r.FinishedAt),
	}
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// status answers with a job's state, and its result once it is done. Without the result it is one round trip to Redis;
// so it is for a client that has this version already.
func (a *API) status(w http.ResponseWriter, r *http.Request) error {
	id, err := jobID(r)
	if err != nil {
		return err
	}
	query := r.URL.Query()
	withResult, err := boolean("result", query.Get("result"), true)
	if err != nil {
		return err
	}
	slim, err := slimView(query.Get("view"))
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "private, no-cache")

	if !withResult || len(r.Header["If-None-Match"]) > 0 {
		record, err := a.own(r, id)
		if err != nil {
			return err
		}
		if setTag(w, r, versionOf(record), withResult && record.State == job.Done) {
			return notModified(w)
		}
		if !withResult || record.State != job.Done {
			return writeJSON(w, http.StatusOK, statusOf(record))
		}
	}
	record, result, err := a.jobs.LoadWithResult(r.Context(), id, slim)
	if record, err = a.owned(r, id, record, err); err != nil {
		return err
	}
	return a.writeStatus(w, r, record, result)
}

// writeStatus answers with a record and, where there is one, its result.
func (a *API) writeStatus(w http.ResponseWriter, r *http.Request, record job.Record, result []byte) error {
	setTag(w, r, versionOf(record), len(result) > 0)
	if len(result) == 0 {
		return writeJSON(w, http.StatusOK, statusOf(record))
	}
	before, err := json.Marshal(statusOf(record))
	if err != nil {
		return err
	}
	before = append(before[:len(before)-1], `,"data":`...)
	return writePacked(w, r, http.StatusOK, before, result, []byte("}"))
}

// own returns the record of a job of the caller's.
func (a *API) own(r *http.Request, id job.ID) (job.Record, error) {
	record, err := a.jobs.LoadRecord(r.Context(), id)
	return a.owned(r, id, record, err)
}

// owned is what was read of a job, if it is the caller's. One that has no record but a ticket is about to be brought back
// by the sweep: for its owner it is queued all the while.
func (a *API) owned(r *http.Request, id job.ID, record job.Record, err error) (job.Record, error) {
	if fault.CodeOf(err) == fault.JobNotFound {
		ticket, terr := a.uploads.Ticket(r.Context(), id)
		if terr != nil {
			return job.Record{}, err // whatever is the matter with tickets, there is no such job
		}
		record, err = job.Record{
			ID: id, Kind: ticket.Kind, Owner: ticket.Owner, Priority: ticket.Priority, State: job.Queued,
			CreatedAt: ticket.CreatedAt, UpdatedAt: ticket.CreatedAt,
		}, nil
	}
	if err != nil {
		return job.Record{}, err
	}
	if record.Owner != callerOf(r).Owner {
		// The same answer as for no job at all, so that nobody can find out which ids exist.
		return job.Record{}, fault.New(fault.JobNotFound)
	}
	return record, nil
}

// deleteJob forgets a job: its document and its ticket, then its record and its result. In this order a failure in between
// leaves a record, with which the owner can ask again; a ticket without a record would bring the job back. A worker that
// runs it finds its writes refused.
func (a *API) deleteJob(w http.ResponseWriter, r *http.Request) error {
	id, err := jobID(r)
	if err != nil {
		return err
	}
	if _, err := a.own(r, id); err != nil {
		return err
	}
	if err := a.uploads.Purge(r.Context(), id); err != nil {
		return err
	}
	if err := a.jobs.Delete(r.Context(), id); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// jobID is the job that the path names. What is no UUID in its canonical form cannot be a job's id.
func jobID(r *http.Request) (job.ID, error) {
	s := chi.URLParam(r, "jobId")
	if !canonicalUUID(s) {
		return "", fault.New(fault.JobNotFound)
	}
	exchangeOf(r.Context()).jobID = s
	return job.ID(s), nil
}

func canonicalUUID(s string) bool {
	u, err := uuid.Parse(s)
	return err == nil && u.String() == s
}

func versionOf(r job.Record) string { return strconv.FormatInt(r.Version, 10) }

// ifMatch is the version that the request's If-Match names: 0 for none or "*".
func ifMatch(r *http.Request) (int64, error) {
	lists := r.Header["If-Match"]
	if len(lists) == 0 || len(lists) == 1 && strings.TrimSpace(lists[0]) == "*" {
		return 0, nil
	}
	if len(lists) > 1 || strings.Contains(lists[0], ",") || strings.HasPrefix(strings.TrimSpace(lists[0]), "W/") {
		return 0, fault.Detailed(fault.BadRequest, "Send one ETag in If-Match, as the last answer gave it.")
	}
	version, err := strconv.ParseInt(tagVersion(strings.TrimSpace(lists[0])), 10, 64)
	if err != nil || version < 1 {
		// A tag that was never given out matches nothing.
		return 0, fault.New(fault.PreconditionFailed)
	}
	return version, nil
}

func slimView(view string) (bool, error) {
	switch view {
	case "", "full":
		return false, nil
	case "slim":
		return true, nil
	}
	return false, fault.Detailed(fault.BadRequest, "The view is slim or full.")
}

func boolean(name, s string, missing bool) (bool, error) {
	if s == "" {
		return missing, nil
	}
	b, err := strconv.ParseBool(s)
	if err != nil {
		return false, &fault.Error{Code: fault.BadRequest, Detail: name + " is true or false.", Cause: errors.New("not a boolean")}
	}
	return b, nil
}
