// Package scaler implements KEDA's external-push trigger: it reports the amount of work, and reports new work at
// once.
//
// It stores nothing: each answer is read from Redis, and is an error when Redis is unavailable. Then KEDA's fallback
// applies, and no scaling uses old numbers. Every replica of the controller answers.
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
	"github.com/trackmydegree/trackmydegree/internal/dependency"
)

const (
	// metricName is the name of the metric in the HorizontalPodAutoscaler, after KEDA's prefix.
	metricName = "tmd-slots"

	// readTimeout bounds one reading of the queue.
	readTimeout = time.Second

	// idleLook is the period at which a stream polls a queue without work: an upload to a fleet at zero waits for it.
	idleLook = 100 * time.Millisecond
	// busyLook is the period while there is work, to detect its end.
	busyLook = time.Second
	// repeat is the period at which a stream repeats that there is work: KEDA drops a message that it cannot act on,
	// for example while the API server does not answer.
	repeat = 5 * time.Second
)

// Deps are the dependencies of a Scaler.
type Deps struct {
	Queue      Queue
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

// Scaler implements KEDA's service. It is safe for concurrent use.
type Scaler struct {
	externalscaler.UnimplementedExternalScalerServer
	queue   Queue
	logger  *slog.Logger
	metrics *metrics
	ending  chan struct{} // closed when streams are to end
}

var _ externalscaler.ExternalScalerServer = (*Scaler)(nil)

// New returns a scaler. A missing dependency is an error.
func New(d Deps) (*Scaler, error) {
	if err := dependency.Require("scaler", d, "Queue", "Logger", "Registerer"); err != nil {
		return nil, err
	}
	return &Scaler{queue: d.Queue, logger: d.Logger, metrics: newMetrics(d.Registerer), ending: make(chan struct{})}, nil
}

// IsActive reports whether there is any work.
func (s *Scaler) IsActive(ctx context.Context, _ *externalscaler.ScaledObjectRef) (*externalscaler.IsActiveResponse, error) {
	active, err := s.hasWork(ctx)
	if err != nil {
		return nil, s.toUnavailable(err)
	}
	return &externalscaler.IsActiveResponse{Result: active}, nil
}

// StreamIsActive reports at once when work appears or ends. While the queue cannot be read it sends nothing, and the
// stream stays open: after a stream that ends with an error KEDA waits longer each time, up to a minute, before it
// reconnects.
func (s *Scaler) StreamIsActive(ref *externalscaler.ScaledObjectRef, stream grpc.ServerStreamingServer[externalscaler.IsActiveResponse]) error {
	s.metrics.streams.Inc()
	defer s.metrics.streams.Dec()
	ctx := stream.Context()
	var (
		said, blind bool
		last        time.Time // of the last message
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

// GetMetricSpec returns the share of the metric for one worker: its concurrency.
func (s *Scaler) GetMetricSpec(_ context.Context, ref *externalscaler.ScaledObjectRef) (*externalscaler.GetMetricSpecResponse, error) {
	t, err := parseTrigger(ref.GetScalerMetadata())
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	return &externalscaler.GetMetricSpecResponse{MetricSpecs: []*externalscaler.MetricSpec{
		{MetricName: metricName, TargetSize: t.concurrency, TargetSizeFloat: float64(t.concurrency)},
	}}, nil
}

// GetMetrics returns the number of jobs that should be able to run at the same time.
func (s *Scaler) GetMetrics(ctx context.Context, r *externalscaler.GetMetricsRequest) (*externalscaler.GetMetricsResponse, error) {
	t, err := parseTrigger(r.GetScaledObjectRef().GetScalerMetadata())
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	// The workers are read last: one that begins a task between the two readings is busy, and counts.
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

// toUnavailable hides the cause: KEDA writes the error into the ScaledObject's events, which must not contain
// addresses.
func (s *Scaler) toUnavailable(err error) error {
	s.logger.Warn("KEDA cannot be answered", "error", err)
	return status.Error(codes.Unavailable, "the queue cannot be read")
}
