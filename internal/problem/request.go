package problem

import (
	"context"

	"github.com/go-chi/chi/v5/middleware"
)

// RequestIDHeader carries the id of a request, in both directions.
const RequestIDHeader = "X-Request-Id"

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

// Request is what reports may contain about a request. Route is the pattern, never the path itself.
type Request struct {
	Method string
	Route  string
	ID     string // X-Request-Id
	// TraceID is the recorded trace of the request, "" for none.
	TraceID string
}
