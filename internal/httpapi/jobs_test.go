package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timeline/wire"
)

// jobStatus is a status as a client decodes it.
type jobStatus struct {
	JobID   job.ID           `json:"jobId"`
	Kind    job.Kind         `json:"kind"`
	Status  job.State        `json:"status"`
	Attempt int              `json:"attempt"`
	Version int64            `json:"version"`
	Error   *job.Failure     `json:"error"`
	Data    *timeline.Result `json:"data"`

	WorkerStartSeconds int `json:"workerStartSeconds"`
}

func TestStatus(t *testing.T) {
	t.Parallel()
	s := setup(t)
	path := func(id job.ID) string { return "/api/timeline/status/" + string(id) }

	t.Run("queued", func(t *testing.T) {
		s := s.in(t)
		id := s.accepted("ann")
		var got jobStatus
		a := s.get("ann", path(id)).want(t, http.StatusOK)
		a.decode(t, &got)
		if diff := cmp.Diff(jobStatus{JobID: id, Kind: job.File, Status: job.Queued, Version: got.Version}, got); diff != "" {
			t.Error(diff)
		}
		if a.Header.Get("ETag") == "" || a.Header.Get("Cache-Control") != "private, no-cache" {
			t.Errorf("headers %v", a.Header)
		}
	})

	id := s.done("ann")
	want, err := wire.EncodeResult(s.result())
	must(t, err)
	t.Run("done, as stored", func(t *testing.T) {
		s := s.in(t)
		a := s.get("ann", path(id), "Accept-Encoding", "gzip").want(t, http.StatusOK)
		if a.Header.Get("Content-Encoding") != "gzip" || a.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("headers %v", a.Header)
		}
		_, stored, err := s.jobs.LoadWithResult(t.Context(), id, false)
		must(t, err)
		// The answer contains the stored blocks unchanged, except for the last bytes.
		if !bytes.Contains(a.raw, stored[10:len(stored)-12]) {
			t.Error("the stored bytes were compressed again")
		}
		var got struct {
			Status job.State
			Data   json.RawMessage
		}
		a.decode(t, &got)
		if got.Status != job.Done || !bytes.Equal(got.Data, want) {
			t.Errorf("%s with %d bytes, want %d", got.Status, len(got.Data), len(want))
		}
	})
	t.Run("done, for a client without gzip", func(t *testing.T) {
		s := s.in(t)
		for _, accept := range []string{"", "identity", "gzip;q=0", "br, gzip;q=0.000, *", "*;q=0"} {
			a := s.get("ann", path(id), "Accept-Encoding", accept).want(t, http.StatusOK)
			if a.Header.Get("Content-Encoding") != "" || a.ContentLength != int64(len(a.body)) {
				t.Errorf("%q: %v", accept, a.Header)
			}
			if !bytes.Contains(a.body, want) {
				t.Errorf("%q: another result", accept)
			}
		}
		for _, accept := range []string{"GZIP", "br;q=1.0, gzip;q=0.5", "*"} {
			if a := s.get("ann", path(id), "Accept-Encoding", accept); a.Header.Get("Content-Encoding") != "gzip" {
				t.Errorf("%q: not compressed", accept)
			}
		}
	})
	t.Run("slim", func(t *testing.T) {
		s := s.in(t)
		var full, slim jobStatus
		s.get("ann", path(id)+"?view=full").decode(t, &full)
		s.get("ann", path(id)+"?view=slim").want(t, http.StatusOK).decode(t, &slim)
		if len(slim.Data.Courses) >= len(full.Data.Courses) || len(slim.Data.Semesters) != len(full.Data.Semesters) {
			t.Errorf("%d of %d courses", len(slim.Data.Courses), len(full.Data.Courses))
		}
	})
	t.Run("without the result", func(t *testing.T) {
		s := s.in(t)
		var got jobStatus
		s.get("ann", path(id)+"?result=false").want(t, http.StatusOK).decode(t, &got)
		if got.Status != job.Done || got.Data != nil {
			t.Errorf("%+v", got)
		}
	})
	t.Run("not modified", func(t *testing.T) {
		s := s.in(t)
		for _, accept := range []string{"gzip", "identity"} {
			tag := s.get("ann", path(id), "Accept-Encoding", accept).Header.Get("ETag")
			if wantSuffix := accept == "gzip"; strings.HasSuffix(tag, `-gzip"`) != wantSuffix {
				t.Errorf("%s has the tag %s", accept, tag)
			}
			for _, known := range []string{tag, "W/" + tag, `"other", ` + tag, "*"} {
				a := s.get("ann", path(id), "Accept-Encoding", accept, "If-None-Match", known).want(t, http.StatusNotModified)
				if a.Header.Get("ETag") != tag {
					t.Errorf("304 with %s, want %s", a.Header.Get("ETag"), tag)
				}
			}
			s.get("ann", path(id), "Accept-Encoding", accept, "If-None-Match", `"999"`).want(t, http.StatusOK)
			s.get("ann", path(id)+"?result=false", "If-None-Match", tag).want(t, http.StatusNotModified)
		}
	})
	t.Run("failed", func(t *testing.T) {
		s := s.in(t)
		id := s.accepted("ann")
		record, _, err := s.jobs.BeginAttempt(t.Context(), id, 1)
		must(t, err)
		why := job.Failure{Code: fault.DegreeNotFound, Message: "There is no such degree.", Closest: []string{"BEng in Software Engineering"}}
		must(t, s.jobs.FailJob(t.Context(), id, record.Fence, why))
		var got jobStatus
		s.get("ann", path(id)).want(t, http.StatusOK).decode(t, &got)
		if diff := cmp.Diff(&why, got.Error); diff != "" || got.Status != job.Failed {
			t.Errorf("%s %s", got.Status, diff)
		}
	})
	t.Run("not found", func(t *testing.T) {
		s := s.in(t)
		for name, path := range map[string]string{
			"unknown":       path("6b1ff2b8-7f0b-4f6a-9d5e-0a3c1f2e4d5b"),
			"not a UUID":    path("42"),
			"another form":  strings.ToUpper(path(id)[len("/api/timeline/status/"):]),
			"a path":        path("..%2f..%2fetc%2fpasswd"),
			"a Redis key":   path("job:timeline:*"),
			"someone's own": path(s.done("bob")),
		} {
			if !strings.HasPrefix(path, "/") {
				path = "/api/timeline/status/" + path
			}
			for _, suffix := range []string{"", "?result=false", "/events"} {
				t.Run(name+suffix, func(t *testing.T) { s.in(t).get("ann", path+suffix).wantProblem(t, fault.JobNotFound) })
			}
			s.do(request{method: http.MethodDelete, path: path, owner: "ann"}).wantProblem(t, fault.JobNotFound)
			s.json(http.MethodPatch, "ann", path, `{"isCoop":true}`).wantProblem(t, fault.JobNotFound)
		}
	})
	t.Run("bad queries", func(t *testing.T) {
		s := s.in(t)
		for _, query := range []string{"?result=maybe", "?view=round"} {
			s.get("ann", path(id)+query).wantProblem(t, fault.BadRequest)
		}
	})
	t.Run("HEAD", func(t *testing.T) {
		s := s.in(t)
		a := s.do(request{method: http.MethodHead, path: path(id), owner: "ann"}).want(t, http.StatusOK)
		if len(a.raw) > 0 || a.Header.Get("ETag") == "" {
			t.Errorf("%d bytes, %v", len(a.raw), a.Header)
		}
		s.do(request{method: http.MethodHead, path: path(id) + "/events", owner: "ann"}).want(t, http.StatusOK)
	})
}

