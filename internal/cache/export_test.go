package cache

import (
	"context"
	"time"
)

// MaxValue is the size of the largest value that is stored.
const MaxValue = maxValue

// Get returns a value.
func (c *Cache) Get(ctx context.Context, key string) ([]byte, bool) { return c.readValue(ctx, key) }

// Set stores a value.
func (c *Cache) Set(ctx context.Context, key string, value []byte, ttl time.Duration) {
	c.storeValue(ctx, key, value, ttl)
}
