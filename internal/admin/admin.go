// Package admin implements the operations of operators on jobs and queues: list and show jobs, retry and delete them,
// pause queues, and drain the system.
//
// A job that failed permanently is dead: it is kept for job.DeadTTL, longer than its record, with the history of its
// faults. A job may change its state while an operation runs; the operation then returns conflict or job_not_found
// and changes nothing.
package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/dependency"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// State is the state of a job as operators see it. The values are part of the API.
type State string

// The states: those of the job's task in a queue, and Dead.
const (
	Pending   State = "pending"   // waits for a worker
	Active    State = "active"    // a worker runs it
	Retry     State = "retry"     // waits for its next attempt
	Scheduled State = "scheduled" // waits for its scheduled time
	Dead      State = "dead"      // failed permanently
)

// AllStates returns every state.
func AllStates() []State { return []State{Pending, Active, Retry, Scheduled, Dead} }

// Deps are the dependencies of a Service. Without Uploads it cannot retry or delete.
type Deps struct {
	Queue   Queue
	Tasks   Tasks
	Intake  Intake
	Jobs    Jobs
	Uploads Uploads
	Audit   AuditTrail
	Clock   func() time.Time
	Logger  *slog.Logger
}

// Service implements the operations. It is safe for concurrent use.
type Service struct{ deps Deps }

// New returns a service. A missing dependency is an error.
func New(d Deps) (*Service, error) {
	if err := dependency.Require("admin", d, "Queue", "Tasks", "Intake", "Jobs", "Audit", "Clock", "Logger"); err != nil {
		return nil, err
	}
	return &Service{d}, nil
}

// Job is a job in a list. It does not contain the owner.
type Job struct {
	ID       job.ID       `json:"jobId"`
	State    State        `json:"state"`
	Kind     job.Kind     `json:"kind,omitempty"`
	Priority job.Priority `json:"priority,omitempty"`
	Queue    string       `json:"queue,omitempty"` // of its task; for a dead job, the queue of its priority
	Attempt  int          `json:"attempt"`
	Code     fault.Code   `json:"code,omitempty"` // of its last fault
	// Since is when the job was accepted or, if it is dead, failed. Lists are sorted by it. It is zero for a task
	// whose job has no record.
	Since  time.Time `json:"since,omitzero"`
	Due    time.Time `json:"dueAt,omitzero"`   // of Retry and Scheduled: the time of the next attempt
	Worker string    `json:"worker,omitempty"` // of Active: the host that runs it
}

// JobDetail is everything stored about one job. State is "" when the job is in no queue and not dead.
type JobDetail struct {
	Job
	Owner      string         `json:"owner,omitempty"`
	Status     job.State      `json:"status,omitempty"`  // of its record, if it has one
	Message    string         `json:"message,omitempty"` // the message of the last fault, as the owner sees it
	CreatedAt  time.Time      `json:"createdAt,omitzero"`
	UpdatedAt  time.Time      `json:"updatedAt,omitzero"`
	FinishedAt time.Time      `json:"finishedAt,omitzero"`
	Expires    time.Time      `json:"expiresAt,omitzero"` // of a dead job: the end of its retention
	History    []job.Incident `json:"history"`
	// Life is the timeline of the job, the oldest event first. It is stored as long as the result, that of a dead job
	// as long as the job.
	Life []job.LifeEvent `json:"life"`
	// Kept reports whether the document of a dead job is stored, so that the job can be retried. It is nil when that
	// is not known or does not apply.
	Kept *bool `json:"documentKept,omitempty"`
}

// errNoJob is the error for an id without a task, a record or a dead job.
func errNoJob() error {
	return fault.WithDetail(fault.JobNotFound, "There is no such job: its record has expired, it was deleted, or it never was.")
}

// FindJob returns everything stored about a job.
func (o *Service) FindJob(ctx context.Context, id job.ID) (JobDetail, error) {
	d, err := o.findDetail(ctx, id)
	if err != nil {
		return JobDetail{}, err
	}
	life, err := o.deps.Jobs.LoadLife(ctx, id)
	if err != nil {
		return JobDetail{}, fmt.Errorf("admin: %w", err)
	}
	d.Life = append(d.Life, life...)
	return d, nil
}

