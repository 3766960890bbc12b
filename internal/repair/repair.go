// Package repair restores the consistency of the stores. Any process may run it, and one at a time does.
//
// A job consists of a record and a task in Redis, and of a ticket, with its document, in the upload store. A crash,
// or a Redis that loses writes, leaves one without the others. Each case has its repair:
//
//	an open record without a task              its task is queued again
//	an open record whose task was archived     its task is queued again
//	an open record without task and document   the job fails, because no worker can run it
//	a ticket without a record                  the record is restored, and its task queued
//	files of a job that has ended              the files are deleted
//	a kept document of a failed job            the document is deleted when the job is no longer kept (job.DeadTTL)
//	files of no use                            the files are deleted after a day, temporary files after an hour
//
// A check may see a job while it moves from one store to another. So repair acts only on what it saw in two
// consecutive rounds, and only on what is older than 10 seconds. Each repair is harmless when it was unnecessary: a
// task is queued once, a record is created once, and an attempt that runs twice is fenced.
package repair

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/dependency"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

const (
	defaultInterval = 5 * time.Second
	// settled is the age from which on an item counts as left over: longer than the API takes from one step of a
	// submission to the next, and longer than a worker takes from the end of a job to the deletion of its files.
	settled = 10 * time.Second
	// abandoned is the age of a temporary file, or of a ticket without a document, at which it is removed: no upload
	// takes that long.
	abandoned = time.Hour
	// expired is the age at which files of no use, or files whose record has expired, are removed.
	expired = job.ResultTTL
	// batch is the number of records or tasks of one round trip.
	batch = 200
	// leadership is the TTL of the lease. It is longer than the pause between rounds, and ends soon after its holder
	// has died.
	leadership = 4 * defaultInterval
	// share bounds the load: the pause is at least share times as long as the round before it.
	share = 10
)

// Deps are the dependencies of a Repairer. Holder identifies this process in the lease. Interval is the pause between
// rounds; 0 means 5 s.
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

// Repairer repairs the stores. It runs once.
type Repairer struct {
	deps    Deps
	metrics *metrics
	seen    sightings
}

// New returns a repairer. A missing dependency is an error.
func New(d Deps) (*Repairer, error) {
	if err := dependency.Require("repair", d, "Uploads", "Jobs", "Queue", "Holder", "Clock", "Logger", "Registerer"); err != nil {
		return nil, err
	}
	d.Interval = cmp.Or(d.Interval, defaultInterval)
	return &Repairer{deps: d, metrics: newMetrics(d.Registerer)}, nil
}

// Run repairs until ctx ends, while no other process does. The next round repeats what fails.
func (s *Repairer) Run(ctx context.Context) error {
	failing := false
	for {
		began := s.deps.Clock()
		err := s.RepairOnce(ctx)
		if err != nil && ctx.Err() == nil && !failing {
			// It logs once for each outage: other logs and metrics report the unavailable part.
			s.deps.Logger.Warn("the sweep failed", "error", err)
		}
		failing = err != nil
		pause := time.NewTimer(max(s.deps.Interval, share*s.deps.Clock().Sub(began)))
		select {
		case <-ctx.Done():
			pause.Stop()
			return s.releaseLease(ctx)
		case <-pause.C:
		}
	}
}

// releaseLease lets another process repair at once. A failure does no harm, because the lease expires.
func (s *Repairer) releaseLease(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := s.deps.Jobs.ReleaseLease(ctx, s.deps.Holder); err != nil {
		s.deps.Logger.Debug("the lease expires", "error", err)
	}
	return nil
}

// RepairOnce runs one round, unless another process holds the lease. A failure for one job does not stop the others.
func (s *Repairer) RepairOnce(ctx context.Context) error {
	leads, err := s.deps.Jobs.AcquireLease(ctx, s.deps.Holder, max(leadership, 2*s.deps.Interval))
	if err != nil || !leads {
		s.seen = sightings{}
		return err
	}
	s.seen.startRound()
	files, err := s.deps.Uploads.ListFiles(ctx)
	if err != nil {
		// Tasks can be repaired without the list of files.
		err = fmt.Errorf("sweep: list: %w", err)
	}
	open, tasksErr := s.repairTasks(ctx, jobsWithDocument(files), err == nil)
	err = errors.Join(err, tasksErr)
	if tasksErr == nil {
		// Without the open jobs, files cannot be judged.
		err = errors.Join(err, s.repairFiles(ctx, files, open))
	}
	if pruneErr := s.deps.Jobs.CleanupDead(ctx); pruneErr != nil {
		err = errors.Join(err, fmt.Errorf("sweep: prune: %w", pruneErr))
	}
	s.metrics.observeRound(err)
	return err
}

// sightings are the findings of this round and of the one before.
type sightings struct{ before, now map[sighting]bool }

type sighting struct {
	id   job.ID
	what finding
}

func (s *sightings) startRound() { s.before, s.now = s.now, map[sighting]bool{} }

// seenTwice records a finding, and reports whether the previous round had it as well.
func (s *sightings) seenTwice(id job.ID, what finding) bool {
	at := sighting{id, what}
	s.now[at] = true
	return s.before[at]
}

// repairConfirmed runs the remedy for a finding of two consecutive rounds; it only records the first sighting.
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
		s.deps.Logger.Warn("healed", "what", string(what), "job_id", id)
	}
	return nil
}

func (s *Repairer) isOlder(at time.Time, than time.Duration) bool {
	return s.deps.Clock().Sub(at) >= than
}
