package commands_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/commands"
	"github.com/trackmydegree/trackmydegree/internal/program"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

const jwtSecret = "0123456789abcdef0123456789abcdef"

// server is a role in a process of its own.
type server struct {
	*testenv.Process
	base string // of the port with its probes
}

// command is the test program as tmd.
func command(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &exec.Cmd{Path: self, Args: append([]string{"tmd"}, args...), Env: append([]string{
		"TMD_CACHE_DIR=" + testenv.WasmCache(), "TMD_METRICS_ADDR=off",
	}, env...)}
}

// startRole starts a role and waits until it is ready.
func startRole(t *testing.T, role string, port int, env ...string) *server {
	t.Helper()
	began := time.Now()
	s := &server{Process: testenv.Start(t, command(t, env, role)), base: "http://127.0.0.1:" + strconv.Itoa(port)}
	testenv.Eventually(t, "tmd "+role+" is ready", func() bool {
		select {
		case <-s.Done():
			t.Fatalf("tmd %s ended with exit code %d", role, s.ExitCode())
		default:
		}
		return s.probe("/readyz") == http.StatusOK
	})
	t.Logf("tmd %s: ready after %v", role, time.Since(began).Round(time.Millisecond))
	return s
}

// probe returns the status of a path, 0 when nothing answers.
func (s *server) probe(path string) int {
	resp, err := http.Get(s.base + path)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// run runs a command of tmd to its end.
func (s *server) run(t *testing.T, env []string, args ...string) ran {
	t.Helper()
	var out, errs bytes.Buffer
	code := commands.Run(t.Context(), program.Process{Args: args, Environ: append([]string{"TMD_URL=" + s.base}, env...), Stdout: &out, Stderr: &errs})
	return ran{code, out.String(), errs.String()}
}

// fixture is the path of a document.
func fixture(name string) string {
	return filepath.Join(testenv.Root(), "tests", "documents", filepath.FromSlash(name)+".pdf")
}

// files counts what is in a folder.
func files(t *testing.T, dir string) int {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// get reads JSON of the API.
func (s *server) get(t *testing.T, token, path string, into any) int {
	t.Helper()
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.base+path, nil)
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return resp.StatusCode
}

// jobStatus is what the tests look at of a job.
type jobStatus struct {
	JobID, Status string
	Attempt       int
	Error         *struct{ Code, Message string }
}

// uploaded is a line of `tmd upload --json`.
type uploaded struct {
	File, JobID string
	Result      *struct {
		Degree    struct{ Name string }
		IsCoop    bool
		Semesters []struct {
			Term    string
			Courses []struct{ Code string }
		}
		Courses map[string]struct {
			Status struct{ Status, Semester string }
		}
		Progress struct {
			Overall struct{ CreditsRequired, Completed float64 }
		}
	}
	Error *struct{ Code, Message string }
}

func uploadedOf(t *testing.T, r ran) []uploaded {
	t.Helper()
	var all []uploaded
	dec := json.NewDecoder(strings.NewReader(r.out))
	for dec.More() {
		var u uploaded
		if err := dec.Decode(&u); err != nil {
			t.Fatalf("%v in %s", err, r.out)
		}
		all = append(all, u)
	}
	return all
}

// submit sends a document and does not wait.
func (s *server) submit(t *testing.T, token, file string) jobStatus {
	t.Helper()
	resp := s.post(t, token, file)
	defer resp.Body.Close()
	var j jobStatus
	if err := json.NewDecoder(resp.Body).Decode(&j); err != nil || resp.StatusCode != http.StatusAccepted {
		t.Fatalf("%s: %v", resp.Status, err)
	}
	return j
}

// offer sends a document and tells the status, and Retry-After if there is one.
func (s *server) offer(t *testing.T, token, file string) (status int, after string) {
	t.Helper()
	resp := s.post(t, token, file)
	defer resp.Body.Close()
	return resp.StatusCode, resp.Header.Get("Retry-After")
}

// post sends a document. A comment behind its end makes it another than all before.
func (s *server) post(t *testing.T, token, file string) *http.Response {
	t.Helper()
	pdf, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	fmt.Fprint(&b, "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"t.pdf\"\r\nContent-Type: application/pdf\r\n\r\n")
	b.Write(pdf)
	fmt.Fprintf(&b, "\n%%%s\n\r\n--x--\r\n", rand.Text())
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, s.base+"/api/timeline/upload", &b)
	req.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// until waits for a state of a job.
func (s *server) until(t *testing.T, token, id, want string) jobStatus {
	t.Helper()
	var j jobStatus
	testenv.Eventually(t, "the job is "+want, func() bool {
		s.get(t, token, "/api/timeline/status/"+id+"?result=false", &j)
		if j.Status != want && (j.Status == "done" || j.Status == "failed") {
			t.Fatalf("the job is %+v, want %s", j, want)
		}
		return j.Status == want
	})
	return j
}

// sentry keeps the error reports that it is sent.
type sentry struct {
	*httptest.Server
	mu      sync.Mutex
	reports []string
}

func newSentry(t *testing.T) *sentry {
	s := &sentry{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.reports = append(s.reports, string(b))
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *sentry) dsn() string { return strings.Replace(s.URL, "http://", "http://key@", 1) + "/7" }

// with returns the first report that holds all the parts.
func (s *sentry) with(parts ...string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
next:
	for _, r := range s.reports {
		for _, p := range parts {
			if !strings.Contains(r, p) {
				continue next
			}
		}
		return r, true
	}
	return "", false
}
