package jobstore

import (
	"context"
	"time"
)

// repairLeaseKey holds the name of the process that repairs jobs. The name dates from when the repair was called a
// sweep.
const repairLeaseKey = "job:sweeper"

// AcquireLease makes holder the only process that repairs jobs, for ttl from now, and reports whether it is. It
// renews the lease of the same holder. Idempotent.
func (s *Store) AcquireLease(ctx context.Context, holder string, ttl time.Duration) (bool, error) {
	acquired, err := acquireLeaseScript.Run(ctx, s.redis, []string{repairLeaseKey}, holder, ttl.Milliseconds()).Bool()
	return acquired, toFault(ctx, "acquire lease", err)
}

// ReleaseLease releases the lease, if holder has it. Idempotent.
func (s *Store) ReleaseLease(ctx context.Context, holder string) error {
	return toFault(ctx, "release lease", releaseLeaseScript.Run(ctx, s.redis, []string{repairLeaseKey}, holder).Err())
}
