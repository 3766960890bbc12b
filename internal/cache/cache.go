// Package cache keeps API responses in Redis, database 0, at the keys cache:…. It is a help and never a need: a Redis
// that is down or slow costs a request some milliseconds at first and nothing after that, and no error of it reaches a
// client.
package cache

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/singleflight"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

const (
	// DefaultTTL is how long a value is kept when Set is given no time.
	DefaultTTL = 300 * time.Second
	// MaxValue is the largest value that is kept, in bytes. What is larger costs more to move than to make.
	MaxValue = 1 << 20

	prefix = "cache:"
	// defaultPatience is what a request may lose to the cache.
	defaultPatience = budget.CacheCall
	// After this many failures in a row the cache is left alone for the pause; then one request tries again.
	failuresAllowed = 3
	defaultPause    = 5 * time.Second
	// fillTimeout bounds a fill that several requests wait for, whoever of them goes away.
	fillTimeout = 10 * time.Second
	// scanBatch is how many keys one step of a deletion by pattern looks at.
	scanBatch = 500
)

// Deps is what a Cache needs. Patience is how long a request waits for an answer (0: 100 ms), Pause how long a cache that
// failed is left alone (0: 5 s).
type Deps struct {
	Redis      redis.UniversalClient
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	Patience   time.Duration
	Pause      time.Duration
}

// Cache is the response cache. It is safe for concurrent use.
type Cache struct {
	redis    redis.UniversalClient
	logger   *slog.Logger
	metrics  *metrics
	patience time.Duration
	breaker  *gobreaker.CircuitBreaker[[]byte]
	fills    singleflight.Group
}

// New returns a cache.
func New(d Deps) *Cache {
	pause := cmp.Or(d.Pause, defaultPause)
	c := &Cache{redis: d.Redis, logger: d.Logger, metrics: newMetrics(d.Registerer), patience: cmp.Or(d.Patience, defaultPatience)}
	c.breaker = gobreaker.NewCircuitBreaker[[]byte](gobreaker.Settings{
		Name:        "cache",
		Timeout:     pause,
		ReadyToTrip: func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= failuresAllowed },
		// What is not there is an answer; a client who gave up says nothing about Redis.
		IsSuccessful: func(err error) bool {
			return err == nil || errors.Is(err, redis.Nil) || errors.Is(err, context.Canceled)
		},
		// The one place that logs: once when the cache goes, once when it is back.
		OnStateChange: func(_ string, _, to gobreaker.State) {
			c.metrics.available.Set(0)
			switch to {
			case gobreaker.StateOpen:
				c.logger.Warn("the cache does not answer: going on without it", "pause", pause)
			case gobreaker.StateClosed:
				c.metrics.available.Set(1)
				c.logger.Info("the cache answers again")
			}
		},
	})
	return c
}

// Get returns a value, and false when there is none or the cache is not to be had.
func (c *Cache) Get(ctx context.Context, key string) ([]byte, bool) {
	b, err := c.get(ctx, key)
	switch {
	case err == nil:
		c.metrics.reads.WithLabelValues("hit").Inc()
		return b, true
	case errors.Is(err, redis.Nil):
		c.metrics.reads.WithLabelValues("miss").Inc()
	default:
		c.metrics.reads.WithLabelValues("error").Inc()
	}
	return nil, false
}

func (c *Cache) get(ctx context.Context, key string) ([]byte, error) {
	return c.do(ctx, func(ctx context.Context) ([]byte, error) { return c.redis.Get(ctx, prefix+key).Bytes() })
}

// Set keeps a value for ttl, or DefaultTTL when that is 0. A value larger than MaxValue, and every value while the cache
// is not to be had, is not kept.
func (c *Cache) Set(ctx context.Context, key string, value []byte, ttl time.Duration) {
	if len(value) > MaxValue {
		c.metrics.writes.WithLabelValues("too_large").Inc()
		return
	}
	_, err := c.do(ctx, func(ctx context.Context) ([]byte, error) {
		return nil, c.redis.Set(ctx, prefix+key, value, cmp.Or(ttl, DefaultTTL)).Err()
	})
	if err != nil {
		c.metrics.writes.WithLabelValues("error").Inc()
		return
	}
	c.metrics.writes.WithLabelValues("ok").Inc()
}

