package httpapi_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/problem"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
	"github.com/trackmydegree/trackmydegree/internal/resultcodec"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// request is one request of an owner; the zero owner sends no token.
type request struct {
	method, path string
	owner        string
	roles        []string
	header       map[string]string
	body         io.Reader
}

// answer is a response with its decompressed body.
type answer struct {
	*http.Response
	body []byte
	raw  []byte
}

func (s *system) do(q request) answer {
	s.t.Helper()
	res, err := s.client.Do(s.request(q))
	must(s.t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	must(s.t, err)
	return answer{res, unzipped(s.t, res, raw), raw}
}

func (a answer) decode(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		t.Fatalf("%s: %v\n%s", a.Request.URL, err, a.body)
	}
}

// wantProblem checks that the answer is a problem of the code, and returns it.
func (a answer) wantProblem(t testing.TB, code fault.Code) problem.Problem {
	t.Helper()
	var p problem.Problem
	if got := a.Header.Get("Content-Type"); got != problem.ContentType {
		t.Fatalf("%s %s: %s is of type %q, not a problem: %.200s", a.Request.Method, a.Request.URL, a.Status, got, a.body)
	}
	a.decode(t, &p)
	if p.Code != code || a.StatusCode != problem.StatusOf(code) {
		t.Fatalf("%s %s: %d %s, want %s", a.Request.Method, a.Request.URL, a.StatusCode, a.body, code)
	}
	if p.RequestID == "" || p.RequestID != a.Header.Get(problem.RequestIDHeader) {
		t.Errorf("%s: request id %q in the body, %q in the header", a.Request.URL, p.RequestID, a.Header.Get(problem.RequestIDHeader))
	}
	return p
}

func (a answer) want(t testing.TB, status int) answer {
	t.Helper()
	if a.StatusCode != status {
		t.Fatalf("%s %s: %d, want %d: %.300s", a.Request.Method, a.Request.URL, a.StatusCode, status, a.body)
	}
	return a
}

// form is a multipart body with one part.
func form(t testing.TB, field, name string, content []byte) (io.Reader, string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	h := textproto.MIMEHeader{}
	h.Set("Content-Disposition", `form-data; name="`+field+`"; filename="`+name+`"`)
	h.Set("Content-Type", "application/pdf")
	part, err := w.CreatePart(h)
	must(t, err)
	_, err = part.Write(content)
	must(t, err)
	must(t, w.Close())
	return &b, w.FormDataContentType()
}

// pdf returns random bytes that begin like a PDF.
func pdf(size int) []byte {
	b := bytes.Repeat([]byte("a line of a document\n"), size/21+1)[:size]
	copy(b, "%PDF-1.7\n%"+uuid.NewString()+"\n")
	return b
}

func (s *system) upload(owner string, content []byte, header ...string) answer {
	s.t.Helper()
	body, contentType := form(s.t, "file", "transcript.pdf", content)
	q := request{method: http.MethodPost, path: "/api/timeline/upload", owner: owner, body: body, header: map[string]string{"Content-Type": contentType}}
	for i := 0; i+1 < len(header); i += 2 {
		q.header[header[i]] = header[i+1]
	}
	return s.do(q)
}

// accepted uploads a document and returns its job.
func (s *system) accepted(owner string) job.ID {
	s.t.Helper()
	var a struct {
		JobID job.ID `json:"jobId"`
	}
	s.upload(owner, pdf(1000)).want(s.t, http.StatusAccepted).decode(s.t, &a)
	return a.JobID
}

// result returns a timeline of a student in the first years.
func (s *system) result() *timeline.Result {
	s.t.Helper()
	r, err := timeline.NewBuilder(s.cat).FromForm(timeline.Form{Degree: "BEng in Software Engineering", FirstTerm: "Fall 2026", IsCoop: true}, now)
	must(s.t, err)
	return r
}

// done uploads a document and ends its job with a result, as a worker does.
func (s *system) done(owner string) job.ID {
	s.t.Helper()
	id := s.accepted(owner)
	stored, err := resultcodec.EncodeResult(s.result())
	must(s.t, err)
	record, _, err := s.jobs.BeginAttempt(s.t.Context(), id, 1)
	must(s.t, err)
	must(s.t, s.jobs.CompleteJob(s.t.Context(), id, record.Fence, stored))
	return id
}

type gate struct {
	mu     sync.Mutex
	closed bool
}

func (g *gate) IsReady() bool { g.mu.Lock(); defer g.mu.Unlock(); return !g.closed }
func (g *gate) close()        { g.mu.Lock(); defer g.mu.Unlock(); g.closed = true }

// openCache returns a client of a Redis that ends with the test.
func openCache(t testing.TB, url string) redis.UniversalClient {
	t.Helper()
	client, err := redisurl.Open(url)
	must(t, err)
	t.Cleanup(func() { client.Close() })
	return client
}
