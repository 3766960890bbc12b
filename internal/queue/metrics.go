package queue

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics of a server:
//
//	tmd_queue_running                      deliveries that run at the moment
//	tmd_queue_deliveries_total{outcome}    deliveries that ended, by done, retry, failed, handback
type metrics struct {
	inFlight   atomic.Int64
	running    prometheus.Gauge
	deliveries *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		running: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tmd_queue_running", Help: "Deliveries that run at the moment.",
		}),
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tmd_queue_deliveries_total", Help: "Deliveries that ended, by what became of the task.",
		}, []string{"outcome"}),
	}
	for _, o := range []outcome{acknowledged, retried, putAway, handedBack} {
		m.deliveries.WithLabelValues(string(o)) // a counter that is not there yet cannot be told from one at zero
	}
	r.MustRegister(m.running, m.deliveries)
	return m
}

func (m *metrics) begin() { m.running.Set(float64(m.inFlight.Add(1))) }
func (m *metrics) end()   { m.running.Set(float64(m.inFlight.Add(-1))) }

func (m *metrics) count(o outcome) { m.deliveries.WithLabelValues(string(o)).Inc() }
