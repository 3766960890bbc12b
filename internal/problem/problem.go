// Package problem writes and reads errors as RFC 9457 problem details. Its table maps each code of package fault to an
// HTTP status.
package problem

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/tracing"
)

// ContentType is the media type of a problem.
const ContentType = "application/problem+json"

// typePrefix and a code make the URI of a problem's type.
const typePrefix = "urn:trackmydegree:problem:"

// maxBytes bounds a problem that is read from another server.
const maxBytes = 64 << 10

// Problem is the body of an error: the members of RFC 9457 and, as extensions, the code for programs, the id of the
// request in the logs, that of its trace, the fields at fault, the nearest names, and the address of the list to choose
// from.
type Problem struct {
	Type      string        `json:"type"`
	Title     string        `json:"title"`
	Status    int           `json:"status"`
	Detail    string        `json:"detail,omitempty"`
	Instance  string        `json:"instance,omitempty"`
	Code      fault.Code    `json:"code"`
	RequestID string        `json:"requestId,omitempty"`
	TraceID   string        `json:"traceId,omitempty"` // of a request that is traced
	Errors    []fault.Field `json:"errors,omitempty"`
	Closest   []string      `json:"closest,omitempty"`
	Link      string        `json:"link,omitempty"`
}

// degreesLink is the address of the list of degrees.
const degreesLink = "/api/degrees"

// links are the addresses at which a client finds what to send instead.
var links = map[fault.Code]string{
	fault.DegreeNotFound: degreesLink, fault.DegreeAmbiguous: degreesLink, fault.DegreeMissing: degreesLink,
}

type meaning struct {
	status int
	title  string
	retry  time.Duration // for Retry-After; 0 leaves the header out
}

// meanings maps each code to HTTP. The waits are about how long each part takes to recover: a child of the parser one
// second, a failover of a database or of Redis several.
var meanings = map[fault.Code]meaning{
	fault.NotAPDF:              {http.StatusUnsupportedMediaType, "Not a PDF", 0},
	fault.UnsupportedKind:      {http.StatusUnsupportedMediaType, "Unsupported kind of file", 0},
	fault.TooLarge:             {http.StatusRequestEntityTooLarge, "Too large", 0},
	fault.Encrypted:            {http.StatusUnprocessableEntity, "Encrypted document", 0},
	fault.NoText:               {http.StatusUnprocessableEntity, "No text in the document", 0},
	fault.Corrupt:              {http.StatusUnprocessableEntity, "Damaged document", 0},
	fault.UnrecognizedDocument: {http.StatusUnprocessableEntity, "Unrecognized document", 0},
	fault.TooManyPages:         {http.StatusUnprocessableEntity, "Too many pages", 0},
	fault.TooComplex:           {http.StatusUnprocessableEntity, "Too complex a document", 0},
	fault.UnreadableRows:       {http.StatusUnprocessableEntity, "Unreadable rows", 0},
	fault.IncompleteDocument:   {http.StatusUnprocessableEntity, "Incomplete document", 0},
	fault.DegreeNotFound:       {http.StatusUnprocessableEntity, "Degree not found", 0},
	fault.DegreeAmbiguous:      {http.StatusUnprocessableEntity, "Ambiguous degree", 0},
	fault.DegreeMissing:        {http.StatusUnprocessableEntity, "Degree missing", 0},
	fault.FactsExpired:         {http.StatusGone, "No longer kept", 0},
	fault.InvalidForm:          {http.StatusUnprocessableEntity, "Invalid fields", 0},
	fault.TimelineNotFound:     {http.StatusNotFound, "Timeline not found", 0},
	fault.JobNotFound:          {http.StatusNotFound, "Job not found", 0},
	fault.Conflict:             {http.StatusConflict, "Conflict", 0},
	fault.PreconditionFailed:   {http.StatusPreconditionFailed, "Changed in the meantime", 0},
	fault.WorkerLost:           {http.StatusUnprocessableEntity, "Workers lost", 0},

	fault.BadRequest:       {http.StatusBadRequest, "Bad request", 0},
	fault.Unauthorized:     {http.StatusUnauthorized, "Unauthorized", 0},
	fault.Forbidden:        {http.StatusForbidden, "Forbidden", 0},
	fault.NotFound:         {http.StatusNotFound, "Not found", 0},
	fault.MethodNotAllowed: {http.StatusMethodNotAllowed, "Method not allowed", 0},
	fault.TooManyRequests:  {http.StatusTooManyRequests, "Too many requests", time.Second},
	fault.TooManyJobs:      {http.StatusTooManyRequests, "Too many jobs", 5 * time.Second},

	fault.ParserUnavailable:   {http.StatusServiceUnavailable, "Parser unavailable", 2 * time.Second},
	fault.DatabaseUnavailable: {http.StatusServiceUnavailable, "Database unavailable", 5 * time.Second},
	fault.StorageUnavailable:  {http.StatusServiceUnavailable, "Storage unavailable", 5 * time.Second},
	fault.QueueUnavailable:    {http.StatusServiceUnavailable, "Queue unavailable", 5 * time.Second},
	fault.SignInUnavailable:   {http.StatusServiceUnavailable, "Sign-in unavailable", 5 * time.Second},
	fault.Draining:            {http.StatusServiceUnavailable, "Draining", 30 * time.Second},
	fault.Timeout:             {http.StatusServiceUnavailable, "Timeout", 5 * time.Second},
	fault.Internal:            {http.StatusInternalServerError, "Internal error", 0},
}

