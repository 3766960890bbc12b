package commands

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// tick is how often time passes in the Redis of this process. It bounds how late a key expires.
const tick = 100 * time.Millisecond

// memoryRedis is a Redis inside this process, for `tmd all`. What it holds ends with the process.
type memoryRedis struct {
	server   *miniredis.Miniredis
	password string
}

// startMemoryRedis listens on a port of loopback that the system chooses. The password keeps other users of the machine out.
func startMemoryRedis() (*memoryRedis, error) {
	m := &memoryRedis{server: miniredis.NewMiniRedis(), password: rand.Text()}
	m.server.RequireAuth(m.password)
	if err := m.server.Start(); err != nil {
		return nil, fmt.Errorf("in-memory Redis: %w", err)
	}
	return m, nil
}

// url is the address of one of its databases.
func (m *memoryRedis) url(db int) string {
	return fmt.Sprintf("redis://:%s@%s/%d", m.password, m.server.Addr(), db)
}

// run lets time pass, which it does not do by itself: without it no key would ever expire.
func (m *memoryRedis) run(ctx context.Context) error {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	last := time.Now()
	for {
		select {
		case now := <-ticker.C:
			m.server.FastForward(now.Sub(last))
			last = now
		case <-ctx.Done():
			return nil
		}
	}
}

func (m *memoryRedis) close(context.Context) error {
	m.server.Close()
	return nil
}
