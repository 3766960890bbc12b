package httpapi_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi"
)

func TestBrowsersAreKeptFromOtherThings(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for _, path := range []string{"/", "/docs", "/admin", "/assets/app.js", "/api/degrees", "/nothing", "/livez"} {
		a := s.get("ann", path)
		for header, want := range map[string]string{
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Permissions-Policy": "geolocation=()",
		} {
			if got := a.Header.Get(header); !strings.Contains(got, want) {
				t.Errorf("%s: %s %q", path, header, got)
			}
		}
		if got := a.Header.Get("Strict-Transport-Security"); got != "" {
			t.Errorf("%s: without a word of the operator, browsers receive %q", path, got)
		}
	}
	s = setup(t, func(d *httpapi.Deps) { d.TLSOnly = 24 * time.Hour })
	if got := s.get("ann", "/").Header.Get("Strict-Transport-Security"); got != "max-age=86400" {
		t.Errorf("Strict-Transport-Security: %q", got)
	}
}

// bodies are the requests with a body.
var bodies = []struct{ method, path string }{
	{http.MethodPost, "/api/timeline/upload"},
	{http.MethodPost, "/api/timeline/form"},
	{http.MethodPatch, "/api/timeline/status/0b8b7f0a-6a3a-4a39-9d8e-0d86b572ffea"},
	{http.MethodPost, "/api/timelines"},
	{http.MethodPut, "/api/timelines/0123456789abcdef01234567"},
	{http.MethodPatch, "/api/timelines/0123456789abcdef01234567"},
}

// A megabyte of gzip may expand to a gigabyte: the API decompresses no body.
func TestPackedBodiesAreRefused(t *testing.T) {
	t.Parallel()
	s := setup(t)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write([]byte(`{"timelineName":"a"}`))
	must(t, err)
	must(t, z.Close())
	for _, b := range bodies {
		for _, coding := range []string{"gzip", "GZIP", "identity, br", "zstd"} {
			a := s.json(b.method, "ann", b.path, packed.String(), "Content-Encoding", coding)
			a.wantProblem(t, fault.UnsupportedKind)
			if a.Header.Get("Accept-Encoding") != "identity" {
				t.Errorf("%s %s: what would be taken is not said", b.method, b.path)
			}
		}
	}
	s.json(http.MethodPost, "ann", "/api/timeline/form", `{"degree":"BEng in Software Engineering","firstTerm":"Fall 2026"}`,
		"Content-Encoding", "identity").want(t, http.StatusAccepted)
}

func TestDeepJSONIsRefused(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for _, b := range bodies[1:] {
		for _, body := range []string{
			strings.Repeat("[", 20_000), strings.Repeat(`{"a":`, 10_000), `{"courses":` + strings.Repeat("[", 9) + strings.Repeat("]", 9) + `}`,
		} {
			s.json(b.method, "ann", b.path, body).wantProblem(t, fault.BadRequest)
		}
	}
}
