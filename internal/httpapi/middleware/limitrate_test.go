package middleware_test

import (
	"net/http"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/middleware"
)

// Each owner has a separate limit.
func TestLimitRate(t *testing.T) {
	t.Parallel()
	h := middleware.Authenticate(callers{"ann": {Owner: "ann"}, "bob": {Owner: "bob"}})(middleware.LimitRate(2)(ok))
	for _, step := range []struct {
		owner string
		code  fault.Code
	}{{"ann", ""}, {"ann", ""}, {"ann", fault.TooManyRequests}, {"bob", ""}} {
		res := send(h, http.MethodGet, header("Authorization", step.owner))
		wantCode(t, res, step.code)
		if step.code != "" && res.Header.Get("Retry-After") == "" {
			t.Error("Retry-After: got none, want one")
		}
	}
}
