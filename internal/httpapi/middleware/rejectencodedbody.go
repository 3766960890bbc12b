package middleware

import (
	"net/http"

	"github.com/trackmydegree/trackmydegree/internal/httpapi/respond"
	"github.com/trackmydegree/trackmydegree/internal/httpserver"
)

// RejectEncodedBody refuses bodies with a Content-Encoding: no endpoint needs one, and a few compressed bytes can
// expand beyond any memory.
func RejectEncodedBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := httpserver.CheckContentEncoding(r); err != nil {
			w.Header().Set("Accept-Encoding", "identity") // RFC 7694
			respond.WriteError(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}
