package httpapi

import "github.com/go-chi/chi/v5"

// Routes is the router, for the test that compares it with the description.
func (a *API) Routes() chi.Routes { return a.handler.(chi.Routes) }
