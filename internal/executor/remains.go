package executor

import (
	"context"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

// Afterlife is how long the files of a job outlive its end. A Redis that is killed may come back without what it answered
// last: a second of it with appendfsync everysec, two while its disk is slow (redis.io, "Redis persistence"), and a replica
// that takes over may be as far behind. Were the files gone at once, a job whose end was forgotten could neither run again
// nor end well.
const Afterlife = 5 * time.Second

const (
	// lookout is how often the files are looked for whose time has come.
	lookout = time.Second
	// removals is how many are removed at a time: an object store takes long for each.
	removals = 8
)

// remains are the jobs that have ended and whose files are still there.
type remains struct {
	mu   sync.Mutex
	open bool // somebody removes them
	jobs []remain
}

type remain struct {
	id    job.ID
	since time.Time
}

// add takes a job, unless nobody would remove its files.
func (r *remains) add(jobs ...remain) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open {
		r.jobs = append(r.jobs, jobs...)
	}
	return r.open
}

// until takes out those that ended at a time or before.
func (r *remains) until(t time.Time) []remain {
	r.mu.Lock()
	defer r.mu.Unlock()
	var due []remain
	r.jobs = slices.DeleteFunc(r.jobs, func(j remain) bool {
		if j.since.After(t) {
			return false
		}
		due = append(due, j)
		return true
	})
	return due
}

func (r *remains) set(open bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open = open
}

// Run removes the files of jobs when these have ended Afterlife ago, and, when ctx ends, all that are left. While it does
// not run, files are removed as soon as a job ends. What fails here is left to the sweep.
func (p *Processor) Run(ctx context.Context) error {
	p.remains.set(true)
	tick := time.NewTicker(lookout)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			due := p.remains.until(p.Clock().Add(-Afterlife))
			if err := p.bury(ctx, due); err != nil {
				p.remains.add(due...) // whether they have ended is not known while Redis is away
			}
		case <-ctx.Done():
			p.remains.set(false)
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), deleteTimeout)
			defer cancel()
			if err := p.bury(ctx, p.remains.until(p.Clock())); err != nil {
				p.Logger.Warn("the files of jobs that ended are left to the sweep", "error", err)
			}
			return nil
		}
	}
}

// bury removes the files of those jobs that have still ended. One whose end was forgotten will run again, and one without a
// record will get one from its ticket, unless its owner deleted it, with its files.
func (p *Processor) bury(ctx context.Context, jobs []remain) error {
	if len(jobs) == 0 {
		return nil
	}
	ids := make([]job.ID, len(jobs))
	for i, j := range jobs {
		ids[i] = j.id
	}
	records, err := p.Jobs.LoadRecords(ctx, ids)
	if err != nil {
		return err
	}
	var group errgroup.Group
	group.SetLimit(removals)
	for _, id := range ids {
		if r, ok := records[id]; ok && r.State.Final() {
			group.Go(func() error { p.remove(ctx, id, p.Uploads.Delete); return nil })
		}
	}
	return group.Wait()
}

// remove removes the files of a job that has ended. They are personal, so nothing should keep them from going.
func (p *Processor) remove(ctx context.Context, id job.ID, how func(context.Context, job.ID) error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), deleteTimeout)
	defer cancel()
	if err := how(ctx, id); err != nil {
		p.Logger.Error("the files of a job that ended stay", "job_id", id, "error", err)
	}
}
