package httpapi

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/cors"
	"github.com/go-chi/httprate"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/auth"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/page"
	"github.com/trackmydegree/trackmydegree/internal/problem"
)

// router lists every route. What it lists, openapi.json describes; a test compares the two.
func (a *API) router(d Deps) http.Handler {
	r := chi.NewRouter()
	// From the outside in: the id comes first since everything names it, and observe sees what all others answer.
	r.Use(problem.RequestIDs, a.observe, secured(d.TLSOnly))
	if len(d.Origins) > 0 {
		r.Use(crossOrigin(d.Origins))
	}
	r.NotFound(a.handle(func(http.ResponseWriter, *http.Request) error { return fault.New(fault.NotFound) }))
	r.MethodNotAllowed(a.methodNotAllowed)

	// For whoever runs the process.
	a.get(r, "/livez", a.livez)
	a.get(r, "/readyz", a.readyz)
	a.get(r, "/api/health", a.health)

	// For people and for those who write clients.
	a.get(r, "/", a.serve(page.Index))
	a.get(r, "/docs", a.serve(page.Docs))
	a.get(r, "/assets/{file}", a.asset)
	a.get(r, "/openapi.json", a.serve("openapi.json"))

	r.Route("/api", func(r chi.Router) {
		if a.auth.Open() {
			r.Use(a.onlyLocal(d.Origins))
		}
		r.Use(a.plain, a.known)
		if d.RateLimit > 0 {
			r.Use(a.limited(d.RateLimit))
		}
		// What makes jobs has a limit of its own, shared by its routes.
		r.Group(func(r chi.Router) {
			if d.UploadRateLimit > 0 {
				r.Use(a.limited(d.UploadRateLimit))
			}
			r.Post("/timeline/upload", a.handle(a.upload))
			r.Post("/timeline/form", a.handle(a.form))
			r.Post("/timeline/{id}/load", a.handle(a.load))
		})
		a.get(r, "/timeline/status/{jobId}", inTime(a.status))
		r.Patch("/timeline/status/{jobId}", a.handle(a.patchJob))
		r.Delete("/timeline/status/{jobId}", a.handle(inTime(a.deleteJob)))
		a.get(r, "/timeline/status/{jobId}/events", a.events)

		a.get(r, "/timelines", inTime(a.list))
		r.Post("/timelines", a.handle(a.save))
		a.get(r, "/timelines/{id}", inTime(a.timeline))
		r.Put("/timelines/{id}", a.handle(a.update))
		r.Delete("/timelines/{id}", a.handle(inTime(a.deleteTimeline)))

		a.get(r, "/degrees", inTime(a.degrees))
		a.get(r, "/degrees/{id}", inTime(a.degree))
		a.get(r, "/degrees/{id}/pools", inTime(a.pools))
		a.get(r, "/courses", inTime(a.courses))
		a.get(r, "/courses/{code}", inTime(a.course))

		r.Route("/admin", a.adminRoutes)
	})
	return r
}

// get routes GET and HEAD; net/http leaves the body of the latter out.
func (a *API) get(r chi.Router, pattern string, e endpoint) {
	h := a.handle(e)
	r.Get(pattern, h)
	r.Head(pattern, h)
}

// inTime is an endpoint without a body to read, whose answer may not be late.
func inTime(e endpoint) endpoint {
	return func(w http.ResponseWriter, r *http.Request) error {
		r, cancel := bounded(r)
		defer cancel()
		return e(w, r)
	}
}

// methodNotAllowed lists in Allow what the route has; OPTIONS asks for just that.
func (a *API) methodNotAllowed(w http.ResponseWriter, r *http.Request) {
	problem.Allow(w, r)
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	a.fail(w, r, fault.New(fault.MethodNotAllowed))
}

