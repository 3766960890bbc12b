// Package admin is what operators do with the jobs and the queues: look at them, run failed ones again, delete them,
// hold queues back, and drain the system.
//
// A job that failed for good is dead: it is kept for job.DeadTTL, longer than its record, with the history of its
// faults. Everything here may meet a job that moves on at the same moment; then the answer is conflict or
// job_not_found, and nothing has happened.
package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// State is where a job is, as operators see it. The values are on the wire.
type State string

// The states: those of its task in a queue, and Dead.
const (
	Pending   State = "pending"   // waits for a worker
	Active    State = "active"    // is with a worker
	Retry     State = "retry"     // waits for its next attempt
	Scheduled State = "scheduled" // waits for its time
	Dead      State = "dead"      // failed for good
)

// States returns every state.
func States() []State { return []State{Pending, Active, Retry, Scheduled, Dead} }

// Deps is what an Operator needs. Without Uploads it can look and hold back, but not retry or delete.
type Deps struct {
	Queue   Queue
	Tasks   Tasks
	Intake  Intake
	Jobs    Jobs
	Uploads Uploads
	Clock   func() time.Time
}

// Operator does what operators ask for. It is safe for concurrent use.
type Operator struct{ Deps }

// New returns an operator.
func New(d Deps) *Operator { return &Operator{d} }

// Job is a job in a list. It names nobody.
type Job struct {
	ID       job.ID       `json:"jobId"`
	State    State        `json:"state"`
	Kind     job.Kind     `json:"kind,omitempty"`
	Priority job.Priority `json:"priority,omitempty"`
	Queue    string       `json:"queue,omitempty"` // of its task; of a dead job, that of its priority
	Attempt  int          `json:"attempt"`
	Code     fault.Code   `json:"code,omitempty"` // of its last fault
	// Since is when the job was accepted or, for a dead one, failed. It is the order of lists. Zero for a task whose
	// job has no record.
	Since  time.Time `json:"since,omitzero"`
	Due    time.Time `json:"dueAt,omitzero"`   // of Retry and Scheduled: when it is tried next
	Worker string    `json:"worker,omitempty"` // of Active: the host that runs it
}

// Detail is all that is known of one job. Its State is "" when it is in no queue and not dead.
type Detail struct {
	Job
	Owner      string         `json:"owner,omitempty"`
	Status     job.State      `json:"status,omitempty"`  // of its record, if it has one
	Message    string         `json:"message,omitempty"` // what its owner is told of the last fault
	CreatedAt  time.Time      `json:"createdAt,omitzero"`
	UpdatedAt  time.Time      `json:"updatedAt,omitzero"`
	FinishedAt time.Time      `json:"finishedAt,omitzero"`
	Expires    time.Time      `json:"expiresAt,omitzero"` // of a dead job: until when it is kept
	History    []job.Incident `json:"history"`
	// Kept says whether the document of a dead job is kept, so that it can be run again; nil when that is not known
	// or does not matter.
	Kept *bool `json:"documentKept,omitempty"`
}

// errNoJob is for an id that nothing is known of.
func errNoJob() error {
	return fault.Detailed(fault.JobNotFound, "There is no such job: its record has expired, it was deleted, or it never was.")
}

// Show returns what is known of a job.
func (o *Operator) Show(ctx context.Context, id job.ID) (Detail, error) {
	task, live, err := o.Queue.FindTask(ctx, id)
	if err != nil {
		return Detail{}, fmt.Errorf("operate: %w", err)
	}
	dead, err := o.Jobs.LoadDead(ctx, id)
	switch {
	case err == nil:
		return o.toDeadDetail(ctx, dead), nil
	case fault.CodeOf(err) != fault.JobNotFound:
		return Detail{}, fmt.Errorf("operate: %w", err)
	}
	records, err := o.Jobs.LoadRecords(ctx, []job.ID{id})
	if err != nil {
		return Detail{}, fmt.Errorf("operate: %w", err)
	}
	r, recorded := records[id]
	if !recorded && !live {
		return Detail{}, errNoJob()
	}
	d := toDetail(r)
	d.ID = id
	if live {
		d.State, d.Queue, d.Due = task.State, task.Queue, task.Due
	}
	if d.State == Active {
		runs, err := o.findHosts(ctx)
		if err != nil {
			return Detail{}, err
		}
		d.Worker = runs[id]
	}
	if recorded {
		history, err := o.Jobs.LoadHistory(ctx, id)
		if err != nil {
			return Detail{}, fmt.Errorf("operate: %w", err)
		}
		d.History = append(d.History, history...)
	}
	return d, nil
}

