package scaler

import (
	"context"
	"time"
)

// Queue is where the work is. Both methods tell what is true now, or fail: nothing that is remembered.
type Queue interface {
	Depth(ctx context.Context) (Depth, error)
	Workers(ctx context.Context) (Workers, error)
}

// Depth is how many tasks are in which state, all queues together.
type Depth struct {
	Pending       int64         // waiting for a worker
	Running       int64         // with a worker
	Retry         int64         // waiting for their next attempt
	Scheduled     int64         // waiting for their time
	OldestPending time.Duration // how long the first of the pending has waited; 0 when none does
}

// Workers counts the workers that are alive and take tasks: not those that drain, which are on their way out.
type Workers struct {
	Alive int64
	Busy  int64 // that run at least one task
}
