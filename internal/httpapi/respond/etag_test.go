package respond_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/respond"
)

func TestIfMatch(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		headers []string
		want    int64
		code    fault.Code
	}{
		{"none", nil, 0, ""},
		{"any", []string{" * "}, 0, ""},
		{"a version", []string{`"7"`}, 7, ""},
		{"the version of a compressed answer", []string{`"7-gzip"`}, 7, ""},
		{"a tag that no answer had", []string{`"seven"`}, 0, fault.PreconditionFailed},
		{"version 0", []string{`"0"`}, 0, fault.PreconditionFailed},
		{"no tag", []string{"7"}, 0, fault.PreconditionFailed},
		{"a weak tag", []string{`W/"7"`}, 0, fault.BadRequest},
		{"two tags", []string{`"7", "8"`}, 0, fault.BadRequest},
		{"two headers", []string{`"7"`, `"8"`}, 0, fault.BadRequest},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodPatch, "/", nil)
			r.Header["If-Match"] = tt.headers
			got, err := respond.IfMatch(r)
			if got != tt.want || fault.CodeOf(err) != tt.code {
				t.Errorf("got %d and %v, want %d and %q", got, err, tt.want, tt.code)
			}
		})
	}
}

func TestSetETag(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, accept, match string
		compressible        bool
		tag                 string
		notModified         bool
	}{
		{"uncompressed", "", "", true, `"7"`, false},
		{"compressed", "gzip", "", true, `"7-gzip"`, false},
		{"not compressible", "gzip", "", false, `"7"`, false},
		{"gzip refused by weight", "gzip;q=0.0, *", "", true, `"7"`, false},
		{"anything accepted", "*;q=0.5", "", true, `"7-gzip"`, false},
		{"the client has the other form", "gzip", `"7"`, true, `"7-gzip"`, true},
		{"a weak tag of a list", "", `"6", W/"7-gzip"`, true, `"7"`, true},
		{"anything matches", "", "*", true, `"7"`, true},
		{"another version", "", `"8"`, true, `"7"`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Accept-Encoding", tt.accept)
			r.Header.Set("If-None-Match", tt.match)
			got := respond.SetETag(w, r, "7", tt.compressible)
			if tag := w.Header().Get("ETag"); tag != tt.tag || got != tt.notModified {
				t.Errorf("got %s, not modified %v; want %s, %v", tag, got, tt.tag, tt.notModified)
			}
		})
	}
}
