// Package httpapi is the HTTP API: it accepts work, reports its progress, and serves results, saved timelines, the
// catalogue and the page. It imports no driver: it uses the interfaces of ports.go and the use cases.
//
// Each resource has one file with its endpoints. They share the packages below: respond writes answers, params reads
// requests, middleware wraps the endpoints, auth checks tokens.
package httpapi

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/dependency"
	"github.com/trackmydegree/trackmydegree/internal/health"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/auth"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/clientaddr"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/legacy"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/middleware"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/signin"
	"github.com/trackmydegree/trackmydegree/internal/httpserver"
	"github.com/trackmydegree/trackmydegree/internal/tracing"
)

// Deps are the parts of the API. All are required unless noted otherwise.
type Deps struct {
	Jobs      Jobs
	Submit    Submitter
	Uploads   Uploads
	Timelines Timelines
	Advisor   Advisor
	Admin     Admin
	Accounts  Accounts
	Catalogue Catalogue
	// Snapshot is the same catalogue, in memory.
	Snapshot Snapshot
	Cache    Cache
	Auth     *auth.Guard
	// SignIn signs users of the page in. It may be nil: callers then have bearer tokens alone.
	SignIn *signin.Service
	// Clients finds the addresses of clients that are not signed in. The zero value trusts no proxy.
	Clients clientaddr.Resolver
	Gate    Gate
	// Workers may be nil: the status of a waiting job then says nothing about workers.
	Workers Workers
	// Health lists the dependencies in the order of /api/health, and may be empty. The keys of an identity provider are
	// added.
	Health     []Dependency
	Reporter   Reporter
	Logger     *slog.Logger
	Registerer prometheus.Registerer // nil disables the metrics
	Clock      func() time.Time      // nil is time.Now
	Tracer     *tracing.Tracer       // nil traces nothing

	// Legacy answers the routes of the earlier system's API as well.
	Legacy bool

	CacheTTL time.Duration // of a response of the catalogue; 0 is 300 s
	// Origins may call from web pages of other hosts, such as https://app.example.org.
	Origins []string
	// TLSOnly is how long browsers may reach the host over TLS alone; 0 does not restrict them.
	TLSOnly time.Duration
	// RateLimit and UploadRateLimit are requests a minute of each owner, in this process; 0 sets no limit.
	RateLimit, UploadRateLimit int
	// UploadTimeout bounds the body of a request; 0 is budget.Upload.
	UploadTimeout time.Duration
	// IdleTimeout is how long a connection stays open without a request; 0 is budget.ServerIdle.
	IdleTimeout time.Duration
}

// Validate names the first dependency that is missing.
func (d Deps) Validate() error {
	return dependency.Require("httpapi", d, "Jobs", "Submit", "Uploads", "Timelines", "Advisor", "Admin", "Accounts", "Catalogue", "Snapshot",
		"Cache", "Auth", "Gate", "Reporter", "Logger")
}

// API answers requests.
type API struct {
	handler http.Handler // of the routes
	entry   http.Handler // of all requests: handler, or the earlier routes before it

	jobs      Jobs
	submit    Submitter
	uploads   Uploads
	timelines Timelines
	advisor   Advisor
	admin     Admin
	accounts  Accounts
	catalogue Catalogue
	snapshot  Snapshot
	cache     Cache
	auth      *auth.Guard
	signIn    *signin.Service // may be nil
	clients   clientaddr.Resolver
	workers   Workers // may be nil
	health    *health.Monitor
	requests  *middleware.RequestLog
	files     map[string]file

	streams     *streamCounter
	streamGauge prometheus.Gauge

	cacheTTL       time.Duration
	uploadTimeout  time.Duration
	idleTimeout    time.Duration
	eventHeartbeat time.Duration

	clock      func() time.Time
	logger     *slog.Logger
	stopping   chan struct{} // closed when event streams are to end
	endStreams func()
}

// New returns an API. It starts nothing.
func New(d Deps) (*API, error) {
	if err := d.Validate(); err != nil {
		return nil, err
	}
	if d.Clock == nil {
		d.Clock = time.Now
	}
	monitor, err := newMonitor(d)
	if err != nil {
		return nil, err
	}
	requests, err := middleware.NewRequestLog(d.Logger, d.Reporter, d.Clock, d.Registerer)
	if err != nil {
		return nil, fmt.Errorf("httpapi: %w", err)
	}
	gauge, err := newStreamGauge(d.Registerer)
	if err != nil {
		return nil, err
	}
	files, err := loadFiles()
	if err != nil {
		return nil, err
	}
	a := &API{
		jobs: d.Jobs, submit: d.Submit, uploads: d.Uploads, timelines: d.Timelines, advisor: d.Advisor, admin: d.Admin, accounts: d.Accounts, catalogue: d.Catalogue,
		snapshot: d.Snapshot, cache: d.Cache, auth: d.Auth, signIn: d.SignIn, clients: d.Clients, workers: d.Workers, health: monitor, requests: requests, files: files,
		streams: newStreamCounter(), streamGauge: gauge,
		cacheTTL: cmp.Or(d.CacheTTL, 300*time.Second), uploadTimeout: cmp.Or(d.UploadTimeout, budget.Upload), idleTimeout: d.IdleTimeout,
		eventHeartbeat: budget.EventHeartbeat, clock: d.Clock, logger: d.Logger, stopping: make(chan struct{}),
	}
	a.endStreams = sync.OnceFunc(func() { close(a.stopping) })
	a.handler = a.router(d)
	a.entry = a.handler
	if d.Legacy {
		a.entry = legacy.Wrap(a.handler)
	}
	return a, nil
}

// newMonitor checks the dependencies and, with an identity provider, its keys.
func newMonitor(d Deps) (*health.Monitor, error) {
	dependencies := append([]Dependency{}, d.Health...) // not nil: the answers always have a list
	if d.Auth.Remote() {
		dependencies = append(dependencies, Dependency{Name: "keys", Needed: true, Check: d.Auth.Check})
	}
	m, err := health.New(health.Config{
		Dependencies: dependencies, Serving: d.Gate.IsReady, MaxAge: budget.HealthMaxAge, Clock: d.Clock, Logger: d.Logger,
	})
	if err != nil {
		return nil, fmt.Errorf("httpapi: %w", err)
	}
	return m, nil
}

func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.entry.ServeHTTP(w, r) }

// Server returns a server for the API. When it shuts down, event streams end first: otherwise they would last as long
// as their jobs.
func (a *API) Server() *http.Server {
	s := httpserver.New(a, httpserver.Options{
		HeaderTimeout: budget.ClientHeaders,
		// Enough for a slow upload and its answer. A body that stalls ends sooner, and each event of a stream has its
		// own deadline.
		WriteTimeout: a.uploadTimeout + budget.ClientWrite,
		IdleTimeout:  a.idleTimeout,
		Logger:       a.logger,
	})
	s.RegisterOnShutdown(a.endStreams)
	return s
}