// secured sets the headers that keep browsers from guessing, framing, embedding and telling others. The page loosens the
// policy for itself. tlsOnly above 0 keeps them from coming back without TLS.
func secured(tlsOnly time.Duration) func(http.Handler) http.Handler {
	var transport []string
	if tlsOnly > 0 {
		transport = []string{"max-age=" + strconv.FormatInt(int64(tlsOnly/time.Second), 10)}
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h["X-Content-Type-Options"] = nosniff
			h["Referrer-Policy"] = noReferrer
			h["Content-Security-Policy"] = nothingAllowed
			h["Permissions-Policy"] = noDevices
			// Who is in the list of origins asks by CORS, which these two do not touch.
			h["Cross-Origin-Opener-Policy"] = sameOrigin
			h["Cross-Origin-Resource-Policy"] = sameOrigin
			if transport != nil {
				h["Strict-Transport-Security"] = transport
			}
			next.ServeHTTP(w, r)
		})
	}
}

// The values are shared by all answers; nobody appends to them.
var (
	nosniff        = []string{"nosniff"}
	noReferrer     = []string{"no-referrer"}
	nothingAllowed = []string{"default-src 'none'; frame-ancestors 'none'"}
	noDevices      = []string{"camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), publickey-credentials-get=(), usb=()"}
	sameOrigin     = []string{"same-origin"}
)

// plain refuses bodies that are packed: nothing here needs them, and what unpacks them has to know when to stop.
func (a *API) plain(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := problem.Plain(r); err != nil {
			w.Header().Set("Accept-Encoding", "identity") // RFC 7694
			a.fail(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// crossOrigin lets pages of other hosts call the API. Tokens travel in a header, so cookies stay out of it.
func crossOrigin(origins []string) func(http.Handler) http.Handler {
	return cors.Handler(cors.Options{
		AllowedOrigins: origins,
		AllowedMethods: []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete},
		AllowedHeaders: []string{
			"Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "Last-Event-ID", problem.RequestIDHeader,
		},
		ExposedHeaders: []string{"ETag", "Location", "Retry-After", problem.RequestIDHeader},
		MaxAge:         600,
	})
}

type callerKey struct{}

// known lets nobody in without a valid token, and says who is there.
func (a *API) known(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, err := a.auth.Caller(r)
		if err != nil {
			if fault.CodeOf(err) == fault.Unauthorized {
				challenge := `Bearer realm="trackmydegree"`
				if r.Header.Get("Authorization") != "" {
					challenge += `, error="invalid_token"` // RFC 6750, 3.1: not said when none was sent
				}
				w.Header().Set("WWW-Authenticate", challenge)
			}
			a.fail(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, caller)))
	})
}

// callerOf is who sent r. Routes behind known always have one; elsewhere it owns nothing.
func callerOf(r *http.Request) auth.Caller {
	c, _ := r.Context().Value(callerKey{}).(auth.Caller)
	return c
}

// limited lets each owner send so many requests a minute. The window slides; it is this process's own.
func (a *API) limited(perMinute int) func(http.Handler) http.Handler {
	return httprate.LimitBy(perMinute, time.Minute,
		func(r *http.Request) (string, error) { return callerOf(r).Owner, nil },
		httprate.WithLimitHandler(a.handle(func(http.ResponseWriter, *http.Request) error { return fault.New(fault.TooManyRequests) })),
		httprate.WithErrorHandler(a.fail),
	)
}

// onlyLocal guards an API that asks for no token against the web pages that its user visits. They can send requests to
// loopback as well: under the page's own name, which then resolves to 127.0.0.1 (seen in Host), or across origins.
func (a *API) onlyLocal(origins []string) func(http.Handler) http.Handler {
	foreign := http.NewCrossOriginProtection()
	for _, o := range origins {
		// A wrong origin was refused with the settings; here it is merely trusted by nobody.
		_ = foreign.AddTrustedOrigin(o)
	}
	refused := fault.Detailed(fault.Forbidden, "This API serves its own machine only. Open it at http://127.0.0.1.")
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !loopback(r.Host) || foreign.Check(r) != nil {
				a.fail(w, r, refused)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// loopback reports whether a Host header names this machine.
func loopback(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(trimBrackets(host))
	return err == nil && ip.IsLoopback()
}

func trimBrackets(host string) string {
	if len(host) > 1 && host[0] == '[' && host[len(host)-1] == ']' {
		return host[1 : len(host)-1]
	}
	return host
}
