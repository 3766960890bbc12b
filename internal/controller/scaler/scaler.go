// Package scaler answers KEDA's external-push triggers: how much work there is, and at once when there is some.
//
// It keeps nothing: each answer is read from Redis when it is asked for, and is an error when that cannot be done, so
// that KEDA's fallback counts and nobody scales by old numbers. Every replica of the controller may answer.
package scaler

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/trackmydegree/trackmydegree/internal/controller/scaler/externalscaler"
)

const (
	// metricName is what the metric is called in the HorizontalPodAutoscaler, after KEDA's prefix.
	metricName = "tmd-slots"

	// readTimeout bounds one look at the queue.
	readTimeout = time.Second

	// idleLook is how often a stream looks at a queue without work: from zero, it is what an upload waits for.
	idleLook = 100 * time.Millisecond
	// busyLook is how often it looks while there is work, which is to notice the end of it.
	busyLook = time.Second
	// repeat is how often a stream says again that there is work: what KEDA hears and cannot do, as when the API
	// server does not answer, it forgets.
	repeat = 5 * time.Second
)

// Deps is what a Scaler needs.
type Deps struct {
	Queue      Queue
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

// Scaler answers KEDA. It is safe for concurrent use.
type Scaler struct {
	externalscaler.UnimplementedExternalScalerServer
	queue   Queue
	logger  *slog.Logger
	metrics *metrics
	ending  chan struct{} // closed when streams are to end
}

var _ externalscaler.ExternalScalerServer = (*Scaler)(nil)

// New returns a scaler.
func New(d Deps) *Scaler {
	return &Scaler{queue: d.Queue, logger: d.Logger, metrics: newMetrics(d.Registerer), ending: make(chan struct{})}
}

// IsActive says whether there is any work.
func (s *Scaler) IsActive(ctx context.Context, _ *externalscaler.ScaledObjectRef) (*externalscaler.IsActiveResponse, error) {
	active, err := s.hasWork(ctx)
	if err != nil {
		return nil, s.toUnavailable(err)
	}
	return &externalscaler.IsActiveResponse{Result: active}, nil
}

// StreamIsActive says so at once when work comes up or ends. A queue that cannot be read says nothing, and the stream
// goes on: a stream that ends with an error makes KEDA wait longer each time, up to a minute, before it listens again.
func (s *Scaler) StreamIsActive(ref *externalscaler.ScaledObjectRef, stream grpc.ServerStreamingServer[externalscaler.IsActiveResponse]) error {
	s.metrics.streams.Inc()
	defer s.metrics.streams.Dec()
	ctx := stream.Context()
	var (
		said, blind bool
		last        time.Time // of saying anything
	)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.ending:
			return nil
		case <-timer.C:
		}
		active, err := s.hasWork(ctx)
		if (err != nil) != blind && ctx.Err() == nil {
			blind = err != nil
			s.logger.Warn("a look at the queue", "scaled_object", ref.GetName(), "blind", blind, "error", err)
		}
		if err == nil && (last.IsZero() || active != said || active && time.Since(last) >= repeat) {
			if active && !said {
				s.metrics.activations.Inc()
			}
			if err := stream.Send(&externalscaler.IsActiveResponse{Result: active}); err != nil {
				return err
			}
			said, last = active, time.Now()
		}
		if said {
			timer.Reset(busyLook)
		} else {
			timer.Reset(idleLook)
		}
	}
}

// GetMetricSpec says what one worker takes of the metric: its concurrency.
func (s *Scaler) GetMetricSpec(_ context.Context, ref *externalscaler.ScaledObjectRef) (*externalscaler.GetMetricSpecResponse, error) {
	t, err := parseTrigger(ref.GetScalerMetadata())
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	return &externalscaler.GetMetricSpecResponse{MetricSpecs: []*externalscaler.MetricSpec{
		{MetricName: metricName, TargetSize: t.concurrency, TargetSizeFloat: float64(t.concurrency)},
	}}, nil
}

// GetMetrics says how many jobs should be able to run at the same time.
func (s *Scaler) GetMetrics(ctx context.Context, r *externalscaler.GetMetricsRequest) (*externalscaler.GetMetricsResponse, error) {
	t, err := parseTrigger(r.GetScaledObjectRef().GetScalerMetadata())
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	// The workers last: one that begins a task between the two looks is busy, and counts.
	depth, err := s.queue.Depth(ctx)
	if err != nil {
		return nil, s.toUnavailable(err)
	}
	workers, err := s.queue.Workers(ctx)
	if err != nil {
		return nil, s.toUnavailable(err)
	}
	wanted := t.wantedSlots(depth, workers)
	s.metrics.wanted.Set(float64(wanted))
	return &externalscaler.GetMetricsResponse{MetricValues: []*externalscaler.MetricValue{
		{MetricName: metricName, MetricValue: wanted, MetricValueFloat: float64(wanted)},
	}}, nil
}

// hasWork reports whether there is any work.
func (s *Scaler) hasWork(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	depth, err := s.queue.Depth(ctx)
	return depth.totalTasks() > 0, err
}

// toUnavailable is what KEDA is told: it writes it into the ScaledObject's events, which are no place for addresses.
func (s *Scaler) toUnavailable(err error) error {
	s.logger.Warn("KEDA cannot be answered", "error", err)
	return status.Error(codes.Unavailable, "the queue cannot be read")
}
