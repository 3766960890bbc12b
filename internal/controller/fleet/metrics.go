package fleet

import "github.com/prometheus/client_golang/prometheus"

// metrics of the watch; only the leader polls:
//
//	tmd_controller_fleet_workers{state}       worker processes, by busy, idle, draining
//	tmd_controller_fleet_looks_total{outcome} looks at the fleet, by seen, failed
//	tmd_controller_fleet_age_seconds          age of what is known
type metrics struct {
	workers *prometheus.GaugeVec
	looks   *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer, age func() float64) *metrics {
	m := &metrics{
		workers: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "tmd_controller_fleet_workers", Help: "Worker processes that are alive, by what they do.",
		}, []string{"state"}),
		looks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tmd_controller_fleet_looks_total", Help: "Polls of the fleet, by outcome.",
		}, []string{"outcome"}),
	}
	for _, outcome := range []string{"seen", "failed"} {
		m.looks.WithLabelValues(outcome)
	}
	r.MustRegister(m.workers, m.looks, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "tmd_controller_fleet_age_seconds", Help: "Age of what is known of the workers; 0 on replicas that do not lead.",
	}, age))
	return m
}

func (m *metrics) observePoll(workers []Worker, err error) {
	if err != nil {
		m.looks.WithLabelValues("failed").Inc()
		return
	}
	m.looks.WithLabelValues("seen").Inc()
	var busy, idle, draining float64
	for _, w := range workers {
		switch {
		case w.Draining:
			draining++
		case len(w.Running) > 0:
			busy++
		default:
			idle++
		}
	}
	m.workers.WithLabelValues("busy").Set(busy)
	m.workers.WithLabelValues("idle").Set(idle)
	m.workers.WithLabelValues("draining").Set(draining)
}
