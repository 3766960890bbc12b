// Package middleware holds what the API does around its endpoints, one file each: who calls, how often, from where,
// with which headers, and what the log and the metrics say about it.
package middleware

import (
	"context"
	"net/http"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/auth"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/respond"
)

type callerKey struct{}

// Authenticator finds who sent a request: auth.Guard is one.
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

// CallerOf is who sent r. Behind Authenticate there always is one; elsewhere it owns nothing.
func CallerOf(r *http.Request) auth.Caller {
	c, _ := r.Context().Value(callerKey{}).(auth.Caller)
	return c
}

// RequireAdmin refuses callers whose token lacks the role of an operator. The answers of operators are not stored.
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
