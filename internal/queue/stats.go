package queue

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
)

// Depth is how many tasks of a queue are in which state.
type Depth struct {
	Queue     string
	Pending   int64 // waiting for a worker
	Active    int64 // with a worker
	Retry     int64 // waiting for their next attempt
	Scheduled int64
	Archived  int64 // failed for good; kept for operators
}

// Waiting is the work that is left: what a scaler counts.
func (d Depth) Waiting() int64 { return d.Pending + d.Active + d.Retry + d.Scheduled }

// states names asynq's keys and where their sizes go.
var states = []struct {
	name string
	set  bool // a sorted set, otherwise a list
	of   func(*Depth) *int64
}{
	{"pending", false, func(d *Depth) *int64 { return &d.Pending }},
	{"active", false, func(d *Depth) *int64 { return &d.Active }},
	{"retry", true, func(d *Depth) *int64 { return &d.Retry }},
	{"scheduled", true, func(d *Depth) *int64 { return &d.Scheduled }},
	{"archived", true, func(d *Depth) *int64 { return &d.Archived }},
}

func key(queue, state string) string { return "asynq:{" + queue + "}:" + state }

// Stats returns the depth of each queue, the preferred first, in one round trip.
func (c *Client) Stats(ctx context.Context) ([]Depth, error) {
	names := Names()
	sizes := make([]*redis.IntCmd, 0, len(names)*len(states))
	_, err := c.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, queue := range names {
			for _, s := range states {
				if s.set {
					sizes = append(sizes, p.ZCard(ctx, key(queue, s.name)))
				} else {
					sizes = append(sizes, p.LLen(ctx, key(queue, s.name)))
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, failed(ctx, "stats", err)
	}
	depths := make([]Depth, len(names))
	for i, queue := range names {
		depths[i].Queue = queue
		for j, s := range states {
			*s.of(&depths[i]) = sizes[i*len(states)+j].Val()
		}
	}
	return depths, nil
}

// collectTimeout bounds one scrape.
const collectTimeout = time.Second

var depthMetric = prometheus.NewDesc("tmd_queue_tasks", "Tasks in the queues, by state. Every process reports the same: take the maximum.",
	[]string{"queue", "state"}, nil)

// Describe makes the client a collector of tmd_queue_tasks, read from Redis at each scrape.
func (c *Client) Describe(descs chan<- *prometheus.Desc) { descs <- depthMetric }

// Collect reports the depths; nothing while Redis is down.
func (c *Client) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), collectTimeout)
	defer cancel()
	depths, err := c.Stats(ctx)
	if err != nil {
		return
	}
	for _, d := range depths {
		for _, s := range states {
			out <- prometheus.MustNewConstMetric(depthMetric, prometheus.GaugeValue, float64(*s.of(&d)), d.Queue, s.name)
		}
	}
}
