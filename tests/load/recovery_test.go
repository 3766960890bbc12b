//go:build load

package load

import (
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/apiclient"
	"github.com/trackmydegree/trackmydegree/internal/liveness"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
)

// gate is a proxy between workers and the parser. It reports each document, and holds it until the gate is open.
type gate struct {
	*httptest.Server
	arrived chan time.Time
	shut    atomic.Pointer[chan struct{}]
}

func newGate(t *testing.T, parser string) *gate {
	target, err := url.Parse(parser)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // callers that are killed
	g := &gate{arrived: make(chan time.Time, 16)}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if shut := g.shut.Load(); r.Method == http.MethodPost && shut != nil {
			g.arrived <- time.Now()
			select {
			case <-*shut:
			case <-r.Context().Done():
				return
			}
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(g.Close)
	return g
}

// Workers are killed while they run a job. The test measures the time from the signal until another worker runs the
// job.
func TestLoadRecovery(t *testing.T) {
	s := startWithoutWorker(t, builtTMD())
	gate := newGate(t, s.parser.base)
	workers := map[int]*role{}
	startWorker := func() {
		w := s.startWorkerOf(t, gate.URL)
		workers[w.Pid()] = w
	}
	client, err := redisurl.Open(s.redis.URL(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	registry := liveness.NewRegistry(client)
	form := apiclient.NewDocumentForm(readTranscript(t))
	chance := rand.New(rand.NewPCG(7, 7))

	round := func() time.Duration {
		shut := make(chan struct{})
		gate.shut.Store(&shut)
		id, err := s.upload(t.Context(), form)
		if err != nil {
			t.Fatal(err)
		}
		<-gate.arrived
		// At any moment between two heartbeats.
		<-time.After(time.Duration(chance.Int64N(int64(time.Second))))
		all, err := registry.ListWorkers(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var victim *role
		for _, w := range all {
			if len(w.Running) > 0 && string(w.Running[0].Task) == string(id) {
				victim = workers[w.PID]
			}
		}
		if victim == nil {
			t.Fatalf("no worker reports that it runs the job: %+v", all)
		}
		killed := time.Now()
		victim.Kill()
		delete(workers, victim.Pid())
		startWorker()
		took := (<-gate.arrived).Sub(killed)
		gate.shut.Store(nil)
		close(shut)
		if err := s.waitUntilDone(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		return took
	}
	measure := func(what string, rounds int) {
		t.Helper()
		var times []time.Duration
		for range rounds {
			times = append(times, round().Round(10*time.Millisecond))
		}
		reportFigure(t, what+", p50", percentileOf(times, 0.5), "")
		reportFigure(t, what+", p99", percentileOf(times, 0.99), "10 s")
		reportFigure(t, what+", all", times, "")
	}
	startWorker()
	measure("10 kills of the only worker, started again at once", 10)
	startWorker()
	startWorker()
	measure("50 kills, three workers", 50)
}
