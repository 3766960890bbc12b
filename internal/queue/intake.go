package queue

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/budget"
)

// drainingKey is there while operators have stopped the intake of work: since when, in Unix milliseconds.
const drainingKey = "queue:draining"

const (
	// intakeAge is how long an answer of Redis about the intake is used again.
	intakeAge = budget.IntakeMaxAge
	// intakeTimeout is how long a submission waits for that answer.
	intakeTimeout = budget.IntakeCall
)

// PauseIntake stops the intake of new work, everywhere within a second.
func (c *Client) PauseIntake(ctx context.Context) error {
	return failed(ctx, "drain", c.redis.SetNX(ctx, drainingKey, time.Now().UnixMilli(), 0).Err())
}

// ResumeIntake opens it again.
func (c *Client) ResumeIntake(ctx context.Context) error {
	return failed(ctx, "undrain", c.redis.Del(ctx, drainingKey).Err())
}

// intake is what is known of the intake.
type intake struct {
	looking sync.Mutex // held by the one who asks Redis
	known   atomic.Pointer[known]
}

type known struct {
	at       time.Time
	draining bool
}

// IsIntakePaused reports whether the intake is stopped. The answer is at most a second old, and mostly costs nothing. A Redis that
// does not answer has not said so: whether work can be accepted shows when it is handed over.
func (c *Client) IsIntakePaused(ctx context.Context) bool {
	k := c.intake.known.Load()
	if k != nil && time.Since(k.at) < intakeAge {
		return k.draining
	}
	if k == nil {
		c.intake.looking.Lock() // the first has nothing older to go by
	} else if !c.intake.looking.TryLock() {
		return k.draining
	}
	defer c.intake.looking.Unlock()
	if k := c.intake.known.Load(); k != nil && time.Since(k.at) < intakeAge {
		return k.draining
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), intakeTimeout)
	defer cancel()
	draining := c.redis.Get(ctx, drainingKey).Err() == nil
	c.intake.known.Store(&known{time.Now(), draining})
	return draining
}
