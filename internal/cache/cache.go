// Package cache stores responses of the API in Redis, database 0, under the keys cache:…. No request fails because of
// it: a Redis that does not answer, or answers late, delays requests by some milliseconds at first and then not at
// all. No error of the cache reaches a client.
package cache

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/singleflight"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/dependency"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

const (
	// defaultTTL is how long a value is stored when GetOrFill receives no time.
	defaultTTL = 300 * time.Second
	// maxValue is the size of the largest stored value, in bytes. A larger one costs more to transfer than to
	// compute.
	maxValue = 1 << 20

	prefix = "cache:"
	// defaultPatience is how long a request waits for an answer of the cache.
	defaultPatience = budget.CacheCall
	// After failuresAllowed failures in a row the cache is not used for defaultPause. Then one request tries again.
	failuresAllowed = 3
	defaultPause    = 5 * time.Second
	// fillTimeout bounds a fill that several requests wait for. It does not depend on the first of them, whose client
	// may disconnect.
	fillTimeout = 10 * time.Second
	// scanBatch is the number of keys that one step of a deletion by pattern reads.
	scanBatch = 500
)

// Deps are the dependencies of a Cache.
type Deps struct {
	Redis      redis.UniversalClient
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	Patience   time.Duration // how long a request waits for an answer; 0 means 100 ms
	Pause      time.Duration // how long a cache that failed is not used; 0 means 5 s
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

// New returns a cache. A missing dependency is an error.
func New(d Deps) (*Cache, error) {
	if err := dependency.Require("cache", d, "Redis", "Logger", "Registerer"); err != nil {
		return nil, err
	}
	pause := cmp.Or(d.Pause, defaultPause)
	c := &Cache{redis: d.Redis, logger: d.Logger, metrics: newMetrics(d.Registerer), patience: cmp.Or(d.Patience, defaultPatience)}
	c.breaker = gobreaker.NewCircuitBreaker[[]byte](gobreaker.Settings{
		Name:        "cache",
		Timeout:     pause,
		ReadyToTrip: func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= failuresAllowed },
		// A missing value is a success. A canceled request proves nothing about Redis.
		IsSuccessful: func(err error) bool {
			return err == nil || errors.Is(err, redis.Nil) || errors.Is(err, context.Canceled)
		},
		// Only this function logs: once when the cache fails, once when it works again.
		OnStateChange: func(_ string, _, to gobreaker.State) {
			c.metrics.available.Set(0)
			switch to {
			case gobreaker.StateOpen:
				c.logger.Warn("the cache does not answer: requests continue without it", "pause", pause)
			case gobreaker.StateClosed:
				c.metrics.available.Set(1)
				c.logger.Info("the cache answers again")
			}
		},
	})
	return c, nil
}

// GetOrFill returns the value of key from the cache, or else from fill, whose value is then stored for ttl (0 means
// 300 s). Concurrent calls for the same key share one fill. The only errors are those of fill and of ctx. A value of
// more than 1 MiB is returned and not stored. The value is shared by the callers: none of them may change it.
func (c *Cache) GetOrFill(ctx context.Context, key string, ttl time.Duration, fill func(ctx context.Context) ([]byte, error)) ([]byte, error) {
	if b, ok := c.readValue(ctx, key); ok {
		return b, nil
	}
	filled := c.fills.DoChan(key, func() (_ any, err error) {
		// This runs in its own goroutine, where no server recovers a panic.
		defer func() {
			if v := recover(); v != nil {
				// The value of the panic and the key are not logged: both may contain input of a client.
				c.logger.Error("filling the cache panicked", "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
				err = fault.Wrap(fault.Internal, errors.New("cache: fill: panic"))
			}
		}()
		// The first caller may give up while the others still wait.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fillTimeout)
		defer cancel()
		// Another fill may have ended since this request read the cache.
		if b, err := c.fetchValue(ctx, key); err == nil {
			return b, nil
		}
		b, err := fill(ctx)
		if err != nil {
			return nil, err
		}
		c.storeValue(ctx, key, b, ttl)
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

// readValue returns a value and counts the read; false when there is none or the cache does not answer.
func (c *Cache) readValue(ctx context.Context, key string) ([]byte, bool) {
	b, err := c.fetchValue(ctx, key)
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

func (c *Cache) fetchValue(ctx context.Context, key string) ([]byte, error) {
	return c.callRedis(ctx, func(ctx context.Context) ([]byte, error) { return c.redis.Get(ctx, prefix+key).Bytes() })
}

// storeValue stores a value, unless it is larger than maxValue or the cache does not answer.
func (c *Cache) storeValue(ctx context.Context, key string, value []byte, ttl time.Duration) {
	if len(value) > maxValue {
		c.metrics.writes.WithLabelValues("too_large").Inc()
		return
	}
	_, err := c.callRedis(ctx, func(ctx context.Context) ([]byte, error) {
		return nil, c.redis.Set(ctx, prefix+key, value, cmp.Or(ttl, defaultTTL)).Err()
	})
	if err != nil {
		c.metrics.writes.WithLabelValues("error").Inc()
		return
	}
	c.metrics.writes.WithLabelValues("ok").Inc()
}

// DeletePattern deletes the values whose keys match a pattern of Redis, as in "courses:*", and returns their number.
// It reads the keys in steps, so that it does not block the server. A value that is added during the deletion may
// stay. Errors of Redis are internal: a failed deletion matters, unlike a failed read, because old values may still
// be served.
func (c *Cache) DeletePattern(ctx context.Context, pattern string) (deleted int64, err error) {
	var cursor uint64
	for {
		keys, next, err := c.redis.Scan(ctx, cursor, prefix+pattern, scanBatch).Result()
		if err != nil {
			return deleted, toFault(ctx, "scan", err)
		}
		if len(keys) > 0 {
			n, err := c.redis.Unlink(ctx, keys...).Result()
			if err != nil {
				return deleted, toFault(ctx, "unlink", err)
			}
			deleted += n
		}
		if cursor = next; cursor == 0 {
			return deleted, nil
		}
	}
}

// Ping reports whether the cache answers.
func (c *Cache) Ping(ctx context.Context) error {
	return toFault(ctx, "ping", c.redis.Ping(ctx).Err())
}

// callRedis calls Redis within the patience of a request. It fails at once while Redis is considered unavailable.
func (c *Cache) callRedis(ctx context.Context, call func(context.Context) ([]byte, error)) ([]byte, error) {
	return c.breaker.Execute(func() ([]byte, error) {
		ctx, cancel := context.WithTimeout(ctx, c.patience)
		defer cancel()
		return call(ctx)
	})
}

// toFault turns an error of Redis into internal: no client receives an error of the cache, so it has no code of its
// own.
func toFault(ctx context.Context, op string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("cache: %s: %w", op, ctx.Err())
	}
	return fault.Wrap(fault.Internal, fmt.Errorf("cache: %s: %w", op, err))
}
