package executor

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// metrics of the worker:
//
//	tmd_job_attempts_total{kind,outcome}   attempts, by kind (file, body, timelineData, plan) and by outcome (done,
//	                                       interrupted, superseded or the fault's code)
//	tmd_jobs_total{kind,outcome}           jobs that ended here: done, or the code they failed with
//	tmd_job_step_seconds{step}             catalogue, parse, facts, load, build, pack, store
//	tmd_job_seconds{kind}                  from being accepted to done, waiting included
type metrics struct {
	attempts *prometheus.CounterVec
	jobs     *prometheus.CounterVec
	steps    *prometheus.HistogramVec
	total    *prometheus.HistogramVec
}

func newMetrics(r prometheus.Registerer) *metrics {
	// From a pack of a millisecond to a parser's deadline of ten seconds and a queue of a minute.
	buckets := []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}
	m := &metrics{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tmd_job_attempts_total", Help: "Attempts of jobs that ended, by kind and outcome.",
		}, []string{"kind", "outcome"}),
		jobs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tmd_jobs_total", Help: "Jobs that ended, by kind and outcome.",
		}, []string{"kind", "outcome"}),
		steps: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tmd_job_step_seconds", Help: "Time of the steps of an attempt.", Buckets: buckets,
		}, []string{"step"}),
		total: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tmd_job_seconds", Help: "Time from accepting a job to its result.", Buckets: buckets,
		}, []string{"kind"}),
	}
	r.MustRegister(m.attempts, m.jobs, m.steps, m.total)
	return m
}

// Outcomes other than the fault codes.
const (
	outcomeDone        = "done"
	outcomeInterrupted = "interrupted"
	outcomeSuperseded  = "superseded"
)

func outcomeOf(err error) string {
	switch {
	case err == nil:
		return outcomeDone
	case errors.Is(err, job.ErrInterrupted):
		return outcomeInterrupted
	case errors.Is(err, job.ErrSuperseded):
		return outcomeSuperseded
	}
	if code := fault.CodeOf(err); code.IsKnown() {
		return string(code)
	}
	return string(fault.Internal)
}

// kindOf bounds the values of the label: a kind comes from the queue.
func kindOf(k job.Kind) string {
	switch k {
	case job.File, job.Form, job.TimelineData, job.Plan:
		return string(k)
	}
	return "unknown"
}

// observeAttempt counts the attempt and writes its line in the log: ids, codes and times, nothing of the document.
func (p *Processor) observeAttempt(ctx context.Context, a *attempt, err error) {
	outcome, kind := outcomeOf(err), kindOf(a.Kind)
	took := p.deps.Clock().Sub(a.started)
	p.metrics.attempts.WithLabelValues(kind, outcome).Inc()
	if a.ended {
		p.metrics.jobs.WithLabelValues(kind, outcome).Inc()
	}
	if err == nil {
		p.metrics.total.WithLabelValues(kind).Observe(p.deps.Clock().Sub(a.record.CreatedAt).Seconds())
	}
	line := []slog.Attr{
		slog.String("job_id", string(a.ID)), slog.String("kind", kind), slog.Int("attempt", a.Attempt),
		slog.String("outcome", outcome), slog.Float64("ms", milliseconds(took)),
	}
	if a.Crashes > 0 {
		line = append(line, slog.Int("crashes", a.Crashes))
	}
	if again := (*job.Postponement)(nil); errors.As(err, &again) {
		line = append(line, slog.Float64("again_ms", milliseconds(again.After)))
	}
	for _, s := range a.steps {
		p.metrics.steps.WithLabelValues(s.name).Observe(s.took.Seconds())
		line = append(line, slog.Float64(s.name+"_ms", milliseconds(s.took)))
	}
	level := slog.LevelInfo
	switch {
	case err == nil, errors.Is(err, job.ErrSuperseded), a.ended && !isOurFault(err):
		// Done, or through no fault of ours.
	case a.ended:
		level = slog.LevelError
		line = append(line, slog.Any("error", err))
	default:
		level = slog.LevelWarn
		line = append(line, slog.Any("error", err))
	}
	p.deps.Logger.LogAttrs(ctx, level, "attempt", line...)
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
