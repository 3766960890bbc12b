package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/problem"
)

// statusGone is what logs and metrics say of a request whose client left before the answer.
const statusGone = 499

// exchange is what is known of one request; the handlers fill it in, and observe writes it down once at the end.
type exchange struct {
	err   error  // that the answer told of
	jobID string // that the request was about
	gone  bool   // the client left
	panic bool   // the handler panicked, which is reported with its stack
}

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		return x
	}
	return &exchange{} // outside observe; nobody reads it
}

// endpoint is a handler that may fail.
type endpoint func(w http.ResponseWriter, r *http.Request) error

// handle turns an endpoint into a handler: its error is the answer.
func (a *API) handle(e endpoint) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := e(w, r); err != nil {
			a.fail(w, r, err)
		}
	}
}

// errLeft is for a client that closed its side of the connection. Most are gone; one that only sends no more still reads,
// and would take silence for a 200.
var errLeft = fault.Detailed(fault.BadRequest, "The connection was closed before the answer was ready. Send it again and keep the connection open.")

// fail answers with err.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	x := exchangeOf(r.Context())
	x.err = err
	// A body that was too slow ends the context like a client that left; but its sender is still there.
	if r.Context().Err() != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		x.gone = true
		if problem.Of(err).Status >= http.StatusInternalServerError {
			err = errLeft // it failed of that, whatever it says
		}
	}
	problem.Write(w, r, err)
}

// observe measures and logs each request, and turns a panic into an answer. A line holds the route's pattern, ids and
// codes: no path, no query, no address, nothing of a body.
func (a *API) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := a.now()
		x := &exchange{}
		ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
		a.metrics.inFlight.Inc()
		defer func() {
			a.metrics.inFlight.Dec()
			value := recover()
			if value != nil && !isAbort(value) {
				x.panic, x.err = true, fault.Wrap(fault.Internal, fmt.Errorf("panic: %T", value))
				a.reporter.Panic(value, reported(r))
				// The value may hold a part of the request; where it happened does not.
				a.log.ErrorContext(r.Context(), "panic", "request_id", problem.RequestID(r.Context()), "stack", string(debug.Stack()))
				if ww.Status() == 0 {
					problem.Write(ww, r, x.err)
					value = nil
				}
			}
			a.finish(r, x, ww.Status(), ww.BytesWritten(), a.now().Sub(began))
			if value != nil {
				panic(http.ErrAbortHandler) // half an answer was sent: the client must see that it is cut
			}
		}()
		next.ServeHTTP(ww, r)
	})
}

// isAbort recognizes the panic by which a handler cuts its answer off on purpose.
func isAbort(value any) bool {
	err, ok := value.(error)
	return ok && errors.Is(err, http.ErrAbortHandler)
}

func (a *API) finish(r *http.Request, x *exchange, status, bytes int, took time.Duration) {
	route := routeOf(r)
	switch {
	case x.gone:
		status = statusGone
	case status == 0:
		status = http.StatusOK // net/http sends it when the handler does not
	}
	a.metrics.observe(route, methodOf(r), status, took)

	code := fault.CodeOf(x.err)
	level := slog.LevelInfo
	switch {
	case x.gone:
	case code == fault.Internal:
		level = slog.LevelError
	case status >= http.StatusInternalServerError:
		level = slog.LevelWarn
	case isHealth(route):
		level = slog.LevelDebug
	}
	if code == fault.Internal && !x.gone && !x.panic {
		a.reporter.RequestFailed(x.err, reported(r))
	}
	if !a.log.Enabled(r.Context(), level) {
		return
	}
	attrs := make([]slog.Attr, 0, 9)
	attrs = append(attrs, slog.String("method", methodOf(r)), slog.String("route", route), slog.Int("status", status),
		slog.Int("bytes", bytes), slog.Float64("took_ms", float64(took.Microseconds())/1000), slog.String("request_id", problem.RequestID(r.Context())))
	if x.jobID != "" {
		attrs = append(attrs, slog.String("job_id", x.jobID))
	}
	if code != "" {
		attrs = append(attrs, slog.String("code", string(code)))
		if cause := fault.From(x.err).Cause; cause != nil && level >= slog.LevelWarn {
			attrs = append(attrs, slog.String("error", cause.Error()))
		}
	}
	a.log.LogAttrs(r.Context(), level, "request", attrs...)
}

func reported(r *http.Request) problem.Request {
	return problem.Request{Method: methodOf(r), Route: routeOf(r), ID: problem.RequestID(r.Context())}
}

// unmatched is the route of requests that no route is for.
const unmatched = "unmatched"

// routeOf is the pattern of the route that answered r, known after it has.
func routeOf(r *http.Request) string {
	if rc := chi.RouteContext(r.Context()); rc != nil {
		if p := rc.RoutePattern(); p != "" && p != "/*" {
			return p
		}
	}
	return unmatched
}

func isHealth(route string) bool {
	return route == "/livez" || route == "/readyz" || route == "/api/health"
}

// methodOf is the method of r, "other" for one that HTTP does not define: strangers choose it, and it becomes a label.
func methodOf(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "other"
}
