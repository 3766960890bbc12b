package middleware_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/httpapi/middleware"
)

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		tlsOnly time.Duration
		want    string // Strict-Transport-Security
	}{{"without TLS", 0, ""}, {"with TLS alone", 24 * time.Hour, "max-age=86400"}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			res := send(middleware.SecurityHeaders(tt.tlsOnly)(ok), http.MethodGet)
			for name, want := range map[string]string{
				"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
				"Cross-Origin-Resource-Policy": "same-origin", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
				"Strict-Transport-Security": tt.want,
			} {
				if got := res.Header.Get(name); got != want {
					t.Errorf("%s: got %q, want %q", name, got, want)
				}
			}
		})
	}
}
