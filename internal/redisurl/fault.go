package redisurl

import (
	"context"
	"fmt"

	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// ToFault turns an error of a Redis call into queue_unavailable, and keeps nil. op says which call it was, as in
// "jobstore: load record". A caller that gave up, or whose deadline has passed, gets the error of ctx instead: Redis
// may be well.
func ToFault(ctx context.Context, op string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", op, ctx.Err())
	}
	return fault.Wrap(fault.QueueUnavailable, fmt.Errorf("%s: %w", op, err))
}
