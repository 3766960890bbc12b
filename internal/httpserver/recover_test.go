package httpserver_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/httpserver"
)

func TestRecoverPanics(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		handler  http.HandlerFunc
		status   int  // 0: the connection is closed
		reported bool // whether report is called
	}{
		{"no panic", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }, http.StatusTeapot, false},
		{"before the answer", func(http.ResponseWriter, *http.Request) { panic("a secret") }, http.StatusInternalServerError, true},
		{"within the answer", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(strings.Repeat("half", 4096)))
			panic("a secret")
		}, 0, true},
		{"on purpose", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			reported := false
			h := httpserver.RecoverPanics(func(*http.Request, any) { reported = true })(tt.handler)
			w := httptest.NewRecorder()
			aborted := func() (aborted bool) {
				defer func() { aborted = recover() == http.ErrAbortHandler }() //nolint:errorlint // the very value that net/http looks for
				h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
				return false
			}()
			if want := tt.status == 0; aborted != want {
				t.Errorf("aborted: got %v, want %v", aborted, want)
			}
			if tt.status != 0 && w.Code != tt.status {
				t.Errorf("status: got %d, want %d", w.Code, tt.status)
			}
			if reported != tt.reported {
				t.Errorf("reported: got %v, want %v", reported, tt.reported)
			}
			if strings.Contains(w.Body.String(), "secret") {
				t.Errorf("got the body %s, want no value of the panic in it", w.Body)
			}
		})
	}
}
