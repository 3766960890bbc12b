// Package respond turns the result of an endpoint into an answer: JSON, stored gzip, version tags, and problems. It
// does not depend on routes and use cases.
package respond

import (
	"context"
	"errors"
	"net/http"
	"os"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/french"
	"github.com/trackmydegree/trackmydegree/internal/problem"
)

// Exchange is what the log contains about one request besides its route and status. Handlers fill it in.
type Exchange struct {
	Err        error  // that the answer reports
	JobID      string // that the request is about
	ClientLeft bool   // before the answer
	Panicked   bool   // reported already, with its stack
}

type exchangeKey struct{}

// StartExchange returns r with an empty Exchange in its context.
func StartExchange(r *http.Request) (*http.Request, *Exchange) {
	x := &Exchange{}
	return r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x)), x
}

// ExchangeOf returns the Exchange of a request, or an unused one.
func ExchangeOf(ctx context.Context) *Exchange {
	if x, ok := ctx.Value(exchangeKey{}).(*Exchange); ok {
		return x
	}
	return &Exchange{}
}

// Endpoint is a handler that may fail. Its error is answered as a problem; it has sent nothing in that case.
type Endpoint func(w http.ResponseWriter, r *http.Request) error

// HandleEndpoint turns an endpoint into a handler.
func HandleEndpoint(e Endpoint) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := e(w, r); err != nil {
			WriteError(w, r, err)
		}
	}
}

// errClientLeft is the answer to a client that closed its side of the connection. Most have disconnected. One that
// only stopped sending still reads, and would take an empty answer for a 200.
var errClientLeft = fault.WithDetail(fault.BadRequest,
	"The connection was closed before the answer was ready. Send the request again and keep the connection open.")

// WriteError answers with err as a problem. To a client that prefers French it says in French what is wrong with each
// field.
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	x := ExchangeOf(r.Context())
	x.Err = err
	// A body that is too slow ends the context as well, but its client is still connected.
	if r.Context().Err() != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		x.ClientLeft = true
		if problem.FromError(err).Status >= http.StatusInternalServerError {
			err = errClientLeft // the request failed because its client disconnected
		}
	}
	if f := fault.From(err); f != nil && len(f.Fields) > 0 {
		w.Header().Add("Vary", "Accept-Language")
		if french.IsPreferred(r) {
			translated, isWhole := french.TranslateFault(err)
			err = translated
			if isWhole {
				w.Header().Set("Content-Language", french.Tag)
			}
		}
	}
	problem.WriteError(w, r, err)
}
