package scaler

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"path"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/trackmydegree/trackmydegree/internal/controller/scaler/externalscaler"
)

const (
	// maxRequest bounds a request, which is the metadata of a trigger.
	maxRequest = 64 << 10
	// maxStreams bounds the open streams of one connection. KEDA opens one stream for each ScaledObject.
	maxStreams = 64
	// leaveTimeout bounds the graceful stop.
	leaveTimeout = 3 * time.Second
)

// TLS names the files of a server with TLS; without a certificate the server uses plain HTTP/2. With ClientCA,
// clients need a certificate of that authority. The files are read for each connection, so that new ones need no
// restart.
type TLS struct {
	Certificate, Key, ClientCA string
}

// Server serves a Scaler.
type Server struct {
	Scaler *Scaler
	Addr   string // host:port
	TLS    TLS
}

// NeedLeaderElection returns false: each replica of the controller answers, because each answer is read from Redis.
func (*Server) NeedLeaderElection() bool { return false }

// SetupWithManager registers the server with a manager.
func (s *Server) SetupWithManager(mgr ctrl.Manager) error { return mgr.Add(s) }

// Start listens and serves until ctx ends. It runs once.
func (s *Server) Start(ctx context.Context) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.Addr)
	if err != nil {
		return fmt.Errorf("scaler: %w", err)
	}
	return s.ServeListener(ctx, listener)
}

// ServeListener serves on an open listener until ctx ends.
func (s *Server) ServeListener(ctx context.Context, listener net.Listener) error {
	options := []grpc.ServerOption{
		grpc.MaxRecvMsgSize(maxRequest), grpc.MaxConcurrentStreams(maxStreams), grpc.UnaryInterceptor(s.countRequest),
		// The server detects a KEDA that disappeared, and ends its streams.
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 30 * time.Second, Timeout: 10 * time.Second}),
	}
	if s.TLS.Certificate != "" {
		if _, err := s.TLS.loadConfig(); err != nil {
			listener.Close()
			return fmt.Errorf("scaler: %w", err)
		}
		options = append(options, grpc.Creds(credentials.NewTLS(&tls.Config{
			MinVersion:         tls.VersionTLS12,
			GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return s.TLS.loadConfig() },
		})))
	}
	server := grpc.NewServer(options...)
	externalscaler.RegisterExternalScalerServer(server, s.Scaler)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("scaler: %w", err)
	case <-ctx.Done():
	}
	// Clients reopen streams that end without an error at once, at another replica.
	close(s.Scaler.ending)
	patience := time.AfterFunc(leaveTimeout, server.Stop)
	defer patience.Stop()
	server.GracefulStop()
	return <-failed
}

// countRequest is an interceptor that counts requests by method and code.
func (s *Server) countRequest(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	answer, err := handler(ctx, request)
	s.Scaler.metrics.requests.WithLabelValues(path.Base(info.FullMethod), status.Code(err).String()).Inc()
	return answer, err
}

// loadConfig reads the files.
func (t TLS) loadConfig() (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(t.Certificate, t.Key)
	if err != nil {
		return nil, err
	}
	// Only HTTP/2 is offered: without its name in the handshake gRPC refuses the connection.
	config := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2"}}
	if t.ClientCA == "" {
		return config, nil
	}
	pem, err := os.ReadFile(t.ClientCA)
	if err != nil {
		return nil, err
	}
	config.ClientCAs, config.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
	if !config.ClientCAs.AppendCertsFromPEM(pem) {
		return nil, errors.New(t.ClientCA + " holds no certificate")
	}
	return config, nil
}
