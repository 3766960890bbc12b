package httpserver_test

import (
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/httpserver"
)

// No server waits for headers, or keeps an idle connection, without limit.
func TestServersHaveLimits(t *testing.T) {
	t.Parallel()
	logger := slog.New(slog.DiscardHandler)
	s := httpserver.New(http.NotFoundHandler(), httpserver.Options{Logger: logger})
	if s.ReadHeaderTimeout != httpserver.DefaultHeaderTimeout || s.ReadTimeout != httpserver.DefaultHeaderTimeout {
		t.Errorf("got %v and %v, want %v for both", s.ReadHeaderTimeout, s.ReadTimeout, httpserver.DefaultHeaderTimeout)
	}
	if s.IdleTimeout == 0 || s.MaxHeaderBytes == 0 || s.ErrorLog == nil {
		t.Errorf("got IdleTimeout %v, MaxHeaderBytes %d, ErrorLog %v; want all set", s.IdleTimeout, s.MaxHeaderBytes, s.ErrorLog)
	}
	s = httpserver.New(http.NotFoundHandler(), httpserver.Options{HeaderTimeout: time.Second, WriteTimeout: time.Minute, Logger: logger})
	if s.ReadHeaderTimeout != time.Second || s.WriteTimeout != time.Minute {
		t.Errorf("got %v and %v, want 1s and 1m0s", s.ReadHeaderTimeout, s.WriteTimeout)
	}
}
