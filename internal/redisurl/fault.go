package redisurl

import (
	"context"
	"fmt"

	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// ToFault turns an error of a Redis call into queue_unavailable, and keeps nil. op names the call, as in "jobstore:
// load record". When the caller's context has ended, it returns the error of ctx instead: Redis may be available.
func ToFault(ctx context.Context, op string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", op, ctx.Err())
	}
	return fault.Wrap(fault.QueueUnavailable, fmt.Errorf("%s: %w", op, err))
}
