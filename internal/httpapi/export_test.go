package httpapi

import (
	"time"

	"github.com/go-chi/chi/v5"
)

// Routes is the router, for the test that compares it with the description.
func (a *API) Routes() chi.Routes { return a.handler.(chi.Routes) }

// SetHeartbeat changes the period of comments on quiet streams. Call it before the first stream.
func (a *API) SetHeartbeat(d time.Duration) { a.eventHeartbeat = d }
