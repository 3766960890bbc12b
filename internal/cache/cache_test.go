package cache_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/trackmydegree/trackmydegree/internal/cache"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is longer than in the product: a slow test machine must not count as a dead Redis.
const patience = 20 * time.Second

type fixture struct {
	*cache.Cache
	redis    redis.UniversalClient
	registry *prometheus.Registry
	log      *lines
}

// lines collects log lines.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) count(s string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), s)
}

func openCache(t testing.TB, url string) *fixture {
	t.Helper()
	client, err := redisurl.Open(url, redisurl.WithTimeout(patience))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	e := &fixture{redis: client, registry: prometheus.NewRegistry(), log: &lines{}}
	e.Cache = testenv.Must(cache.New(cache.Deps{
		Redis: client, Logger: slog.New(slog.NewTextHandler(e.log, nil)), Registerer: e.registry, Patience: patience, Pause: 50 * time.Millisecond,
	}))
	return e
}

func onEachRedis(t *testing.T, test func(t *testing.T, e *fixture)) {
	t.Parallel()
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		test(t, openCache(t, testenv.StartRedis(t).URL(0)))
	})
	t.Run("miniredis", func(t *testing.T) {
		t.Parallel()
		test(t, openCache(t, "redis://"+miniredis.RunT(t).Addr()+"/0"))
	})
}

func (e *fixture) metricOf(t *testing.T, name, label string) float64 {
	t.Helper()
	families, err := e.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && (label == "" || m.GetLabel()[0].GetValue() == label) {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	t.Fatalf("no metric %s %s", name, label)
	return 0
}

func TestReadAndStore(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *fixture) {
		ctx := t.Context()
		if _, ok := e.Get(ctx, "a"); ok {
			t.Error("Get of a missing value: got one, want none")
		}
		e.Set(ctx, "a", []byte("1"), 0)
		e.Set(ctx, "b", []byte{}, time.Minute)
		for key, want := range map[string]string{"a": "1", "b": ""} {
			if got, ok := e.Get(ctx, key); !ok || string(got) != want {
				t.Errorf("Get of %s: got %q, %v, want %q", key, got, ok, want)
			}
		}
		for key, want := range map[string]time.Duration{"cache:a": 300 * time.Second, "cache:b": time.Minute} {
			if ttl := e.redis.TTL(ctx, key).Val(); ttl > want || ttl < want-5*time.Second {
				t.Errorf("time to live of %s: got %s, want %s", key, ttl, want)
			}
		}
		if h, m := e.metricOf(t, "tmd_cache_reads_total", "hit"), e.metricOf(t, "tmd_cache_reads_total", "miss"); h != 2 || m != 1 {
			t.Errorf("got %v hits and %v misses, want 2 and 1", h, m)
		}
	})
}

func TestLargeValuesAreNotStored(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *fixture) {
		e.Set(t.Context(), "fits", make([]byte, cache.MaxValue), 0)
		e.Set(t.Context(), "large", make([]byte, cache.MaxValue+1), 0)
		if keys := e.redis.Keys(t.Context(), "*").Val(); !slices.Equal(keys, []string{"cache:fits"}) {
			t.Errorf("keys: got %v, want [cache:fits]", keys)
		}
		if n := e.metricOf(t, "tmd_cache_writes_total", "too_large"); n != 1 {
			t.Errorf("values counted as too large: got %v, want 1", n)
		}
	})
}

// commands counts the commands that are sent.
type commands struct {
	mu    sync.Mutex
	names map[string]int
}

func (c *commands) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *commands) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.mu.Lock()
		c.names[cmd.Name()]++
		c.mu.Unlock()
		return next(ctx, cmd)
	}
}

func (c *commands) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (c *commands) sent(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.names[name]
}

func count(e *fixture) *commands {
	c := &commands{names: map[string]int{}}
	e.redis.AddHook(c)
	return c
}

func TestDeletePattern(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *fixture) {
		ctx := t.Context()
		pipe := e.redis.Pipeline()
		for i := range 2500 {
			pipe.Set(ctx, "cache:courses:"+strings.Repeat("x", i%7)+string(rune('a'+i%26))+time.Duration(i).String(), "1", 0)
		}
		pipe.Set(ctx, "cache:degrees", "1", 0)
		pipe.Set(ctx, "courses:not ours", "1", 0)
		if _, err := pipe.Exec(ctx); err != nil {
			t.Fatal(err)
		}
		sent := count(e)
		removed, err := e.DeletePattern(ctx, "courses:*")
		if err != nil || removed != 2500 {
			t.Errorf("deleted: got %d, %v, want 2500", removed, err)
		}
		left := e.redis.Keys(ctx, "*").Val()
		slices.Sort(left)
		if diff := cmp.Diff([]string{"cache:degrees", "courses:not ours"}, left); diff != "" {
			t.Errorf("left (-want +got):\n%s", diff)
		}
		if sent.sent("keys") != 1 || sent.sent("del") != 0 || sent.sent("scan") == 0 || sent.sent("unlink") == 0 { // the one KEYS is the test's
			t.Errorf("commands: got %v, want SCAN and UNLINK, and neither KEYS nor DEL", sent.names)
		}
	})
}

