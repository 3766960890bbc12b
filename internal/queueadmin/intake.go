package queueadmin

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
	"github.com/trackmydegree/trackmydegree/internal/submit"
)

var (
	_ admin.Intake  = (*Intake)(nil)
	_ submit.Intake = (*Intake)(nil)
)

// intakePausedKey exists while operators have paused the intake. Its value is the start of the pause, in Unix
// milliseconds.
const intakePausedKey = "queue:draining"

// Intake is the switch with which operators stop the intake of new work, for all processes. It is safe for concurrent
// use.
type Intake struct {
	redis   redis.UniversalClient
	reading sync.Mutex // held by the caller that asks Redis
	latest  atomic.Pointer[intakeState]
}

type intakeState struct {
	at     time.Time
	paused bool
}

func (s *intakeState) isFresh() bool { return s != nil && time.Since(s.at) < budget.IntakeMaxAge }

// NewIntake returns the switch.
func NewIntake(client redis.UniversalClient) *Intake { return &Intake{redis: client} }

// PauseIntake stops the intake of new work. Every process learns of it within a second. Pausing it again changes
// nothing.
func (i *Intake) PauseIntake(ctx context.Context) error {
	err := i.redis.SetNX(ctx, intakePausedKey, time.Now().UnixMilli(), 0).Err()
	return redisurl.ToFault(ctx, "queueadmin: pause intake", err)
}

// ResumeIntake opens the intake again. Opening an open intake changes nothing.
func (i *Intake) ResumeIntake(ctx context.Context) error {
	return redisurl.ToFault(ctx, "queueadmin: resume intake", i.redis.Del(ctx, intakePausedKey).Err())
}

// IsIntakePaused reports whether the intake is paused. The answer is at most a second old and rarely needs a round
// trip. While Redis does not answer the intake counts as open: the enqueue that follows will fail.
func (i *Intake) IsIntakePaused(ctx context.Context) bool {
	state := i.latest.Load()
	if state.isFresh() {
		return state.paused
	}
	if state == nil {
		i.reading.Lock() // there is no older answer to return
	} else if !i.reading.TryLock() {
		return state.paused
	}
	defer i.reading.Unlock()
	if state := i.latest.Load(); state.isFresh() {
		return state.paused
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), budget.IntakeCall)
	defer cancel()
	paused := i.redis.Get(ctx, intakePausedKey).Err() == nil
	i.latest.Store(&intakeState{time.Now(), paused})
	return paused
}
