package cache

import "github.com/prometheus/client_golang/prometheus"

// metrics of the cache:
//
//	tmd_cache_reads_total{result}     hit, miss, error
//	tmd_cache_writes_total{result}    ok, too_large, error
//	tmd_cache_available               1, or 0 while the cache does not answer
type metrics struct {
	reads     *prometheus.CounterVec
	writes    *prometheus.CounterVec
	available prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		reads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tmd_cache_reads_total", Help: "Reads of the response cache.",
		}, []string{"result"}),
		writes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tmd_cache_writes_total", Help: "Writes to the response cache.",
		}, []string{"result"}),
		available: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tmd_cache_available", Help: "1, or 0 while the response cache does not answer.",
		}),
	}
	for vec, results := range map[*prometheus.CounterVec][]string{
		m.reads: {"hit", "miss", "error"}, m.writes: {"ok", "too_large", "error"},
	} {
		for _, result := range results {
			vec.WithLabelValues(result)
		}
	}
	m.available.Set(1)
	r.MustRegister(m.reads, m.writes, m.available)
	return m
}
