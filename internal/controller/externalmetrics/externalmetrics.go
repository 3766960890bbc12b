// Package externalmetrics serves the number of jobs that want a worker as a metric of external.metrics.k8s.io, so that
// a HorizontalPodAutoscaler scales the workers, also to zero, without KEDA.
//
// The API server's aggregator forwards the requests. The package serves three documents: the group, the list of its
// resources, and the values of the one metric in the one namespace of the release. It stores no value: each answer is
// read from Redis, and is an error while Redis is unavailable. An autoscaler that gets an error keeps the number of
// workers; a zero would remove them all. Every replica of the controller answers.
//
// docs/decisions/0011 says why no library serves the protocol.
package externalmetrics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/trackmydegree/trackmydegree/internal/dependency"
)

const (
	// Metric is the name of the metric: jobs that wait for a worker, or run.
	Metric = "tmd-backlog"

	// readTimeout bounds one read of the queue.
	readTimeout = 2 * time.Second
	// apiTimeout bounds one request to the API server.
	apiTimeout = 5 * time.Second
	// refreshInterval is the time between two reads of the certificate and of the aggregator's configuration, and
	// retryInterval that time after a failure.
	refreshInterval = time.Minute
	retryInterval   = 2 * time.Second
	// idleTimeout is how long a connection of the aggregator without a request is kept.
	idleTimeout = 2 * time.Minute
	// stopTimeout bounds the graceful stop.
	stopTimeout = 3 * time.Second
)

// Backlog counts the jobs that want a worker.
type Backlog interface {
	// CountBacklog returns the tasks that are pending, active, in retry or scheduled, of all queues; never a stored
	// number.
	CountBacklog(ctx context.Context) (int64, error)
}

// Deps are the dependencies of a Server.
type Deps struct {
	Backlog Backlog
	// Client writes, and Reader reads without a cache.
	Client    client.Client
	Reader    client.Reader
	Namespace string // of the release: no other has the metric
	Addr      string // host:port on which the server listens
	// Host is the name in the certificate: SERVICE.NAMESPACE.svc.
	Host string
	// Secret holds the certificate that the replicas make and share. It must exist. It is not used with Files.
	Secret string
	// Files replaces Secret with a certificate that another program renews.
	Files      Files
	DryRun     bool
	Clock      func() time.Time
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

// Files names the files of a certificate, its key and its authority, PEM. They are read again every minute.
type Files struct{ Certificate, Key, Authority string }

// Server serves the metric. It is safe for concurrent use.
type Server struct {
	deps    Deps
	metrics *metrics

	mu      sync.RWMutex
	keys    keyPair     // that the server presents; nil certificate before the first
	trusted *aggregator // whose requests are believed; nil before the first
}

// New returns a server. A missing dependency is an error.
func New(d Deps) (*Server, error) {
	if err := dependency.Require("externalmetrics", d,
		"Backlog", "Client", "Reader", "Namespace", "Addr", "Host", "Clock", "Logger", "Registerer"); err != nil {
		return nil, err
	}
	if d.Files.Certificate == "" {
		if err := dependency.Require("externalmetrics", d, "Secret"); err != nil {
			return nil, err
		}
	}
	return &Server{deps: d, metrics: newMetrics(d.Registerer)}, nil
}

// NeedLeaderElection returns false: each replica of the controller answers, because each answer is read from Redis.
func (*Server) NeedLeaderElection() bool { return false }

// SetupWithManager registers the server with a manager.
func (s *Server) SetupWithManager(mgr ctrl.Manager) error { return mgr.Add(s) }

// Start listens and serves until ctx ends. It runs once.
func (s *Server) Start(ctx context.Context) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.deps.Addr)
	if err != nil {
		return fmt.Errorf("externalmetrics: %w", err)
	}
	return s.ServeListener(ctx, listener)
}

// ServeListener serves on an open listener until ctx ends. Until the certificate and the aggregator's configuration
// have been read, connections are refused.
func (s *Server) ServeListener(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler: s.newHandler(), TLSConfig: s.newTLSConfig(), ErrorLog: slog.NewLogLogger(s.deps.Logger.Handler(), slog.LevelDebug),
		ReadHeaderTimeout: apiTimeout, ReadTimeout: apiTimeout, WriteTimeout: readTimeout + 2*apiTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: 64 << 10,
	}
	refreshing, stop := context.WithCancel(ctx)
	var refreshes sync.WaitGroup
	refreshes.Go(func() { s.refreshPeriodically(refreshing) })
	defer refreshes.Wait()
	defer stop()
	failed := make(chan error, 1)
	go func() { failed <- server.ServeTLS(listener, "", "") }()
	select {
	case err := <-failed:
		return fmt.Errorf("externalmetrics: %w", err)
	case <-ctx.Done():
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	if err := server.Shutdown(limited); err != nil {
		_ = server.Close()
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("externalmetrics: %w", err)
	}
	return nil
}

// refreshPeriodically keeps the certificate and the aggregator's configuration current. After a failure the previous
// ones stay in use.
func (s *Server) refreshPeriodically(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		err := s.refresh(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			if !failing {
				s.deps.Logger.Error("the external metric cannot be prepared", "error", err)
			}
			timer.Reset(retryInterval)
		default:
			if failing {
				s.deps.Logger.Info("the external metric is prepared")
			}
			timer.Reset(refreshInterval)
		}
		failing = err != nil
	}
}

// refresh reads what the server needs of the cluster once.
func (s *Server) refresh(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	trusted, err := readAggregator(ctx, s.deps.Reader)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.trusted = trusted
	s.mu.Unlock()
	keys, err := s.readKeyPair(ctx)
	if err != nil {
		return err
	}
	// The API server must trust a new certificate before it sees it.
	if err := s.publishAuthority(ctx, keys.authority); err != nil {
		return err
	}
	s.mu.Lock()
	s.keys = keys
	s.mu.Unlock()
	return nil
}
