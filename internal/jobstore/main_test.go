package jobstore_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/jobstore"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
	"github.com/trackmydegree/trackmydegree/internal/submit"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start is the time of the clocks below: a whole millisecond, as records store it.
var start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// env is a store on a Redis of the test's own.
type env struct {
	*jobstore.Store
	redis redis.UniversalClient
	url   string
	clock *testenv.Clock
}

// often is the interval at which watched records are read again in tests of just that.
const often = 20 * time.Millisecond

func openStore(t testing.TB, url string) *env {
	t.Helper()
	return openStoreWith(t, url, often)
}

func openStoreWith(t testing.TB, url string, refresh time.Duration) *env {
	t.Helper()
	// Longer than in the product: a slow test machine must not count as a dead Redis.
	client, err := redisurl.Open(url, redisurl.WithTimeout(20*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	e := &env{redis: client, url: url, clock: testenv.NewClock(start)}
	e.Store = testenv.Must(jobstore.New(jobstore.Deps{
		Redis: client, Clock: e.clock.Now, Logger: slog.New(slog.DiscardHandler), Host: "worker-1", Refresh: refresh,
	}))
	return e
}

// onEachRedis runs a test on a real Redis and on the in-memory Redis of `tmd all`.
func onEachRedis(t *testing.T, test func(t *testing.T, e *env)) {
	onEachRedisWith(t, often, test)
}

func onEachRedisWith(t *testing.T, refresh time.Duration, test func(t *testing.T, e *env)) {
	t.Parallel()
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		test(t, openStoreWith(t, testenv.StartRedis(t).URL(1), refresh))
	})
	t.Run("miniredis", func(t *testing.T) {
		t.Parallel()
		test(t, openStoreWith(t, "redis://"+miniredis.RunT(t).Addr()+"/1", refresh))
	})
}

// createRecord stores a record without a policy.
func (e *env) createRecord(ctx context.Context, r job.Record, input []byte) error {
	_, err := e.AdmitJob(ctx, r, input, submit.AdmissionPolicy{})
	return err
}

func newID() job.ID { return job.ID(uuid.NewString()) }

// createJob stores a queued file job.
func (e *env) createJob(t testing.TB) job.Record {
	t.Helper()
	now := e.clock.Now()
	r := job.Record{ID: newID(), Kind: job.File, Owner: "owner-1", State: job.Queued, Version: 1, CreatedAt: now, UpdatedAt: now}
	if err := e.createRecord(t.Context(), r, nil); err != nil {
		t.Fatal(err)
	}
	return r
}

// mustBegin begins an attempt and returns its fence.
func (e *env) mustBegin(t testing.TB, id job.ID, attempt int) int64 {
	t.Helper()
	r, _, err := e.BeginAttempt(t.Context(), id, attempt)
	if err != nil {
		t.Fatal(err)
	}
	return r.Fence
}

func (e *env) mustLoad(t testing.TB, id job.ID) job.Record {
	t.Helper()
	r, err := e.LoadRecord(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// runHub runs the hub until the end of the test.
func (e *env) runHub(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	testenv.Eventually(t, "the hub listens", func() bool {
		return e.redis.PubSubNumSub(ctx, "job:timeline:events").Val()["job:timeline:events"] == 1
	})
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
