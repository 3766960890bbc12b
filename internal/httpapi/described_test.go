package httpapi_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/go-chi/chi/v5"

	"github.com/trackmydegree/trackmydegree/internal/problem"
)

// operation is one operation of the OpenAPI document: a method in upper case and a path with {parameters}.
type operation struct{ method, path string }

// operations lists the operations of openapi.json.
var operations = sync.OnceValues(func() ([]operation, error) {
	b, err := os.ReadFile("openapi.json")
	if err != nil {
		return nil, err
	}
	var doc struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		return nil, err
	}
	var all []operation
	for path, item := range doc.Paths {
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete, http.MethodPatch} {
			if _, ok := item[strings.ToLower(method)]; ok {
				all = append(all, operation{method, path})
			}
		}
	}
	return all, nil
})

// findOperation returns the operation of a request. Of two matching ones it returns the one with fewer parameters.
func findOperation(r *http.Request) (found operation, ok bool) {
	all, err := operations()
	if err != nil {
		return operation{}, false
	}
	for _, o := range all {
		if o.method == r.Method && matchesTemplate(o.path, r.URL.EscapedPath()) &&
			(!ok || strings.Count(o.path, "{") < strings.Count(found.path, "{")) {
			found, ok = o, true
		}
	}
	return found, ok
}

func matchesTemplate(template, path string) bool {
	want, got := strings.Split(template, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return false
	}
	for i := range want {
		parameter := strings.HasPrefix(want[i], "{") && got[i] != ""
		if want[i] != got[i] && !parameter {
			return false
		}
	}
	return true
}

// seen are the answers of all tests, as "GET /path 200".
var seen sync.Map

// recorder appends the answers to the file that TMD_RECORD_ANSWERS names, one JSON object a line. tests/openapi
// validates them against the schemas of the OpenAPI document, with a library that the product does not need.
var recorder = struct {
	sync.Mutex
	path string
}{path: os.Getenv("TMD_RECORD_ANSWERS")}

// recordedAnswer is one line of the record.
type recordedAnswer struct {
	Method, URL string
	Status      int
	Header      http.Header
	Body        []byte // without its content encoding; absent for a stream
}

func recordAnswer(a recordedAnswer) error {
	if recorder.path == "" {
		return nil
	}
	recorder.Lock()
	defer recorder.Unlock()
	line, err := json.Marshal(a)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(recorder.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.Write(append(line, '\n'))
	return err
}

// transport checks what all answers have in common, and records it.
type transport struct {
	t    testing.TB
	next http.RoundTripper
}

func described(t testing.TB, next http.RoundTripper) http.RoundTripper {
	// A benchmark does not check the description.
	if _, ok := t.(*testing.B); ok {
		return next
	}
	return transport{t, next}
}

func (c transport) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := c.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if id := res.Header.Get(problem.RequestIDHeader); id == "" {
		c.t.Errorf("%s %s: no request id", r.Method, r.URL)
	}
	found, ok := findOperation(r)
	if !ok {
		return res, nil // not an operation of the API: the page, and mistakes
	}
	seen.Store(r.Method+" "+found.path+" "+res.Status[:3], true)
	answer := recordedAnswer{Method: r.Method, URL: r.URL.RequestURI(), Status: res.StatusCode, Header: res.Header}
	if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		raw, err := io.ReadAll(res.Body)
		res.Body.Close()
		res.Body = io.NopCloser(bytes.NewReader(raw))
		if err != nil {
			return nil, err
		}
		answer.Body = unzipped(c.t, res, raw)
		if (res.StatusCode == http.StatusNoContent || res.StatusCode == http.StatusNotModified) && len(answer.Body) > 0 {
			c.t.Errorf("%s %s: a body where none may be", r.Method, r.URL)
		}
	}
	return res, recordAnswer(answer)
}

func unzipped(t testing.TB, res *http.Response, raw []byte) []byte {
	if res.Header.Get("Content-Encoding") != "gzip" {
		return raw
	}
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		t.Errorf("%s: %v", res.Request.URL, err)
		return nil
	}
	z.Multistream(false) // browsers read only the first member
	b, err := io.ReadAll(z)
	if err != nil {
		t.Errorf("%s: %v", res.Request.URL, err)
	}
	return b
}

// The routes of the router and the OpenAPI document agree.
func TestRoutesAreDescribed(t *testing.T) {
	t.Parallel()
	all, err := operations()
	must(t, err)
	describedSet := map[string]bool{}
	for _, o := range all {
		describedSet[o.method+" "+o.path] = true
	}
	// The pages and their assets are not part of the API.
	exempt := map[string]bool{"GET /": true, "GET /docs": true, "GET /admin": true, "GET /assets/{file}": true}
	s := setup(t)
	err = chi.Walk(s.routes, func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		key := method + " " + route
		switch {
		case method == http.MethodHead, exempt[key]: // HEAD goes with GET
		case !describedSet[key]:
			t.Errorf("%s is not in openapi.json", key)
		}
		delete(describedSet, key)
		return nil
	})
	must(t, err)
	for key := range describedSet {
		t.Errorf("%s is in openapi.json and not routed", key)
	}
}
