// Package openapi validates every answer in the tests of internal/httpapi against the API's OpenAPI document.
package openapi_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// recordVariable names the file in which the tests of internal/httpapi record their answers.
const recordVariable = "TMD_RECORD_ANSWERS"

// recordedAnswer is one line of the record.
type recordedAnswer struct {
	Method, URL string
	Status      int
	Header      http.Header
	Body        []byte
}

// loadRouter validates openapi.json as OpenAPI 3.1 and returns its routes.
func loadRouter(t *testing.T) routers.Router {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(testenv.RepoRoot(), "internal", "httpapi", "openapi.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context(), openapi3.IsOpenAPI31OrLater()); err != nil {
		t.Fatalf("openapi.json is not valid: %v", err)
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return router
}

// recordAnswers returns the answers of the tests of internal/httpapi: those that make test has recorded, or those of a
// run of its own. There is no record when make test took the result of internal/httpapi from Go's cache.
func recordAnswers(t *testing.T) []recordedAnswer {
	t.Helper()
	record := os.Getenv(recordVariable)
	if _, err := os.Stat(record); err != nil {
		record = filepath.Join(t.TempDir(), "answers.jsonl")
		cmd := exec.CommandContext(t.Context(), "go", "test", "-count=1", "./internal/httpapi")
		cmd.Dir, cmd.Env = testenv.RepoRoot(), append(os.Environ(), recordVariable+"="+record)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go test ./internal/httpapi: %v\n%s", err, out)
		}
	}
	f, err := os.Open(record)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var answers []recordedAnswer
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var a recordedAnswer
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			t.Fatal(err)
		}
		answers = append(answers, a)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return answers
}

// validateAnswer returns an error for the part of an answer that the document does not describe.
func validateAnswer(t *testing.T, router routers.Router, a recordedAnswer) error {
	t.Helper()
	at, err := url.ParseRequestURI(a.URL)
	if err != nil {
		return err
	}
	request := &http.Request{Method: a.Method, URL: at, Header: http.Header{}}
	route, params, err := router.FindRoute(request)
	if err != nil {
		return err
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: request, Route: route, PathParams: params},
		Status:                 a.Status, Header: a.Header,
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	}
	switch {
	case strings.HasPrefix(a.Header.Get("Content-Type"), "text/event-stream"),
		a.Status == http.StatusNoContent, a.Status == http.StatusNotModified:
		input.Options.ExcludeResponseBody = true
	default:
		input.SetBodyBytes(a.Body)
	}
	return openapi3filter.ValidateResponse(t.Context(), input)
}

func TestAnswersAreDescribed(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("-short: the tests of internal/httpapi start servers")
	}
	router := loadRouter(t)
	answers := recordAnswers(t)
	if len(answers) == 0 {
		t.Fatal("got no answers, want those of every test of internal/httpapi")
	}
	for _, a := range answers {
		if err := validateAnswer(t, router, a); err != nil {
			t.Errorf("%s %s: %d is not as described: %v", a.Method, a.URL, a.Status, err)
		}
	}
	t.Logf("%d answers are as described", len(answers))
}

// An answer with a missing field or a field of another type is detected.
func TestWrongAnswersAreFound(t *testing.T) {
	t.Parallel()
	router := loadRouter(t)
	header := http.Header{"Content-Type": {"application/json"}}
	for _, test := range []struct {
		name, body string
		status     int
	}{
		{"a field is missing", `{}`, http.StatusAccepted},
		{"a field is of another type", `{"jobId":1,"status":"pending"}`, http.StatusAccepted},
		{"the status is not described", `{}`, http.StatusTeapot},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := recordedAnswer{Method: http.MethodPost, URL: "/api/timeline/form", Status: test.status, Header: header, Body: []byte(test.body)}
			if err := validateAnswer(t, router, a); err == nil {
				t.Errorf("got no error for %s, want one", bytes.TrimSpace(a.Body))
			}
		})
	}
}
