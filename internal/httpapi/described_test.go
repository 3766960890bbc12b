package httpapi_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/go-chi/chi/v5"

	"github.com/trackmydegree/trackmydegree/internal/problem"
)

// description is openapi.json, checked.
var description = sync.OnceValues(func() (*openapi3.T, error) {
	b, err := os.ReadFile("openapi.json")
	if err != nil {
		return nil, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(b)
	if err != nil {
		return nil, err
	}
	return doc, doc.Validate(context.Background(), openapi3.IsOpenAPI31OrLater())
})

var describedRoutes = sync.OnceValues(func() (routers.Router, error) {
	doc, err := description()
	if err != nil {
		return nil, err
	}
	return gorillamux.NewRouter(doc)
})

// seen are the answers that tests have had, as "GET /path 200".
var seen sync.Map

// transport holds each answer of every test to the description.
type transport struct {
	t    testing.TB
	next http.RoundTripper
}

func described(t testing.TB, next http.RoundTripper) http.RoundTripper {
	// A benchmark measures the API, not its description.
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
	if r.Method == http.MethodHead || r.Method == http.MethodOptions {
		return res, nil
	}
	router, err := describedRoutes()
	if err != nil {
		return nil, err
	}
	plain := r.Clone(r.Context())
	plain.URL = &url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
	route, params, err := router.FindRoute(plain)
	if err != nil {
		return res, nil // not a route of the API: the page, and mistakes
	}
	seen.Store(r.Method+" "+route.Path+" "+res.Status[:3], true)
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: plain, Route: route, PathParams: params},
		Status:                 res.StatusCode, Header: res.Header,
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		input.Options.ExcludeResponseBody = true
	} else {
		raw, err := io.ReadAll(res.Body)
		res.Body.Close()
		res.Body = io.NopCloser(bytes.NewReader(raw))
		if err != nil {
			return nil, err
		}
		body := unzipped(c.t, res, raw)
		input.SetBodyBytes(body)
		if res.StatusCode == http.StatusNoContent || res.StatusCode == http.StatusNotModified {
			input.Options.ExcludeResponseBody = true
			if len(body) > 0 {
				c.t.Errorf("%s %s: a body where none may be", r.Method, r.URL)
			}
		}
	}
	if err := openapi3filter.ValidateResponse(r.Context(), input); err != nil {
		c.t.Errorf("%s %s: %d is not as described: %v", r.Method, r.URL.Path, res.StatusCode, err)
	}
	return res, nil
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
	z.Multistream(false) // browsers read one member
	b, err := io.ReadAll(z)
	if err != nil {
		t.Errorf("%s: %v", res.Request.URL, err)
	}
	return b
}

// The routes of the router are those of the description, and the other way round.
func TestRoutesAreDescribed(t *testing.T) {
	t.Parallel()
	doc, err := description()
	must(t, err)
	describedSet := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			describedSet[method+" "+path] = true
		}
	}
	// What people open, and what it loads, is no part of the API.
	exempt := map[string]bool{"GET /": true, "GET /docs": true, "GET /assets/{file}": true}
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
