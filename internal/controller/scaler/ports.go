package scaler

import (
	"context"
	"time"
)

// Queue reads the work in the queues. Both methods return the current state or an error, never a stored answer.
type Queue interface {
	Depth(ctx context.Context) (Depth, error)
	Workers(ctx context.Context) (Workers, error)
}

// Depth is the number of tasks in each state, over all queues.
type Depth struct {
	Pending       int64         // waiting for a worker
	Running       int64         // with a worker
	Retry         int64         // waiting for the next attempt
	Scheduled     int64         // waiting for the scheduled time
	OldestPending time.Duration // wait of the oldest pending task; 0 when there is none
}

// Workers counts the living workers that take tasks. Draining workers, which are about to end, do not count.
type Workers struct {
	Alive int64
	Busy  int64 // that run at least one task
}
