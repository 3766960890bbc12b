package commands_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/advising"
	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/commands"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/problem"
	"github.com/trackmydegree/trackmydegree/internal/program"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

const (
	adviceJob      = "6f1c7b9e-3c7e-4c2a-9d35-7a8f3f6f2f11"
	adviceTimeline = "0123456789abcdef01234567"
)

func runAdvice(t *testing.T, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	code := commands.Run(t.Context(), program.Process{Args: args, Environ: []string{"TMD_TOKEN=secret-token"}, Stdout: &out, Stderr: &errs})
	return result{code, out.String(), errs.String()}
}

// writeFacts writes the facts of a student of software engineering, as `tmd parse --full` prints them.
func writeFacts(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "facts.json")
	facts := `{"kind":"transcript","programInfo":{"degree":"Bachelor of Engineering, Software Engineering"},
		"semesters":[{"term":"Fall 2025","courses":[{"code":"COMP 248","title":"OBJECT-ORIENTED PROGRAMMING I","creditsAttempted":3.5,"creditsEarned":3.5,"grade":"A"}]}]}`
	if err := os.WriteFile(path, []byte(facts), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A document's facts are answered without a server.
func TestAdviceOnAFile(t *testing.T) {
	t.Parallel()
	file := writeFacts(t)
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"audit", file}, []string{"BEng in Software Engineering", "Engineering Core", "Next could be", "Graduation: "}},
		{[]string{"audit", file, "--explain", "comp248"}, []string{"COMP 248", "3.5 credits count in "}},
		{[]string{"audit", file, "--degree", "BCompSc in Computer Science"}, []string{"BCompSc in Computer Science", "90"}},
		{[]string{"whatif", file}, []string{"From BEng in Software Engineering", "(yours)", "BEng in Building Engineering"}},
		{[]string{"plan", file, "--max-credits", "15", "--no-summers"}, []string{"terms of study, to ", "SOEN 490", "to be chosen"}},
	} {
		got := runAdvice(t, c.args...)
		if got.code != 0 {
			t.Errorf("%v: exit code %d: %s", c.args, got.code, got.err)
		}
		for _, text := range c.want {
			if !strings.Contains(got.out, text) {
				t.Errorf("%v: got %s, want %q in it", c.args, got.out, text)
			}
		}
	}
	var whole audit.Audit
	if got := runAdvice(t, "audit", file, "--json"); json.Unmarshal([]byte(got.out), &whole) != nil || whole.Totals.Completed != audit.Quarters(3.5) {
		t.Errorf("got %s, want 3.5 credits completed", got.out)
	}
	var all advising.Comparison
	if got := runAdvice(t, "whatif", file, "--json"); json.Unmarshal([]byte(got.out), &all) != nil || len(all.Degrees) < 10 {
		t.Errorf("got %s, want every degree", got.out)
	}
	var plan timeline.PlanNotes
	if got := runAdvice(t, "plan", file, "--json", "--summers"); json.Unmarshal([]byte(got.out), &plan) != nil || !plan.Request.Summers || len(plan.Terms) == 0 {
		t.Errorf("got %s, want a plan with summers", got.out)
	}
}

func TestAdviceIsRefused(t *testing.T) {
	t.Parallel()
	file := writeFacts(t)
	broken := filepath.Join(t.TempDir(), "broken.json")
	failed := filepath.Join(t.TempDir(), "failed.json")
	for path, text := range map[string]string{broken: `{"semesters":1}`, failed: `{"error":{"code":"encrypted","message":"The PDF is protected."}}`} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"audit"}, program.ExitUsage, "accepts 1 arg"},
		{[]string{"audit", "nothing"}, program.ExitUsage, "is not a file, nor the id"},
		{[]string{"audit", broken}, program.ExitUsage, "neither a PDF nor the facts"},
		{[]string{"audit", failed}, program.ExitFailed, "The PDF is protected."},
		{[]string{"audit", file, "--explain", "COMP 999"}, program.ExitFailed, "no course COMP 999"},
		{[]string{"audit", file, "--degree", "Alchemy"}, program.ExitFailed, "no such degree"},
		{[]string{"plan", file, "--keep", "COMP 249"}, program.ExitUsage, "--keep"},
		{[]string{"plan", file, "--max-credits", "0"}, program.ExitUsage, "--max-credits"},
		{[]string{"plan", file, "--summers", "--no-summers"}, program.ExitUsage, "summers"},
		{[]string{"plan", file, "--avoid", "COMP 352", "--prefer", "XXXX 999"}, program.ExitFailed, "avoid/0"},
		{[]string{"plan", file, "--avoid", "COMP 352", "--prefer", "XXXX 999"}, program.ExitFailed, "prefer/0"},
	} {
		got := runAdvice(t, c.args...)
		if got.code != c.code || !strings.Contains(got.err, c.want) {
			t.Errorf("%v: got exit code %d and %s; want %d and %q", c.args, got.code, got.err, c.code, c.want)
		}
	}
}

