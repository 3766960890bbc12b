package cache

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/budget"
)

// quotaPrefix begins the keys of counters. It is within the keys of the cache, for which an operator grants rights.
const quotaPrefix = prefix + "quota:"

// takeOneScript counts one, and starts the window with the first.
var takeOneScript = redis.NewScript(`
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return n`)

// Quota counts events in fixed windows, for all processes that use the same Redis. A Redis that evicts a counter
// starts its window again.
type Quota struct{ redis redis.UniversalClient }

// NewQuota returns a quota.
func NewQuota(client redis.UniversalClient) *Quota { return &Quota{client} }

// TakeOne counts one under a key, and reports whether there are at most limit within the window. Redis that does not
// answer is an error.
func (q *Quota) TakeOne(ctx context.Context, key string, limit int, window time.Duration) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, budget.RedisCall)
	defer cancel()
	n, err := takeOneScript.Run(ctx, q.redis, []string{quotaPrefix + key}, window.Milliseconds()).Int()
	if err != nil {
		return false, fmt.Errorf("cache: quota: %w", err)
	}
	return n <= limit, nil
}