// findDetail returns everything about a job but its life.
func (o *Service) findDetail(ctx context.Context, id job.ID) (JobDetail, error) {
	task, live, err := o.deps.Queue.FindTask(ctx, id)
	if err != nil {
		return JobDetail{}, fmt.Errorf("admin: %w", err)
	}
	dead, err := o.deps.Jobs.LoadDead(ctx, id)
	switch {
	case err == nil:
		return o.toDeadDetail(ctx, dead), nil
	case fault.CodeOf(err) != fault.JobNotFound:
		return JobDetail{}, fmt.Errorf("admin: %w", err)
	}
	records, err := o.deps.Jobs.LoadRecords(ctx, []job.ID{id})
	if err != nil {
		return JobDetail{}, fmt.Errorf("admin: %w", err)
	}
	r, recorded := records[id]
	if !recorded && !live {
		return JobDetail{}, errNoJob()
	}
	d := toDetail(r)
	d.ID = id
	if live {
		d.State, d.Queue, d.Due = task.State, task.Queue, task.Due
	}
	if d.State == Active {
		runs, err := o.findHosts(ctx)
		if err != nil {
			return JobDetail{}, err
		}
		d.Worker = runs[id]
	}
	if recorded {
		history, err := o.deps.Jobs.LoadHistory(ctx, id)
		if err != nil {
			return JobDetail{}, fmt.Errorf("admin: %w", err)
		}
		d.History = append(d.History, history...)
	}
	return d, nil
}

func (o *Service) toDeadDetail(ctx context.Context, dead job.Dead) JobDetail {
	d := toDetail(dead.Record)
	d.State, d.Queue, d.Since = Dead, o.deps.Queue.QueueOf(dead.Kind, dead.Priority), dead.FinishedAt
	d.History = append(d.History, dead.History...)
	d.Expires = dead.FinishedAt.Add(job.DeadTTL)
	if dead.Kind == job.File && o.deps.Uploads != nil {
		// An unavailable upload store does not hide what Redis knows.
		if kept, err := o.deps.Uploads.HasKeptDocument(ctx, dead.ID); err == nil {
			d.Kept = &kept
		}
	}
	return d
}

