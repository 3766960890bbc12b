package scaling

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/budget"
)

// collectTimeout bounds one scrape.
const collectTimeout = budget.RedisScrape

var (
	tasksDesc = prometheus.NewDesc("tmd_queue_tasks",
		"Tasks in the queues, by state. Every process reports the same: take the maximum.", []string{"queue", "state"}, nil)
	oldestDesc = prometheus.NewDesc("tmd_queue_oldest_pending_seconds",
		"How long the task that has been pending longest has waited. Every process reports the same: take the maximum.",
		[]string{"queue"}, nil)
)

// Describe makes the reader a collector of tmd_queue_tasks and tmd_queue_oldest_pending_seconds.
func (r *Reader) Describe(descs chan<- *prometheus.Desc) {
	descs <- tasksDesc
	descs <- oldestDesc
}

// Collect reads the depths from Redis at each scrape. It reports nothing while Redis does not answer.
func (r *Reader) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), collectTimeout)
	defer cancel()
	depths, err := r.ReadDepths(ctx)
	if err != nil {
		return
	}
	for _, d := range depths {
		for _, s := range states {
			out <- prometheus.MustNewConstMetric(tasksDesc, prometheus.GaugeValue, float64(*s.count(&d)), d.Queue, s.name)
		}
		out <- prometheus.MustNewConstMetric(oldestDesc, prometheus.GaugeValue, d.OldestPending.Seconds(), d.Queue)
	}
}
