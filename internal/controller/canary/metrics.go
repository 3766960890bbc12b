package canary

import (
	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// metrics of the canary; only the leader has values:
//
//	tmd_canary_runs_total{outcome}                runs that ended
//	tmd_canary_verified                           1 when the last run proved the autoscaling, 0 when it did not
//	tmd_canary_last_proven_timestamp_seconds      when a run last did, Unix time
//	tmd_canary_step_seconds{step}                 of the last run: from the submission to metric, worker and result
type metrics struct {
	runs     *prometheus.CounterVec
	verified *prometheus.GaugeVec // without labels, so that it is absent before a run has ended
	last     *prometheus.GaugeVec
	steps    *prometheus.GaugeVec
}

func newMetrics(r prometheus.Registerer) *metrics {
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	}
	m := &metrics{
		runs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tmd_canary_runs_total", Help: "Runs of the canary that ended, by how.",
		}, []string{"outcome"}),
		verified: gauge("tmd_canary_verified", "1 when the last run proved the autoscaling, 0 when it did not."),
		last:     gauge("tmd_canary_last_proven_timestamp_seconds", "When a run last proved the autoscaling, in Unix time."),
		steps:    gauge("tmd_canary_step_seconds", "Of the last run, the time from the submission to each step.", "step"),
	}
	for _, o := range allOutcomes() {
		m.runs.WithLabelValues(string(o)) // so that the first failure shows as an increase
	}
	r.MustRegister(m.runs, m.verified, m.last, m.steps)
	return m
}

// observeStatus sets the gauges from the status, from which a new leader learns of earlier runs.
func (m *metrics) observeStatus(s *Status) {
	m.steps.Reset()
	if s.Last == nil {
		return
	}
	for step, seconds := range s.Last.Seconds {
		m.steps.WithLabelValues(step).Set(seconds)
	}
	switch s.Last.Outcome.conditionStatus() {
	case metav1.ConditionTrue:
		m.verified.WithLabelValues().Set(1)
		m.last.WithLabelValues().Set(float64(s.Last.At.Unix()))
	case metav1.ConditionFalse:
		m.verified.WithLabelValues().Set(0)
	case metav1.ConditionUnknown: // unchanged
	}
}