func TestGetOrFill(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *fixture) {
		ctx := t.Context()
		var fills atomic.Int64
		filling, finish := make(chan struct{}, 10), make(chan struct{})
		fill := func(context.Context) ([]byte, error) {
			fills.Add(1)
			filling <- struct{}{}
			<-finish
			return []byte("value"), nil
		}
		// The first client disconnects during the fill; the others still receive the value.
		gone, leave := context.WithCancel(ctx)
		first := make(chan error, 1)
		go func() {
			_, err := e.GetOrFill(gone, "k", time.Minute, fill)
			first <- err
		}()
		<-filling
		var others sync.WaitGroup
		for range 5 {
			others.Go(func() {
				if b, err := e.GetOrFill(ctx, "k", time.Minute, fill); err != nil || string(b) != "value" {
					t.Errorf("got %q, %v, want \"value\"", b, err)
				}
			})
		}
		leave()
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Errorf("the caller that left: got %v, want %v", err, context.Canceled)
		}
		close(finish)
		others.Wait()
		if n := fills.Load(); n != 1 {
			t.Errorf("fills: got %d, want 1", n)
		}
		if ttl := e.redis.TTL(ctx, "cache:k").Val(); ttl <= 0 || ttl > time.Minute {
			t.Errorf("time to live: got %s, want up to a minute", ttl)
		}
	})
}

func TestAFillThatFails(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *fixture) {
		down := fault.New(fault.DatabaseUnavailable)
		if _, err := e.GetOrFill(t.Context(), "k", 0, func(context.Context) ([]byte, error) { return nil, down }); !errors.Is(err, down) {
			t.Errorf("got %v, want %v", err, down)
		}
		_, err := e.GetOrFill(t.Context(), "k", 0, func(context.Context) ([]byte, error) { panic("boom") })
		if fault.CodeOf(err) != fault.Internal || e.log.count("panicked") != 1 || e.log.count("boom") != 0 {
			t.Errorf("a fill that panics: got %v, want %s, logged without the value", err, fault.Internal)
		}
		if b, err := e.GetOrFill(t.Context(), "k", 0, func(context.Context) ([]byte, error) { return []byte("v"), nil }); err != nil || string(b) != "v" {
			t.Errorf("after the failure: got %q, %v, want \"v\"", b, err)
		}
	})
}

// A cache that does not answer causes no error, and is called three times until the pause.
func TestACacheThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	client, err := redisurl.Open(server.URL(0), redisurl.WithTimeout(patience))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	e := &fixture{redis: client, registry: prometheus.NewRegistry(), log: &lines{}}
	e.Cache = testenv.Must(cache.New(cache.Deps{
		Redis: client, Logger: slog.New(slog.NewTextHandler(e.log, nil)), Registerer: e.registry, Patience: patience, Pause: time.Hour,
	}))
	ctx := t.Context()
	e.Set(ctx, "k", []byte("cached"), 0)
	server.Kill()
	sent := count(e)
	for range 20 {
		b, err := e.GetOrFill(ctx, "k", 0, func(context.Context) ([]byte, error) { return []byte("made"), nil })
		if err != nil || string(b) != "made" {
			t.Fatalf("got %q, %v, want \"made\"", b, err)
		}
	}
	if n := sent.sent("get") + sent.sent("set"); n != 3 {
		t.Errorf("calls of the dead cache: got %d, want 3", n)
	}
	if n := e.log.count("requests continue without it"); n != 1 {
		t.Errorf("log lines: got %d, want 1", n)
	}
	if n := e.metricOf(t, "tmd_cache_available", ""); n != 0 {
		t.Errorf("tmd_cache_available: got %v, want 0", n)
	}
	if _, err := e.DeletePattern(ctx, "*"); fault.CodeOf(err) != fault.Internal {
		t.Errorf("DeletePattern: got %v, want %s", err, fault.Internal)
	}
	if err := e.Ping(ctx); err == nil {
		t.Error("Ping of the dead cache: got nil, want an error")
	}
}

func TestACacheThatAnswersAgain(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	e := openCache(t, server.URL(0))
	e.Set(t.Context(), "k", []byte("cached"), 0)
	server.Kill()
	for range 5 {
		if _, ok := e.Get(t.Context(), "k"); ok {
			t.Fatal("Get from the dead cache: got a value, want none")
		}
	}
	server.Restart(t)
	testenv.Eventually(t, "the value is back", func() bool {
		_, ok := e.Get(t.Context(), "k")
		return ok
	})
	if e.log.count("answers again") != 1 || e.metricOf(t, "tmd_cache_available", "") != 1 {
		t.Error("the return of the cache is not in the log and the metric, want it in both")
	}
}

// Canceled requests do not count as failures of the cache.
func TestClientsThatGiveUp(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *fixture) {
		gone, leave := context.WithCancel(t.Context())
		leave()
		for range 10 {
			e.Get(gone, "k")
		}
		e.Set(t.Context(), "k", []byte("1"), 0)
		if _, ok := e.Get(t.Context(), "k"); !ok {
			t.Error("Get after other clients gave up: got none, want the value")
		}
	})
}

func BenchmarkGet(b *testing.B) {
	e := openCache(b, testenv.StartRedis(b).URL(0))
	e.Set(b.Context(), "k", make([]byte, 20_000), 0)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := e.Get(b.Context(), "k"); !ok {
			b.Fatal("lost")
		}
	}
}

// BenchmarkDead measures the cost of a cache that does not answer.
func BenchmarkDead(b *testing.B) {
	server := testenv.StartRedis(b)
	e := openCache(b, server.URL(0))
	server.Kill()
	b.ReportAllocs()
	for b.Loop() {
		e.Get(b.Context(), "k")
	}
}
