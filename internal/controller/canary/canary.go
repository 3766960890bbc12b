// Package canary tests the autoscaling regularly, from end to end: queue key → metric → replicas → result.
//
// It submits a job of its own that no worker receives for some time. While the job is in the queue, the metric of the
// HorizontalPodAutoscaler has to count it, and a worker has to become ready. When the job's time has come, it has to
// end. So one run detects a key that is not counted, or a scaler that is dead, before a queue has grown for a day.
package canary

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/trackmydegree/trackmydegree/internal/dependency"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// look is the period at which a run is checked.
const look = time.Second

// Deps are the dependencies of a Canary.
type Deps struct {
	Client  client.Client
	Reader  client.Reader // without a cache: a run is rare, and reads four objects by name
	Jobs    Jobs
	Metrics Metrics
	Events  events.EventRecorder

	Namespace    string
	ConfigMap    string   // holds the status; it must exist
	Deployment   string   // of the workers
	ScaledObject string   // empty without KEDA
	HPA          string   // empty with KEDA; without both only queue, worker and result are tested
	Keys         []string // the keys that a ScaledObject with a Redis trigger has to count

	Interval time.Duration // from the start of one run to the start of the next
	Hold     time.Duration // how long the job is in the queue before a worker may take it
	Limit    time.Duration // how long it may take after that, the start of a pod included

	DryRun     bool // log that a run would start, and start none
	NewID      func() job.ID
	Clock      func() time.Time
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

// Canary is a reconciler with a single request.
type Canary struct {
	deps    Deps
	metrics *metrics
	runs    int // started by this process: each takes the next queue
}

// New returns a canary. A missing dependency is an error.
func New(d Deps) (*Canary, error) {
	if err := dependency.Require("canary", d, "Client", "Reader", "Jobs", "Metrics", "Events", "Namespace", "ConfigMap", "Deployment", "NewID", "Clock", "Logger", "Registerer"); err != nil {
		return nil, err
	}
	return &Canary{deps: d, metrics: newMetrics(d.Registerer)}, nil
}

// SetupWithManager registers the canary with a manager. It runs on the leader only.
func (c *Canary) SetupWithManager(mgr ctrl.Manager) error {
	// No event of the cluster starts a run: the first request comes from here, the others from RequeueAfter.
	first := make(chan event.GenericEvent, 1)
	first <- event.GenericEvent{Object: &corev1.ConfigMap{}}
	one := func(context.Context, client.Object) []reconcile.Request { return []reconcile.Request{{}} }
	return ctrl.NewControllerManagedBy(mgr).Named("canary").
		WatchesRawSource(source.Channel(first, handler.EnqueueRequestsFromMapFunc(one))).
		Complete(c)
}

// queuePriorities are the queues, which runs use in turn.
func queuePriorities() []job.Priority { return []job.Priority{job.Normal, job.High, job.Low} }

// Reconcile continues a run, or starts one that is due.
func (c *Canary) Reconcile(ctx context.Context, _ reconcile.Request) (reconcile.Result, error) {
	wait, err := c.advanceRun(ctx)
	if apierrors.IsConflict(err) {
		return reconcile.Result{RequeueAfter: look}, nil
	}
	return reconcile.Result{RequeueAfter: wait}, err
}

func (c *Canary) advanceRun(ctx context.Context) (time.Duration, error) {
	m, s, err := c.loadStatus(ctx)
	if err != nil {
		return 0, err
	}
	c.metrics.observeStatus(s)
	now := c.deps.Clock()
	if s.Run == nil {
		if s.Last != nil && now.Sub(s.Last.At) < c.deps.Interval {
			return c.deps.Interval - now.Sub(s.Last.At), nil
		}
		if c.deps.DryRun {
			c.deps.Logger.Info("dry run: would send a canary")
			return c.deps.Interval, nil
		}
		return c.beginRun(ctx, m, s)
	}
	return c.followRun(ctx, m, s)
}

// beginRun stores a run and submits its job. A controller that ends in between leaves a run without a job.
func (c *Canary) beginRun(ctx context.Context, m *corev1.ConfigMap, s *Status) (time.Duration, error) {
	if c.deps.ScaledObject != "" {
		so, f, err := c.findScaledObject(ctx)
		if err != nil {
			return 0, err
		}
		if f.outcome == "" {
			f = c.inspectScaledObject(so)
		}
		if f.outcome != "" {
			return c.endRun(ctx, m, s, f)
		}
	}
	now := c.deps.Clock()
	s.Run = &Run{ID: c.deps.NewID(), Priority: queuePriorities()[c.runs%len(queuePriorities())], Sent: now, Due: now.Add(c.deps.Hold)}
	c.runs++
	if err := c.storeStatus(ctx, m, s); err != nil {
		return 0, err
	}
	return c.submitJob(ctx, m, s)
}

func (c *Canary) submitJob(ctx context.Context, m *corev1.ConfigMap, s *Status) (time.Duration, error) {
	if err := c.deps.Jobs.Submit(ctx, s.Run.ID, s.Run.Priority, s.Run.Due); err != nil {
		c.deps.Logger.Warn("the canary cannot be submitted", "error", err)
		return c.endRun(ctx, m, s, newFinding(NotSubmitted, "The job could not be handed over: %s.", fault.CodeOf(err)))
	}
	return look, nil
}

// followRun checks a run.
func (c *Canary) followRun(ctx context.Context, m *corev1.ConfigMap, s *Status) (time.Duration, error) {
	r, now := s.Run, c.deps.Clock()
	record, err := c.deps.Jobs.Get(ctx, r.ID)
	switch {
	case fault.CodeOf(err) == fault.JobNotFound && now.Before(r.Due):
		return c.submitJob(ctx, m, s)
	case err != nil:
		c.deps.Logger.Warn("the canary's record cannot be read", "error", err)
		return c.endLateRun(ctx, m, s, newFinding(NotDone, "The job's record cannot be read: %s.", fault.CodeOf(err)))
	}
	before := len(r.Steps)
	f, err := c.observeSteps(ctx, r, record, now)
	if err != nil {
		return 0, err
	}
	if changed := r.recordFinding(f); changed || len(r.Steps) > before {
		if err := c.storeStatus(ctx, m, s); err != nil {
			return 0, err
		}
	}
	switch {
	case record.State == job.Failed:
		return c.endRun(ctx, m, s, newFinding(JobFailed, "The job failed with %s.", failureCode(record)))
	case r.hasReached(stepResult) && f.outcome == "":
		return c.endRun(ctx, m, s, newFinding(Proven, "The metric followed, a worker was there, and the job was done."))
	case !now.Before(r.Due) && !r.hasReached(stepMetric) && c.isScaled():
		// From this moment a worker may have taken the job, so the metric proves nothing.
		return c.endRun(ctx, m, s, f)
	case f.outcome != "":
		return c.endLateRun(ctx, m, s, f)
	}
	return c.endLateRun(ctx, m, s, newFinding(NotDone, "A worker is ready, and the job was not done within %s.", c.deps.Limit))
}

// isScaled reports whether an autoscaler decides the number of workers.
func (c *Canary) isScaled() bool { return c.deps.ScaledObject != "" || c.deps.HPA != "" }

// observeSteps records the steps that were reached, and returns the reason why the next one was not.
func (c *Canary) observeSteps(ctx context.Context, r *Run, record job.Record, now time.Time) (f finding, err error) {
	var hpa *autoscalingv2.HorizontalPodAutoscaler
	if c.isScaled() && !(r.hasReached(stepMetric) && r.hasReached(stepWorker)) {
		var so *unstructured.Unstructured // nil without KEDA
		if c.deps.ScaledObject != "" {
			if so, f, err = c.findScaledObject(ctx); err != nil || f.outcome != "" {
				return f, err
			}
		}
		if hpa, f, err = c.findHPA(ctx, so); err != nil || f.outcome != "" {
			return f, err
		}
		switch {
		case r.hasReached(stepMetric):
		case now.Before(r.Due):
			if f = c.checkMetric(ctx, so, hpa); f.outcome == "" {
				r.markReached(stepMetric, now)
			}
		case r.Trouble != "":
			f = r.lastFinding()
		default:
			f = newFinding(MetricBlind, "The metric was not read while the job was in the queue.")
		}
	}
	if f.outcome == "" && !r.hasReached(stepWorker) {
		if f, err = c.checkWorkers(ctx, hpa); err != nil {
			return finding{}, err
		}
		if f.outcome == "" {
			r.markReached(stepWorker, now)
		}
	}
	if record.State == job.Done && !r.hasReached(stepResult) {
		r.markReached(stepResult, now)
	}
	return f, nil
}

// endLateRun ends a run whose time is over, with the last finding; otherwise the run continues.
func (c *Canary) endLateRun(ctx context.Context, m *corev1.ConfigMap, s *Status, f finding) (time.Duration, error) {
	if c.deps.Clock().Sub(s.Run.Due) > c.deps.Limit {
		return c.endRun(ctx, m, s, f)
	}
	return look, nil
}

// endRun reports the outcome of a run and cleans up after it.
func (c *Canary) endRun(ctx context.Context, m *corev1.ConfigMap, s *Status, f finding) (time.Duration, error) {
	now := c.deps.Clock()
	report := &Report{At: now, Outcome: f.outcome, Seconds: map[string]float64{}}
	if r := s.Run; r != nil {
		report.At = r.Sent
		for step, at := range r.Steps {
			report.Seconds[step] = at.Sub(r.Sent).Seconds()
		}
		if err := c.deps.Jobs.Remove(ctx, r.ID); err != nil {
			// Its record expires after a day, and its task does no harm.
			c.deps.Logger.Warn("the canary's job stays", "job_id", r.ID, "error", err)
		}
	}
	s.Run, s.Last = nil, report
	changed := s.setCondition(f.outcome, f.message, now)
	if err := c.storeStatus(ctx, m, s); err != nil {
		return 0, err
	}
	c.metrics.runs.WithLabelValues(string(f.outcome)).Inc()
	c.metrics.observeStatus(s)
	c.deps.Logger.Info("a canary ended", "outcome", string(f.outcome), "message", f.message)
	c.recordEvent(ctx, m, f, changed)
	return max(c.deps.Interval-now.Sub(report.At), look), nil
}

// recordEvent writes an Event for each failure, and for the first success after one.
func (c *Canary) recordEvent(ctx context.Context, m *corev1.ConfigMap, f finding, changed bool) {
	if f.outcome == Paused || f.outcome == Proven && !changed {
		return
	}
	kind, reason := corev1.EventTypeWarning, "AutoscalingNotVerified"
	if f.outcome == Proven {
		kind, reason = corev1.EventTypeNormal, "AutoscalingVerified"
	}
	var about client.Object = m
	if c.deps.ScaledObject != "" {
		if so, f, err := c.findScaledObject(ctx); err == nil && f.outcome == "" {
			about = so
		}
	}
	c.deps.Events.Eventf(about, nil, kind, reason, "Verify", "%s: %s", string(f.outcome), f.message)
}

func failureCode(r job.Record) string {
	if r.Error == nil {
		return "an unknown fault"
	}
	return fmt.Sprint(r.Error.Code)
}