// Jobs and saved timelines are asked for at the API.
func TestAdviceOfAnAPI(t *testing.T) {
	t.Parallel()
	whole := `{"degree":{"id":"d","name":"A degree"},"calendar":"2026-27","totals":{"required":90,"source":"catalogue"},"requirements":[],"courses":[],"remarks":[]}`
	mux := http.NewServeMux()
	answer := func(pattern string, status int, body string) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer secret-token" {
				t.Errorf("%s: got the token %q", pattern, r.Header.Get("Authorization"))
			}
			if status >= http.StatusBadRequest {
				problem.WriteError(w, r, &fault.Error{Code: fault.InvalidForm, Fields: []fault.Field{{Path: "avoid/0", Message: "It is required."}}})
				return
			}
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		})
	}
	answer("GET /api/timeline/status/"+adviceJob+"/audit", http.StatusOK, whole)
	answer("GET /api/timelines/"+adviceTimeline+"/what-if", http.StatusOK, `{"calendar":"2026-27","degree":{"id":"d","name":"A degree"},"degrees":[{"degree":{"id":"d","name":"A degree"}}]}`)
	answer("POST /api/timeline/status/"+adviceJob+"/plan", http.StatusAccepted, `{"jobId":"j1","status":"queued"}`)
	answer("POST /api/timelines/"+adviceTimeline+"/plan", http.StatusUnprocessableEntity, "")
	answer("GET /api/timeline/status/j1/events", http.StatusOK, "data: {\"status\":\"done\"}\n\n")
	stored, err := os.ReadFile(filepath.Join("testdata", "result.json"))
	if err != nil {
		t.Fatal(err)
	}
	planned := `{"plan":{"request":{},"terms":[{"term":"FALL 2027","credits":3,"courses":[{"code":"COMP 249","credits":3,"because":"earliest","message":"Here."}]}],` +
		`"graduation":"FALL 2027","studyTerms":1,"length":1,"bound":1,"optimal":true,"criticalChain":[],"reason":"So."},` + strings.TrimPrefix(strings.TrimSpace(string(stored)), "{")
	answer("GET /api/timeline/status/j1", http.StatusOK, `{"jobId":"j1","status":"done","data":`+planned+`}`)
	api := httptest.NewServer(mux)
	t.Cleanup(api.Close)

	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"audit", adviceJob}, 0, "A degree, calendar 2026-27"},
		{[]string{"whatif", adviceTimeline}, 0, "A degree (yours)"},
		{[]string{"plan", adviceJob}, 0, "COMP 249"},
		{[]string{"plan", adviceJob, "--json"}, 0, `"jobId": "j1"`},
		{[]string{"plan", adviceTimeline}, program.ExitFailed, "avoid/0: It is required."},
	} {
		got := runAdvice(t, append(c.args, "--url", api.URL)...)
		if got.code != c.code || !strings.Contains(got.out+got.err, c.want) {
			t.Errorf("%v: got exit code %d, %s%s; want %d and %q", c.args, got.code, got.out, got.err, c.code, c.want)
		}
	}
	api.Close()
	if got := runAdvice(t, "audit", adviceJob, "--url", api.URL, "--timeout", "30s"); got.code != program.ExitUnreachable {
		t.Errorf("got exit code %d, want %d: %s", got.code, program.ExitUnreachable, got.err)
	}
}
