package middleware_test

import (
	"net/http"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/middleware"
)

func TestRestrictToLoopback(t *testing.T) {
	t.Parallel()
	h := middleware.RestrictToLoopback([]string{"https://app.example.org"})(ok)
	for _, tt := range []struct {
		name, host, origin string
		code               fault.Code
	}{
		{"an address", "127.0.0.1:8000", "", ""},
		{"another address of loopback", "127.8.8.8", "", ""},
		{"a name", "localhost:8000", "", ""},
		{"IPv6", "[::1]:8000", "", ""},
		{"IPv6 without a port", "[::1]", "", ""},
		{"a page's own name", "evil.example.org", "", fault.Forbidden},
		{"another machine", "10.0.0.7:8000", "", fault.Forbidden},
		{"no name", "", "", fault.Forbidden},
		{"a page of another origin", "127.0.0.1:8000", "https://evil.example.org", fault.Forbidden},
		{"a page of a trusted origin", "127.0.0.1:8000", "https://app.example.org", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			res := send(h, http.MethodPost, func(r *http.Request) {
				r.Host = tt.host
				if tt.origin != "" {
					r.Header.Set("Origin", tt.origin)
				}
			})
			wantCode(t, res, tt.code)
		})
	}
}
