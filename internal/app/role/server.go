package role

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/httpserver"
	"github.com/trackmydegree/trackmydegree/internal/lifecycle"
	"github.com/trackmydegree/trackmydegree/internal/program"
	"github.com/trackmydegree/trackmydegree/internal/telemetry"
)

// writeTimeout bounds a response of metrics or profiles. The longest is a profile of one minute.
const writeTimeout = 2 * time.Minute

// NewServer returns a server of metrics, health and profiles. Its handlers read no request body.
func (r *Role) NewServer(handler http.Handler) *http.Server {
	return httpserver.New(handler, httpserver.Options{WriteTimeout: writeTimeout, Logger: r.Log})
}

// Endpoint is the address of a server, and the settings that hold it.
type Endpoint struct {
	Name    string
	Setting string // of the whole address, or of its port
	Host    string // the setting of the host, if it has one of its own
	Addr    string
}

// Listen adds a server that drains within the given time, and returns the address that it listens at. It listens at
// once, so that a port that is in use stops the start.
func (r *Role) Listen(ctx context.Context, at Endpoint, server *http.Server, drain time.Duration) (net.Addr, error) {
	var listening net.ListenConfig
	l, err := listening.Listen(ctx, "tcp", at.Addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s: %w: stop what listens there, or set %s", at.Name, err, at.Setting)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("%s: %w: set %s to a port above 1023", at.Name, err, at.Setting)
	case err != nil:
		return nil, fmt.Errorf("%s: %w: set %s to an address of this machine", at.Name, err, cmp.Or(at.Host, at.Setting))
	}
	server.Handler = closeWhileNotReady(&r.gate, server.Handler)
	r.AddComponent(at.Name, lifecycle.RunServer(server, l, drain))
	r.AddCloser(at.Name, func(context.Context) error {
		_ = l.Close() // the server has closed it, unless the start failed after this
		return nil
	})
	r.Log.Info("listening", "what", at.Name, "addr", l.Addr().String())
	return l.Addr(), nil
}

// closeWhileNotReady asks clients to open a new connection while the process takes no work. Otherwise a request on a
// connection that is being closed would fail; connections in use end during the delay of the shutdown.
func closeWhileNotReady(gate *lifecycle.Gate, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !gate.IsReady() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, req)
	})
}

// ListenDebug adds the server of metrics and profiles, unless it is off. Add it first: it then stops last, and the
// shutdown can be observed.
func (r *Role) ListenDebug(ctx context.Context, d config.Debug) error {
	if d.MetricsAddr == config.Off {
		return nil
	}
	_, err := r.Listen(ctx, Endpoint{Name: "metrics", Setting: "TMD_METRICS_ADDR", Addr: string(d.MetricsAddr)},
		r.NewServer(r.DebugHandler(d.Profiling)), CloseTimeout)
	return err
}

// DebugHandler serves the metrics and the version of the role and, if profiling is on, its profiles.
func (r *Role) DebugHandler(profiling bool) http.Handler {
	return telemetry.DebugHandler(r.Registry, r.name, program.BuildVersion(), profiling)
}