// StatusOf returns the HTTP status of a code; codes outside the vocabulary are internal errors.
func StatusOf(code fault.Code) int { return meaningOf(code).status }

// RetryAfter returns how long a client waits before it retries, and 0 where a retry alone does not help.
func RetryAfter(code fault.Code) time.Duration { return meaningOf(code).retry }

func meaningOf(code fault.Code) meaning {
	if m, ok := meanings[code]; ok {
		return m
	}
	return meanings[fault.Internal]
}

// FaultOf returns err as fault.From does, except that the error of an http.MaxBytesReader is too_large.
func FaultOf(err error) *fault.Error {
	var known *fault.Error
	var tooLarge *http.MaxBytesError
	if !errors.As(err, &known) && errors.As(err, &tooLarge) {
		return fault.Wrap(fault.TooLarge, err)
	}
	return fault.From(err)
}

// FromError returns what WriteError sends for err, without the request's id.
func FromError(err error) Problem {
	f := FaultOf(err)
	m := meaningOf(f.Code)
	code := f.Code
	if !code.IsKnown() {
		code = fault.Internal
	}
	return Problem{
		Type:    typePrefix + string(code),
		Title:   m.title,
		Status:  m.status,
		Detail:  f.Message(),
		Code:    code,
		Errors:  f.Fields,
		Closest: f.Closest,
		Link:    links[code],
	}
}

// WriteError answers r with err as a problem. The cause of err is not part of the answer: log it before. A Retry-After
// that is set already stays.
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	p := FromError(err)
	p.RequestID = RequestID(r.Context())
	p.TraceID = tracing.TraceID(r.Context())
	body, mErr := json.Marshal(p)
	if mErr != nil { // strings and ints always marshal
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", ContentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	h.Del("ETag")
	if wait := RetryAfter(p.Code); wait > 0 && h.Get("Retry-After") == "" {
		h.Set("Retry-After", strconv.Itoa(int(wait.Seconds())))
	}
	w.WriteHeader(p.Status)
	_, _ = w.Write(body) // a client that left needs no answer
}

// NotFound answers for addresses without a route.
func NotFound(w http.ResponseWriter, r *http.Request) { WriteError(w, r, fault.New(fault.NotFound)) }

// MethodNotAllowed answers for routes without the method. Its header Allow lists the methods that a chi router has.
func MethodNotAllowed(w http.ResponseWriter, r *http.Request) {
	SetAllow(w, r)
	WriteError(w, r, fault.New(fault.MethodNotAllowed))
}

// SetAllow sets the header Allow to the methods that a chi router has for the address of r.
func SetAllow(w http.ResponseWriter, r *http.Request) {
	if rc := chi.RouteContext(r.Context()); rc != nil && rc.Routes != nil {
		path := r.URL.EscapedPath() // Routes is the outermost router
		var allowed []string
		for _, m := range []string{
			http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
		} {
			if rc.Routes.Match(chi.NewRouteContext(), m, path) {
				allowed = append(allowed, m)
			}
		}
		w.Header().Set("Allow", strings.Join(allowed, ", "))
	}
}

// ReadFault returns the fault that a problem names. It fails for a body that is no problem, is longer than 64 KiB or
// has an unknown code.
func ReadFault(r io.Reader) (*fault.Error, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read problem: %w", err)
	}
	if len(b) > maxBytes {
		return nil, errors.New("read problem: too long")
	}
	var p Problem
	if err := json.Unmarshal(b, &p); err != nil {
		return nil, fmt.Errorf("read problem: %w", err)
	}
	if !p.Code.IsKnown() {
		return nil, errors.New("read problem: unknown code")
	}
	f := &fault.Error{Code: p.Code, Fields: p.Errors, Closest: p.Closest}
	if p.Detail != p.Code.DefaultMessage() {
		f.Detail = p.Detail
	}
	return f, nil
}
