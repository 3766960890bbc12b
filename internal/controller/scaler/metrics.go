package scaler

import "github.com/prometheus/client_golang/prometheus"

// metrics of the scaler:
//
//	tmd_scaler_requests_total{method,code}    requests of KEDA that were answered, by gRPC's code
//	tmd_scaler_streams                        streams that are open: one for each ScaledObject and KEDA that listens
//	tmd_scaler_activations_total              times that work came up while there was none
//	tmd_scaler_wanted_slots                   the last answer: jobs that should be able to run at the same time
type metrics struct {
	requests    *prometheus.CounterVec
	streams     prometheus.Gauge
	activations prometheus.Counter
	wanted      prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tmd_scaler_requests_total", Help: "Requests of KEDA that were answered, by gRPC's code.",
		}, []string{"method", "code"}),
		streams: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tmd_scaler_streams", Help: "Streams that are open: one for each ScaledObject and KEDA that listens.",
		}),
		activations: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tmd_scaler_activations_total", Help: "Times that work came up while there was none.",
		}),
		wanted: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tmd_scaler_wanted_slots", Help: "The last answer: jobs that should be able to run at the same time.",
		}),
	}
	r.MustRegister(m.requests, m.streams, m.activations, m.wanted)
	return m
}
