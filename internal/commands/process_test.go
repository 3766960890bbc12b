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
	"strings"
	"sync"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/apiclient"
	"github.com/trackmydegree/trackmydegree/internal/commands"
	"github.com/trackmydegree/trackmydegree/internal/program"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
	"github.com/trackmydegree/trackmydegree/internal/testenv/testkit"
)

const jwtSecret = testkit.JWTSecret

// server is a role in its own process, and its API.
type server struct{ *testkit.Role }

// noServer is for commands that need no server.
func noServer() *server { return &server{&testkit.Role{}} }

// startRole starts a role and waits until it is ready.
func startRole(t *testing.T, role string, port int, env ...string) *server {
	t.Helper()
	return &server{testkit.StartRole(t, role, port, env...)}
}

// runCommand runs a command of tmd to its end.
func (s *server) runCommand(t *testing.T, env []string, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	code := commands.Run(t.Context(), program.Process{Args: args, Environ: append([]string{"TMD_URL=" + s.Base}, env...), Stdout: &out, Stderr: &errs})
	return result{code, out.String(), errs.String()}
}

// countFiles counts what is in a folder.
func countFiles(t *testing.T, dir string) int {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// sendRequest sends a request to the API as the caller whom the token names.
func (s *server) sendRequest(t *testing.T, token string, q apiclient.Request) apiclient.Response {
	t.Helper()
	resp, err := apiclient.New(apiclient.Options{BaseURL: s.Base, Token: token}).Send(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// getJSON reads JSON of the API.
func (s *server) getJSON(t *testing.T, token, path string, into any) int {
	t.Helper()
	resp := s.sendRequest(t, token, apiclient.Request{Path: path})
	if err := json.Unmarshal(resp.Body, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return resp.StatusCode
}

// jobStatus is the part of a job that the tests read.
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

func decodeUploads(t *testing.T, r result) []uploaded {
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

// submitDocument sends a document and does not wait for its job.
func (s *server) submitDocument(t *testing.T, token, file string) jobStatus {
	t.Helper()
	resp := s.postDocument(t, token, file)
	var j jobStatus
	if err := json.Unmarshal(resp.Body, &j); err != nil || resp.StatusCode != http.StatusAccepted {
		t.Fatalf("got status %d, %v; want %d", resp.StatusCode, err, http.StatusAccepted)
	}
	return j
}

// offerDocument sends a document and returns the status, and Retry-After if there is one.
func (s *server) offerDocument(t *testing.T, token, file string) (status int, after string) {
	t.Helper()
	resp := s.postDocument(t, token, file)
	return resp.StatusCode, resp.Header.Get("Retry-After")
}

// postDocument sends a document. A comment behind its end makes each one different.
func (s *server) postDocument(t *testing.T, token, file string) apiclient.Response {
	t.Helper()
	pdf, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	form := apiclient.NewDocumentForm(fmt.Appendf(pdf, "\n%%%s\n", rand.Text()))
	return s.sendRequest(t, token, apiclient.Request{
		Method: http.MethodPost, Path: apiclient.UploadPath, ContentType: form.ContentType, Body: form.Body,
	})
}

// waitForState waits for a state of a job.
func (s *server) waitForState(t *testing.T, token, id, want string) jobStatus {
	t.Helper()
	var j jobStatus
	testenv.Eventually(t, "the job is "+want, func() bool {
		s.getJSON(t, token, "/api/timeline/status/"+id+"?result=false", &j)
		if j.Status != want && (j.Status == "done" || j.Status == "failed") {
			t.Fatalf("the job is %+v, want %s", j, want)
		}
		return j.Status == want
	})
	return j
}

// sentry stores the error reports that it receives.
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

func (s *sentry) dsnURL() string { return strings.Replace(s.URL, "http://", "http://key@", 1) + "/7" }

// findReport returns the first report that contains all the parts.
func (s *sentry) findReport(parts ...string) (string, bool) {
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
