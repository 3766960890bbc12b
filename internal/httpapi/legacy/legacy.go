// Package legacy answers the routes of the earlier system's API, for its front end and its scripts, on top of the API
// of this system: each request becomes one or more requests of the present API, whose answers take the earlier form.
// Authentication, limits and logs are therefore those of the present API.
//
// The earlier API had no owners. Here a caller without a token is a guest, where guests are admitted.
package legacy

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"

	"github.com/trackmydegree/trackmydegree/internal/httpserver"
	"github.com/trackmydegree/trackmydegree/internal/problem"
)

// maxBody bounds the JSON of a request that is translated, in bytes. An edit holds whole courses.
const maxBody = 1 << 20

// adapter translates requests for the present API.
type adapter struct{ api http.Handler }

// Wrap returns a handler that answers the earlier routes and leaves all others to api.
func Wrap(api http.Handler) http.Handler {
	a := adapter{api}
	mux := http.NewServeMux()
	for pattern, translate := range map[string]func(*exchange){
		"POST /api/upload/file":                  a.submitFile,
		"POST /api/upload/form":                  a.submitForm,
		"GET /api/jobs/{id}":                     a.getJob,
		"POST /api/jobs/{id}":                    a.editJob,
		"POST /api/timeline":                     a.saveTimeline,
		"GET /api/timeline/{id}":                 a.loadTimeline,
		"PUT /api/timeline/{id}":                 a.updateTimeline,
		"DELETE /api/timeline/{id}":              a.deleteTimeline,
		"DELETE /api/timeline/user/{userId}":     a.deleteTimelines,
		"GET /api/degree":                        a.listDegrees,
		"GET /api/degree/{id}":                   a.getDegree,
		"GET /api/degree/{id}/credits":           a.getDegreeCredits,
		"GET /api/degree/{id}/coursepools":       a.listPools,
		"GET /api/courses/all-codes":             a.listCodes,
		"GET /api/courses/by-degree/{id}":        a.listCoursesOfDegree,
		"GET /api/audit/timeline/job/{id}":       a.auditJob,
		"GET /api/audit/timeline/{id}":           a.auditTimeline,
		"GET /api/audit/user/{userId}":           a.auditLatest,
		"GET /api/timeline/status/{jobId}":       nil, // of the present API, which a pattern above would take
		"GET /api/timeline/status/{jobId}/{any}": nil,
	} {
		if translate == nil {
			mux.Handle(pattern, api)
			continue
		}
		mux.Handle(pattern, httpserver.RequestIDs(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			x := &exchange{adapter: a, w: w, r: r}
			w.Header().Set("X-CSRF-Token", "none") // the earlier front end sends it back; origins are checked instead
			x.admitGuest()
			translate(x)
		})))
	}
	mux.Handle("/", api)
	return mux
}

// kept are the headers of the present API, in their canonical spelling, that the earlier answers have as well.
var kept = []string{
	"Access-Control-Allow-Origin", "Access-Control-Expose-Headers", "Content-Security-Policy", "Cross-Origin-Opener-Policy",
	"Cross-Origin-Resource-Policy", "Permissions-Policy", "Referrer-Policy", "Strict-Transport-Security", "Vary", "X-Content-Type-Options",
}

// answer is an answer of the present API.
type answer struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }

func (a *answer) isOK() bool { return a.status < http.StatusMultipleChoices }

// exchange is one request of the earlier API.
type exchange struct {
	adapter
	w http.ResponseWriter
	r *http.Request
}

// send sends a request of the present API on behalf of the client. body is JSON, or nil for none.
func (x *exchange) send(method, path string, body any) *answer {
	var content io.Reader = http.NoBody
	header := x.r.Header.Clone()
	for _, name := range []string{"Content-Type", "Content-Length", "If-None-Match", "Accept-Encoding", "Content-Encoding", "X-Csrf-Token"} {
		header.Del(name)
	}
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return &answer{status: http.StatusInternalServerError}
		}
		content = bytes.NewReader(encoded)
		header.Set("Content-Type", "application/json")
	}
	return x.forward(method, path, header, content)
}

// forward sends a request with the headers and the body that are given.
func (x *exchange) forward(method, path string, header http.Header, body io.Reader) *answer {
	r, err := http.NewRequestWithContext(x.r.Context(), method, path, body)
	if err != nil {
		return &answer{status: http.StatusInternalServerError}
	}
	header.Set(problem.RequestIDHeader, problem.RequestID(x.r.Context()))
	r.Header, r.Host, r.RemoteAddr, r.TLS = header, x.r.Host, x.r.RemoteAddr, x.r.TLS
	out := &answer{status: http.StatusOK, header: http.Header{}}
	x.api.ServeHTTP(out, r)
	for _, name := range kept {
		if values := out.header.Values(name); len(values) > 0 {
			x.w.Header()[name] = values
		}
	}
	for _, cookie := range out.header.Values("Set-Cookie") {
		x.w.Header().Add("Set-Cookie", cookie)
	}
	return out
}

