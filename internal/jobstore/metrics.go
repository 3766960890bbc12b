package jobstore

import (
	"context"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// collectTimeout bounds one scrape.
const collectTimeout = budget.RedisScrape

var (
	deadDesc = prometheus.NewDesc("tmd_jobs_dead",
		"Jobs that failed permanently and are kept for operators. Every process reports the same: take the maximum.", nil, nil)
	resultsDesc = prometheus.NewDesc("tmd_results",
		"Results that are stored. Every process reports the same: take the maximum.", nil, nil)
	oldestResultDesc = prometheus.NewDesc("tmd_results_oldest_seconds",
		"Age of the oldest result, since its last change; 0 without one. Results expire after a day. Every process reports the same: take the maximum.",
		nil, nil)
)

// Describe makes the store a collector of tmd_jobs_dead, tmd_results and tmd_results_oldest_seconds.
func (s *Store) Describe(descs chan<- *prometheus.Desc) {
	descs <- deadDesc
	descs <- resultsDesc
	descs <- oldestResultDesc
}

// Collect reads the figures from indexes in Redis, in one round trip whose cost does not depend on the number of jobs.
// It reports nothing while Redis does not answer.
func (s *Store) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), collectTimeout)
	defer cancel()
	now := s.clock()
	stored := "(" + strconv.FormatInt(now.Add(-job.ResultTTL).UnixMilli(), 10)
	var (
		dead, results *redis.IntCmd
		oldest        *redis.ZSliceCmd
	)
	_, err := s.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		dead = p.ZCount(ctx, deadIndex, "("+s.deadSince(), "+inf")
		results = p.ZCount(ctx, resultsIndex, stored, "+inf")
		oldest = p.ZRangeByScoreWithScores(ctx, resultsIndex, &redis.ZRangeBy{Min: stored, Max: "+inf", Count: 1})
		return nil
	})
	if err != nil {
		return
	}
	age := time.Duration(0)
	for _, z := range oldest.Val() {
		age = max(now.Sub(time.UnixMilli(int64(z.Score))), 0)
	}
	out <- prometheus.MustNewConstMetric(deadDesc, prometheus.GaugeValue, float64(dead.Val()))
	out <- prometheus.MustNewConstMetric(resultsDesc, prometheus.GaugeValue, float64(results.Val()))
	out <- prometheus.MustNewConstMetric(oldestResultDesc, prometheus.GaugeValue, age.Seconds())
}
