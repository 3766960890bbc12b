package queue

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// Depth is how many tasks of a queue are in which state.
type Depth struct {
	Queue     string
	Pending   int64 // waiting for a worker
	Active    int64 // with a worker
	Retry     int64 // waiting for their next attempt
	Scheduled int64
	Archived  int64 // failed for good; kept for operators
	// OldestPending is how long the pending task that has waited longest has done so; 0 when none is pending.
	OldestPending time.Duration
}

// Waiting is the work that is left: what a scaler counts.
func (d Depth) Waiting() int64 { return d.Pending + d.Active + d.Retry + d.Scheduled }

// states names asynq's states in the order of statsScript, and where their sizes go.
var states = []struct {
	name string
	of   func(*Depth) *int64
}{
	{"pending", func(d *Depth) *int64 { return &d.Pending }},
	{"active", func(d *Depth) *int64 { return &d.Active }},
	{"retry", func(d *Depth) *int64 { return &d.Retry }},
	{"scheduled", func(d *Depth) *int64 { return &d.Scheduled }},
	{"archived", func(d *Depth) *int64 { return &d.Archived }},
}

func key(queue, state string) string { return "asynq:{" + queue + "}:" + state }

// statsScript counts the tasks of the queues, and looks for how long the oldest pending one has waited. The oldest is among
// the next: the others came in order, and only those that were handed back are put in front of them.
//
// ARGV the prefix of each queue. Answers for each the sizes in the order of states, then the wait in milliseconds.
var statsScript = redis.NewScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local answer = {}
for _, queue in ipairs(ARGV) do
	for _, list in ipairs({'pending', 'active'}) do answer[#answer + 1] = redis.call('LLEN', queue .. list) end
	for _, set in ipairs({'retry', 'scheduled', 'archived'}) do answer[#answer + 1] = redis.call('ZCARD', queue .. set) end
	local oldest = now
	for _, id in ipairs(redis.call('LRANGE', queue .. 'pending', -` + strconv.Itoa(inFront) + `, -1)) do
		local since = redis.call('HGET', queue .. 't:' .. id, 'pending_since')
		if since then oldest = math.min(oldest, math.floor(since / 1000000)) end
	end
	answer[#answer + 1] = now - oldest
end
return answer
`)

// inFront is how many tasks are looked at for the oldest: more than a few workers hand back at a time.
const inFront = 32

// ReadDepths returns the depth of each queue, the preferred first, in one round trip.
func (c *Client) ReadDepths(ctx context.Context) ([]Depth, error) {
	sizes, err := statsScript.Run(ctx, c.redis, nil, prefixes()...).Int64Slice()
	if err != nil {
		return nil, failed(ctx, "stats", err)
	}
	names := Names()
	width := len(states) + 1
	if len(sizes) != width*len(names) {
		return nil, fault.Wrap(fault.Internal, fmt.Errorf("queue: stats: %d numbers", len(sizes)))
	}
	depths := make([]Depth, len(names))
	for i, queue := range names {
		row := sizes[i*width : (i+1)*width]
		depths[i].Queue = queue
		for j, s := range states {
			*s.of(&depths[i]) = row[j]
		}
		depths[i].OldestPending = time.Duration(row[len(states)]) * time.Millisecond
	}
	return depths, nil
}

// collectTimeout bounds one scrape.
const collectTimeout = budget.RedisScrape

var depthMetric = prometheus.NewDesc("tmd_queue_tasks", "Tasks in the queues, by state. Every process reports the same: take the maximum.",
	[]string{"queue", "state"}, nil)

var oldestMetric = prometheus.NewDesc("tmd_queue_oldest_pending_seconds",
	"How long the task that has been pending longest has waited. Every process reports the same: take the maximum.", []string{"queue"}, nil)

// Describe makes the client a collector of tmd_queue_tasks and tmd_queue_oldest_pending_seconds, read from Redis at each scrape.
func (c *Client) Describe(descs chan<- *prometheus.Desc) {
	descs <- depthMetric
	descs <- oldestMetric
}

// Collect reports the depths; nothing while Redis is down.
func (c *Client) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), collectTimeout)
	defer cancel()
	depths, err := c.ReadDepths(ctx)
	if err != nil {
		return
	}
	for _, d := range depths {
		for _, s := range states {
			out <- prometheus.MustNewConstMetric(depthMetric, prometheus.GaugeValue, float64(*s.of(&d)), d.Queue, s.name)
		}
		out <- prometheus.MustNewConstMetric(oldestMetric, prometheus.GaugeValue, d.OldestPending.Seconds(), d.Queue)
	}
}