func (o *Operator) toDeadDetail(ctx context.Context, dead job.Dead) Detail {
	d := toDetail(dead.Record)
	d.State, d.Queue, d.Since = Dead, o.Queue.QueueOf(dead.Priority), dead.FinishedAt
	d.History = append(d.History, dead.History...)
	d.Expires = dead.FinishedAt.Add(job.DeadTTL)
	if dead.Kind == job.File && o.Uploads != nil {
		// What is known in Redis is worth telling while the uploads are away.
		if kept, err := o.Uploads.HasKeptDocument(ctx, dead.ID); err == nil {
			d.Kept = &kept
		}
	}
	return d
}

func toDetail(r job.Record) Detail {
	d := Detail{
		Job: toJob(r), Owner: r.Owner, Status: r.State, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, FinishedAt: r.FinishedAt,
		History: []job.Incident{},
	}
	if r.Error != nil {
		d.Message = r.Error.Message
	}
	return d
}

func toJob(r job.Record) Job {
	j := Job{ID: r.ID, Kind: r.Kind, Priority: r.Priority, Attempt: r.Attempt, Since: r.CreatedAt}
	if r.Error != nil {
		j.Code = r.Error.Code
	}
	return j
}

// findHosts says which host runs which job.
func (o *Operator) findHosts(ctx context.Context) (map[job.ID]string, error) {
	load, err := o.Queue.CurrentLoad(ctx)
	if err != nil {
		return nil, fmt.Errorf("operate: %w", err)
	}
	hosts := map[job.ID]string{}
	for _, w := range load.Workers {
		for _, id := range w.Running {
			hosts[id] = w.Host
		}
	}
	return hosts, nil
}

// Retry runs a job again. One that waits for its next attempt does not wait any longer; a dead one begins anew, with
// its id, its owner and its history, if what it is made of is still there.
func (o *Operator) Retry(ctx context.Context, id job.ID) error {
	task, live, err := o.Queue.FindTask(ctx, id)
	if err != nil {
		return fmt.Errorf("operate: %w", err)
	}
	if live {
		return o.runNow(ctx, task)
	}
	dead, err := o.Jobs.LoadDead(ctx, id)
	switch {
	case fault.CodeOf(err) == fault.JobNotFound:
		return o.notDead(ctx, id)
	case err != nil:
		return fmt.Errorf("operate: %w", err)
	}
	return o.retryDead(ctx, dead)
}

// Retryable is conflict for a job that Retry would refuse, as far as can be told beforehand.
func (o *Operator) Retryable(ctx context.Context, j Job) error {
	switch {
	case j.State == Pending:
		return fault.Detailed(fault.Conflict, "The job is waiting for a worker already.")
	case j.State == Active:
		return fault.Detailed(fault.Conflict, "A worker is running the job. Wait until it has ended.")
	case j.State == Dead && j.Kind == job.File:
		kept, err := o.Uploads.HasKeptDocument(ctx, j.ID)
		if err != nil {
			return fmt.Errorf("operate: %w", err)
		}
		if !kept {
			return fault.Detailed(fault.Conflict, "The document of the job was not kept, so it cannot be run again: its owner has to upload it once more. "+
				"Documents of failed jobs are kept when the workers have TMD_KEEP_FAILED_UPLOADS=true.")
		}
	}
	return nil
}

func (o *Operator) runNow(ctx context.Context, t Task) error {
	if err := o.Retryable(ctx, Job{ID: t.ID, State: t.State}); err != nil {
		return err
	}
	done, err := o.Queue.RunNow(ctx, t)
	if err != nil {
		return fmt.Errorf("operate: %w", err)
	}
	if !done {
		return errMoved()
	}
	return nil
}

func errMoved() error {
	return fault.Detailed(fault.Conflict, "The job has moved on in this moment. Look at it again.")
}

// notDead says why a job that has no task cannot be retried.
func (o *Operator) notDead(ctx context.Context, id job.ID) error {
	records, err := o.Jobs.LoadRecords(ctx, []job.ID{id})
	if err != nil {
		return fmt.Errorf("operate: %w", err)
	}
	switch r, ok := records[id]; {
	case !ok:
		return errNoJob()
	case r.State == job.Done:
		return fault.Detailed(fault.Conflict, "The job is done.")
	}
	return errMoved()
}

