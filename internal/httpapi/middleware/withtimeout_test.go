package middleware_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/middleware"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/respond"
)

func TestWithTimeout(t *testing.T) {
	t.Parallel()
	endpoint := middleware.WithTimeout(func(_ http.ResponseWriter, r *http.Request) error {
		deadline, limited := r.Context().Deadline()
		if left := time.Until(deadline); !limited || left > budget.Answer {
			t.Errorf("got a deadline in %v (%v), want one within %v", left, limited, budget.Answer)
		}
		return nil
	})
	wantCode(t, send(respond.HandleEndpoint(endpoint), http.MethodGet), "")
}
