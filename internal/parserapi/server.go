// Package parserapi is the parser over HTTP: its server, and the client of the workers. Both use /v1/parse. The
// server also answers callers of the earlier system, and the client falls back to a parser of the earlier system.
package parserapi

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"golang.org/x/sync/semaphore"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/dependency"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/health"
	"github.com/trackmydegree/trackmydegree/internal/httpserver"
	"github.com/trackmydegree/trackmydegree/internal/problem"
	"github.com/trackmydegree/trackmydegree/internal/tracing"
)

// The routes of a parser.
const (
	routeParse  = "/v1/parse"
	routeLegacy = "/parse-transcript" // name kept from the earlier system
	routeHealth = "/health"
)

// The defaults of Deps.
const (
	defaultMemory      = 32 << 20
	defaultBodyTimeout = budget.ParserBody
)

// Parser reads documents; parsepool.Pool implements it.
type Parser interface {
	Parse(ctx context.Context, pdf []byte) (document.Document, error)
}

// Deps are the dependencies of the server.
type Deps struct {
	Parser Parser
	// Ready returns why no document can be read now; nil is always ready.
	Ready func() error
	// MaxBytes limits a document; document.MaxBytes when zero.
	MaxBytes int64
	// Memory bounds the bytes of all documents that are held at once. A request beyond it waits for BodyTimeout and is
	// then answered with parser_unavailable.
	Memory int64
	// BodyTimeout bounds the arrival of a document.
	BodyTimeout time.Duration
	Logger      *slog.Logger
	Tracer      *tracing.Tracer // nil traces nothing
}

type server struct {
	deps   Deps
	memory *semaphore.Weighted
}

// New returns the routes of the parser. Serve them with Server, or with the same limits. A missing dependency is an
// error.
func New(d Deps) (http.Handler, error) {
	if err := dependency.Require("parserapi", d, "Parser", "Logger"); err != nil {
		return nil, err
	}
	if d.Ready == nil {
		d.Ready = func() error { return nil }
	}
	if d.MaxBytes == 0 {
		d.MaxBytes = document.MaxBytes
	}
	if d.Memory == 0 {
		d.Memory = defaultMemory
	}
	d.Memory = max(d.Memory, d.MaxBytes) // otherwise the largest document would wait for ever
	if d.BodyTimeout == 0 {
		d.BodyTimeout = defaultBodyTimeout
	}
	s := &server{deps: d, memory: semaphore.NewWeighted(d.Memory)}
	monitor := health.MustNew(health.Config{SelfCheck: d.Ready, Logger: d.Logger})
	r := chi.NewRouter()
	r.Use(httpserver.RequestIDs, s.traceDocuments, httpserver.RecoverPanics(s.logPanic))
	r.NotFound(problem.NotFound)
	r.MethodNotAllowed(problem.MethodNotAllowed)
	r.Get(routeHealth, monitor.ServeReadiness) // for people, and for callers of the earlier system
	r.Get("/livez", monitor.ServeLiveness)
	r.Get("/readyz", monitor.ServeReadiness)
	r.Post(routeParse, s.handleParse)
	r.Post(routeLegacy, s.handleLegacyParse)
	return r, nil
}

// Server returns a server for h. h sets the deadlines of bodies and of answers: between the two a document may take its
// whole deadline.
func Server(h http.Handler, log *slog.Logger) *http.Server {
	return httpserver.New(h, httpserver.Options{Logger: log})
}

// traceDocuments gives the requests with a document a span of the caller's trace.
func (s *server) traceDocuments(next http.Handler) http.Handler {
	if s.deps.Tracer == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			next.ServeHTTP(w, r)
			return
		}
		ctx, span := s.deps.Tracer.StartServer(r.Context(), "read document", r.Header.Get(tracing.ParentHeader))
		defer span.End()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// handleParse answers with a document.Document.
func (s *server) handleParse(w http.ResponseWriter, r *http.Request) {
	doc, err := s.readRequest(w, r, false)
	if err != nil {
		s.logFailure(r, err)
		problem.WriteError(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, doc)
}

// handleLegacyParse answers in the format of the earlier system: 400 for a wrong request and 500 for any other
// failure.
func (s *server) handleLegacyParse(w http.ResponseWriter, r *http.Request) {
	doc, err := s.readRequest(w, r, true)
	if err == nil {
		writeJSON(w, http.StatusOK, toLegacy(doc))
		return
	}
	s.logFailure(r, err)
	f := problem.FaultOf(err)
	status := http.StatusInternalServerError
	switch f.Code {
	case fault.BadRequest, fault.NotAPDF, fault.UnsupportedKind, fault.TooLarge:
		status = http.StatusBadRequest
	}
	if wait := problem.RetryAfter(f.Code); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(wait.Seconds())))
	}
	writeJSON(w, status, legacyError{Error: f.Message()})
}

// logFailure logs why the service failed. A fault of the document is in the answer.
func (s *server) logFailure(r *http.Request, err error) {
	f := problem.FaultOf(err)
	if r.Context().Err() != nil || !f.Code.IsTransient() {
		s.deps.Logger.DebugContext(r.Context(), "document not read", "code", f.Code, "error", err, "request", problem.RequestID(r.Context()))
		return
	}
	s.deps.Logger.WarnContext(r.Context(), "document not read", "code", f.Code, "error", err, "request", problem.RequestID(r.Context()))
}

// logPanic logs where a handler panicked. The value may quote a document.
func (s *server) logPanic(r *http.Request, _ any) {
	s.deps.Logger.ErrorContext(r.Context(), "panic in a handler", "stack", string(debug.Stack()), "request", problem.RequestID(r.Context()))
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	// A client that does not read its answer loses it.
	err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(budget.ParserWrite))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return // the connection is closed
	}
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that disconnected needs no answer
}
