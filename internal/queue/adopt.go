package queue

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// adoption is how often active tasks without a lease are looked for.
const adoption = 30 * time.Second

// adoptScript gives a lease to active tasks that have none. asynq takes a lost worker's tasks back by their leases, so one
// whose lease was lost, to an eviction or a server that was restored, would stay active for ever. Taking a task sets
// both at once; whatever this finds is an orphan.
//
// KEYS 1 active · 2 lease; ARGV 1 the end of the new lease, in Unix seconds. Answers how many it found.
var adoptScript = redis.NewScript(`
local found = 0
for _, id in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
	if not redis.call('ZSCORE', KEYS[2], id) then
		redis.call('ZADD', KEYS[2], ARGV[1], id)
		found = found + 1
	end
end
return found
`)

// adopt looks for orphans until ctx ends; the channel is closed then.
func (s *Server) adopt(ctx context.Context) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(adoption)
		defer tick.Stop()
		for {
			s.adoptOnce(ctx)
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
	return done
}

func (s *Server) adoptOnce(ctx context.Context) {
	for _, queue := range Names() {
		n, err := adoptScript.Run(ctx, s.redis, []string{key(queue, "active"), key(queue, "lease")}, s.clock().Unix()).Int64()
		if err != nil {
			// asynq says already that Redis is down.
			s.logger.Debug("orphans cannot be looked for", "queue", queue, "error", err)
			return
		}
		if n > 0 {
			s.logger.Warn("tasks without a lease are taken back", "queue", queue, "tasks", n)
		}
	}
}
