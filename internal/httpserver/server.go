// Package httpserver holds what every HTTP server of the system shares: its limits, the recovery from panics, and the
// reader that bounds the size and the time of a body.
package httpserver

import (
	"cmp"
	"log/slog"
	"net/http"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/budget"
)

const (
	// DefaultHeaderTimeout bounds the headers of a request where Options say nothing: enough inside a cluster.
	DefaultHeaderTimeout = budget.ServerHeaders
	// defaultIdleTimeout is longer than the client of the parser keeps a connection (parserapi), so that the server
	// never closes a connection that the client is about to use.
	defaultIdleTimeout = budget.ServerIdle
	// maxHeaderBytes bounds the headers of a request. A token of an identity provider has 1 to 4 KiB.
	maxHeaderBytes = 16 << 10
)

// Options are what differs between servers.
type Options struct {
	// HeaderTimeout bounds the headers of a request, and a body that no handler reads; 0 is DefaultHeaderTimeout. A
	// handler that reads a body sets a deadline of its own with LimitBody.
	HeaderTimeout time.Duration
	// WriteTimeout bounds a request from its headers to the end of its answer. 0 sets no limit: the handlers set a
	// deadline for each answer.
	WriteTimeout time.Duration
	// IdleTimeout is how long a connection stays open without a request; 0 is budget.ServerIdle.
	IdleTimeout time.Duration
	// Logger receives what net/http reports about clients (broken handshakes, reset connections), at level debug.
	Logger *slog.Logger
}

// New returns a server for handler with the shared limits. Logger is required.
func New(handler http.Handler, o Options) *http.Server {
	headerTimeout := cmp.Or(o.HeaderTimeout, DefaultHeaderTimeout)
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTimeout,
		// net/http reads some of a body that no handler reads before it answers.
		ReadTimeout:    headerTimeout,
		WriteTimeout:   o.WriteTimeout,
		IdleTimeout:    cmp.Or(o.IdleTimeout, defaultIdleTimeout),
		MaxHeaderBytes: maxHeaderBytes,
		ErrorLog:       slog.NewLogLogger(o.Logger.Handler(), slog.LevelDebug),
	}
}
