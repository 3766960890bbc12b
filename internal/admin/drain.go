package admin

import (
	"context"
	"time"
)

const (
	// look is how often Drained looks.
	look = 500 * time.Millisecond
	// settling is how long after the intake was stopped a submission may still come through: an API that has not
	// heard of it, and one that is at its last step.
	settling = 3 * time.Second
)

// Drained waits until the queues have nothing left to run, and tells of each look on the way. It is for after Drain:
// work that is still accepted may come in behind it. A Redis that is away is waited for.
func (o *Operator) Drained(ctx context.Context, tell func(Stats, error)) error {
	began := o.Clock()
	tick := time.NewTicker(look)
	defer tick.Stop()
	empty := false // at the look before
	for {
		stats, err := o.Stats(ctx)
		if ctx.Err() == nil {
			tell(stats, err)
		}
		switch was := empty; {
		case err != nil:
			empty = false
		default:
			// A task that changes its place may be in none for a look.
			empty = stats.Left() == 0
			if was && empty && o.Clock().Sub(began) >= settling {
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
