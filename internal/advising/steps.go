package advising

import (
	"context"
	"sync/atomic"
)

// stepContext bounds a search by its work and not by the clock, so that an answer does not depend on the machine. The
// searches of package audit ask their context whether to continue after each bounded piece of work: a layout, or 64
// nodes of the search tree. One that asks more often than the steps allow has to end.
type stepContext struct {
	context.Context
	left atomic.Int64
}

func limitSteps(ctx context.Context, steps int) *stepContext {
	c := &stepContext{Context: ctx}
	c.left.Store(int64(steps))
	return c
}

// Err returns the error of the context around it, and DeadlineExceeded after the last step.
func (c *stepContext) Err() error {
	if err := c.Context.Err(); err != nil {
		return err
	}
	if c.left.Add(-1) < 0 {
		return context.DeadlineExceeded
	}
	return nil
}

// isSpent reports whether the steps of a search are used up.
func (c *stepContext) isSpent() bool { return c.left.Load() < 0 }
