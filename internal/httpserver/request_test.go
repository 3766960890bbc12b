package httpserver_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpserver"
	"github.com/trackmydegree/trackmydegree/internal/problem"
)

func TestRequestIDs(t *testing.T) {
	t.Parallel()
	var seen string
	h := httpserver.RequestIDs(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = problem.RequestID(r.Context())
		problem.WriteError(w, r, fault.New(fault.NotFound))
	}))
	for _, tt := range []struct {
		sent string
		kept bool
	}{
		{"a1b2-C3_d.4", true}, {"", false}, {"two words", false}, {"line\nbreak", false}, {strings.Repeat("x", 65), false}, {"<script>", false},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set(problem.RequestIDHeader, tt.sent)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		got := w.Header().Get(problem.RequestIDHeader)
		var p problem.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		if got == "" || got != seen || got != p.RequestID || (got == tt.sent) != tt.kept {
			t.Errorf("sent %q: header %q, context %q, body %q", tt.sent, got, seen, p.RequestID)
		}
	}
}

func TestCheckContentEncoding(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		encodings []string
		want      fault.Code
	}{
		{nil, ""},
		{[]string{"identity"}, ""},
		{[]string{"Identity, "}, ""},
		{[]string{"gzip"}, fault.UnsupportedKind},
		{[]string{"identity, br"}, fault.UnsupportedKind},
		{[]string{"identity", "zstd"}, fault.UnsupportedKind},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Header["Content-Encoding"] = tt.encodings
		if got := fault.CodeOf(httpserver.CheckContentEncoding(r)); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.encodings, got, tt.want)
		}
	}
}
