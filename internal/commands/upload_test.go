package commands_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/commands"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/problem"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

// fakeAPI replaces the API: end-to-end tests cover a real one; this one fails on demand.
type fakeAPI struct {
	*httptest.Server
	mu       sync.Mutex
	uploads  []upload
	accept   func(w http.ResponseWriter, r *http.Request, u upload, n int) // the n-th upload; nil: 202
	events   func(w http.ResponseWriter, n int)
	polled   func(n int) string // the status that a poll finds
	finished string             // the whole status with its result
	streams  atomic.Int32
	polls    atomic.Int32
}

type upload struct{ auth, key, name, body string }

// receivedUploads returns what was uploaded so far.
func (a *fakeAPI) receivedUploads() []upload {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.uploads)
}

func newFakeAPI(t *testing.T) *fakeAPI {
	result, err := os.ReadFile(filepath.Join("testdata", "result.json"))
	if err != nil {
		t.Fatal(err)
	}
	a := &fakeAPI{finished: `{"jobId":"j1","status":"done","data":` + string(result) + `}`}
	a.events = func(w http.ResponseWriter, _ int) {
		fmt.Fprint(w, "data: {\"status\":\"processing\"}\n\ndata: {\"status\":\"done\"}\n\n")
	}
	a.polled = func(int) string { return `{"status":"processing"}` }
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/timeline/upload", func(w http.ResponseWriter, r *http.Request) {
		u := upload{auth: r.Header.Get("Authorization"), key: r.Header.Get("Idempotency-Key")}
		if f, h, err := r.FormFile("file"); err == nil {
			b, _ := io.ReadAll(f)
			u.name, u.body = h.Filename, string(b)
		}
		a.mu.Lock()
		a.uploads = append(a.uploads, u)
		n := len(a.uploads)
		a.mu.Unlock()
		if a.accept != nil {
			a.accept(w, r, u, n)
			return
		}
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprint(w, `{"jobId":"j1","status":"queued"}`)
	})
	mux.HandleFunc("GET /api/timeline/status/{id}/events", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		a.events(w, int(a.streams.Add(1)))
	})
	mux.HandleFunc("GET /api/timeline/status/{id}", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("result") == "true" {
			fmt.Fprint(w, a.finished)
			return
		}
		fmt.Fprint(w, a.polled(int(a.polls.Add(1))))
	})
	a.Server = httptest.NewServer(mux)
	t.Cleanup(a.Close)
	return a
}

