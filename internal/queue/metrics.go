package queue

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics of a server:
//
//	tmd_queue_running                      deliveries that run at the moment
//	tmd_queue_deliveries_total{outcome}    deliveries that ended, by done, retry, failed, handback, postpone, lost
//	tmd_queue_recovered_total{reason}      tasks that this worker took back for the others: crash, when their worker was
//	                                       lost, or orphan
type metrics struct {
	inFlight   atomic.Int64
	running    prometheus.Gauge
	deliveries *prometheus.CounterVec
	recovered  *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		running: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tmd_queue_running", Help: "Deliveries that run at the moment.",
		}),
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tmd_queue_deliveries_total", Help: "Deliveries that ended, by what became of the task.",
		}, []string{"outcome"}),
		recovered: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tmd_queue_recovered_total", Help: "Tasks that nobody ran and that were put back into their queues, by reason.",
		}, []string{"reason"}),
	}
	// A counter that is not there yet cannot be told from one at zero.
	for _, o := range []outcome{acknowledged, retried, putAway, handedBack, postponed, takenBack} {
		m.deliveries.WithLabelValues(string(o))
	}
	for _, reason := range []string{reasonCrash, reasonOrphan} {
		m.recovered.WithLabelValues(reason)
	}
	r.MustRegister(m.running, m.deliveries, m.recovered)
	return m
}

func (m *metrics) begin() { m.running.Set(float64(m.inFlight.Add(1))) }
func (m *metrics) end()   { m.running.Set(float64(m.inFlight.Add(-1))) }

const (
	reasonCrash  = "crash"
	reasonOrphan = "orphan"
)

func (m *metrics) reaped(crashed bool) {
	reason := reasonOrphan
	if crashed {
		reason = reasonCrash
	}
	m.recovered.WithLabelValues(reason).Inc()
}

func (m *metrics) count(o outcome) { m.deliveries.WithLabelValues(string(o)).Inc() }
