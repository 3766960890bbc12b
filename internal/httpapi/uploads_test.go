package httpapi_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

func TestUpload(t *testing.T) {
	t.Parallel()
	s := setup(t)
	content := pdf(60_000)
	a := s.upload("ann", content).want(t, http.StatusAccepted)
	var got struct {
		JobID  job.ID    `json:"jobId"`
		Status job.State `json:"status"`
	}
	a.decode(t, &got)
	if got.Status != job.Queued || a.Header.Get("Location") != "/api/timeline/status/"+string(got.JobID) {
		t.Errorf("%s, Location %s", a.body, a.Header.Get("Location"))
	}
	kept, err := os.ReadFile(filepath.Join(s.uploads, string(got.JobID)+".pdf"))
	must(t, err)
	if !bytes.HasPrefix(kept, content) { // its ticket follows
		t.Errorf("%d bytes are kept, want those of the document first, %d", len(kept), len(content))
	}
	s.get("ann", a.Header.Get("Location")).want(t, http.StatusOK)
}

// countedBody counts the reads of a body: each is a system call on a connection.
type countedBody struct {
	io.Reader
	reads int
}

func (b *countedBody) Read(p []byte) (int, error) { b.reads++; return b.Reader.Read(p) }

func TestUploadReadsLargePieces(t *testing.T) {
	t.Parallel()
	s := setup(t)
	content := pdf(1 << 20)
	body, contentType := form(t, "file", "x.pdf", content)
	counted := &countedBody{Reader: body}
	r := s.request(request{method: http.MethodPost, path: "/api/timeline/upload", owner: "ann", body: counted,
		header: map[string]string{"Content-Type": contentType}})
	w := httptest.NewRecorder()
	s.api.Server().Handler.ServeHTTP(w, r)
	if w.Code != http.StatusAccepted {
		t.Fatalf("got %d, want %d", w.Code, http.StatusAccepted)
	}
	if most := 1<<20/(64<<10) + 4; counted.reads > most {
		t.Errorf("reads of a body of 1 MiB: got %d, want at most %d", counted.reads, most)
	}
	files := s.files()
	kept, err := os.ReadFile(filepath.Join(s.uploads, files[slices.IndexFunc(files, func(f string) bool { return strings.HasSuffix(f, ".pdf") })]))
	must(t, err)
	if !bytes.HasPrefix(kept, content) { // its ticket follows
		t.Errorf("got %d bytes stored, want the %d of the document first", len(kept), len(content))
	}
}

