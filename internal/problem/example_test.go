package problem_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/problem"
)

// The answer names the code and says what to do. It does not contain the cause.
func ExampleWriteError() {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "/api/timeline/upload", nil)
	problem.WriteError(w, r, fault.Wrap(fault.QueueUnavailable, errors.New("dial tcp 10.0.0.7:6379: connection refused")))

	fmt.Println(w.Code, w.Header().Get("Retry-After"))
	fmt.Println(w.Body)
	// Output:
	// 503 5
	// {"type":"urn:trackmydegree:problem:queue_unavailable","title":"Queue unavailable","status":503,"detail":"Work cannot be accepted at the moment. Try again shortly.","code":"queue_unavailable"}
}
