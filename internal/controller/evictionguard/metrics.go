package evictionguard

import "github.com/prometheus/client_golang/prometheus"

// metrics of the reconciler:
//
//	tmd_controller_long_jobs_hosts        worker pods that run a job for longer than the guard waits
//	tmd_controller_guards_expired_total   pods whose guard ended while they were still busy
type metrics struct {
	long    prometheus.Gauge
	expired prometheus.Counter
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		long: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tmd_controller_long_jobs_hosts", Help: "Worker pods that run a job that is old enough to be guarded.",
		}),
		expired: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tmd_controller_guards_expired_total", Help: "Worker pods whose guard ended while they were still busy.",
		}),
	}
	r.MustRegister(m.long, m.expired)
	return m
}
