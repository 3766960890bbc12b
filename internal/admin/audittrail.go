package admin

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// auditTimeout bounds the write of an entry, for which the operator waits.
const auditTimeout = 300 * time.Millisecond

// MaxAuditEntries is the number of entries that the trail keeps, the latest ones.
const MaxAuditEntries = 1000

// Action is what an operator does. The values are part of the API.
type Action string

// The actions.
const (
	ActionRetry      Action = "retry"
	ActionDelete     Action = "delete"
	ActionPause      Action = "pause"
	ActionResume     Action = "resume"
	ActionDrain      Action = "drain"
	ActionOpenIntake Action = "open-intake"
)

// resultDone is the result of an action that succeeded; any other result is the code of its fault.
const resultDone = "done"

// AuditEntry records one action of an operator.
type AuditEntry struct {
	At       time.Time `json:"at"`
	Operator string    `json:"operator"` // the subject of the token, or where the command ran
	Action   Action    `json:"action"`
	Target   string    `json:"target,omitempty"` // a job, queues, or the filter of a bulk operation
	Result   string    `json:"result"`           // done, or the code of the fault
	Changed  int       `json:"changed"`          // jobs that a bulk operation changed
	Refused  int       `json:"refused"`          // jobs that it could not change
}

// AuditTrail stores the latest actions of operators. Its errors are queue_unavailable.
type AuditTrail interface {
	// AppendEntry stores an entry, and drops the oldest beyond MaxAuditEntries.
	AppendEntry(ctx context.Context, e AuditEntry) error
	// ListEntries returns up to limit entries, the latest first.
	ListEntries(ctx context.Context, limit int) ([]AuditEntry, error)
}

type operatorKey struct{}

// WithOperator returns a context that names the operator of its actions in the audit trail.
func WithOperator(ctx context.Context, operator string) context.Context {
	return context.WithValue(ctx, operatorKey{}, operator)
}

// ListAudit returns up to limit entries of the audit trail, the latest first; bad_request for a limit out of range.
func (o *Service) ListAudit(ctx context.Context, limit int) ([]AuditEntry, error) {
	if limit < 1 || limit > MaxAuditEntries {
		return nil, fault.WithDetail(fault.BadRequest, fmt.Sprintf("The limit is a number from 1 to %d.", MaxAuditEntries))
	}
	entries, err := o.deps.Audit.ListEntries(ctx, limit)
	if err != nil {
		return nil, fmt.Errorf("admin: %w", err)
	}
	return entries, nil
}

// recordAction adds an action and its outcome to the log and to the trail. An action that cannot be stored is in the
// log only.
func (o *Service) recordAction(ctx context.Context, e AuditEntry, outcome error) {
	e.At = o.deps.Clock().UTC()
	e.Operator, _ = ctx.Value(operatorKey{}).(string)
	if e.Result = resultDone; outcome != nil {
		e.Result = string(fault.CodeOf(outcome))
	}
	log := o.deps.Logger.With(
		slog.String("operator", e.Operator), slog.String("action", string(e.Action)), slog.String("target", e.Target),
		slog.String("result", e.Result), slog.Int("changed", e.Changed), slog.Int("refused", e.Refused))
	log.InfoContext(ctx, "an operator acted")
	// The action is over, so its record does not end with the request.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), auditTimeout)
	defer cancel()
	if err := o.deps.Audit.AppendEntry(ctx, e); err != nil {
		log.ErrorContext(ctx, "the action of an operator is not in the audit trail", "error", err)
	}
}

// RetryJob runs a job again. A job that waits for its next attempt becomes pending at once. A dead job starts again
// with its id, owner and history, if its document or input is still stored.
func (o *Service) RetryJob(ctx context.Context, id job.ID) error {
	err := o.retryJob(ctx, id)
	o.recordAction(ctx, AuditEntry{Action: ActionRetry, Target: string(id)}, err)
	return err
}

// DeleteJob removes a job in any state: its files, its record and result, and its task. This order leaves nothing from
// which repair would restore the job. A worker that runs the job has its writes refused.
func (o *Service) DeleteJob(ctx context.Context, id job.ID) error {
	err := o.deleteJob(ctx, id)
	o.recordAction(ctx, AuditEntry{Action: ActionDelete, Target: string(id)}, err)
	return err
}

// RetryAll retries the matching jobs.
func (o *Service) RetryAll(ctx context.Context, b BulkRequest) (BulkReport, error) {
	return o.applyRecorded(ctx, ActionRetry, b, o.retryJob, o.CheckRetry)
}

// DeleteAll deletes the matching jobs.
func (o *Service) DeleteAll(ctx context.Context, b BulkRequest) (BulkReport, error) {
	return o.applyRecorded(ctx, ActionDelete, b, o.deleteJob, func(context.Context, Job) error { return nil })
}

func (o *Service) applyRecorded(ctx context.Context, a Action, b BulkRequest, do func(context.Context, job.ID) error,
	could func(context.Context, Job) error,
) (BulkReport, error) {
	report, err := o.applyToPage(ctx, b, do, could)
	if !b.DryRun {
		o.recordAction(ctx, AuditEntry{Action: a, Target: b.describe(), Changed: len(report.Jobs), Refused: len(report.Failed)}, err)
	}
	return report, err
}

// describe returns the filter as an operator would write it.
func (f Filter) describe() string {
	var parts []string
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+"="+value)
		}
	}
	for _, s := range f.States {
		add("state", string(s))
	}
	add("queue", f.Queue)
	add("kind", string(f.Kind))
	add("code", string(f.Code))
	if f.OlderThan > 0 {
		add("olderThan", f.OlderThan.String())
	}
	if f.NewerThan > 0 {
		add("newerThan", f.NewerThan.String())
	}
	return strings.Join(parts, " ")
}

// PauseQueues stops workers from taking jobs of the queues, all when none is named. Running jobs continue, and new work
// is accepted.
func (o *Service) PauseQueues(ctx context.Context, queues ...string) error {
	return o.changeQueues(ctx, ActionPause, o.deps.Queue.PauseQueues, queues)
}

// ResumeQueues undoes PauseQueues.
func (o *Service) ResumeQueues(ctx context.Context, queues ...string) error {
	return o.changeQueues(ctx, ActionResume, o.deps.Queue.ResumeQueues, queues)
}

func (o *Service) changeQueues(ctx context.Context, a Action, change func(context.Context, []string) error, queues []string) error {
	names, err := o.ResolveQueues(queues)
	if err != nil {
		return err
	}
	err = change(ctx, names)
	o.recordAction(ctx, AuditEntry{Action: a, Target: strings.Join(names, " ")}, err)
	return err
}

// PauseIntake stops the intake: the API refuses new work with draining, and workers finish the existing jobs.
func (o *Service) PauseIntake(ctx context.Context) error {
	err := o.deps.Intake.PauseIntake(ctx)
	o.recordAction(ctx, AuditEntry{Action: ActionDrain}, err)
	return err
}

// ResumeIntake resumes the intake.
func (o *Service) ResumeIntake(ctx context.Context) error {
	err := o.deps.Intake.ResumeIntake(ctx)
	o.recordAction(ctx, AuditEntry{Action: ActionOpenIntake}, err)
	return err
}