// GetOrFill returns the value of key, from the cache or else from fill, whose value is then kept. Requests for the same
// key at the same time share one fill. Its only errors are those of fill and of ctx. The value is shared: nobody may
// change it.
func (c *Cache) GetOrFill(ctx context.Context, key string, ttl time.Duration, fill func(ctx context.Context) ([]byte, error)) ([]byte, error) {
	if b, ok := c.Get(ctx, key); ok {
		return b, nil
	}
	filled := c.fills.DoChan(key, func() (_ any, err error) {
		// This runs in a goroutine of its own, where no server recovers a panic.
		defer func() {
			if v := recover(); v != nil {
				// Neither the value nor the key: both may hold what a client asked for.
				c.logger.Error("filling the cache panicked", "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
				err = fault.Wrap(fault.Internal, errors.New("cache: fill: panic"))
			}
		}()
		// The first who asked may go away; the others still wait.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fillTimeout)
		defer cancel()
		// Another fill may have ended since this request looked.
		if b, err := c.get(ctx, key); err == nil {
			return b, nil
		}
		b, err := fill(ctx)
		if err != nil {
			return nil, err
		}
		c.Set(ctx, key, b, ttl)
		return b, nil
	})
	select {
	case r := <-filled:
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.([]byte), nil
	case <-ctx.Done():
		return nil, fmt.Errorf("cache: wait for a fill: %w", ctx.Err())
	}
}

// Delete removes values. Unlike reading and writing it tells when it could not: what was to go may still be served until
// it ends by itself.
func (c *Cache) Delete(ctx context.Context, keys ...string) error {
	if len(keys) == 0 {
		return nil
	}
	full := make([]string, len(keys))
	for i, key := range keys {
		full[i] = prefix + key
	}
	return failed(ctx, "delete", c.redis.Unlink(ctx, full...).Err())
}

// DeletePattern removes the values whose keys match a pattern of Redis, as in "courses:*". It goes through the keys in
// steps, so that it never holds up the server. What is added meanwhile may stay.
func (c *Cache) DeletePattern(ctx context.Context, pattern string) (removed int64, err error) {
	var cursor uint64
	for {
		keys, next, err := c.redis.Scan(ctx, cursor, prefix+pattern, scanBatch).Result()
		if err != nil {
			return removed, failed(ctx, "scan", err)
		}
		if len(keys) > 0 {
			n, err := c.redis.Unlink(ctx, keys...).Result()
			if err != nil {
				return removed, failed(ctx, "unlink", err)
			}
			removed += n
		}
		if cursor = next; cursor == 0 {
			return removed, nil
		}
	}
}

// Literal returns s as a part of a pattern that matches nothing but s.
func Literal(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`).Replace(s)
}

// Ping reports whether the cache answers.
func (c *Cache) Ping(ctx context.Context) error {
	return failed(ctx, "ping", c.redis.Ping(ctx).Err())
}

// do calls Redis unless it failed just now, and for no longer than a request can spare.
func (c *Cache) do(ctx context.Context, call func(context.Context) ([]byte, error)) ([]byte, error) {
	return c.breaker.Execute(func() ([]byte, error) {
		ctx, cancel := context.WithTimeout(ctx, c.patience)
		defer cancel()
		return call(ctx)
	})
}

// failed turns an error of Redis into a fault. There is no code for the cache, since no client ever meets one.
func failed(ctx context.Context, op string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("cache: %s: %w", op, ctx.Err())
	}
	return fault.Wrap(fault.Internal, fmt.Errorf("cache: %s: %w", op, err))
}
