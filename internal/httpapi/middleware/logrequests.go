package middleware

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/respond"
	"github.com/trackmydegree/trackmydegree/internal/httpserver"
	"github.com/trackmydegree/trackmydegree/internal/problem"
	"github.com/trackmydegree/trackmydegree/internal/tracing"
)

// statusClientLeft is the status in logs and metrics of a request whose client disconnected before the answer.
const statusClientLeft = 499

// Reporter receives what operators should examine; telemetry.Reporter implements it.
type Reporter interface {
	// ReportPanic is called in the function that recovered, where the stack of the panic is still available.
	ReportPanic(value any, r problem.Request)
	// ReportRequest is called for internal errors.
	ReportRequest(err error, r problem.Request)
}

// RequestLog measures and logs requests.
type RequestLog struct {
	logger   *slog.Logger
	reporter Reporter
	clock    func() time.Time
	metrics  *requestMetrics
}

// NewRequestLog returns a log whose metrics are registered with registerer; nil measures nothing.
func NewRequestLog(logger *slog.Logger, reporter Reporter, clock func() time.Time, registerer prometheus.Registerer) (*RequestLog, error) {
	m, err := newRequestMetrics(registerer)
	if err != nil {
		return nil, err
	}
	return &RequestLog{logger: logger, reporter: reporter, clock: clock, metrics: m}, nil
}

// LogRequests measures and logs each request once, and turns a panic into an answer. A line contains the pattern of
// the route, ids and codes: no path, no query, no address, nothing of a body.
func (l *RequestLog) LogRequests(next http.Handler) http.Handler {
	recovered := httpserver.RecoverPanics(l.reportPanic)(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := l.clock()
		ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		r, x := respond.StartExchange(r)
		l.metrics.inFlight.Inc()
		defer func() { // also when http.ErrAbortHandler cuts an answer off
			l.metrics.inFlight.Dec()
			l.record(r, x, ww.Status(), ww.BytesWritten(), l.clock().Sub(began))
		}()
		recovered.ServeHTTP(ww, r)
	})
}

// reportPanic logs where the handler panicked. The value may contain a part of the request.
func (l *RequestLog) reportPanic(r *http.Request, value any) {
	x := respond.ExchangeOf(r.Context())
	x.Panicked, x.Err = true, fault.Wrap(fault.Internal, fmt.Errorf("panic: %T", value))
	l.reporter.ReportPanic(value, describeRequest(r))
	l.logger.ErrorContext(r.Context(), "panic", "request_id", problem.RequestID(r.Context()), "stack", string(debug.Stack()))
}

// record logs a request that was answered with status, 0 for an answer that the handler left to net/http.
func (l *RequestLog) record(r *http.Request, x *respond.Exchange, status, bytes int, took time.Duration) {
	route := routeOf(r)
	switch {
	case x.ClientLeft:
		status = statusClientLeft
	case status == 0:
		status = http.StatusOK
	}
	l.metrics.observeRequest(route, methodOf(r), status, took)

	code := fault.CodeOf(x.Err)
	level := levelOf(x, code, status, route)
	if code == fault.Internal && !x.ClientLeft && !x.Panicked {
		l.reporter.ReportRequest(x.Err, describeRequest(r))
	}
	if !l.logger.Enabled(r.Context(), level) {
		return
	}
	attrs := make([]slog.Attr, 0, 9)
	attrs = append(attrs, slog.String("method", methodOf(r)), slog.String("route", route), slog.Int("status", status),
		slog.Int("bytes", bytes), slog.Float64("took_ms", float64(took.Microseconds())/1000),
		slog.String("request_id", problem.RequestID(r.Context())))
	if x.JobID != "" {
		attrs = append(attrs, slog.String("job_id", x.JobID))
	}
	if code != "" {
		attrs = append(attrs, slog.String("code", string(code)))
		if cause := fault.From(x.Err).Cause; cause != nil && (level >= slog.LevelWarn || code == fault.Unauthorized) {
			// The cause of a 401 is logged as well, because only it names the wrong claim. It never contains the
			// token.
			attrs = append(attrs, slog.String("error", cause.Error()))
		}
	}
	l.logger.LogAttrs(r.Context(), level, "request", attrs...)
}

func levelOf(x *respond.Exchange, code fault.Code, status int, route string) slog.Level {
	switch {
	case x.ClientLeft:
		return slog.LevelInfo
	case code == fault.Internal:
		return slog.LevelError
	case status >= http.StatusInternalServerError:
		return slog.LevelWarn
	case isHealthRoute(route):
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

func describeRequest(r *http.Request) problem.Request {
	return problem.Request{Method: methodOf(r), Route: routeOf(r), ID: problem.RequestID(r.Context()), TraceID: tracing.TraceID(r.Context())}
}

// unmatched is the route of requests that match no route.
const unmatched = "unmatched"

// routeOf is the pattern of the route that answered r, known once it has.
func routeOf(r *http.Request) string {
	if rc := chi.RouteContext(r.Context()); rc != nil {
		if p := rc.RoutePattern(); p != "" && p != "/*" {
			return p
		}
	}
	return unmatched
}

func isHealthRoute(route string) bool {
	return route == "/livez" || route == "/readyz" || route == "/api/health"
}

// methodOf is the method of r, or "other" for one that HTTP does not define: clients choose it, and it becomes a label.
func methodOf(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "other"
}

// requestMetrics are bounded in their labels: route is a pattern of the router or "unmatched", method one of HTTP's or
// "other", status a class such as "2xx".
type requestMetrics struct {
	requests *prometheus.HistogramVec
	inFlight prometheus.Gauge
}

func newRequestMetrics(registerer prometheus.Registerer) (*requestMetrics, error) {
	m := &requestMetrics{
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tmd_http_request_duration_seconds",
			Help: "How long requests took, by route, method and class of status.",
			// From a poll of a status, about a millisecond, to an upload over a slow connection.
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 60},
		}, []string{"route", "method", "status"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tmd_http_requests_in_flight", Help: "Requests that are being answered, event streams included.",
		}),
	}
	if registerer == nil {
		return m, nil
	}
	if err := errors.Join(registerer.Register(m.requests), registerer.Register(m.inFlight)); err != nil {
		return nil, fmt.Errorf("metrics of requests: %w", err)
	}
	return m, nil
}

func (m *requestMetrics) observeRequest(route, method string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, method, statusClass(status)).Observe(took.Seconds())
}

func statusClass(status int) string {
	if status < http.StatusContinue || status > 599 {
		return "other"
	}
	return [...]string{"1xx", "2xx", "3xx", "4xx", "5xx"}[status/100-1]
}
