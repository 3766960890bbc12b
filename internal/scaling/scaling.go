// Package scaling reads the figures by which the number of workers is chosen: the depths of the queues, for the push
// scaler and as metrics, and the keys that an autoscaler sums when it reads Redis itself.
package scaling

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
)

// Reader reads the depths of the queues. It is safe for concurrent use.
type Reader struct{ redis redis.UniversalClient }

// NewReader returns a reader.
func NewReader(client redis.UniversalClient) *Reader { return &Reader{client} }

// states lists the states of tasks in the order in which depths.lua counts them.
var states = []struct {
	name  string
	count func(*queuemodel.Depth) *int64
}{
	{"pending", func(d *queuemodel.Depth) *int64 { return &d.Pending }},
	{"active", func(d *queuemodel.Depth) *int64 { return &d.Active }},
	{"retry", func(d *queuemodel.Depth) *int64 { return &d.Retry }},
	{"scheduled", func(d *queuemodel.Depth) *int64 { return &d.Scheduled }},
	{"archived", func(d *queuemodel.Depth) *int64 { return &d.Archived }},
}

var (
	//go:embed lua/depths.lua
	depthsLua    string
	depthsScript = redis.NewScript(depthsLua)
)

// ReadDepths returns the depth of each queue, highest priority first, in one round trip. Errors of Redis are
// queue_unavailable.
func (r *Reader) ReadDepths(ctx context.Context) ([]queuemodel.Depth, error) {
	figures, err := depthsScript.Run(ctx, r.redis, nil, queuemodel.QueuePrefixes()...).Int64Slice()
	if err != nil {
		return nil, redisurl.ToFault(ctx, "scaling: read depths", err)
	}
	names := queuemodel.QueueNames()
	width := len(states) + 1
	if len(figures) != width*len(names) {
		return nil, fault.Wrap(fault.Internal, fmt.Errorf("scaling: read depths: %d figures", len(figures)))
	}
	depths := make([]queuemodel.Depth, len(names))
	for i, queue := range names {
		row := figures[i*width : (i+1)*width]
		depths[i].Queue = queue
		for j, s := range states {
			*s.count(&depths[i]) = row[j]
		}
		depths[i].OldestPending = time.Duration(row[len(states)]) * time.Millisecond
	}
	return depths, nil
}

// BacklogKeys returns the keys in Redis whose lengths add up to the backlog of all queues. Each is a list or a sorted
// set.
func BacklogKeys() []string {
	var keys []string
	for _, queue := range queuemodel.QueueNames() {
		for _, state := range []string{"pending", "active", "retry", "scheduled"} {
			keys = append(keys, queuemodel.QueueKey(queue, state))
		}
	}
	return keys
}
