package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/resultcodec"
)

var readDocument = document.Document{
	Kind: document.Transcript, RowsPrinted: 2,
	Semesters: []document.Semester{{Term: "Fall 2024", Courses: []document.Sitting{
		{Code: "COMP 248", Title: "OBJECT-ORIENTED PROGRAMMING I", CreditsAttempted: 3.5, CreditsEarned: 3.5, Grade: "B+"},
	}}},
	Rows: []document.RowPlace{{Code: "COMP 248", Term: "Fall 2024", Page: 1, X0: 36, Y0: 402.54, X1: 559.1, Y1: 411}},
}

// failAnswerable fails a job for want of a degree, as a worker does.
func (s *system) failAnswerable(owner string, until time.Time) job.ID {
	s.t.Helper()
	id := s.accepted(owner)
	record, _, err := s.jobs.BeginAttempt(s.t.Context(), id, 1)
	must(s.t, err)
	why := *job.FailureOf(&fault.Error{Code: fault.DegreeNotFound, Closest: []string{software}})
	reading, err := resultcodec.EncodeReading(readDocument)
	must(s.t, err)
	must(s.t, s.jobs.FailAnswerable(s.t.Context(), id, record.Fence, why, job.KeptFacts{Sealed: []byte("facts"), Until: until, Reading: reading}))
	return id
}

// answerableStatus is what the status of a job says of an answer.
type answerableStatus struct {
	Status     job.State `json:"status"`
	Answerable *struct {
		Kind    string    `json:"kind"`
		Until   time.Time `json:"until"`
		Degrees []struct {
			ID, Name string
		} `json:"degrees"`
		Link string `json:"link"`
	} `json:"answerable"`
	Data *document.Reading `json:"data"`
}

func answerPath(id job.ID) string { return "/api/timeline/" + string(id) + "/degree" }

const answerSoftware = `{"degree":"` + software + `"}`

func TestAnswer(t *testing.T) {
	t.Parallel()
	s := setup(t)
	until := time.Now().Add(job.AnswerTTL).Truncate(time.Millisecond)
	id := s.failAnswerable("ann", until)
	path := "/api/timeline/status/" + string(id)
	var got answerableStatus
	s.get("ann", path).want(t, http.StatusOK).decode(t, &got)
	if a := got.Answerable; a == nil || a.Kind != "degree" || !a.Until.Equal(until) || a.Link != "/api/degrees" ||
		len(a.Degrees) != 1 || a.Degrees[0].ID != software {
		t.Fatalf("got %+v, want what can be answered", got.Answerable)
	}
	if events := string(s.get("ann", path+"/events").want(t, http.StatusOK).body); !strings.Contains(events, `"answerable":{"kind":"degree"`) {
		t.Errorf("the events do not say what can be answered: %s", events)
	}

	s.json(http.MethodPost, "bob", answerPath(id), answerSoftware).wantProblem(t, fault.JobNotFound)
	if p := s.json(http.MethodPost, "ann", answerPath(id), `{"degree":"BEng"}`).wantProblem(t, fault.DegreeNotFound); p.Status != 422 || p.Link == "" {
		t.Errorf("got %+v, want 422 with the link", p)
	}
	for body, code := range map[string]fault.Code{
		`{}`: fault.InvalidForm, `{"degree":7}`: fault.InvalidForm, `{"degree":"x","more":1}`: fault.InvalidForm, `[]`: fault.InvalidForm,
		`{`: fault.BadRequest, ``: fault.BadRequest, answerSoftware + "{}": fault.BadRequest,
	} {
		s.json(http.MethodPost, "ann", answerPath(id), body).wantProblem(t, code)
	}

	a := s.json(http.MethodPost, "ann", answerPath(id), answerSoftware).want(t, http.StatusAccepted)
	if a.jobID(t) != id || a.Header.Get("Location") != path {
		t.Errorf("got %s at %s, want the same job", a.body, a.Header.Get("Location"))
	}
	got = answerableStatus{}
	s.get("ann", path).decode(t, &got)
	if got.Status != job.Queued || got.Answerable != nil {
		t.Errorf("got %+v, want a queued job", got)
	}
	// The same again is accepted, another answer is not.
	s.json(http.MethodPost, "ann", answerPath(id), answerSoftware).want(t, http.StatusAccepted)
	s.json(http.MethodPost, "ann", answerPath(id), `{"degree":"BEng in Civil Engineering"}`).wantProblem(t, fault.Conflict)
	ticket, err := s.folder.LoadTicket(t.Context(), id)
	must(t, err)
	if string(ticket.Facts) != "facts" || string(ticket.Input) != answerSoftware || ticket.Owner != "ann" {
		t.Errorf("got the ticket %+v", ticket)
	}
	// It runs as any other.
	record, _, err := s.jobs.BeginAttempt(t.Context(), id, 1)
	must(t, err)
	stored, err := resultcodec.EncodeResult(s.result())
	must(t, err)
	must(t, s.jobs.CompleteJob(t.Context(), id, record.Fence, stored))
	got = answerableStatus{}
	s.get("ann", path+"?result=false").decode(t, &got)
	if got.Status != job.Done {
		t.Errorf("got %s, want done", got.Status)
	}
	s.json(http.MethodPost, "ann", answerPath(id), answerSoftware).want(t, http.StatusAccepted)
}