// retryDead gives a dead job another life. The record comes first, then the document, then the task: what is cut off in
// between is an open record, which the sweep queues, or fails when its document is not there; either way the job is not
// lost, and the document stays where it is.
func (o *Operator) retryDead(ctx context.Context, dead job.Dead) error {
	if o.Uploads == nil {
		return errors.New("operate: retry without the uploads")
	}
	if err := o.Retryable(ctx, Job{ID: dead.ID, State: Dead, Kind: dead.Kind}); err != nil {
		return err
	}
	r, err := o.Jobs.RetryDead(ctx, dead)
	if err != nil {
		return fmt.Errorf("operate: %w", err)
	}
	ticket := job.Ticket{ID: r.ID, Kind: r.Kind, Owner: r.Owner, Priority: r.Priority, CreatedAt: r.CreatedAt, Input: dead.Input}
	if dead.Kind == job.File {
		err = o.Uploads.RestoreDocument(ctx, ticket)
	} else {
		_, err = o.Uploads.Save(ctx, ticket, nil, 0)
	}
	if err != nil {
		return fmt.Errorf("operate: retry: %w", err)
	}
	if err := o.Tasks.RequeueArchived(ctx, job.Task{ID: r.ID, Kind: r.Kind, Priority: r.Priority}); err != nil {
		return fmt.Errorf("operate: retry: %w", err)
	}
	return nil
}

// Delete forgets a job, whatever its state: files, record and result, and its task. In this order nothing is left from
// which the sweep would make the job again. A worker that runs it finds its writes refused.
func (o *Operator) Delete(ctx context.Context, id job.ID) error {
	if o.Uploads == nil {
		return errors.New("operate: delete without the uploads")
	}
	if _, err := o.Show(ctx, id); err != nil {
		return err
	}
	if err := o.Uploads.DeleteAll(ctx, id); err != nil {
		return fmt.Errorf("operate: delete: %w", err)
	}
	if err := o.Jobs.Delete(ctx, id); err != nil {
		return fmt.Errorf("operate: delete: %w", err)
	}
	if err := o.Tasks.DeleteTask(ctx, id); err != nil {
		return fmt.Errorf("operate: delete: %w", err)
	}
	return nil
}

// Named returns the queues that are meant: all when none is named. An unknown name is not_found.
func (o *Operator) Named(names []string) ([]string, error) {
	all := o.Queue.QueueNames()
	for _, n := range names {
		if !slices.Contains(all, n) {
			return nil, fault.Detailed(fault.NotFound, fmt.Sprintf("There is no queue of this name. The queues are %s, %s and %s.", all[0], all[1], all[2]))
		}
	}
	if len(names) == 0 {
		return all, nil
	}
	return names, nil
}

// Pause keeps workers from taking jobs of the queues, all when none is named. Jobs that run go on, and work is
// accepted.
func (o *Operator) Pause(ctx context.Context, queues ...string) error {
	names, err := o.Named(queues)
	if err != nil {
		return err
	}
	return o.Queue.PauseQueues(ctx, names)
}

// Resume undoes Pause.
func (o *Operator) Resume(ctx context.Context, queues ...string) error {
	names, err := o.Named(queues)
	if err != nil {
		return err
	}
	return o.Queue.ResumeQueues(ctx, names)
}

// Drain stops the intake: the API answers new work with draining, while workers finish what is there.
func (o *Operator) Drain(ctx context.Context) error { return o.Intake.PauseIntake(ctx) }

// Undrain opens the intake again.
func (o *Operator) Undrain(ctx context.Context) error { return o.Intake.ResumeIntake(ctx) }

// Stats is the system at a glance.
type Stats struct {
	Load
	Dead int `json:"dead"` // jobs that failed for good and are kept
}

// Left is how many jobs the queues will still run.
func (s Stats) Left() int64 {
	var n int64
	for _, q := range s.Queues {
		n += q.Left()
	}
	return n
}

// Stats returns it.
func (o *Operator) Stats(ctx context.Context) (Stats, error) {
	load, err := o.Queue.CurrentLoad(ctx)
	if err != nil {
		return Stats{}, fmt.Errorf("operate: %w", err)
	}
	dead, err := o.Jobs.CountDead(ctx)
	if err != nil {
		return Stats{}, fmt.Errorf("operate: %w", err)
	}
	slices.SortFunc(load.Workers, func(a, b Worker) int { return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.PID, b.PID)) })
	return Stats{Load: load, Dead: dead}, nil
}
