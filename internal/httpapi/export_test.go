package httpapi

import (
	"time"

	"github.com/go-chi/chi/v5"
)

// Routes is the router, for the test that compares it with the description.
func (a *API) Routes() chi.Routes { return a.handler.(chi.Routes) }

// SetHeartbeat changes how often quiet streams are kept open, before any is.
func (a *API) SetHeartbeat(d time.Duration) { a.eventHeartbeat = d }
