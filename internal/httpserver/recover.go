package httpserver

import (
	"errors"
	"net/http"

	"github.com/go-chi/chi/v5/middleware"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/problem"
)

// RecoverPanics answers for a handler that panics: with the problem "internal", or, when a part of the answer was sent,
// by closing the connection, so that the client sees the cut. report runs inside the deferred function, where the stack
// of the panic is still available. value may quote the request and does not belong into logs. A panic with
// http.ErrAbortHandler is deliberate and passes through unreported.
func RecoverPanics(report func(r *http.Request, value any)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ww, ok := w.(middleware.WrapResponseWriter)
			if !ok {
				ww = middleware.NewWrapResponseWriter(w, r.ProtoMajor)
			}
			defer func() {
				value := recover()
				if value == nil {
					return
				}
				if err, ok := value.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(http.ErrAbortHandler)
				}
				report(r, value)
				if ww.Status() != 0 {
					panic(http.ErrAbortHandler)
				}
				problem.WriteError(ww, r, fault.New(fault.Internal))
			}()
			next.ServeHTTP(ww, r)
		})
	}
}
