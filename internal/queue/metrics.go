package queue

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics of a server:
//
//	tmd_queue_running                      deliveries that run now
//	tmd_queue_deliveries_total{outcome}    deliveries that ended, by done, retry, failed, handback, postpone, lost
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
	// So that the first one shows as an increase.
	for _, o := range []outcome{acknowledged, retried, archived, handedBack, postponed, lost} {
		m.deliveries.WithLabelValues(string(o))
	}
	r.MustRegister(m.running, m.deliveries)
	return m
}

func (m *metrics) countRunning(delta int64) { m.running.Set(float64(m.inFlight.Add(delta))) }

func (m *metrics) countDelivery(o outcome) { m.deliveries.WithLabelValues(string(o)).Inc() }
