package controllerapp

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"
	"k8s.io/client-go/rest"

	"github.com/trackmydegree/trackmydegree/internal/controller/canary"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/jobstore"
	"github.com/trackmydegree/trackmydegree/internal/queue"
	"github.com/trackmydegree/trackmydegree/internal/scaling"
	"github.com/trackmydegree/trackmydegree/internal/submit"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// metricTimeout bounds one request for an external metric.
const metricTimeout = 10 * time.Second

func (w wiring) newCanary() (part, error) {
	cfg := rest.CopyConfig(w.manager.GetConfig())
	cfg.Timeout = metricTimeout
	metrics, err := canary.NewExternalMetrics(cfg)
	if err != nil {
		return nil, err
	}
	records, err := jobstore.New(jobstore.Deps{Redis: w.redis, Clock: time.Now, Logger: w.telemetry.Log})
	if err != nil {
		return nil, err
	}
	return canary.New(canary.Deps{
		Client: w.manager.GetClient(), Reader: w.manager.GetAPIReader(), Events: w.manager.GetEventRecorder(eventRecorder),
		Jobs:    canaryJobs{w, records},
		Metrics: metrics, Namespace: w.config.Namespace, ConfigMap: w.config.CanaryConfigMap,
		Deployment: w.config.CanaryDeployment, ScaledObject: w.config.CanaryScaledObject, HPA: w.config.CanaryHPA,
		Keys:     scaling.BacklogKeys(),
		Interval: w.config.CanaryInterval, Hold: w.config.CanaryHold, Limit: w.config.CanaryLimit, DryRun: w.config.DryRun,
		NewID: func() job.ID { return job.ID(uuid.NewString()) }, Clock: time.Now, Logger: w.telemetry.Log, Registerer: w.registerer,
	})
}

// canaryJobs submits jobs as the API does, but for a later time: a form, which needs no document.
type canaryJobs struct {
	wiring
	records *jobstore.Store
}

var _ canary.Jobs = canaryJobs{}

// Submit implements canary.Jobs.
func (c canaryJobs) Submit(ctx context.Context, id job.ID, p job.Priority, due time.Time) error {
	s, err := submit.New(submit.Deps{
		Uploads: noUploads{}, Jobs: c.records, Queue: delayedQueue{c.queue, due}, Clock: time.Now,
		NewID: func() job.ID { return id }, Logger: c.telemetry.Log,
	})
	if err != nil {
		return err
	}
	_, err = s.SubmitForm(ctx, submit.Request{Owner: job.CanaryOwner, Priority: p, Force: true}, newCanaryForm(c.config.CanaryDegree, due))
	return err
}

// newCanaryForm asks for a whole degree that begins in the year of the day.
func newCanaryForm(degree string, day time.Time) timeline.Form {
	return timeline.Form{Degree: degree, FirstTerm: fmt.Sprintf("Fall %d", day.Year())}
}

// Get implements canary.Jobs.
func (c canaryJobs) Get(ctx context.Context, id job.ID) (job.Record, error) {
	return c.records.LoadRecord(ctx, id)
}

// Remove implements canary.Jobs.
func (c canaryJobs) Remove(ctx context.Context, id job.ID) error {
	// The task goes first: a task without a record is harmless, but a record without a task would wait forever.
	if err := c.queue.DeleteTask(ctx, id); err != nil {
		return err
	}
	return c.records.DeleteJob(ctx, id)
}

// delayedQueue enqueues tasks for a later time.
type delayedQueue struct {
	*queue.Client
	at time.Time
}

func (q delayedQueue) Enqueue(ctx context.Context, t job.Task) error {
	return q.EnqueueAt(ctx, t, q.at)
}

// noUploads stores no documents and no tickets: a canary that is lost with Redis need not be restored.
type noUploads struct{}

func (noUploads) Save(context.Context, job.Ticket, io.Reader, int64) (job.Saved, error) {
	return job.Saved{}, nil
}
func (noUploads) Delete(context.Context, job.ID) error { return nil }