// get sends a request and decodes its answer; false when the answer was an error, which the client then receives.
func (x *exchange) get(method, path string, body, into any) bool {
	out := x.send(method, path, body)
	if !out.isOK() {
		x.writeRefusal(out)
		return false
	}
	if into == nil {
		return true
	}
	if err := json.Unmarshal(out.body.Bytes(), into); err != nil {
		x.writeError(http.StatusInternalServerError, "InternalServerError", "Something went wrong.")
		return false
	}
	return true
}

// admitGuest makes a caller without a sign-in a guest, where guests are admitted. Otherwise the request is answered
// with 401 later.
func (x *exchange) admitGuest() {
	if x.r.Header.Get("Authorization") != "" {
		return
	}
	var session struct {
		SignedIn bool `json:"signedIn"`
		Guests   bool `json:"guests"`
	}
	out := x.send(http.MethodGet, "/api/session", nil)
	if json.Unmarshal(out.body.Bytes(), &session) != nil || session.SignedIn || !session.Guests {
		return
	}
	guest := x.send(http.MethodPost, "/api/auth/guest", nil)
	for _, cookie := range (&http.Response{Header: guest.header}).Cookies() {
		if cookie.MaxAge >= 0 {
			x.r.AddCookie(&http.Cookie{Name: cookie.Name, Value: cookie.Value})
		}
	}
}

// readBody decodes the JSON of the request; false when it is none, which the client is then answered.
func (x *exchange) readBody(into any) bool {
	body, err := io.ReadAll(http.MaxBytesReader(x.w, x.r.Body, maxBody))
	if err == nil {
		err = json.Unmarshal(body, into)
	}
	if err != nil {
		x.writeError(http.StatusBadRequest, "BadRequestError", "The body is not the JSON of this request.")
		return false
	}
	return true
}

func (x *exchange) writeJSON(status int, value any) {
	x.w.Header().Set("Content-Type", "application/json; charset=utf-8")
	x.w.WriteHeader(status)
	_ = json.NewEncoder(x.w).Encode(value)
}

// errorBody is the body of every error but 429.
type errorBody struct {
	Success bool   `json:"success"`
	Error   string `json:"error"`
	Message string `json:"message"`
	Status  int    `json:"status"`
}

func (x *exchange) writeError(status int, class, message string) {
	x.writeJSON(status, errorBody{Error: class, Message: message, Status: status})
}

// classOf returns the class of errors of a status. Fields at fault were 400.
func classOf(status int) (int, string) {
	switch status {
	case http.StatusUnprocessableEntity, http.StatusBadRequest:
		return http.StatusBadRequest, "BadRequestError"
	case http.StatusUnauthorized:
		return status, "UnauthorizedError"
	case http.StatusForbidden:
		return status, "ForbiddenError"
	case http.StatusNotFound, http.StatusGone:
		return http.StatusNotFound, "NotFoundError"
	case http.StatusConflict, http.StatusPreconditionFailed:
		return http.StatusConflict, "AlreadyExistsError"
	case http.StatusServiceUnavailable:
		return status, "APIError"
	}
	if status < http.StatusInternalServerError {
		return status, "BadRequestError"
	}
	return http.StatusInternalServerError, "InternalServerError"
}

// writeRefusal answers with a problem of the present API in the earlier form.
func (x *exchange) writeRefusal(out *answer) {
	message := "Something went wrong."
	if f, err := problem.ReadFault(bytes.NewReader(out.body.Bytes())); err == nil {
		message = f.Message()
		for _, field := range f.Fields {
			message += " " + field.Path + ": " + field.Message
		}
	}
	if after := out.header.Get("Retry-After"); after != "" {
		x.w.Header().Set("Retry-After", after)
	}
	if out.status == http.StatusTooManyRequests {
		x.writeJSON(out.status, map[string]string{"error": message})
		return
	}
	status, class := classOf(out.status)
	x.writeError(status, class, message)
}

// pathOf returns a path of the present API with the id of the earlier path.
func (x *exchange) pathOf(before, after string) string {
	return before + url.PathEscape(x.r.PathValue("id")) + after
}
