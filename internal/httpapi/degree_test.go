package httpapi_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

const software = "BEng in Software Engineering"

// uploadFor uploads a document with a degree.
func (s *system) uploadFor(owner, degree string, content []byte, header ...string) answer {
	s.t.Helper()
	body, contentType := form(s.t, "file", "transcript.pdf", content)
	q := request{
		method: http.MethodPost, path: "/api/timeline/upload?degree=" + url.QueryEscape(degree), owner: owner, body: body,
		header: map[string]string{"Content-Type": contentType},
	}
	for i := 0; i+1 < len(header); i += 2 {
		q.header[header[i]] = header[i+1]
	}
	return s.do(q)
}

func (a answer) jobID(t testing.TB) job.ID {
	t.Helper()
	var got struct {
		JobID job.ID `json:"jobId"`
	}
	a.want(t, http.StatusAccepted).decode(t, &got)
	return got.JobID
}

func TestUploadForADegree(t *testing.T) {
	t.Parallel()
	s := setup(t)
	content := pdf(1000)
	id := s.uploadFor("ann", software, content).jobID(t)
	_, input, err := s.jobs.BeginAttempt(t.Context(), id, 1)
	must(t, err)
	ticket, err := s.folder.LoadTicket(t.Context(), id)
	must(t, err)
	const want = `{"degree":"` + software + `"}`
	if string(input) != want || string(ticket.Input) != want {
		t.Errorf("got the input %s and the ticket's %s, want %s", input, ticket.Input, want)
	}
	if again := s.uploadFor("ann", software, content).jobID(t); again != id {
		t.Errorf("got another job for the same document and degree")
	}
	if other := s.upload("ann", content).jobID(t); other == id {
		t.Error("got the job of a degree for an upload without one")
	}
	first := s.uploadFor("ann", software, content, "Idempotency-Key", "k9").jobID(t)
	if other := s.uploadFor("ann", "BEng in Civil Engineering", content, "Idempotency-Key", "k9").jobID(t); other == first {
		t.Error("got the job of another degree for the same key")
	}
}

func TestUploadForACalendar(t *testing.T) {
	t.Parallel()
	s := setup(t)
	const loaded = "2026-27"
	content := pdf(1000)
	upload := func(calendar, key string) answer {
		body, contentType := form(t, "file", "transcript.pdf", content)
		return s.do(request{
			method: http.MethodPost, path: "/api/timeline/upload?calendar=" + url.QueryEscape(calendar), owner: "ann", body: body,
			header: map[string]string{"Content-Type": contentType, "Idempotency-Key": key},
		})
	}
	for _, unknown := range []string{"", "1999-00", strings.Repeat("x", 5000)} {
		p := upload(unknown, "k1").wantProblem(t, fault.InvalidForm)
		if len(p.Errors) != 1 || p.Errors[0].Path != "calendar" || !strings.Contains(p.Errors[0].Message, loaded) {
			t.Errorf("an edition of %d letters: got %+v, want the field and the loaded editions", len(unknown), p)
		}
	}
	if files := s.files(); len(files) != 0 {
		t.Errorf("got the files %v of refused uploads, want none", files)
	}
	id := upload(loaded, "k1").jobID(t)
	if other := s.upload("ann", content, "Idempotency-Key", "k1").jobID(t); other == id {
		t.Error("got the job of a chosen edition for an upload without one and the same key")
	}
	_, input, err := s.jobs.BeginAttempt(t.Context(), id, 1)
	must(t, err)
	if got, err := job.DecodeInput(job.File, input); err != nil || got != (job.Input{Calendar: loaded}) {
		t.Errorf("got the input %+v, %v, want the edition", got, err)
	}
}

func TestUnknownDegreesStoreNothing(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for name, degree := range map[string]string{
		"unknown": "BEng in Softwear Engineering", "empty": "", "not a degree of its own": "Extended Credit Program - Engineering",
		"very long": strings.Repeat("x", 5000),
	} {
		p := s.uploadFor("ann", degree, pdf(1000)).wantProblem(t, fault.DegreeNotFound)
		if p.Status != http.StatusUnprocessableEntity || p.Link != "/api/degrees" || len(p.Errors) != 1 || p.Errors[0].Path != "degree" {
			t.Errorf("%s: got %+v, want 422 with the field and the link", name, p)
		}
	}
	if files := s.files(); len(files) != 0 {
		t.Errorf("got the files %v, want none", files)
	}
}

func TestLoadForADegree(t *testing.T) {
	t.Parallel()
	s := setup(t)
	var saved struct {
		ID string `json:"_id"`
	}
	s.json(http.MethodPost, "ann", "/api/timelines", `{"jobId":"`+string(s.done("ann"))+`"}`).want(t, http.StatusCreated).decode(t, &saved)
	load := func(query string) answer {
		return s.do(request{method: http.MethodPost, path: "/api/timeline/" + saved.ID + "/load" + query, owner: "ann"})
	}
	load("?degree=nothing").wantProblem(t, fault.DegreeNotFound)
	own, id := load("").jobID(t), load("?degree=BEng+in+Civil+Engineering").jobID(t)
	if own == id {
		t.Error("got one job for two degrees")
	}
	_, input, err := s.jobs.BeginAttempt(t.Context(), id, 1)
	must(t, err)
	if got, err := job.DecodeInput(job.TimelineData, input); err != nil || got != (job.Input{TimelineID: saved.ID, Degree: "BEng in Civil Engineering"}) {
		t.Errorf("got %+v, %v", got, err)
	}
}
