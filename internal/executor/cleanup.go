package executor

import (
	"context"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// FileRetention is how long the files of a job outlive its end. A Redis that is killed may lose its last writes: one
// second with appendfsync everysec, two while its disk is slow (redis.io, "Redis persistence"), and a replica that
// takes over may be as far behind. Without the retention, a job whose end was lost could neither run again nor end.
const FileRetention = 5 * time.Second

const (
	// cleanupInterval is how often Run deletes the files whose retention is over.
	cleanupInterval = time.Second
	// cleanupConcurrency is how many jobs are cleaned up at a time: one deletion in an object store is slow.
	cleanupConcurrency = 8
)

// cleanupQueue holds the jobs that have ended and whose files are still stored.
type cleanupQueue struct {
	mu   sync.Mutex
	open bool // Run deletes the files
	jobs []endedJob
}

type endedJob struct {
	id    job.ID
	since time.Time
}

// addJobs adds jobs whose files are to be deleted later. It returns false while Run is not active.
func (r *cleanupQueue) addJobs(jobs ...endedJob) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open {
		r.jobs = append(r.jobs, jobs...)
	}
	return r.open
}

// takeUntil removes and returns the jobs that ended at t or before.
func (r *cleanupQueue) takeUntil(t time.Time) []endedJob {
	r.mu.Lock()
	defer r.mu.Unlock()
	var due []endedJob
	r.jobs = slices.DeleteFunc(r.jobs, func(j endedJob) bool {
		if j.since.After(t) {
			return false
		}
		due = append(due, j)
		return true
	})
	return due
}

func (r *cleanupQueue) setOpen(open bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open = open
}

// Run deletes the files of jobs FileRetention after their end. When ctx ends it deletes all remaining ones. While it
// does not run, files are deleted as soon as a job ends. Repair deletes what fails here.
func (p *Processor) Run(ctx context.Context) error {
	p.ended.setOpen(true)
	tick := time.NewTicker(cleanupInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			due := p.ended.takeUntil(p.deps.Clock().Add(-FileRetention))
			if err := p.cleanupFiles(ctx, due); err != nil {
				p.ended.addJobs(due...) // their state is unknown while Redis is unavailable
			}
		case <-ctx.Done():
			p.ended.setOpen(false)
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), deleteTimeout)
			defer cancel()
			if err := p.cleanupFiles(ctx, p.ended.takeUntil(p.deps.Clock())); err != nil {
				p.deps.Logger.Warn("the files of jobs that ended are left to the sweep", "error", err)
			}
			return nil
		}
	}
}

// cleanupFiles deletes the files of the jobs whose records still say that they ended. A job whose end Redis lost runs
// again. Repair restores a lost record from the ticket, unless the owner deleted the job and its files.
func (p *Processor) cleanupFiles(ctx context.Context, jobs []endedJob) error {
	if len(jobs) == 0 {
		return nil
	}
	ids := make([]job.ID, len(jobs))
	for i, j := range jobs {
		ids[i] = j.id
	}
	records, err := p.deps.Jobs.LoadRecords(ctx, ids)
	if err != nil {
		return err
	}
	ended := make([]job.Record, 0, len(ids))
	for _, id := range ids {
		if r, ok := records[id]; ok && r.State.IsFinal() {
			ended = append(ended, r)
		}
	}
	p.cleanupFilesOf(ctx, ended)
	return nil
}

// cleanupFilesOf deletes the files of jobs that have ended, and records the deletion of documents for operators.
func (p *Processor) cleanupFilesOf(ctx context.Context, ended []job.Record) {
	var group errgroup.Group
	group.SetLimit(cleanupConcurrency)
	deleted := make([]bool, len(ended))
	for i, r := range ended {
		group.Go(func() error { deleted[i] = p.deleteFiles(ctx, r, p.deps.Uploads.Delete); return nil })
	}
	_ = group.Wait()
	var documents []job.ID
	for i, r := range ended {
		if deleted[i] && r.NeedsDocument() {
			documents = append(documents, r.ID)
		}
	}
	if len(documents) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), deleteTimeout)
	defer cancel()
	if err := p.deps.Jobs.RecordDocumentsDeleted(ctx, documents); err != nil {
		p.deps.Logger.Debug("the deletion of documents is not recorded", "error", err)
	}
}

// restoreTicket stores the ticket of a job again whose owner answered it while its files were deleted: the ticket of
// the answer may have been among them. Records and files are in different stores, so that no deletion can be made to
// depend on the record.
func (p *Processor) restoreTicket(ctx context.Context, id job.ID) {
	t, err := p.deps.Jobs.LoadTicket(ctx, id)
	if fault.CodeOf(err) == fault.JobNotFound {
		return // it waits for an answer, or has ended
	}
	if err == nil {
		_, err = p.deps.Uploads.Save(ctx, t, nil, 0)
	}
	if err != nil {
		p.deps.Logger.Error("the ticket of a job that was answered is not stored", "job_id", id, "error", err)
	}
}

// deleteFiles deletes the files of a job that has ended, and reports whether it did. They are personal data, so it
// continues after ctx has ended.
func (p *Processor) deleteFiles(ctx context.Context, r job.Record, how func(context.Context, job.ID) error) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), deleteTimeout)
	defer cancel()
	err := how(ctx, r.ID)
	if err != nil {
		p.deps.Logger.Error("the files of a job that ended stay", "job_id", r.ID, "error", err)
	}
	if !r.AnswerUntil.IsZero() {
		p.restoreTicket(ctx, r.ID)
	}
	return err == nil
}