func toDetail(r job.Record) JobDetail {
	d := JobDetail{
		Job: toJob(r), Owner: r.Owner, Status: r.State, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, FinishedAt: r.FinishedAt,
		History: []job.Incident{}, Life: []job.LifeEvent{},
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

// findHosts returns the host of each running job.
func (o *Service) findHosts(ctx context.Context) (map[job.ID]string, error) {
	load, err := o.deps.Queue.CurrentLoad(ctx)
	if err != nil {
		return nil, fmt.Errorf("admin: %w", err)
	}
	hosts := map[job.ID]string{}
	for _, w := range load.Workers {
		for _, id := range w.Running {
			hosts[id] = w.Host
		}
	}
	return hosts, nil
}

func (o *Service) retryJob(ctx context.Context, id job.ID) error {
	task, live, err := o.deps.Queue.FindTask(ctx, id)
	if err != nil {
		return fmt.Errorf("admin: %w", err)
	}
	if live {
		return o.runNow(ctx, task)
	}
	dead, err := o.deps.Jobs.LoadDead(ctx, id)
	switch {
	case fault.CodeOf(err) == fault.JobNotFound:
		return o.notDead(ctx, id)
	case err != nil:
		return fmt.Errorf("admin: %w", err)
	}
	return o.retryDead(ctx, dead)
}

// CheckRetry returns conflict for a job that RetryJob would refuse. The answer may be outdated when RetryJob is called.
func (o *Service) CheckRetry(ctx context.Context, j Job) error {
	switch {
	case j.State == Pending:
		return fault.WithDetail(fault.Conflict, "The job is waiting for a worker already.")
	case j.State == Active:
		return fault.WithDetail(fault.Conflict, "A worker is running the job. Wait until it has ended.")
	case j.State == Dead && j.Kind == job.File:
		kept, err := o.deps.Uploads.HasKeptDocument(ctx, j.ID)
		if err != nil {
			return fmt.Errorf("admin: %w", err)
		}
		if !kept {
			return fault.WithDetail(fault.Conflict, "The document of the job was not kept, so it cannot be run again: its owner has to upload it once more. "+
				"Documents of failed jobs are kept when the workers have TMD_KEEP_FAILED_UPLOADS=true.")
		}
	}
	return nil
}

func (o *Service) runNow(ctx context.Context, t Task) error {
	if err := o.CheckRetry(ctx, Job{ID: t.ID, State: t.State}); err != nil {
		return err
	}
	done, err := o.deps.Queue.RunNow(ctx, t)
	if err != nil {
		return fmt.Errorf("admin: %w", err)
	}
	if !done {
		return errMoved()
	}
	return nil
}

func errMoved() error {
	return fault.WithDetail(fault.Conflict, "The job has moved on in this moment. Look at it again.")
}

// notDead explains why a job without a task cannot be retried.
func (o *Service) notDead(ctx context.Context, id job.ID) error {
	records, err := o.deps.Jobs.LoadRecords(ctx, []job.ID{id})
	if err != nil {
		return fmt.Errorf("admin: %w", err)
	}
	switch r, ok := records[id]; {
	case !ok:
		return errNoJob()
	case r.State == job.Done:
		return fault.WithDetail(fault.Conflict, "The job is done.")
	}
	return errMoved()
}

// retryDead restarts a dead job. It restores the record first, then the document, then the task. If it is
// interrupted, repair finds an open record: it queues the task, or fails the job if the document is missing. The job
// is not lost, and the document stays where it is.
func (o *Service) retryDead(ctx context.Context, dead job.Dead) error {
	if o.deps.Uploads == nil {
		return errors.New("admin: retry without the uploads")
	}
	if err := o.CheckRetry(ctx, Job{ID: dead.ID, State: Dead, Kind: dead.Kind}); err != nil {
		return err
	}
	r, err := o.deps.Jobs.RetryDead(ctx, dead)
	if err != nil {
		return fmt.Errorf("admin: %w", err)
	}
	ticket := job.Ticket{ID: r.ID, Kind: r.Kind, Owner: r.Owner, Priority: r.Priority, CreatedAt: r.CreatedAt, Input: dead.Input}
	if dead.Kind == job.File {
		err = o.deps.Uploads.RestoreDocument(ctx, ticket)
	} else {
		_, err = o.deps.Uploads.Save(ctx, ticket, nil, 0)
	}
	if err != nil {
		return fmt.Errorf("admin: retry: %w", err)
	}
	if err := o.deps.Tasks.RequeueArchived(ctx, job.Task{ID: r.ID, Kind: r.Kind, Priority: r.Priority}); err != nil {
		return fmt.Errorf("admin: retry: %w", err)
	}
	return nil
}

func (o *Service) deleteJob(ctx context.Context, id job.ID) error {
	if o.deps.Uploads == nil {
		return errors.New("admin: delete without the uploads")
	}
	if _, err := o.FindJob(ctx, id); err != nil {
		return err
	}
	if err := o.deps.Uploads.DeleteAll(ctx, id); err != nil {
		return fmt.Errorf("admin: delete: %w", err)
	}
	if err := o.deps.Jobs.DeleteJob(ctx, id); err != nil {
		return fmt.Errorf("admin: delete: %w", err)
	}
	if err := o.deps.Tasks.DeleteTask(ctx, id); err != nil {
		return fmt.Errorf("admin: delete: %w", err)
	}
	return nil
}

// ResolveQueues returns the queues with these names, all queues when names is empty. An unknown name is not_found.
func (o *Service) ResolveQueues(names []string) ([]string, error) {
	all := o.deps.Queue.QueueNames()
	for _, n := range names {
		if !slices.Contains(all, n) {
			return nil, fault.WithDetail(fault.NotFound, fmt.Sprintf("There is no queue of this name. The queues are %s, %s and %s.", all[0], all[1], all[2]))
		}
	}
	if len(names) == 0 {
		return all, nil
	}
	return names, nil
}

// Stats are the figures of the queues, the workers and the dead jobs.
type Stats struct {
	Load
	Dead int `json:"dead"` // jobs that failed permanently and are kept
}

// RemainingJobs is the number of jobs that the queues will still run.
func (s Stats) RemainingJobs() int64 {
	var n int64
	for _, q := range s.Queues {
		n += q.RemainingTasks()
	}
	return n
}

// CurrentStats returns the current figures.
func (o *Service) CurrentStats(ctx context.Context) (Stats, error) {
	load, err := o.deps.Queue.CurrentLoad(ctx)
	if err != nil {
		return Stats{}, fmt.Errorf("admin: %w", err)
	}
	dead, err := o.deps.Jobs.CountDead(ctx)
	if err != nil {
		return Stats{}, fmt.Errorf("admin: %w", err)
	}
	slices.SortFunc(load.Workers, func(a, b Worker) int { return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.PID, b.PID)) })
	return Stats{Load: load, Dead: dead}, nil
}
