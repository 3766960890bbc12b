package scaler

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// The keys of a trigger's metadata.
const (
	concurrencyKey = "concurrency"   // tasks that one worker runs at the same time
	latencyKey     = "targetLatency" // how long a task may wait, as 30s; without it the length decides
)

// trigger is the configuration of a ScaledObject's trigger.
type trigger struct {
	concurrency int64
	latency     time.Duration // 0: one slot for each task
}

// parseTrigger parses a trigger's metadata. Its errors are sentences for the operator.
func parseTrigger(metadata map[string]string) (trigger, error) {
	var t trigger
	n, err := strconv.ParseInt(metadata[concurrencyKey], 10, 64)
	if err != nil || n < 1 || n > 256 {
		return t, fmt.Errorf("the trigger's metadata %s is %q: give the number of jobs that one worker runs at the same time, from 1 to 256", concurrencyKey, metadata[concurrencyKey])
	}
	t.concurrency = n
	if text := metadata[latencyKey]; text != "" {
		d, err := time.ParseDuration(text)
		if err != nil || d < time.Second || d > time.Hour {
			return t, fmt.Errorf("the trigger's metadata %s is %q: give a duration from 1s to 1h, or leave it out to follow the length of the queue", latencyKey, text)
		}
		t.latency = d
	}
	return t, nil
}

// totalTasks is all remaining work. Tasks that wait for a retry or for their time return to the queue only through a
// worker: a fleet at zero would leave them there for ever.
func (d Depth) totalTasks() int64 { return d.Pending + d.Running + d.Retry + d.Scheduled }

// wantedSlots returns the number of slots that there should be; KEDA divides it by the concurrency. It is never below
// the slots of the busy workers, so that no resulting scale-down removes a busy worker.
func (t trigger) wantedSlots(d Depth, w Workers) int64 {
	slots := d.totalTasks()
	if t.latency > 0 {
		slots = min(slots, t.byLatency(d, w))
	}
	return max(slots, w.Busy*t.concurrency)
}

// byLatency is the rule of the HorizontalPodAutoscaler with the wait as its metric: slots × (oldest wait ÷ target
// latency), and at least one slot for each running task, and one while there is any work.
func (t trigger) byLatency(d Depth, w Workers) int64 {
	slots := max(d.Running, min(d.totalTasks(), 1))
	if d.Pending > 0 {
		there := float64(max(w.Alive, 1) * t.concurrency)
		slots = max(slots, int64(math.Ceil(there*float64(d.OldestPending)/float64(t.latency))))
	}
	return slots
}