func TestAnswerRefuses(t *testing.T) {
	t.Parallel()
	s := setup(t)
	t.Run("after the time", func(t *testing.T) {
		s := s.in(t)
		id := s.failAnswerable("ann", time.Now().Add(time.Hour))
		// Both end together: the facts by themselves, and what the record says of them.
		must(t, s.redis.Del(t.Context(), "job:timeline:"+string(id)+":facts").Err())
		if p := s.json(http.MethodPost, "ann", answerPath(id), answerSoftware).wantProblem(t, fault.FactsExpired); p.Status != http.StatusGone {
			t.Errorf("got %d, want 410", p.Status)
		}
	})
	t.Run("a status after the time", func(t *testing.T) {
		s := s.in(t)
		var got answerableStatus
		s.get("ann", "/api/timeline/status/"+string(s.failAnswerable("ann", time.Now().Add(-time.Second)))).decode(t, &got)
		if got.Answerable != nil {
			t.Errorf("got %+v, want nothing to answer", got.Answerable)
		}
	})
	t.Run("in another state", func(t *testing.T) {
		s := s.in(t)
		failed := s.accepted("ann")
		record, _, err := s.jobs.BeginAttempt(t.Context(), failed, 1)
		must(t, err)
		must(t, s.jobs.FailJob(t.Context(), failed, record.Fence, *job.FailureOf(fault.New(fault.Corrupt))))
		for _, id := range []job.ID{s.accepted("ann"), s.done("ann"), failed} {
			if p := s.json(http.MethodPost, "ann", answerPath(id), answerSoftware).wantProblem(t, fault.Conflict); p.Status != http.StatusConflict {
				t.Errorf("got %d, want 409", p.Status)
			}
		}
	})
	t.Run("deleted", func(t *testing.T) {
		s := s.in(t)
		id := s.failAnswerable("ann", time.Now().Add(time.Hour))
		s.do(request{method: http.MethodDelete, path: "/api/timeline/status/" + string(id), owner: "ann"}).want(t, http.StatusNoContent)
		s.json(http.MethodPost, "ann", answerPath(id), answerSoftware).wantProblem(t, fault.JobNotFound)
		if keys := s.redis.Keys(t.Context(), "job:*"+string(id)+"*").Val(); len(keys) != 0 {
			t.Errorf("got the keys %v, want none", keys)
		}
	})
}

func TestWhatWasRead(t *testing.T) {
	t.Parallel()
	s := setup(t)
	path := func(id job.ID) string { return "/api/timeline/status/" + string(id) + "?view=facts" }
	id := s.accepted("ann")
	var got answerableStatus
	s.get("ann", path(id)).want(t, http.StatusOK).decode(t, &got)
	if got.Data != nil {
		t.Errorf("got %+v of a queued job, want nothing", got.Data)
	}
	record, _, err := s.jobs.BeginAttempt(t.Context(), id, 1)
	must(t, err)
	stored, err := resultcodec.EncodeResult(s.result())
	must(t, err)
	stored.Reading, err = resultcodec.EncodeReading(readDocument)
	must(t, err)
	must(t, s.jobs.CompleteJob(t.Context(), id, record.Fence, stored))
	for name, id := range map[string]job.ID{"done": id, "failed": s.failAnswerable("ann", time.Now().Add(time.Hour))} {
		var got answerableStatus
		a := s.get("ann", path(id), "Accept-Encoding", "gzip").want(t, http.StatusOK)
		a.decode(t, &got)
		if got.Data == nil || got.Data.RowsRead != 1 || got.Data.RowsSeen != 2 || got.Data.Rows[0].Title != "OBJECT-ORIENTED PROGRAMMING I" ||
			got.Data.Rows[0].Y0 != 402.5 {
			t.Errorf("%s: got %+v, want what was read", name, got.Data)
		}
		if strings.Contains(string(a.body), "B+") {
			t.Errorf("%s: a grade is shown", name)
		}
		s.get("ann", path(id), "Accept-Encoding", "gzip", "If-None-Match", a.Header.Get("ETag")).want(t, http.StatusNotModified)
		s.get("bob", path(id)).wantProblem(t, fault.JobNotFound)
	}
	s.get("ann", path(s.done("ann"))).wantProblem(t, fault.NotFound)
}
