package middleware_test

import (
	"net/http"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/httpapi/middleware"
)

func TestAllowOrigins(t *testing.T) {
	t.Parallel()
	h := middleware.AllowOrigins([]string{"https://app.example.org"})(ok)
	for _, tt := range []struct{ origin, want string }{
		{"https://app.example.org", "https://app.example.org"},
		{"https://evil.example.org", ""},
	} {
		t.Run(tt.origin, func(t *testing.T) {
			t.Parallel()
			res := send(h, http.MethodOptions, header("Origin", tt.origin), header("Access-Control-Request-Method", http.MethodPut))
			if got := res.Header.Get("Access-Control-Allow-Origin"); got != tt.want {
				t.Errorf("Access-Control-Allow-Origin: got %q, want %q", got, tt.want)
			}
			if got := res.Header.Get("Access-Control-Allow-Credentials"); got != "" {
				t.Errorf("Access-Control-Allow-Credentials: got %q, want none", got)
			}
		})
	}
}
