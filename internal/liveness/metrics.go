package liveness

import "github.com/prometheus/client_golang/prometheus"

// metrics of a member:
//
//	tmd_queue_recovered_total{reason}    tasks that this worker requeued: crash (their worker was lost) or orphan (no
//	                                     worker holds them)
type metrics struct{ recovered *prometheus.CounterVec }

const (
	reasonCrash  = "crash"
	reasonOrphan = "orphan"
)

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{recovered: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tmd_queue_recovered_total", Help: "Tasks without a running worker that were put back into their queues, by reason.",
	}, []string{"reason"})}
	// So that the first one shows as an increase.
	for _, reason := range []string{reasonCrash, reasonOrphan} {
		m.recovered.WithLabelValues(reason)
	}
	r.MustRegister(m.recovered)
	return m
}

func (m *metrics) observeRescue(crashed bool) {
	reason := reasonOrphan
	if crashed {
		reason = reasonCrash
	}
	m.recovered.WithLabelValues(reason).Inc()
}
