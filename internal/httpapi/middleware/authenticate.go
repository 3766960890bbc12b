// Package middleware holds the handlers around the API's endpoints, one file each: authentication, rate limits,
// origins, headers, logs and metrics.
package middleware

import (
	"context"
	"net/http"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/auth"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/respond"
)

type callerKey struct{}

// Authenticator identifies the sender of a request; auth.Guard implements it.
type Authenticator interface {
	Caller(r *http.Request) (auth.Caller, error)
}

// Authenticate refuses requests without a valid token and puts the caller of the others into their context.
func Authenticate(a Authenticator) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			caller, err := a.Caller(r)
			if err != nil {
				if fault.CodeOf(err) == fault.Unauthorized {
					challenge := `Bearer realm="trackmydegree"`
					if r.Header.Get("Authorization") != "" {
						challenge += `, error="invalid_token"` // RFC 6750, 3.1: absent when no token was sent
					}
					w.Header().Set("WWW-Authenticate", challenge)
				}
				respond.WriteError(w, r, err)
				return
			}
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, caller)))
		})
	}
}

// CallerOf returns the sender of r. Behind Authenticate there is always one; elsewhere it owns nothing.
func CallerOf(r *http.Request) auth.Caller {
	c, _ := r.Context().Value(callerKey{}).(auth.Caller)
	return c
}

// RequireOperator refuses callers whose token has neither role of an operator. A viewer may only read. Answers to
// operators must not be stored. It names the operator in the context, for the audit trail.
func RequireOperator(next http.Handler) http.Handler {
	notOperator := fault.WithDetail(fault.Forbidden, `Your account is not an operator's: its token has neither the role "admin" nor the role "viewer".`)
	onlyViewer := fault.WithDetail(fault.Forbidden, `Your account can look and not change anything: its token lacks the role "admin".`)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller := CallerOf(r)
		reads := r.Method == http.MethodGet || r.Method == http.MethodHead
		switch {
		case caller.Has(auth.RoleAdmin):
		case !caller.Has(auth.RoleViewer):
			respond.WriteError(w, r, notOperator)
			return
		case !reads:
			respond.WriteError(w, r, onlyViewer)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r.WithContext(admin.WithOperator(r.Context(), caller.Owner)))
	})
}
