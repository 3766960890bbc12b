package middleware_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/auth"
	"github.com/trackmydegree/trackmydegree/internal/problem"
)

// ok is the endpoint behind the middleware of these tests.
var ok = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })

// send returns the answer of h to a request, which change may alter.
func send(h http.Handler, method string, change ...func(*http.Request)) *http.Response {
	r := httptest.NewRequest(method, "http://127.0.0.1/api/degrees", nil)
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// header sets one header of a request.
func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// wantCode checks the status of an answer: 200 for "", else that of the code.
func wantCode(t *testing.T, res *http.Response, code fault.Code) {
	t.Helper()
	want := http.StatusOK
	if code != "" {
		want = problem.StatusOf(code)
	}
	if res.StatusCode != want {
		t.Errorf("status: got %d, want %d", res.StatusCode, want)
	}
}

// callers is an authenticator that identifies callers by their whole Authorization header.
type callers map[string]auth.Caller

func (c callers) Caller(r *http.Request) (auth.Caller, error) {
	if caller, known := c[r.Header.Get("Authorization")]; known {
		return caller, nil
	}
	return auth.Caller{}, fault.New(fault.Unauthorized)
}
