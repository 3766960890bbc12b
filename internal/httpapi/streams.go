package httpapi

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/tmaxmax/go-sse"

	"github.com/trackmydegree/trackmydegree/internal/budget"
)

// maxStreams is the number of open event streams of one owner in this process. A stream costs little CPU, but memory
// while its client is connected.
const maxStreams = 100

// streamCounter counts the open streams of each owner.
type streamCounter struct {
	mu   sync.Mutex
	open map[string]int
}

func newStreamCounter() *streamCounter { return &streamCounter{open: map[string]int{}} }

// addStream reports whether the owner may open one more stream, and counts it.
func (c *streamCounter) addStream(owner string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[owner] >= maxStreams {
		return false
	}
	c.open[owner]++
	return true
}

func (c *streamCounter) removeStream(owner string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[owner]--; c.open[owner] == 0 {
		delete(c.open, owner)
	}
}

func newStreamGauge(registerer prometheus.Registerer) (prometheus.Gauge, error) {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "tmd_http_event_streams", Help: "Event streams that are open."})
	if registerer == nil {
		return g, nil
	}
	if err := registerer.Register(g); err != nil {
		return nil, fmt.Errorf("httpapi: metrics: %w", err)
	}
	return g, nil
}

// stream writes events, each with its own deadline, because the stream may last as long as the job.
type stream struct {
	session *sse.Session
	conn    *http.ResponseController
}

func (s stream) sendMessage(m *sse.Message) error {
	_ = s.conn.SetWriteDeadline(time.Now().Add(budget.ClientWrite)) // a recorder has no deadlines
	if err := s.session.Send(m); err != nil {
		return err
	}
	return s.session.Flush()
}
