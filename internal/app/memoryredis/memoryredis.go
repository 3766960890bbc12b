// Package memoryredis runs a Redis inside this process, for `tmd all`. Its data end with the process.
package memoryredis

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// clockInterval is how often the server's clock advances. It bounds how late a key expires.
const clockInterval = 100 * time.Millisecond

// Server is a Redis server on loopback.
type Server struct {
	server   *miniredis.Miniredis
	password string
}

// Start listens on a port of loopback that the system chooses. A password keeps other users of the machine out.
func Start() (*Server, error) {
	s := &Server{server: miniredis.NewMiniRedis(), password: rand.Text()}
	s.server.RequireAuth(s.password)
	if err := s.server.Start(); err != nil {
		return nil, fmt.Errorf("in-memory Redis: %w", err)
	}
	return s, nil
}

// DatabaseURL is the address of one of the server's databases, with the password.
func (s *Server) DatabaseURL(db int) string {
	return fmt.Sprintf("redis://:%s@%s/%d", s.password, s.server.Addr(), db)
}

// RunClock advances the server's clock until ctx ends. The library does not, and without it no key would expire.
func (s *Server) RunClock(ctx context.Context) error {
	ticker := time.NewTicker(clockInterval)
	defer ticker.Stop()
	last := time.Now()
	for {
		select {
		case now := <-ticker.C:
			s.server.FastForward(now.Sub(last))
			last = now
		case <-ctx.Done():
			return nil
		}
	}
}

// Close stops the server.
func (s *Server) Close(context.Context) error {
	s.server.Close()
	return nil
}
