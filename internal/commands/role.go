package commands

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/lifecycle"
	"github.com/trackmydegree/trackmydegree/internal/telemetry"
)

// The limits of every HTTP server. How long a body or an answer may take is the handlers' business: an upload on a slow
// line and a stream of events are no attacks.
const (
	readHeaderTimeout = 5 * time.Second
	writeTimeout      = 2 * time.Minute // the longest is a profile of a minute
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 32 << 10

	// flushTimeout is for the last error reports of a process.
	flushTimeout = 2 * time.Second
	// closing is the part of the grace that is kept for what comes after the servers and the queue have drained.
	closing = time.Second
)

// role is a long-running process while it is built and run.
type role struct {
	Process
	*telemetry.Telemetry
	name    string
	common  *config.Process
	group   lifecycle.Group
	gate    lifecycle.Gate
	closers []closer
}

type closer struct {
	name  string
	close func(context.Context) error
}

// run loads the settings of a role, builds it and runs it to its end. What keeps it from starting is reported, faults
// of the settings included.
func (p Process) run(ctx context.Context, name string, settings config.Settings, common *config.Process, build func(context.Context, *role) error) error {
	began := time.Now()
	faults := config.Load(settings, p.Environ)
	tel, err := telemetry.New(telemetry.Options{Role: name, Version: version, Process: *common, Output: p.Stderr, Terminal: terminal(p.Stderr)})
	switch {
	case faults != nil && err != nil: // the DSN is among the faults
		return faults
	case err != nil:
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
		defer cancel()
		tel.Close(ctx)
	}()
	if faults != nil {
		tel.Reporter.ProcessFailed("start", faults)
		return faults
	}

	redis.SetLogger(redisLog{tel.Log}) // the library has one for the whole process
	r := &role{Process: p, Telemetry: tel, name: name, common: common}
	r.group = lifecycle.Group{Log: tel.Log, Gate: &r.gate, Grace: common.ShutdownGrace, Delay: common.ShutdownDelay}
	if err := build(ctx, r); err != nil {
		tel.Reporter.ProcessFailed("start", err)
		r.close(ctx)
		return err
	}
	r.Log.Info("started", "version", version, "took", time.Since(began).Round(time.Millisecond).String())
	err = r.group.Run(ctx)
	if err != nil {
		tel.Reporter.ProcessFailed("run", err)
	}
	if !errors.Is(err, lifecycle.ErrGrace) { // what still runs still uses it
		r.close(ctx)
	}
	r.Log.Info("ended")
	return err
}

// redisLog takes what go-redis has to say by itself. Whoever uses Redis logs what matters of it.
type redisLog struct{ log *slog.Logger }

// Printf writes one line.
func (l redisLog) Printf(ctx context.Context, format string, v ...any) {
	if l.log.Enabled(ctx, slog.LevelDebug) {
		l.log.DebugContext(ctx, "go-redis", "message", fmt.Sprintf(format, v...))
	}
}

// onClose adds what to do after everything has stopped, the last added first.
func (r *role) onClose(name string, do func(context.Context) error) {
	r.closers = append(r.closers, closer{name, do})
}

func (r *role) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
	defer cancel()
	for i := len(r.closers) - 1; i >= 0; i-- {
		if err := r.closers[i].close(ctx); err != nil {
			r.Log.Warn("close", "what", r.closers[i].name, "error", err)
		}
	}
}

// drain is how long what does the role's work may take to end it.
func (r *role) drain() time.Duration {
	return max(r.common.ShutdownGrace-r.common.ShutdownDelay-closing, closing)
}

// newServer returns a server for what is not the public API.
func (r *role) newServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readHeaderTimeout, // no handler reads a body; net/http does, before it answers
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		// What the library has to say is about clients: broken handshakes, reset connections.
		ErrorLog: slog.NewLogLogger(r.Log.Handler(), slog.LevelDebug),
	}
}

// endpoint is where a server listens, and the variable that says so.
type endpoint struct{ name, setting, addr string }

// serve adds a server. It listens from now on, so that a port that is taken stops the start.
func (r *role) serve(ctx context.Context, at endpoint, server *http.Server, drain time.Duration) (net.Addr, error) {
	var listening net.ListenConfig
	l, err := listening.Listen(ctx, "tcp", at.addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s: %w: stop what listens there, or set %s", at.name, err, at.setting)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", at.name, err)
	}
	server.Handler = leaving(&r.gate, server.Handler)
	r.group.Add(at.name, lifecycle.Serve(server, l, drain))
	r.onClose(at.name, func(context.Context) error {
		_ = l.Close() // closed already, unless the start failed after this
		return nil
	})
	r.Log.Info("listening", "what", at.name, "addr", l.Addr().String())
	return l.Addr(), nil
}

// leaving asks clients to come back on another connection as long as no work is taken. A connection that is closed while
// a client begins to send on it is a failed request: those that are in use during the delay of the shutdown end in time.
func leaving(gate *lifecycle.Gate, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !gate.Ready() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, req)
	})
}

// serveDebug adds the server of metrics, unless it is off. It is stopped last, so that the end can be watched.
func (r *role) serveDebug(ctx context.Context, d config.Debug) error {
	if d.MetricsAddr == config.Off {
		return nil
	}
	_, err := r.serve(ctx, endpoint{"metrics", "TMD_METRICS_ADDR", string(d.MetricsAddr)},
		r.newServer(telemetry.DebugHandler(r.Registry, r.name, version, d.Profiling)), closing)
	return err
}
