// Package queuetest builds every side of the queue for tests, as the commands build them for the product.
package queuetest

import (
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/liveness"
	"github.com/trackmydegree/trackmydegree/internal/queue"
	"github.com/trackmydegree/trackmydegree/internal/queueadmin"
	"github.com/trackmydegree/trackmydegree/internal/scaling"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// JobTimeout is the time of one attempt.
const JobTimeout = time.Minute

// Queue holds all adapters of the queue on one Redis, without a worker.
type Queue struct {
	*queue.Client
	*queueadmin.Inspector
	*queueadmin.Intake
	*liveness.Registry
	*scaling.Reader
}

// NewQueue returns the queue on a Redis.
func NewQueue(t testing.TB, client redis.UniversalClient) *Queue {
	t.Helper()
	q := &Queue{
		Client:   testenv.Must(queue.NewClient(queue.ClientDeps{Redis: client, JobTimeout: JobTimeout})),
		Intake:   queueadmin.NewIntake(client),
		Registry: liveness.NewRegistry(client),
		Reader:   scaling.NewReader(client),
	}
	inspector, err := queueadmin.NewInspector(queueadmin.Deps{Redis: client, Depths: q.Reader, Workers: q.Registry})
	if err != nil {
		t.Fatal(err)
	}
	q.Inspector = inspector
	return q
}

// Deps are the dependencies of a worker. Clock is that of its liveness.
type Deps struct {
	Redis       redis.UniversalClient
	Handler     queue.Handler
	Host        string
	Concurrency int
	Grace       time.Duration
	Clock       func() time.Time      // nil means time.Now
	Logger      *slog.Logger          // nil means the output of the test
	Registerer  prometheus.Registerer // nil means a new registry
}

// NewServer returns the server of a worker.
func NewServer(t testing.TB, d Deps) *queue.Server {
	t.Helper()
	if d.Clock == nil {
		d.Clock = time.Now
	}
	if d.Logger == nil {
		d.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	if d.Registerer == nil {
		d.Registerer = prometheus.NewRegistry()
	}
	s, err := newServer(d)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newServer(d Deps) (*queue.Server, error) {
	member, err := liveness.New(liveness.Deps{
		Redis: d.Redis, Host: d.Host, Clock: d.Clock, Logger: d.Logger, Registerer: d.Registerer,
	})
	if err != nil {
		return nil, err
	}
	return queue.NewServer(queue.Deps{
		Redis: d.Redis, Liveness: member, Handler: d.Handler, Concurrency: d.Concurrency, Grace: d.Grace,
		Logger: d.Logger, Registerer: d.Registerer,
	})
}
