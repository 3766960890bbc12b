package deletioncost

import "github.com/prometheus/client_golang/prometheus"

// metrics of the reconciler:
//
//	tmd_controller_deletion_cost_writes_total{outcome}  annotations written, by ok, failed
//	tmd_controller_deletion_cost_waiting                pods whose changed cost is not written yet
type metrics struct{ writes *prometheus.CounterVec }

func newMetrics(r prometheus.Registerer, waiting func() float64) *metrics {
	m := &metrics{writes: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tmd_controller_deletion_cost_writes_total", Help: "Deletion costs written to worker pods, by outcome.",
	}, []string{"outcome"})}
	for _, outcome := range []string{"ok", "failed"} {
		m.writes.WithLabelValues(outcome)
	}
	r.MustRegister(m.writes, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "tmd_controller_deletion_cost_waiting", Help: "Worker pods whose deletion cost has changed and waits for its turn to be written.",
	}, waiting))
	return m
}

func (m *metrics) observeWrite(changed bool, err error) {
	switch {
	case err != nil:
		m.writes.WithLabelValues("failed").Inc()
	case changed:
		m.writes.WithLabelValues("ok").Inc()
	}
}
