package admin

import (
	"context"
	"time"
)

const (
	// look is the interval at which Drained reads the queues.
	look = 500 * time.Millisecond
	// settling is how long a submission may still arrive after the intake was stopped: an API instance may not have
	// seen the change yet, or may be at the last step of a submission.
	settling = 3 * time.Second
)

// WaitUntilDrained waits until the queues have no task left, and calls tell after each reading. Call it after
// PauseIntake: otherwise new work may arrive behind it. It waits while Redis is unavailable.
func (o *Service) WaitUntilDrained(ctx context.Context, tell func(Stats, error)) error {
	began := o.deps.Clock()
	tick := time.NewTicker(look)
	defer tick.Stop()
	empty := false // at the previous reading
	for {
		stats, err := o.CurrentStats(ctx)
		if ctx.Err() == nil {
			tell(stats, err)
		}
		switch was := empty; {
		case err != nil:
			empty = false
		default:
			// A task that moves between two states may be missing from one reading.
			empty = stats.RemainingJobs() == 0
			if was && empty && o.deps.Clock().Sub(began) >= settling {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}
