// Package browser tests the page of the API in a real browser. The API, the worker and the parser are `tmd all`, in
// its own process.
package browser_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/trackmydegree/trackmydegree/internal/commands"
	"github.com/trackmydegree/trackmydegree/internal/program"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// TestMain makes the test program act as tmd when it runs under that name. The parser's children keep the name.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "tmd" {
		os.Exit(program.RunUntilSignal(commands.Run))
	}
	os.Exit(m.Run())
}

const jwtSecret = "a-secret-for-tests-only-0123456789abcdef"

// system is tmd all on an empty folder.
type system struct{ base string }

func startSystem(t *testing.T) system {
	t.Helper()
	return startSystemAt(t, testenv.FreePort(t))
}

// startSystemAt starts tmd all on a port, with more settings.
func startSystemAt(t *testing.T, at int, settings ...string) system {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	port := strconv.Itoa(at)
	process := testenv.StartProcess(t, &exec.Cmd{Path: self, Args: []string{"tmd", "all"}, Env: append([]string{
		"NODE_ENV=test", "AUTH_MODE=jwt", "JWT_SECRET=" + jwtSecret, "TMD_LISTEN_HOST=127.0.0.1", "BACKEND_PORT=" + port,
		"TMD_METRICS_ADDR=off", "TMD_DATA_DIR=" + t.TempDir(), "TMD_CACHE_DIR=" + testenv.WasmCache(),
		"TMD_PARSER_CHILDREN=1", "TMD_SHUTDOWN_GRACE=5s",
	}, settings...)})
	s := system{base: "http://127.0.0.1:" + port}
	testenv.EventuallyWithin(t, time.Minute, "tmd all is ready", func() bool {
		select {
		case <-process.Done():
			t.Fatalf("tmd all ended with exit code %d", process.ExitCode())
		default:
		}
		res, err := http.Get(s.base + "/readyz")
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
	return s
}

// get decodes the JSON of a successful answer into v.
func (s system) get(t *testing.T, path string, v any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.base+path, nil)
	must(t, err)
	s.send(t, r, v)
}

// mostRetries bounds how often a request is sent again to a system that is busy for the moment.
const mostRetries = 12

// send decodes the JSON of a successful answer into v. A system that asks for patience (429, 503) gets the request
// again after the time that it names, at most mostRetries times.
func (s system) send(t *testing.T, r *http.Request, v any) {
	t.Helper()
	r.Header.Set("Authorization", "Bearer "+ownerToken(t))
	for tries := 0; ; tries++ {
		res, err := http.DefaultClient.Do(r)
		must(t, err)
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		must(t, err)
		if res.StatusCode < http.StatusBadRequest {
			must(t, json.Unmarshal(body, v))
			return
		}
		wait, isBusy := retryAfter(res)
		if !isBusy || tries == mostRetries {
			t.Fatalf("%s %s: got %s after %d retries, want success: %s", r.Method, r.URL.Path, res.Status, tries, body)
		}
		select {
		case <-time.After(wait):
		case <-t.Context().Done():
			t.Fatalf("%s %s: %v", r.Method, r.URL.Path, t.Context().Err())
		}
		if r.GetBody != nil {
			r.Body, err = r.GetBody()
			must(t, err)
		}
	}
}

// retryAfter reads from a refusal whether, and after which time, the same request is welcome again.
func retryAfter(res *http.Response) (time.Duration, bool) {
	if res.StatusCode != http.StatusServiceUnavailable && res.StatusCode != http.StatusTooManyRequests {
		return 0, false
	}
	seconds, err := strconv.Atoi(res.Header.Get("Retry-After"))
	if err != nil || seconds < 1 {
		seconds = 1
	}
	return min(time.Duration(seconds)*time.Second, 10*time.Second), true
}

// finishJob uploads a transcript, waits until its job is done and returns the job's id.
func (s system) finishJob(t *testing.T) string {
	t.Helper()
	return s.finishDocument(t, transcript())
}

// finishDocument uploads a document, waits until its job is done or has failed and returns the job's id.
func (s system) finishDocument(t *testing.T, path string) string {
	t.Helper()
	document, err := os.ReadFile(path)
	must(t, err)
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "document.pdf")
	must(t, err)
	_, err = part.Write(document)
	must(t, err)
	must(t, form.Close())
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.base+"/api/timeline/upload?force=true", &body)
	must(t, err)
	r.Header.Set("Content-Type", form.FormDataContentType())
	var accepted struct{ JobID string }
	s.send(t, r, &accepted)
	s.awaitJob(t, accepted.JobID)
	return accepted.JobID
}

// awaitJob waits until a job is done or has failed.
func (s system) awaitJob(t *testing.T, id string) {
	t.Helper()
	testenv.EventuallyWithin(t, time.Minute, "the job is done", func() bool {
		var job struct{ Status string }
		s.get(t, "/api/timeline/status/"+id+"?result=false", &job)
		return job.Status == "done" || job.Status == "failed"
	})
}

// saveJob saves the result of a job under a name and returns the id of the saved timeline.
func (s system) saveJob(t *testing.T, job, name string) string {
	t.Helper()
	body, err := json.Marshal(map[string]string{"jobId": job, "timelineName": name})
	must(t, err)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.base+"/api/timelines", bytes.NewReader(body))
	must(t, err)
	r.Header.Set("Content-Type", "application/json")
	var saved struct {
		ID string `json:"_id"`
	}
	s.send(t, r, &saved)
	return saved.ID
}

// transcript is the path of a synthetic document.
func transcript() string {
	return filepath.Join(testenv.RepoRoot(), "tests", "documents", "transcripts", "soen-coop.pdf")
}

// ownerToken is a valid token of one owner.
func ownerToken(t *testing.T) string {
	t.Helper()
	return tokenOf(t, "ann")
}

// tokenOf returns a token of a user with roles.
func tokenOf(t *testing.T, subject string, roles ...string) string {
	t.Helper()
	claims := jwt.MapClaims{"sub": subject, "roles": roles, "exp": time.Now().Add(time.Hour).Unix()}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(jwtSecret))
	must(t, err)
	return token
}

// countOperations counts the operations of the API's OpenAPI document.
func countOperations(t *testing.T, s system) int {
	t.Helper()
	var document struct {
		Paths map[string]map[string]json.RawMessage
	}
	s.get(t, "/openapi.json", &document)
	operations := 0
	for _, item := range document.Paths {
		for _, method := range []string{"get", "put", "post", "delete", "patch", "head", "options"} {
			if _, ok := item[method]; ok {
				operations++
			}
		}
	}
	return operations
}

// firstYear is the first year of a student of the tests. Its winter is in the future, so that courses can be planned.
func firstYear() string { return fmt.Sprint(time.Now().Year()) }

func nextYear() string { return fmt.Sprint(time.Now().Year() + 1) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
