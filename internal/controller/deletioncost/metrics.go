package deletioncost

import "github.com/prometheus/client_golang/prometheus"

// metrics of the reconciler:
//
//	tmd_controller_deletion_cost_writes_total{outcome}  annotations written, by ok, failed
type metrics struct{ writes *prometheus.CounterVec }

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{writes: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tmd_controller_deletion_cost_writes_total", Help: "Deletion costs written to worker pods, by outcome.",
	}, []string{"outcome"})}
	for _, outcome := range []string{"ok", "failed"} {
		m.writes.WithLabelValues(outcome)
	}
	r.MustRegister(m.writes)
	return m
}

func (m *metrics) wrote(changed bool, err error) {
	switch {
	case err != nil:
		m.writes.WithLabelValues("failed").Inc()
	case changed:
		m.writes.WithLabelValues("ok").Inc()
	}
}
