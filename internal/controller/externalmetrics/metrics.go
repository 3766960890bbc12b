package externalmetrics

import "github.com/prometheus/client_golang/prometheus"

// metrics of the external metric:
//
//	tmd_external_metrics_requests_total{code}               requests that were answered, by HTTP status
//	tmd_external_metrics_certificate_expiry_timestamp_seconds    when the certificate expires, Unix time
type metrics struct {
	requests *prometheus.CounterVec
	expiry   prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tmd_external_metrics_requests_total", Help: "Requests for the external metric and its documents, by HTTP status.",
		}, []string{"code"}),
		expiry: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tmd_external_metrics_certificate_expiry_timestamp_seconds",
			Help: "When the certificate of the external metric expires, in Unix time.",
		}),
	}
	r.MustRegister(m.requests, m.expiry)
	return m
}