// workers is the start of a worker that a test chooses; 0 while one is alive.
type workers struct{ start atomic.Int64 }

// EstimateStart implements httpapi.Workers.
func (w *workers) EstimateStart(context.Context) (time.Duration, bool) {
	start := time.Duration(w.start.Load())
	return start, start > 0
}

// A job that waits while there is no worker says how long the start of one usually takes.
func TestStatusNamesTheStartOfAWorker(t *testing.T) {
	t.Parallel()
	w := &workers{}
	s := setup(t, func(d *httpapi.Deps) { d.Workers = w })
	start := func(id job.ID, query string) int {
		var got struct{ WorkerStartSeconds int }
		s.get("ann", "/api/timeline/status/"+string(id)+query).want(t, http.StatusOK).decode(t, &got)
		return got.WorkerStartSeconds
	}
	id := s.accepted("ann")
	if got := start(id, ""); got != 0 {
		t.Errorf("got %d s with a worker, want none", got)
	}
	w.start.Store(int64(23100 * time.Millisecond))
	for _, query := range []string{"", "?result=false"} {
		if got := start(id, query); got != 24 {
			t.Errorf("%s: got %d s without a worker, want 24", query, got)
		}
	}
	if got := start(s.done("ann"), ""); got != 0 {
		t.Errorf("got %d s for a job that is done, want none", got)
	}
}

