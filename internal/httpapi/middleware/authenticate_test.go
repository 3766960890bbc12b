package middleware_test

import (
	"net/http"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/auth"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/middleware"
)

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	known := callers{"Bearer ann": {Owner: "ann"}}
	for _, tt := range []struct {
		name, token string
		code        fault.Code
		owner       string
		challenge   string
	}{
		{"a valid token", "Bearer ann", "", "ann", ""},
		{"no token", "", fault.Unauthorized, "", `Bearer realm="trackmydegree"`},
		{"an invalid token", "Bearer bob", fault.Unauthorized, "", `Bearer realm="trackmydegree", error="invalid_token"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var owner string
			h := middleware.Authenticate(known)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { owner = middleware.CallerOf(r).Owner }))
			res := send(h, http.MethodGet, header("Authorization", tt.token))
			wantCode(t, res, tt.code)
			if owner != tt.owner {
				t.Errorf("owner: got %q, want %q", owner, tt.owner)
			}
			if got := res.Header.Get("WWW-Authenticate"); got != tt.challenge {
				t.Errorf("WWW-Authenticate: got %q, want %q", got, tt.challenge)
			}
		})
	}
}

func TestRequireAdmin(t *testing.T) {
	t.Parallel()
	known := callers{"Bearer ann": {Owner: "ann"}, "Bearer root": {Owner: "root", Roles: []string{auth.RoleAdmin}}}
	h := middleware.Authenticate(known)(middleware.RequireAdmin(ok))
	t.Run("a student", func(t *testing.T) {
		t.Parallel()
		wantCode(t, send(h, http.MethodGet, header("Authorization", "Bearer ann")), fault.Forbidden)
	})
	t.Run("an operator", func(t *testing.T) {
		t.Parallel()
		res := send(h, http.MethodGet, header("Authorization", "Bearer root"))
		wantCode(t, res, "")
		if got := res.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("Cache-Control: got %q, want no-store", got)
		}
	})
}
