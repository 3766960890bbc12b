package middleware

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5/middleware"

	"github.com/trackmydegree/trackmydegree/internal/tracing"
)

// TraceRequests gives each request of the API a span. It continues the trace of a proxy that isProxied trusts. Any
// other client could choose ids, and which requests are recorded. A nil tracer traces nothing.
func TraceRequests(tracer *tracing.Tracer, isProxied func(*http.Request) bool) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		if tracer == nil {
			return next
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !isTraced(r.URL.Path) {
				next.ServeHTTP(w, r)
				return
			}
			parent := ""
			if isProxied(r) {
				parent = r.Header.Get(tracing.ParentHeader)
			}
			ctx, span := tracer.StartServer(r.Context(), methodOf(r), parent)
			r = r.WithContext(ctx)
			ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
			defer func() { // also when http.ErrAbortHandler cuts an answer off
				describeSpan(span, r, ww.Status())
				span.End()
			}()
			next.ServeHTTP(ww, r)
		})
	}
}

// isTraced leaves out the page, its files and the probes.
func isTraced(path string) bool {
	return strings.HasPrefix(path, "/api/") && path != "/api/health"
}

func describeSpan(span tracing.Span, r *http.Request, status int) {
	route := routeOf(r)
	span.Rename(methodOf(r) + " " + route)
	span.SetText("http.request.method", methodOf(r))
	span.SetText("http.route", route)
	if status == 0 {
		status = http.StatusOK
	}
	span.SetNumber("http.response.status_code", status)
	if status >= http.StatusInternalServerError {
		span.SetFailed(http.StatusText(status))
	}
}
