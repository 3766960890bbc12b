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

func TestRequireOperator(t *testing.T) {
	t.Parallel()
	known := callers{
		"Bearer ann":  {Owner: "ann", Roles: []string{auth.RolePriority}},
		"Bearer root": {Owner: "root", Roles: []string{auth.RoleAdmin}},
		"Bearer eye":  {Owner: "eye", Roles: []string{auth.RoleViewer}},
		"Bearer both": {Owner: "both", Roles: []string{auth.RoleViewer, auth.RoleAdmin}},
	}
	h := middleware.Authenticate(known)(middleware.RequireOperator(ok))
	for _, c := range []struct {
		who, method string
		want        fault.Code
	}{
		{"ann", http.MethodGet, fault.Forbidden},
		{"ann", http.MethodPost, fault.Forbidden},
		{"eye", http.MethodGet, ""},
		{"eye", http.MethodHead, ""},
		{"eye", http.MethodPost, fault.Forbidden},
		{"eye", http.MethodDelete, fault.Forbidden},
		{"root", http.MethodGet, ""},
		{"root", http.MethodDelete, ""},
		{"both", http.MethodPost, ""},
	} {
		t.Run(c.who+" "+c.method, func(t *testing.T) {
			t.Parallel()
			res := send(h, c.method, header("Authorization", "Bearer "+c.who))
			wantCode(t, res, c.want)
			if got := res.Header.Get("Cache-Control"); c.want == "" && got != "no-store" {
				t.Errorf("Cache-Control: got %q, want no-store", got)
			}
		})
	}
}
