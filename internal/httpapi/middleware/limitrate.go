package middleware

import (
	"net/http"
	"time"

	"github.com/go-chi/httprate"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/respond"
)

// LimitRate lets each owner send perMinute requests a minute, in a sliding window of this process.
func LimitRate(perMinute int) func(http.Handler) http.Handler {
	return LimitClients(perMinute, func(r *http.Request) string { return CallerOf(r).Owner })
}

// LimitClients is LimitRate for the clients that keyOf distinguishes.
func LimitClients(perMinute int, keyOf func(*http.Request) string) func(http.Handler) http.Handler {
	return httprate.LimitBy(perMinute, time.Minute,
		func(r *http.Request) (string, error) { return keyOf(r), nil },
		httprate.WithLimitHandler(func(w http.ResponseWriter, r *http.Request) {
			respond.WriteError(w, r, fault.New(fault.TooManyRequests))
		}),
		httprate.WithErrorHandler(respond.WriteError),
	)
}