func TestUploadRefuses(t *testing.T) {
	t.Parallel()
	s := setup(t)
	raw := func(contentType, body string) func(*system) answer {
		return func(s *system) answer {
			return s.do(request{method: http.MethodPost, path: "/api/timeline/upload", owner: "ann",
				header: map[string]string{"Content-Type": contentType}, body: strings.NewReader(body)})
		}
	}
	part := func(field string, content []byte) func(*system) answer {
		return func(s *system) answer {
			body, contentType := form(s.t, field, "x.pdf", content)
			return s.do(request{method: http.MethodPost, path: "/api/timeline/upload", owner: "ann",
				header: map[string]string{"Content-Type": contentType}, body: body})
		}
	}
	boundary := "multipart/form-data; boundary=b"
	head := "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.pdf\"\r\n\r\n"
	for _, c := range []struct {
		name string
		send func(*system) answer
		code fault.Code
		says string // in detail
	}{
		{"another field name", part("document", pdf(100)), fault.BadRequest, `"file"`},
		{"no field name", part("", pdf(100)), fault.BadRequest, `"file"`},
		{"no part", raw(boundary, "--b--\r\n"), fault.BadRequest, `"file"`},
		{"no body", raw(boundary, ""), fault.BadRequest, `"file"`},
		{"no boundary", raw("multipart/form-data", head), fault.BadRequest, `"file"`},
		{"another boundary", raw("multipart/form-data; boundary=c", head), fault.BadRequest, `"file"`},
		{"two documents", raw(boundary, head+"%PDF-1.7\r\n"+head+"%PDF-1.7\r\n--b--\r\n"), fault.BadRequest, `"file"`},
		{"a field after it", raw(boundary, head+"%PDF-1.7\r\n--b\r\nContent-Disposition: form-data; name=\"more\"\r\n\r\nx\r\n--b--\r\n"), fault.BadRequest, `"file"`},
		{"no end", raw(boundary, head+"%PDF-1.7 and then nothing"), fault.BadRequest, `"file"`},
		{"half a boundary", raw(boundary, head+"%PDF-1.7\r\n--b"), fault.BadRequest, `"file"`},
		{"headers without an end", raw(boundary, "--b\r\nX: "+strings.Repeat("x", 1<<20)), fault.BadRequest, `"file"`},
		{"many headers", raw(boundary, "--b\r\n"+strings.Repeat("X: y\r\n", 100_000)), fault.BadRequest, `"file"`},
		{"a zero byte in a name", raw(boundary, "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\x00b.pdf\"\r\n\r\n%PDF-1.7\r\n--b--\r\n"), fault.BadRequest, `"file"`},
		{"an empty file", part("file", nil), fault.NotAPDF, ""},
		{"no PDF", part("file", []byte("GIF89a and so on")), fault.NotAPDF, ""},
		{"a web page", part("file", []byte("<html>%PDF</html>")), fault.NotAPDF, ""},
		{"JSON", raw("application/json", "{}"), fault.UnsupportedKind, "multipart/form-data"},
		{"a bare PDF", raw("application/pdf", "%PDF-1.7"), fault.UnsupportedKind, "multipart/form-data"},
		{"no type", raw("", "%PDF-1.7"), fault.UnsupportedKind, "multipart/form-data"},
		{"too large", part("file", pdf(10<<20+1)), fault.TooLarge, "10 MiB"},
		{"too large, of unknown length", func(s *system) answer {
			body, contentType := form(s.t, "file", "x.pdf", pdf(11<<20))
			return s.do(request{method: http.MethodPost, path: "/api/timeline/upload", owner: "ann",
				header: map[string]string{"Content-Type": contentType}, body: struct{ io.Reader }{body}})
		}, fault.TooLarge, "10 MiB"},
		{"a priority without the role", func(s *system) answer {
			return s.do(request{method: http.MethodPost, path: "/api/timeline/upload?priority=high", owner: "ann"})
		}, fault.Forbidden, "priority"},
		{"an unknown priority", func(s *system) answer {
			return s.do(request{method: http.MethodPost, path: "/api/timeline/upload?priority=urgent", owner: "ann", roles: []string{"priority"}})
		}, fault.BadRequest, "high or low"},
		{"a long idempotency key", func(s *system) answer { return s.upload("ann", pdf(100), "Idempotency-Key", strings.Repeat("k", 129)) }, fault.BadRequest, "Idempotency-Key"},
		{"an idempotency key with spaces", func(s *system) answer { return s.upload("ann", pdf(100), "Idempotency-Key", "a b") }, fault.BadRequest, "Idempotency-Key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := c.send(s.in(t)).wantProblem(t, c.code)
			if !strings.Contains(p.Detail, c.says) {
				t.Errorf("%q does not say %q", p.Detail, c.says)
			}
		})
	}
	if files := s.files(); len(files) != 0 {
		t.Errorf("left behind: %v", files)
	}
	if keys := s.redis.Keys(t.Context(), "job:*").Val(); len(keys) != 0 {
		t.Errorf("left behind: %v", keys)
	}
}

// The API ignores the names and types that clients send, so they cannot be abused.
func TestUploadIgnoresWhatTheClientCallsTheFile(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for _, name := range []string{"../../etc/passwd", `..\\..\\boot.ini`, "/etc/cron.d/x", "CON", strings.Repeat("n", 5000) + ".pdf", ".htaccess", "%2e%2e%2fx", "résumé.pdf", ""} {
		body, contentType := form(t, "file", name, pdf(200))
		s.do(request{method: http.MethodPost, path: "/api/timeline/upload", owner: "ann",
			header: map[string]string{"Content-Type": contentType}, body: body}).want(t, http.StatusAccepted)
	}
	for _, f := range s.files() {
		id, end, _ := strings.Cut(f, ".")
		if _, err := uuid.Parse(id); err != nil || end != "pdf" && end != "json" {
			t.Errorf("a file named %q", f)
		}
	}
	if around, err := os.ReadDir(filepath.Dir(s.uploads)); err != nil || len(around) != 2 {
		t.Errorf("outside of the folder: %v %v", around, err) // the folder and the store
	}
	if strings.Contains(s.log.String(), "passwd") || strings.Contains(s.log.String(), "boot.ini") {
		t.Error("a file's name is in the log")
	}
}

func TestUploadWithAPriority(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for priority, queue := range map[string]string{"high": "courseProcessor-high", "low": "courseProcessor-low"} {
		body, contentType := form(t, "file", "x.pdf", pdf(100))
		s.do(request{method: http.MethodPost, path: "/api/timeline/upload?priority=" + priority, owner: "ann", roles: []string{"priority"},
			header: map[string]string{"Content-Type": contentType}, body: body}).want(t, http.StatusAccepted)
		if n := s.redis.LLen(t.Context(), "asynq:{"+queue+"}:pending").Val(); n != 1 {
			t.Errorf("%d tasks in %s", n, queue)
		}
	}
}

