// Package httpapi is the HTTP API: it accepts work, tells how far it is, serves results, saved timelines, the catalogue
// and the page. It knows no driver: what it needs is an interface of ports.go, or a use case.
package httpapi

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/httpapi/auth"
)

// Deps are what the API is made of. All are needed unless it is said otherwise.
type Deps struct {
	Jobs      Jobs
	Submit    Submitter
	Uploads   Uploads
	Edit      Editor
	Operate   Operator
	Catalogue Catalogue
	// Curriculum is the same catalogue, in memory.
	Curriculum Curriculum
	Cache      Cache
	Auth       *auth.Guard
	Gate       Gate
	// Health is in the order in which /api/health lists it, and may be empty. The keys of an identity provider are added.
	Health   []Dependency
	Reporter Reporter
	Log      *slog.Logger
	Metrics  prometheus.Registerer // nil measures nothing
	Now      func() time.Time      // nil: time.Now

	CacheTTL time.Duration // of a response of the catalogue; 0: 300 s
	// Origins may call from web pages of other hosts, as in https://app.example.org.
	Origins []string
	// TLSOnly is how long browsers are told to reach the host over TLS alone; 0 does not tell them.
	TLSOnly time.Duration
	// RateLimit and UploadRateLimit are requests a minute for each owner, in this process; 0 sets no limit.
	RateLimit, UploadRateLimit int
	// UploadTimeout is how long the body of a request may take; 0: 60 s.
	UploadTimeout time.Duration
}

// API answers requests.
type API struct {
	handler http.Handler

	jobs       Jobs
	submit     Submitter
	uploads    Uploads
	edit       Editor
	operate    Operator
	catalogue  Catalogue
	curriculum Curriculum
	cache      Cache
	auth       *auth.Guard
	gate       Gate
	checker    *checker
	streams    streams
	reporter   Reporter
	log        *slog.Logger
	metrics    *metrics
	files      map[string]file
	now        func() time.Time

	cacheTTL      time.Duration
	uploadTimeout time.Duration
	heartbeat     time.Duration

	stopping   chan struct{} // closed when event streams are to end
	endStreams func()
}

// New returns an API. It starts nothing.
func New(d Deps) (*API, error) {
	for name, missing := range map[string]bool{
		"Jobs": d.Jobs == nil, "Submit": d.Submit == nil, "Uploads": d.Uploads == nil, "Edit": d.Edit == nil, "Operate": d.Operate == nil,
		"Catalogue": d.Catalogue == nil, "Curriculum": d.Curriculum == nil,
		"Cache": d.Cache == nil, "Auth": d.Auth == nil, "Gate": d.Gate == nil, "Reporter": d.Reporter == nil, "Log": d.Log == nil,
	} {
		if missing {
			return nil, fmt.Errorf("httpapi: %s is missing", name)
		}
	}
	for _, h := range d.Health {
		if h.Name == "" || h.Check == nil {
			return nil, errors.New("httpapi: a dependency without a name or a check")
		}
	}
	m, err := newMetrics(d.Metrics)
	if err != nil {
		return nil, err
	}
	files, err := loadFiles()
	if err != nil {
		return nil, err
	}
	a := &API{
		jobs: d.Jobs, submit: d.Submit, uploads: d.Uploads, edit: d.Edit, operate: d.Operate, catalogue: d.Catalogue, curriculum: d.Curriculum,
		cache: d.Cache, auth: d.Auth, gate: d.Gate, reporter: d.Reporter, log: d.Log, metrics: m, files: files, now: d.Now,
		cacheTTL: cmp.Or(d.CacheTTL, 300*time.Second), uploadTimeout: cmp.Or(d.UploadTimeout, time.Minute),
		heartbeat: heartbeat, streams: streams{open: map[string]int{}}, stopping: make(chan struct{}),
	}
	if a.now == nil {
		a.now = time.Now
	}
	a.endStreams = sync.OnceFunc(func() { close(a.stopping) })
	a.checker = &checker{dependencies: d.Health, api: a, up: map[string]bool{}}
	if d.Auth.Remote() {
		keys := Dependency{Name: "keys", Needed: true, Check: d.Auth.Check}
		a.checker.dependencies = append(slices.Clone(d.Health), keys)
	}
	a.handler = a.router(d)
	return a, nil
}

func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.handler.ServeHTTP(w, r) }

// Server returns a server for the API with its limits of time and size. When it shuts down, event streams end first:
// they would last as long as their jobs.
func (a *API) Server() *http.Server {
	s := &http.Server{
		Handler:           a,
		ReadHeaderTimeout: headerTimeout,
		// For bodies that no handler reads, as of a request without a token: net/http reads some of them before it
		// answers. Who reads a body sets a deadline of its own.
		ReadTimeout: headerTimeout,
		// Long enough for a slow upload and its answer; a body that stands still ends sooner, and each event of a stream
		// has a deadline of its own.
		WriteTimeout:   a.uploadTimeout + writeTimeout,
		IdleTimeout:    2 * time.Minute,
		MaxHeaderBytes: 16 << 10,
		ErrorLog:       slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	s.RegisterOnShutdown(a.endStreams)
	return s
}
