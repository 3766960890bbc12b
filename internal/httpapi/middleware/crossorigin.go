package middleware

import (
	"net/http"

	"github.com/go-chi/cors"

	"github.com/trackmydegree/trackmydegree/internal/problem"
)

// AllowOrigins lets pages of the origins call the API. Tokens are in a header, so cookies are not allowed.
func AllowOrigins(origins []string) func(http.Handler) http.Handler {
	return cors.Handler(cors.Options{
		AllowedOrigins: origins,
		AllowedMethods: []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete},
		AllowedHeaders: []string{
			"Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "Last-Event-ID", "Prefer",
			problem.RequestIDHeader,
		},
		ExposedHeaders: []string{"ETag", "Location", "Preference-Applied", "Retry-After", problem.RequestIDHeader},
		MaxAge:         600,
	})
}