func TestUploadTwiceWithOneKey(t *testing.T) {
	t.Parallel()
	s := setup(t)
	first := s.upload("ann", pdf(100), "Idempotency-Key", "k1").want(t, http.StatusAccepted)
	again := s.upload("ann", pdf(100), "Idempotency-Key", "k1").want(t, http.StatusAccepted)
	if !bytes.Equal(first.body, again.body) || len(s.files()) != 1 {
		t.Errorf("%s then %s, files %v", first.body, again.body, s.files())
	}
	if other := s.upload("bob", pdf(100), "Idempotency-Key", "k1").want(t, http.StatusAccepted); bytes.Equal(first.body, other.body) {
		t.Error("another owner was given the job")
	}
	// The job has changed since: the repeated request returns its present state.
	var job1 struct {
		JobID job.ID `json:"jobId"`
	}
	first.decode(t, &job1)
	_, _, err := s.jobs.BeginAttempt(t.Context(), job1.JobID, 1)
	must(t, err)
	if a := s.upload("ann", pdf(100), "Idempotency-Key", "k1"); !strings.Contains(string(a.body), `"processing"`) {
		t.Errorf("%s", a.body)
	}
}

// The same document, or form, of the same owner is the same job while that is open, unless force is set.
func TestTheSameContentTwice(t *testing.T) {
	t.Parallel()
	s := setup(t)
	content := pdf(100)
	document := func(owner, query string) answer {
		body, contentType := form(s.t, "file", "transcript.pdf", content)
		return s.do(request{method: http.MethodPost, path: "/api/timeline/upload" + query, owner: owner, body: body,
			header: map[string]string{"Content-Type": contentType}})
	}
	plan := func(owner, query string) answer {
		return s.json(http.MethodPost, owner, "/api/timeline/form"+query, `{"degree":"BEng in Software Engineering","firstTerm":"Fall 2026"}`)
	}
	for kind, send := range map[string]func(owner, query string) answer{"file": document, "form": plan} {
		id := func(a answer) (j struct {
			JobID  job.ID
			Status job.State
		}) {
			a.want(t, http.StatusAccepted).decode(t, &j)
			return j
		}
		first := id(send("ann", ""))
		before := len(s.files())
		if again := id(send("ann", "?force=false")); again != first {
			t.Errorf("%s: %v, then %v", kind, first, again)
		}
		if len(s.files()) != before {
			t.Errorf("%s: files %v", kind, s.files())
		}
		if other := id(send("bob", "")); other == first {
			t.Errorf("%s: another owner was given the job", kind)
		}
		if forced := id(send("ann", "?force=true")); forced == first {
			t.Errorf("%s: no other job although it was asked for", kind)
		}
		send("ann", "?force=maybe").wantProblem(t, fault.BadRequest)
	}
}

// An owner at the limit of open jobs is refused before the document is sent.
func TestTooManyJobs(t *testing.T) {
	t.Parallel()
	s := setup(t, withMaxJobs(2))
	first := s.accepted("ann")
	s.accepted("ann")
	refused := s.upload("ann", pdf(100))
	if p := refused.wantProblem(t, fault.TooManyJobs); !strings.Contains(p.Detail, "2 jobs") || refused.Header.Get("Retry-After") == "" {
		t.Errorf("%+v, %v", p, refused.Header)
	}
	c := s.dial(s.uploadHead("Content-Length: 5000000"))
	_, err := io.WriteString(c, "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n%PDF-1.7")
	must(t, err)
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	must(t, err)
	must(t, res.Body.Close())
	if res.StatusCode != http.StatusTooManyRequests {
		t.Error(res.Status)
	}
	s.accepted("bob")
	s.do(request{method: http.MethodDelete, path: "/api/timeline/status/" + string(first), owner: "ann"}).want(t, http.StatusNoContent)
	s.accepted("ann")
}

// The body of a repeated upload is read to its end, whatever its size, for clients that write first and read later.
func TestLargeUploadTwiceWithOneKey(t *testing.T) {
	t.Parallel()
	s := setup(t)
	body, contentType := form(t, "file", "x.pdf", pdf(8<<20))
	content, err := io.ReadAll(body)
	must(t, err)
	for range 2 {
		c := s.dial(fmt.Sprintf("POST /api/timeline/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\n"+
			"Content-Length: %d\r\nIdempotency-Key: k1\r\n\r\n", token(t, "ann"), contentType, len(content)))
		_, err := c.Write(content)
		must(t, err)
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		must(t, err)
		defer res.Body.Close()
		if res.StatusCode != http.StatusAccepted || res.Close {
			t.Errorf("%s, close %v", res.Status, res.Close)
		}
	}
}

// A key names one request: a request of another kind does not receive the first one's job.
func TestOneKeyForTwoKinds(t *testing.T) {
	t.Parallel()
	s := setup(t)
	const degree = `{"degree":"BEng in Software Engineering","firstTerm":"Fall 2026"}`
	s.upload("ann", pdf(100), "Idempotency-Key", "k1").want(t, http.StatusAccepted)
	s.json(http.MethodPost, "ann", "/api/timeline/form", degree, "Idempotency-Key", "k1").wantProblem(t, fault.Conflict)
	s.json(http.MethodPost, "ann", "/api/timeline/form", degree, "Idempotency-Key", "k2").want(t, http.StatusAccepted)
	s.upload("ann", pdf(100), "Idempotency-Key", "k2").wantProblem(t, fault.Conflict)
}
