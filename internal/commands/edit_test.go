package commands_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/commands"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/problem"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

const editedAnswer = `{"version":7,"changed":{
	"semesters":[{"term":"FALL 2027","courses":[{"code":"COMP 352"}]}],
	"credits":{"overall":{"gained":{"planned":3,"remaining":-3}},"pools":[{"name":"Core","gained":{"planned":3}}]},
	"moved":[{"course":"COMP 442","from":["Core"],"to":[]}],
	"remarks":{"appeared":[{"code":"overload","level":"error","message":"FALL 2027 holds 20 credits.","remedy":"Move one."}],"gone":[]}}}`

// serveEdits returns an API whose edits answer with editedAnswer, and the bodies that it received.
func serveEdits(t *testing.T) (url string, bodies *[]string) {
	t.Helper()
	bodies = new([]string)
	mux := http.NewServeMux()
	edit := func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*bodies = append(*bodies, r.Header.Get("If-Match")+string(body))
		if strings.Contains(string(body), "COMP 999") {
			problem.WriteError(w, r, &fault.Error{Code: fault.InvalidForm, Fields: []fault.Field{{Path: "changes/0/course", Message: "There is no such course."}}})
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, editedAnswer)
	}
	mux.HandleFunc("PATCH /api/timeline/status/"+adviceJob, edit)
	mux.HandleFunc("PATCH /api/timelines/"+adviceTimeline, edit)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL, bodies
}

func runEdit(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	code := commands.Run(t.Context(), program.Process{
		Args: append([]string{"edit"}, args...), Environ: []string{"TMD_TOKEN=secret-token"}, Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &errs,
	})
	return result{code, out.String(), errs.String()}
}

func TestEdit(t *testing.T) {
	t.Parallel()
	url, bodies := serveEdits(t)
	move := `{"changes":[{"op":"moveCourse","to":"FALL 2027","course":"COMP 352"}]}`
	for name, c := range map[string]struct {
		stdin string
		args  []string
		sent  string
	}{
		"arguments":         {"", []string{adviceJob, "moveCourse course=COMP 352, to=FALL 2027"}, move},
		"a list":            {`[{"op":"moveCourse","to":"FALL 2027","course":"COMP 352"}]`, []string{adviceTimeline}, move},
		"a body, a version": {`{"isCoop":true}`, []string{adviceJob, "--version", "6"}, `"6"{"isCoop":true}`},
	} {
		*bodies = nil
		got := runEdit(t, c.stdin, append(c.args, "--url", url)...)
		if got.code != 0 || len(*bodies) != 1 || (*bodies)[0] != c.sent {
			t.Errorf("%s: got exit code %d (%s) and %q, want %q", name, got.code, got.err, *bodies, c.sent)
		}
		for _, want := range []string{"Version 7", "FALL 2027: COMP 352", "Credits: +3 planned, -3 remaining", "Core: +3 planned", "COMP 442 counts in no requirement", "New:", "Move one."} {
			if !strings.Contains(got.out, want) {
				t.Errorf("%s: got %s, want %q in it", name, got.out, want)
			}
		}
	}
	if got := runEdit(t, "", adviceJob, "unpinCourse course=COMP 352", "--json", "--url", url); got.code != 0 || !strings.Contains(got.out, `"version": 7`) {
		t.Errorf("got exit code %d (%s) and %s, want JSON", got.code, got.err, got.out)
	}
}

func TestEditIsRefused(t *testing.T) {
	t.Parallel()
	url, bodies := serveEdits(t)
	for _, c := range []struct {
		stdin string
		args  []string
		code  int
		want  string
	}{
		{"", []string{adviceJob}, program.ExitUsage, "no change is given"},
		{"", []string{"nothing", "addTerm term=FALL 2027"}, program.ExitUsage, "is not the id of a job"},
		{"", []string{adviceJob, "moveCourse COMP 352"}, program.ExitUsage, "write an operation and its fields"},
		{"", []string{adviceJob, "moveCourse to=x, to=y"}, program.ExitUsage, "given twice"},
		{"", []string{adviceJob, "moveCourse colour=red"}, program.ExitFailed, "changes/0"},
		{"{", []string{adviceJob}, program.ExitFailed, ""},
	} {
		if got := runEdit(t, c.stdin, append(c.args, "--url", url)...); got.code != c.code || !strings.Contains(got.err, c.want) {
			t.Errorf("%v: got exit code %d and %s; want %d and %q", c.args, got.code, got.err, c.code, c.want)
		}
	}
	if len(*bodies) > 0 {
		t.Errorf("got %q sent, want nothing", *bodies)
	}
	if got := runEdit(t, "", adviceJob, "removeCourse course=COMP 999", "--url", url); got.code != program.ExitFailed || !strings.Contains(got.err, "changes/0/course: There is no such course.") {
		t.Errorf("got exit code %d and %s, want the fault of the change", got.code, got.err)
	}
}
