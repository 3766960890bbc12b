package browser_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// A refusal for the moment is not the end of a test: the same request, with its body, is sent again.
func TestSendRetries(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || string(body) != "the body" {
			t.Errorf("got the body %q (%v), want it whole each time", body, err)
		}
		if requests.Add(1) == 1 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, `{"JobID":"done"}`)
	}))
	t.Cleanup(server.Close)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader("the body"))
	must(t, err)
	var answer struct{ JobID string }
	system{base: server.URL}.send(t, r, &answer)
	if answer.JobID != "done" || requests.Load() != 2 {
		t.Errorf("got %q after %d requests, want the answer of the second", answer.JobID, requests.Load())
	}
}