// A poll without the result is one command to Redis.
func TestStatusIsOneRoundTrip(t *testing.T) {
	t.Parallel()
	s := setup(t)
	id := s.done("ann")
	// The refresh of watched records does not count, because there is no watch.
	before := s.commands()
	s.get("ann", "/api/timeline/status/"+string(id)+"?result=false").want(t, http.StatusOK)
	if n := s.commands() - before; n != 1 {
		t.Errorf("%d commands, want 1", n)
	}
}

func TestDelete(t *testing.T) {
	t.Parallel()
	s := setup(t)
	id := s.accepted("ann")
	if len(s.files()) != 1 {
		t.Fatalf("files %v", s.files())
	}
	path := "/api/timeline/status/" + string(id)
	s.do(request{method: http.MethodDelete, path: path, owner: "ann"}).want(t, http.StatusNoContent)
	s.get("ann", path).wantProblem(t, fault.JobNotFound)
	if len(s.files()) != 0 {
		t.Errorf("files %v", s.files())
	}
	s.do(request{method: http.MethodDelete, path: path, owner: "ann"}).wantProblem(t, fault.JobNotFound)
}

// A job whose record Redis has lost is restored from its ticket. Until then its owner sees it as queued, and may
// delete it; others see nothing.
func TestAJobThatRedisHasLost(t *testing.T) {
	t.Parallel()
	s := setup(t)
	id := s.accepted("ann")
	must(t, s.redis.FlushAll(t.Context()).Err())
	path := "/api/timeline/status/" + string(id)
	for _, query := range []string{"", "?result=false", "?view=slim"} {
		var got struct {
			JobID  job.ID
			Kind   job.Kind
			Status job.State
		}
		s.get("ann", path+query).want(t, http.StatusOK).decode(t, &got)
		if got.JobID != id || got.Kind != job.File || got.Status != job.Queued {
			t.Errorf("%s: %+v", query, got)
		}
		s.get("bob", path+query).wantProblem(t, fault.JobNotFound)
	}
	// Its event stream sends the same state and ends, so that the client reconnects.
	if a := s.get("ann", path+"/events").want(t, http.StatusOK); !strings.Contains(string(a.body), `"status":"queued"`) || strings.Contains(string(a.body), "gone") {
		t.Errorf("%s", a.body)
	}
	s.get("bob", path+"/events").wantProblem(t, fault.JobNotFound)
	s.json(http.MethodPatch, "ann", path, `{"isCoop":true}`).wantProblem(t, fault.JobNotFound)

	s.do(request{method: http.MethodDelete, path: path, owner: "bob"}).wantProblem(t, fault.JobNotFound)
	s.do(request{method: http.MethodDelete, path: path, owner: "ann"}).want(t, http.StatusNoContent)
	s.get("ann", path).wantProblem(t, fault.JobNotFound)
	if len(s.files()) != 0 {
		t.Errorf("files %v", s.files())
	}
}

// refusing is a store whose files cannot be removed.
type refusing struct{ httpapi.Uploads }

func (refusing) DeleteAll(context.Context, job.ID) error { return fault.New(fault.StorageUnavailable) }

// Files are deleted before the record: if that fails, the job can still be deleted. In the other order, its ticket
// would restore it.
func TestDeletingTheFilesComesFirst(t *testing.T) {
	t.Parallel()
	s := setup(t, func(d *httpapi.Deps) { d.Uploads = refusing{d.Uploads} })
	path := "/api/timeline/status/" + string(s.accepted("ann"))
	s.do(request{method: http.MethodDelete, path: path, owner: "ann"}).wantProblem(t, fault.StorageUnavailable)
	s.get("ann", path).want(t, http.StatusOK)
}
