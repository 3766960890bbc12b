package jobstore

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/budget"
)

// collectTimeout bounds one scrape.
const collectTimeout = budget.RedisScrape

var deadDesc = prometheus.NewDesc("tmd_jobs_dead",
	"Jobs that failed permanently and are kept for operators. Every process reports the same: take the maximum.", nil, nil)

// Describe makes the store a collector of tmd_jobs_dead, which it reads from Redis at each scrape.
func (s *Store) Describe(descs chan<- *prometheus.Desc) { descs <- deadDesc }

// Collect reports the number of dead jobs, and nothing while Redis does not answer.
func (s *Store) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), collectTimeout)
	defer cancel()
	if n, err := s.CountDead(ctx); err == nil {
		out <- prometheus.MustNewConstMetric(deadDesc, prometheus.GaugeValue, float64(n))
	}
}
