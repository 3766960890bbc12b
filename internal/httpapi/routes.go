package httpapi

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/guest"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/middleware"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/page"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/respond"
	"github.com/trackmydegree/trackmydegree/internal/httpserver"
	"github.com/trackmydegree/trackmydegree/internal/problem"
)

// router lists every route. openapi.json describes each of them; a test compares the two.
func (a *API) router(d Deps) http.Handler {
	r := chi.NewRouter()
	// From the outside in: the ids come first because everything uses them, and the log sees the answers of all others.
	r.Use(httpserver.RequestIDs, middleware.TraceRequests(d.Tracer, d.Clients.IsProxied), a.requests.LogRequests, middleware.SecurityHeaders(d.TLSOnly))
	if len(d.Origins) > 0 {
		r.Use(middleware.AllowOrigins(d.Origins))
	}
	r.NotFound(respond.HandleEndpoint(func(http.ResponseWriter, *http.Request) error { return fault.New(fault.NotFound) }))
	r.MethodNotAllowed(handleMethodNotAllowed)

	// For probes and operators.
	routeGet(r, "/livez", plainEndpoint(a.health.ServeLiveness))
	routeGet(r, "/readyz", plainEndpoint(a.health.ServeReadiness))
	routeGet(r, "/api/health", plainEndpoint(a.health.ServeHealth))

	// For users and for authors of clients.
	routeGet(r, "/", a.serveFile(page.Index))
	routeGet(r, "/docs", a.serveFile(page.Docs))
	routeGet(r, "/admin", a.serveFile(page.Admin))
	routeGet(r, "/assets/{file}", a.serveAsset)
	routeGet(r, "/openapi.json", a.serveFile(fileOpenAPI))

	// Before Authenticate: these routes are for callers who are not signed in yet.
	var callers middleware.Authenticator = a.auth
	ofPage := []func(http.Handler) http.Handler{middleware.RejectEncodedBody}
	if a.auth.Open() {
		ofPage = append(ofPage, middleware.RestrictToLoopback(d.Origins))
	}
	if a.signIn != nil {
		callers, ofPage = a.signIn, append(ofPage, a.signIn.RenewSessions)
	}
	r.Group(func(r chi.Router) {
		r.Use(ofPage...)
		if d.RateLimit > 0 {
			r.Use(middleware.LimitClients(d.RateLimit, d.Clients.KeyOf))
		}
		a.sessionRoutes(r, callers)
	})

	r.Route("/api", func(r chi.Router) {
		r.Use(ofPage...)
		r.Use(middleware.Authenticate(callers))
		a.callerRoutes(r, d)
	})
	return r
}

// callerRoutes lists the routes below /api whose callers are known.
func (a *API) callerRoutes(r chi.Router, d Deps) {
	if d.RateLimit > 0 {
		r.Use(middleware.LimitRate(d.RateLimit))
	}
	// The routes that create jobs share a separate limit.
	r.Group(func(r chi.Router) {
		if d.UploadRateLimit > 0 {
			r.Use(middleware.LimitClients(d.UploadRateLimit, a.uploaderOf))
		}
		r.Post("/timeline/upload", respond.HandleEndpoint(a.submitFile))
		r.Post("/timeline/form", respond.HandleEndpoint(a.submitForm))
		r.Post("/timeline/{id}/load", respond.HandleEndpoint(a.submitTimeline))
		r.Post("/timeline/{jobId}/degree", respond.HandleEndpoint(a.answerJob))
		r.Post("/timeline/status/{jobId}/plan", respond.HandleEndpoint(a.planTimeline(a.openJobCase)))
		r.Post("/timelines/{id}/plan", respond.HandleEndpoint(a.planTimeline(a.openTimelineCase)))
	})
	routeGet(r, "/timeline/status/{jobId}", middleware.WithTimeout(a.getJob))
	r.Patch("/timeline/status/{jobId}", respond.HandleEndpoint(a.patchJob))
	r.Delete("/timeline/status/{jobId}", respond.HandleEndpoint(middleware.WithTimeout(a.deleteJob)))
	routeGet(r, "/timeline/status/{jobId}/events", a.streamEvents)
	routeGet(r, "/timeline/status/{jobId}/audit", a.getAudit(a.openJobCase))
	routeGet(r, "/timeline/status/{jobId}/what-if", a.getWhatIf(a.openJobCase))

	routeGet(r, "/timelines", middleware.WithTimeout(a.listTimelines))
	r.Post("/timelines", respond.HandleEndpoint(a.saveTimeline))
	routeGet(r, "/timelines/{id}", middleware.WithTimeout(a.getTimeline))
	r.Put("/timelines/{id}", respond.HandleEndpoint(a.updateTimeline))
	r.Patch("/timelines/{id}", respond.HandleEndpoint(a.patchTimeline))
	r.Delete("/timelines/{id}", respond.HandleEndpoint(middleware.WithTimeout(a.deleteTimeline)))
	routeGet(r, "/timelines/{id}/audit", a.getAudit(a.openTimelineCase))
	routeGet(r, "/timelines/{id}/what-if", a.getWhatIf(a.openTimelineCase))

	routeGet(r, "/degrees", middleware.WithTimeout(a.listDegrees))
	routeGet(r, "/degrees/{id}", middleware.WithTimeout(a.getDegree))
	routeGet(r, "/degrees/{id}/pools", middleware.WithTimeout(a.listPools))
	routeGet(r, "/degrees/{id}/sequences", middleware.WithTimeout(a.listSequences))
	routeGet(r, "/calendars", middleware.WithTimeout(a.listCalendars))
	routeGet(r, "/courses", middleware.WithTimeout(a.listCourses))
	routeGet(r, "/courses/{code}", middleware.WithTimeout(a.getCourse))

	routeGet(r, "/me", middleware.WithTimeout(a.getAccount))
	r.Delete("/me", respond.HandleEndpoint(a.deleteAccount))

	r.Route("/admin", a.adminRoutes)
}

// uploaderOf is the caller whose uploads are counted. Guests of one network are counted together: each of them can
// become another guest.
func (a *API) uploaderOf(r *http.Request) string {
	owner := middleware.CallerOf(r).Owner
	if guest.IsOwner(owner) {
		return guest.OwnerPrefix + a.clients.KeyOf(r)
	}
	return owner
}

// routeGet routes GET and HEAD; net/http omits the body of the latter.
func routeGet(r chi.Router, pattern string, e respond.Endpoint) {
	h := respond.HandleEndpoint(e)
	r.Get(pattern, h)
	r.Head(pattern, h)
}

// plainEndpoint wraps a handler that never fails.
func plainEndpoint(h http.HandlerFunc) respond.Endpoint {
	return func(w http.ResponseWriter, r *http.Request) error {
		h(w, r)
		return nil
	}
}

// handleMethodNotAllowed lists the methods of the route in Allow, which is the answer to OPTIONS.
func handleMethodNotAllowed(w http.ResponseWriter, r *http.Request) {
	problem.SetAllow(w, r)
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	respond.WriteError(w, r, fault.New(fault.MethodNotAllowed))
}
