package httpapi

import (
	"net/http"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/guest"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/middleware"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/respond"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// accountAnswer is everything that is stored of an owner.
type accountAnswer struct {
	Owner string `json:"owner"`
	Guest bool   `json:"guest"`
	// EndsAt is when everything of a guest ends.
	EndsAt     *time.Time       `json:"endsAt,omitempty"`
	ExportedAt time.Time        `json:"exportedAt"`
	Timelines  []timeline.Saved `json:"timelines"`
	Jobs       []accountJob     `json:"jobs"`
	Kept       []keptData       `json:"kept"`
}

// accountJob is a job with the address of its result.
type accountJob struct {
	jobStatus
	Result    string    `json:"result,omitempty"`
	KeptUntil time.Time `json:"keptUntil"`
}

// keptData says of one kind of data where it is stored and until when.
type keptData struct {
	What  string `json:"what"`
	Where string `json:"where"`
	Until string `json:"until"`
}

// storedData lists every kind of data of an owner.
var storedData = []keptData{
	{"saved timelines", "the database", "you delete them"},
	{"jobs and their results, with what was read of a document", "Redis", "24 hours after the last change"},
	{"uploaded documents", "the storage of uploads", "the job has ended; of a job that failed, 7 days at most, if operators keep those"},
	{"the facts of a document whose degree is to be chosen, encrypted", "Redis and the storage of uploads", "an hour after the job failed"},
	{"jobs that failed, without the document's contents", "Redis, for operators", "7 days after the failure"},
	{"your sign-in, which holds your name and is sealed", "cookies of your browser", "you sign out"},
}

// getAccount answers with everything that is stored of the caller. Results have addresses of their own.
func (a *API) getAccount(w http.ResponseWriter, r *http.Request) error {
	owner := middleware.CallerOf(r).Owner
	all, err := a.accounts.ExportAll(r.Context(), owner)
	if err != nil {
		return err
	}
	answer := accountAnswer{
		Owner: owner, Guest: guest.IsOwner(owner), ExportedAt: a.clock().UTC().Truncate(time.Second), Timelines: all.Timelines,
		Jobs: make([]accountJob, len(all.Jobs)), Kept: storedData,
	}
	if ends, ok := guest.EndOf(owner); ok {
		answer.EndsAt = &ends
	}
	for i, record := range all.Jobs {
		one := accountJob{jobStatus: a.toStatus(r.Context(), record), KeptUntil: record.UpdatedAt.Add(job.ResultTTL).UTC()}
		switch record.State {
		case job.Done:
			one.Result = "/api/timeline/status/" + string(record.ID)
		case job.Failed:
			one.KeptUntil = record.UpdatedAt.Add(job.DeadTTL).UTC()
		}
		answer.Jobs[i] = one
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Disposition", `attachment; filename="trackmydegree.json"`)
	return respond.WriteJSON(w, http.StatusOK, answer)
}

// deleteAccount deletes everything of the caller, and signs the browser out.
func (a *API) deleteAccount(w http.ResponseWriter, r *http.Request) error {
	if err := a.accounts.EraseAll(r.Context(), middleware.CallerOf(r).Owner); err != nil {
		return err
	}
	if a.signIn != nil {
		if _, err := a.signIn.SignOut(w, r); err != nil {
			return err
		}
	}
	return respond.WriteNoContent(w)
}
