// Package repair heals what was lost between the parts of the system: any process may run it, one at a time does.
//
// A job is three things: a record and a task in Redis, and a ticket, with its document, in the store of uploads. A
// crash or a Redis that forgets leaves one without the others, and each has its remedy:
//
//	an open record without a task              its task is queued again
//	an open record whose task was put away     the same
//	an open record without task and document   it fails: nobody can run it
//	a ticket without a record                  the record is made again, and its task queued
//	files of a job that has ended              they go
//	a document kept of a job that failed       it goes when the job is kept for operators no more (job.DeadTTL)
//	files that nothing can be made of          they go after a day, what was being written after an hour
//
// Each look may come at the moment at which something moves from one place to another. So nothing is done that was
// not seen twice, a round apart, and nothing to what is younger than a few seconds; and whatever is done is harmless
// when it was unnecessary: a task is queued once, a record is made once, an attempt that is run twice is fenced.
package repair

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

const (
	defaultInterval = 5 * time.Second
	// settled is how old something is before it counts as left: longer than an API takes from one step of a
	// submission to the next, and a worker from the end of a job to the deletion of its files.
	settled = 10 * time.Second
	// abandoned is how old a temporary file is, or a ticket whose document never came: no upload takes that long.
	abandoned = time.Hour
	// expired is how old files are that nothing can be made of, or whose record has expired.
	expired = job.ResultTTL
	// batch is how many records or tasks one round trip looks at.
	batch = 200
	// leadership outlasts the pause between rounds, and ends soon after its holder has died.
	leadership = 4 * defaultInterval
	// share is how much of the time rounds may take: the pause is that much longer than the round before it.
	share = 10
)

// Deps is what a Sweeper needs. Holder is its name among those that take turns. Interval is the pause between rounds, 0
// means 5 s.
type Deps struct {
	Uploads    Uploads
	Jobs       Jobs
	Queue      Queue
	Holder     string
	Interval   time.Duration
	Clock      func() time.Time
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

// Repairer sweeps. It runs once.
type Repairer struct {
	Deps
	metrics *metrics
	seen    sightings
}

// New returns a sweeper.
func New(d Deps) *Repairer {
	d.Interval = cmp.Or(d.Interval, defaultInterval)
	return &Repairer{Deps: d, metrics: newMetrics(d.Registerer)}
}

// Run sweeps, as long as no other does, until ctx ends. What fails is tried again in the next round.
func (s *Repairer) Run(ctx context.Context) error {
	failing := false
	for {
		began := s.Clock()
		err := s.RepairOnce(ctx)
		if err != nil && ctx.Err() == nil && !failing {
			// Once an outage: the parts that are away are told of elsewhere.
			s.Logger.Warn("the sweep failed", "error", err)
		}
		failing = err != nil
		pause := time.NewTimer(max(s.Interval, share*s.Clock().Sub(began)))
		select {
		case <-ctx.Done():
			pause.Stop()
			return s.releaseLease(ctx)
		case <-pause.C:
		}
	}
}

// releaseLease lets another sweep at once. It need not succeed: the lead ends by itself.
func (s *Repairer) releaseLease(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := s.Jobs.ReleaseLease(ctx, s.Holder); err != nil {
		s.Logger.Debug("the lead ends by itself", "error", err)
	}
	return nil
}

// RepairOnce sweeps once, unless another has the lead. What fails for one job leaves the others to be swept.
func (s *Repairer) RepairOnce(ctx context.Context) error {
	leads, err := s.Jobs.AcquireLease(ctx, s.Holder, max(leadership, 2*s.Interval))
	if err != nil || !leads {
		s.seen = sightings{}
		return err
	}
	s.seen.startRound()
	files, err := s.Uploads.ListFiles(ctx)
	if err != nil {
		// Tasks can be looked after without them.
		err = fmt.Errorf("sweep: list: %w", err)
	}
	open, tasksErr := s.repairTasks(ctx, jobsWithDocument(files), err == nil)
	err = errors.Join(err, tasksErr)
	if tasksErr == nil {
		// Without knowing what is open, files are not judged.
		err = errors.Join(err, s.repairFiles(ctx, files, open))
	}
	if pruneErr := s.Jobs.CleanupDead(ctx); pruneErr != nil {
		err = errors.Join(err, fmt.Errorf("sweep: prune: %w", pruneErr))
	}
	s.metrics.observeRound(err)
	return err
}

// sightings remember what was seen in this round and in the one before.
type sightings struct{ before, now map[sighting]bool }

type sighting struct {
	id   job.ID
	what finding
}

func (s *sightings) startRound() { s.before, s.now = s.now, map[sighting]bool{} }

// seenTwice notes that something is amiss, and says whether it was so a round ago.
func (s *sightings) seenTwice(id job.ID, what finding) bool {
	at := sighting{id, what}
	s.now[at] = true
	return s.before[at]
}

// repairConfirmed does what something needs that was seen twice; the first sighting only notes it.
func (s *Repairer) repairConfirmed(id job.ID, what finding, remedy func() (bool, error)) error {
	if !s.seen.seenTwice(id, what) {
		return nil
	}
	done, err := remedy()
	if err != nil {
		return fmt.Errorf("sweep: %s: %w", what, err)
	}
	if done {
		s.metrics.healed.WithLabelValues(string(what)).Inc()
		s.Logger.Warn("healed", "what", string(what), "job_id", id)
	}
	return nil
}

func (s *Repairer) isOlder(at time.Time, than time.Duration) bool { return s.Clock().Sub(at) >= than }
