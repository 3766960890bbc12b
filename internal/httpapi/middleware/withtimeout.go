package middleware

import (
	"context"
	"net/http"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/respond"
)

// WithTimeout bounds an endpoint that reads no body by budget.Answer.
func WithTimeout(e respond.Endpoint) respond.Endpoint {
	return func(w http.ResponseWriter, r *http.Request) error {
		r, cancel := LimitAnswer(r)
		defer cancel()
		return e(w, r)
	}
}

// LimitAnswer returns r with a context that ends after budget.Answer. An endpoint that reads a body calls it
// afterwards: how long a body takes depends on the client.
func LimitAnswer(r *http.Request) (*http.Request, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(r.Context(), budget.Answer)
	return r.WithContext(ctx), cancel
}
