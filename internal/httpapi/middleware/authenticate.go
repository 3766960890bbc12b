// Package middleware holds the handlers around the API's endpoints, one file each: authentication, rate limits,
// origins, headers, logs and metrics.
package middleware

import (
	"context"
	"net/http"

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

// RequireAdmin refuses callers whose token lacks the role of an operator. Answers to operators must not be stored.
func RequireAdmin(next http.Handler) http.Handler {
	refusal := fault.WithDetail(fault.Forbidden, `Your account is not an operator's: its token lacks the role "admin".`)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !CallerOf(r).Has(auth.RoleAdmin) {
			respond.WriteError(w, r, refusal)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}
