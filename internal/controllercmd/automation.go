package controllercmd

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/rest"

	"github.com/trackmydegree/trackmydegree/internal/controller/canary"
	"github.com/trackmydegree/trackmydegree/internal/controller/imageupdate"
	"github.com/trackmydegree/trackmydegree/internal/controller/scaler"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/jobstore"
	"github.com/trackmydegree/trackmydegree/internal/queue"
	"github.com/trackmydegree/trackmydegree/internal/submit"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// metricTimeout bounds one question for an external metric.
const metricTimeout = 10 * time.Second

func (p parts) imageUpdates() (part, error) {
	selector, err := labels.Parse(p.config.ReleaseSelector)
	if err != nil {
		return nil, fmt.Errorf("TMD_RELEASE_SELECTOR: %w", err)
	}
	schedule, err := imageupdate.ParseSchedule(p.config.ImagesSchedule)
	if err != nil {
		return nil, fmt.Errorf("TMD_IMAGES_SCHEDULE: %w", err)
	}
	return imageupdate.New(imageupdate.Deps{
		Client: p.manager.GetClient(), Reader: p.manager.GetAPIReader(), Events: p.manager.GetEventRecorder(recorder),
		Registry: &imageupdate.Remote{PlainHTTP: p.config.ImagesPlainHTTP}, Schedule: schedule, Deadline: p.config.ImagesDeadline,
		Namespace: p.config.Namespace, Selector: selector, DryRun: p.config.DryRun,
		Clock: time.Now, Logger: p.telemetry.Log, Registerer: p.registerer,
	}), nil
}

func (p parts) pushScaler() part {
	return &scaler.Server{
		Scaler: scaler.New(scaler.Deps{Queue: backlog{p.queue}, Logger: p.telemetry.Log, Registerer: p.registerer}),
		Addr:   string(p.config.ScalerAddr),
		TLS:    scaler.TLS{Certificate: p.config.ScalerCert, Key: p.config.ScalerKey, ClientCA: p.config.ScalerClientCA},
	}
}

func (p parts) canary() (part, error) {
	cfg := rest.CopyConfig(p.manager.GetConfig())
	cfg.Timeout = metricTimeout
	metrics, err := canary.NewExternalMetrics(cfg)
	if err != nil {
		return nil, err
	}
	return canary.New(canary.Deps{
		Client: p.manager.GetClient(), Reader: p.manager.GetAPIReader(), Events: p.manager.GetEventRecorder(recorder),
		Jobs:    canaries{p, jobstore.New(jobstore.Deps{Redis: p.redis, Clock: time.Now, Logger: p.telemetry.Log})},
		Metrics: metrics, Namespace: p.config.Namespace, ConfigMap: p.config.CanaryConfigMap,
		Deployment: p.config.CanaryDeployment, ScaledObject: p.config.CanaryScaledObject, Keys: queue.CountedKeys(),
		Interval: p.config.CanaryInterval, Hold: p.config.CanaryHold, Limit: p.config.CanaryLimit, DryRun: p.config.DryRun,
		NewID: func() job.ID { return job.ID(uuid.NewString()) }, Clock: time.Now, Logger: p.telemetry.Log, Registerer: p.registerer,
	}), nil
}

// backlog is the queue's client as the scaler sees it.
type backlog struct{ client *queue.Client }

var _ scaler.Queue = backlog{}

// Depth adds up the queues. The oldest of all counts.
func (b backlog) Depth(ctx context.Context) (scaler.Depth, error) {
	all, err := b.client.ReadDepths(ctx)
	var sum scaler.Depth
	for _, d := range all {
		sum.Pending += d.Pending
		sum.Running += d.Active
		sum.Retry += d.Retry
		sum.Scheduled += d.Scheduled
		sum.OldestPending = max(sum.OldestPending, d.OldestPending)
	}
	return sum, err
}

// Workers counts those that stay.
func (b backlog) Workers(ctx context.Context) (scaler.Workers, error) {
	all, err := b.client.ListWorkers(ctx)
	var sum scaler.Workers
	for _, w := range all {
		if w.Draining {
			continue
		}
		sum.Alive++
		if len(w.Running) > 0 {
			sum.Busy++
		}
	}
	return sum, err
}

// canaryOwner owns the jobs of canaries. No user's page shows them.
const canaryOwner = "canary"

// canaries submits jobs as the API does, but for later: a form, which needs no document.
type canaries struct {
	parts
	records *jobstore.Store
}

var _ canary.Jobs = canaries{}

// Submit implements canary.Jobs.
func (c canaries) Submit(ctx context.Context, id job.ID, p job.Priority, due time.Time) error {
	s := submit.New(submit.Deps{
		Uploads: nowhere{}, Jobs: c.records, Queue: later{c.queue, due}, Clock: time.Now,
		NewID: func() job.ID { return id }, Logger: c.telemetry.Log,
	})
	_, err := s.Form(ctx, submit.Request{Owner: canaryOwner, Priority: p, Force: true}, canaryForm(c.config.CanaryDegree, due))
	return err
}

// canaryForm asks for a whole degree that begins in the year of the day.
func canaryForm(degree string, day time.Time) timeline.Form {
	return timeline.Form{Degree: degree, FirstTerm: fmt.Sprintf("Fall %d", day.Year())}
}

// Get implements canary.Jobs.
func (c canaries) Get(ctx context.Context, id job.ID) (job.Record, error) {
	return c.records.LoadRecord(ctx, id)
}

// Remove implements canary.Jobs.
func (c canaries) Remove(ctx context.Context, id job.ID) error {
	// The task first: a task without a record does no harm, and a record without its task would wait for ever.
	if err := c.queue.DeleteTask(ctx, id); err != nil {
		return err
	}
	return c.records.Delete(ctx, id)
}

// later enqueues for a time to come.
type later struct {
	queue *queue.Client
	at    time.Time
}

func (l later) Enqueue(ctx context.Context, t job.Task) error { return l.queue.EnqueueAt(ctx, t, l.at) }

// nowhere keeps no documents and no tickets: a canary that is lost with Redis is not missed.
type nowhere struct{}

func (nowhere) Save(context.Context, job.Ticket, io.Reader, int64) (job.Saved, error) {
	return job.Saved{}, nil
}
func (nowhere) Delete(context.Context, job.ID) error { return nil }
