package liveness

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
)

const (
	// maxStartup is the longest wait that counts as the start of a worker. A longer one is an outage, or a number of
	// workers that an operator has set to zero.
	maxStartup = 10 * time.Minute
	// keptStartups is how many waits are kept: their median changes after a few starts, and one slow pull of an image
	// does not change it.
	keptStartups = 9
	// startupMaxAge is how long an answer about the workers is reused.
	startupMaxAge = time.Second
)

// recordStartup records how long the first job of this worker waited for it, if no other worker takes tasks. A failure
// costs one measurement.
func (h *heartbeat) recordStartup(ctx context.Context, task job.ID) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	keys := []string{
		queuemodel.WorkersKey, queuemodel.RecordPrefix + string(task), queuemodel.LifeKey(task), queuemodel.StartupsKey,
	}
	err := recordStartupScript.Run(ctx, h.redis, keys,
		h.id, h.started.UnixMilli(), maxStartup.Milliseconds(), keptStartups, job.CanaryOwner).Err()
	if err != nil {
		h.logger.Debug("the wait for the start of this worker is not recorded", "error", err)
	}
}

// Startup is what the start of a worker means for who waits.
type Startup struct {
	Alive bool // a worker takes tasks
	// Usual is the median of the last waits of jobs for the start of a worker; 0 when none was measured.
	Usual time.Duration
}

// ReadStartup returns whether a worker takes tasks, and how long its start usually takes, in one round trip.
func (r *Registry) ReadStartup(ctx context.Context) (Startup, error) {
	figures, err := readStartupScript.Run(ctx, r.redis, []string{queuemodel.WorkersKey, queuemodel.StartupsKey}).Int64Slice()
	if err != nil {
		return Startup{}, redisurl.ToFault(ctx, "liveness: read startup", err)
	}
	s := Startup{Alive: figures[0] == 1}
	if waits := figures[1:]; len(waits) > 0 {
		slices.Sort(waits)
		s.Usual = time.Duration(waits[len(waits)/2]) * time.Millisecond
	}
	return s, nil
}

// StartupEstimate says how long a job waits for a worker while there is none. It reads Redis once a second at most,
// however many callers there are. It is safe for concurrent use.
type StartupEstimate struct {
	registry *Registry
	fallback time.Duration
	clock    func() time.Time

	mu   sync.Mutex
	read time.Time // of the last answer
	last Startup
	err  error
}

// NewStartupEstimate returns an estimate; fallback is the usual wait until one was measured.
func NewStartupEstimate(r *Registry, fallback time.Duration, clock func() time.Time) *StartupEstimate {
	return &StartupEstimate{registry: r, fallback: fallback, clock: clock}
}

// EstimateStart returns how long a job usually waits for the start of a worker. It reports false while a worker takes
// tasks, and when that cannot be read.
func (e *StartupEstimate) EstimateStart(ctx context.Context) (time.Duration, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if now := e.clock(); e.read.IsZero() || now.Sub(e.read) >= startupMaxAge {
		// The first of several callers reads for the others, whose contexts differ.
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), budget.IntakeCall)
		defer cancel()
		e.last, e.err = e.registry.ReadStartup(limited)
		e.read = now
	}
	if e.err != nil || e.last.Alive {
		return 0, false
	}
	if e.last.Usual > 0 {
		return e.last.Usual, true
	}
	return e.fallback, true
}