// writePDF is a file to send.
func writePDF(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte("%PDF-1.7 "+name), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

type result struct {
	code     int
	out, err string
}

func runUpload(t *testing.T, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	code := commands.Run(t.Context(), program.Process{Args: args, Environ: []string{"TMD_TOKEN=secret-token"}, Stdout: &out, Stderr: &errs})
	return result{code, out.String(), errs.String()}
}

func TestUploadPrintsTheTimeline(t *testing.T) {
	t.Parallel()
	a := newFakeAPI(t)
	got := runUpload(t, "upload", "--url", a.URL+"/", writePDF(t, "Tremblay.pdf"))
	if got.code != 0 {
		t.Fatalf("exit code %d: %s", got.code, got.err)
	}
	golden := filepath.Join("testdata", "timeline.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(got.out), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.out); diff != "" {
		t.Error(diff)
	}
	var lines []string
	for line := range strings.Lines(got.err) {
		_, state, _ := strings.Cut(strings.TrimSpace(line), ": ")
		lines = append(lines, state)
	}
	if diff := cmp.Diff([]string{"queued", "processing", "done"}, lines); diff != "" {
		t.Error(diff)
	}
	u := a.receivedUploads()[0]
	if u.auth != "Bearer secret-token" || u.body != "%PDF-1.7 Tremblay.pdf" || u.key == "" {
		t.Errorf("%+v", u)
	}
	if u.name != "document.pdf" {
		t.Errorf("the file's name leaves the machine: %s", u.name)
	}
}

func TestUploadExpectsCourses(t *testing.T) {
	t.Parallel()
	a := newFakeAPI(t)
	if got := runUpload(t, "upload", "--url", a.URL, "--expect", "COMP 232", "--expect", "ENGR 201", writePDF(t, "a.pdf")); got.code != 0 {
		t.Errorf("exit code %d: %s", got.code, got.err)
	}
	got := runUpload(t, "upload", "--url", a.URL, "--expect", "COMP 232", "--expect", "COMP 999", writePDF(t, "a.pdf"))
	if got.code != 1 || !strings.Contains(got.err, "COMP 999 in none of its terms") {
		t.Errorf("exit code %d: %s", got.code, got.err)
	}
}

func TestUploadAsJSON(t *testing.T) {
	t.Parallel()
	a := newFakeAPI(t)
	a.accept = func(w http.ResponseWriter, r *http.Request, u upload, _ int) {
		if strings.Contains(u.body, "bad") {
			problem.WriteError(w, r, fault.New(fault.NotAPDF))
			return
		}
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprint(w, `{"jobId":"j1","status":"queued"}`)
	}
	good, bad := writePDF(t, "good.pdf"), writePDF(t, "bad.pdf")
	got := runUpload(t, "upload", "--json", "--url", a.URL, good, bad)
	if got.code != 1 {
		t.Errorf("exit code %d: %s", got.code, got.err)
	}
	type line struct {
		File, JobID string
		Result      struct{ Degree struct{ Name string } }
		Error       *struct{ Code, Message string }
	}
	var first, second line
	dec := json.NewDecoder(strings.NewReader(got.out))
	if err := dec.Decode(&first); err != nil {
		t.Fatal(err)
	}
	if err := dec.Decode(&second); err != nil {
		t.Fatal(err)
	}
	if first.File != good || first.JobID != "j1" || first.Result.Degree.Name != "BEng in Software Engineering" {
		t.Errorf("%+v", first)
	}
	if second.File != bad || second.Error == nil || second.Error.Code != "not_a_pdf" {
		t.Errorf("%+v", second)
	}
}

func TestUploadBearsWithAServer(t *testing.T) {
	t.Parallel()
	t.Run("a stream that breaks is opened again", func(t *testing.T) {
		t.Parallel()
		a := newFakeAPI(t)
		a.events = func(w http.ResponseWriter, n int) {
			if n == 1 {
				fmt.Fprint(w, "data: {\"status\":\"processing\"}\n\ndata: {\"sta")
				return
			}
			fmt.Fprint(w, ": alive\n\ndata: {\"status\":\"done\"}\n\n")
		}
		if got := runUpload(t, "upload", "--url", a.URL, writePDF(t, "a.pdf")); got.code != 0 || a.streams.Load() != 2 {
			t.Errorf("%+v after %d streams", got, a.streams.Load())
		}
	})
	t.Run("without streams it asks", func(t *testing.T) {
		t.Parallel()
		a := newFakeAPI(t)
		a.events = func(w http.ResponseWriter, _ int) { w.WriteHeader(http.StatusBadGateway) }
		a.polled = func(n int) string {
			return map[bool]string{true: `{"status":"done"}`, false: `{"status":"processing"}`}[n > 2]
		}
		if got := runUpload(t, "upload", "--url", a.URL, writePDF(t, "a.pdf")); got.code != 0 {
			t.Errorf("%+v", got)
		}
	})
	t.Run("a busy server is asked again with the same key", func(t *testing.T) {
		t.Parallel()
		a := newFakeAPI(t)
		a.accept = func(w http.ResponseWriter, _ *http.Request, _ upload, n int) {
			if n < 3 {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			w.WriteHeader(http.StatusAccepted)
			fmt.Fprint(w, `{"jobId":"j1","status":"queued"}`)
		}
		got := runUpload(t, "upload", "--url", a.URL, writePDF(t, "a.pdf"))
		sent := a.receivedUploads()
		if got.code != 0 || len(sent) != 3 || sent[0].key != sent[2].key || sent[0].body != sent[2].body {
			t.Errorf("%+v, %+v", got, sent)
		}
	})
}

func TestUploadFailures(t *testing.T) {
	t.Parallel()
	failed := func(w http.ResponseWriter, _ int) {
		fmt.Fprint(w, `data: {"status":"failed","error":{"code":"degree_not_found","message":"There is no such degree.","closest":["BEng in Software Engineering"]}}`+"\n\n")
	}
	refuse := func(code fault.Code) func(http.ResponseWriter, *http.Request, upload, int) {
		return func(w http.ResponseWriter, r *http.Request, _ upload, _ int) {
			problem.WriteError(w, r, fault.New(code))
		}
	}
	tests := []struct {
		name   string
		set    func(*fakeAPI)
		code   int
		stderr string
	}{
		{"a failed job", func(a *fakeAPI) { a.events = failed }, 1, "There is no such degree. (degree_not_found) The closest: BEng in Software Engineering."},
		{"a refused document", func(a *fakeAPI) { a.accept = refuse(fault.NotAPDF) }, 1, "This file is not a PDF."},
		{"a missing token", func(a *fakeAPI) { a.accept = refuse(fault.Unauthorized) }, 4, "Set TMD_TOKEN"},
		{"a proxy's page", func(a *fakeAPI) {
			a.accept = func(w http.ResponseWriter, _ *http.Request, _ upload, _ int) {
				http.Error(w, "<html>", http.StatusForbidden)
			}
		}, 4, "The server answered 403 Forbidden."},
		{"a job that is gone", func(a *fakeAPI) {
			a.events = func(w http.ResponseWriter, _ int) {
				w.Header().Set("Content-Type", "application/problem+json")
				w.WriteHeader(http.StatusNotFound)
				fmt.Fprint(w, `{"code":"job_not_found"}`)
			}
			a.polled = func(int) string { return `{"status":"failed","error":{"code":"internal","message":"Gone."}}` }
		}, 1, "Gone."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := newFakeAPI(t)
			tt.set(a)
			got := runUpload(t, "upload", "--url", a.URL, writePDF(t, "a.pdf"))
			if got.code != tt.code || !strings.Contains(got.err, tt.stderr) || got.out != "" {
				t.Errorf("%+v", got)
			}
		})
	}
	t.Run("no server", func(t *testing.T) {
		t.Parallel()
		gone := httptest.NewServer(nil)
		gone.Close()
		file := writePDF(t, "a.pdf")
		if got := runUpload(t, "upload", "--json", "--url", gone.URL, file); got.code != 3 || !strings.Contains(got.out, `"code":"unreachable"`) {
			t.Errorf("%+v", got)
		}
		got := runUpload(t, "upload", "--url", gone.URL, file)
		if got.code != 3 || !strings.Contains(got.err, "there is no answer from "+gone.URL) {
			t.Errorf("%+v", got)
		}
	})
	t.Run("too large a file is not sent", func(t *testing.T) {
		t.Parallel()
		a := newFakeAPI(t)
		large := filepath.Join(t.TempDir(), "large.pdf")
		if err := os.WriteFile(large, make([]byte, 10<<20+1), 0o600); err != nil {
			t.Fatal(err)
		}
		got := runUpload(t, "upload", "--url", a.URL, large)
		if got.code != 1 || len(a.receivedUploads()) != 0 || !strings.Contains(got.err, "larger than 10 MiB") {
			t.Errorf("%+v", got)
		}
	})
	t.Run("it does not wait for ever", func(t *testing.T) {
		t.Parallel()
		a := newFakeAPI(t)
		a.events = func(w http.ResponseWriter, _ int) {
			w.WriteHeader(http.StatusOK)
			w.(http.Flusher).Flush()
			<-t.Context().Done()
		}
		t.Cleanup(a.CloseClientConnections)
		got := runUpload(t, "upload", "--json", "--timeout", "100ms", "--url", a.URL, writePDF(t, "a.pdf"))
		if got.code != 1 || !strings.Contains(got.out, `"message":"not done after 100ms (--timeout)"`) {
			t.Errorf("%+v", got)
		}
	})
	t.Run("interrupted", func(t *testing.T) {
		t.Parallel()
		a := newFakeAPI(t)
		ctx, interrupt := context.WithCancel(t.Context())
		a.events = func(http.ResponseWriter, int) { interrupt() }
		var out, errs bytes.Buffer
		code := commands.Run(ctx, program.Process{Args: []string{"upload", "--url", a.URL, writePDF(t, "a.pdf")}, Stdout: &out, Stderr: &errs})
		if code != 130 {
			t.Errorf("exit code %d: %s", code, errs.String())
		}
	})
}
