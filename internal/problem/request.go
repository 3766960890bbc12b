package problem

import (
	"context"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5/middleware"
	"github.com/google/uuid"

	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// RequestIDHeader carries the id of a request, in both directions.
const RequestIDHeader = "X-Request-Id"

// maxRequestID bounds the ids that are taken over from a proxy.
const maxRequestID = 64

type requestIDKey struct{}

// WithRequestID returns ctx with the id of the request.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// RequestID returns the id of the request: that of WithRequestID, else that of chi's middleware, else "".
func RequestID(ctx context.Context) string {
	if id, ok := ctx.Value(requestIDKey{}).(string); ok {
		return id
	}
	return middleware.GetReqID(ctx)
}

// RequestIDs gives each request an id, in its context and in the answer's X-Request-Id. The id of a proxy in front is
// taken over when it is short and plain: it ends up in logs.
func RequestIDs(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(RequestIDHeader)
		if !plain(id) {
			id = uuid.NewString()
		}
		w.Header().Set(RequestIDHeader, id)
		next.ServeHTTP(w, r.WithContext(WithRequestID(r.Context(), id)))
	})
}

func plain(id string) bool {
	if id == "" || len(id) > maxRequestID {
		return false
	}
	for _, c := range []byte(id) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return true
}

// Request is what reports may know of a request: Route is the pattern, never the path itself.
type Request struct {
	Method string
	Route  string
	ID     string // X-Request-Id
}

// Plain returns unsupported_kind for a request whose body is packed, as by gzip. No server here unpacks one: a few bytes
// could become as many as fit into no memory.
func Plain(r *http.Request) error {
	for _, list := range r.Header.Values("Content-Encoding") {
		for coding := range strings.SplitSeq(list, ",") {
			if c := strings.TrimSpace(coding); c != "" && !strings.EqualFold(c, "identity") {
				return fault.Detailed(fault.UnsupportedKind, "The body is packed. Send it as it is, without Content-Encoding.")
			}
		}
	}
	return nil
}
