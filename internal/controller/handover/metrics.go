package handover

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics of the reconciler:
//
//	tmd_controller_endings_total{reason}          ends of worker processes that were handled
//	tmd_controller_handed_over_jobs_total{reason} jobs that were requeued
//	tmd_controller_handover_failures_total        handovers that failed; each is repeated
//	tmd_controller_handover_seconds               from the end of a container (in whole seconds) until its jobs are
//	                                              requeued
type metrics struct {
	endings, jobs *prometheus.CounterVec
	failures      prometheus.Counter
	took          prometheus.Histogram
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		endings: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tmd_controller_endings_total", Help: "Ends of worker processes that were dealt with, by reason.",
		}, []string{"reason"}),
		jobs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tmd_controller_handed_over_jobs_total", Help: "Jobs of ended workers that went back into the queue, by reason.",
		}, []string{"reason"}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tmd_controller_handover_failures_total", Help: "Tries to put jobs of ended workers back that failed and are repeated.",
		}),
		took: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "tmd_controller_handover_seconds", Help: "From the end of a worker's container, as Kubernetes reports it in whole seconds, to its jobs in the queue.",
			Buckets: []float64{0.5, 1, 2, 3, 5, 10, 30, 60, 300},
		}),
	}
	for _, reason := range allReasons() {
		m.endings.WithLabelValues(string(reason))
		m.jobs.WithLabelValues(string(reason))
	}
	r.MustRegister(m.endings, m.jobs, m.failures, m.took)
	return m
}

func (m *metrics) observeHandover(e ending, jobs int, now time.Time) {
	m.endings.WithLabelValues(string(e.reason)).Inc()
	m.jobs.WithLabelValues(string(e.reason)).Add(float64(jobs))
	if jobs > 0 && !e.at.IsZero() {
		m.took.Observe(now.Sub(e.at).Seconds())
	}
}
