package scaler

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestWanted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		latency time.Duration
		depth   Depth
		workers Workers
		want    int64 // slots, with a concurrency of 2
	}{
		{name: "nothing to do", workers: Workers{Alive: 3}, want: 0},
		{name: "a slot for each task, whatever it waits for", depth: Depth{Pending: 5, Running: 3, Retry: 2, Scheduled: 1}, want: 11},
		{name: "two busy workers with a task each stay two", depth: Depth{Running: 2}, workers: Workers{Alive: 6, Busy: 2}, want: 4},
		{name: "a worker that is busy with a task that is no longer counted", workers: Workers{Alive: 1, Busy: 1}, want: 2},

		{name: "by latency: nothing to do", latency: 30 * time.Second, workers: Workers{Alive: 3}, want: 0},
		{name: "by latency: the first of an idle fleet", latency: 30 * time.Second, depth: Depth{Pending: 50}, want: 1},
		{name: "by latency: as it should be", latency: 30 * time.Second,
			depth: Depth{Pending: 50, Running: 8, OldestPending: 30 * time.Second}, workers: Workers{Alive: 4, Busy: 4}, want: 8},
		{name: "by latency: three times too long", latency: 30 * time.Second,
			depth: Depth{Pending: 50, Running: 8, OldestPending: 90 * time.Second}, workers: Workers{Alive: 4, Busy: 4}, want: 24},
		{name: "by latency: half as long, and no busy worker is removed", latency: 30 * time.Second,
			depth: Depth{Pending: 50, Running: 4, OldestPending: 15 * time.Second}, workers: Workers{Alive: 4, Busy: 3}, want: 6},
		{name: "by latency: not more than there are tasks", latency: time.Second,
			depth: Depth{Pending: 3, OldestPending: time.Hour}, workers: Workers{Alive: 4}, want: 3},
		{name: "by latency: none yet, and long waited for", latency: 10 * time.Second,
			depth: Depth{Pending: 9, OldestPending: 25 * time.Second}, want: 5},
		{name: "by latency: a retry needs a worker to come back by", latency: 30 * time.Second, depth: Depth{Retry: 7}, want: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := (trigger{concurrency: 2, latency: c.latency}).wantedSlots(c.depth, c.workers); got != c.want {
				t.Errorf("%d slots, want %d", got, c.want)
			}
		})
	}
}

// For any queue: enough slots for the busy workers, none without work, and otherwise never more slots than tasks.
func TestWantedHolds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.Int64Range(0, 10_000)
		tr := trigger{
			concurrency: rapid.Int64Range(1, 256).Draw(t, "concurrency"),
			latency:     time.Duration(rapid.Int64Range(0, 3600).Draw(t, "latency")) * time.Second,
		}
		d := Depth{
			Pending: count.Draw(t, "pending"), Running: count.Draw(t, "running"), Retry: count.Draw(t, "retry"), Scheduled: count.Draw(t, "scheduled"),
			OldestPending: time.Duration(rapid.Int64Range(0, 1_000_000).Draw(t, "age")) * time.Second,
		}
		w := Workers{Alive: count.Draw(t, "alive")}
		w.Busy = rapid.Int64Range(0, w.Alive).Draw(t, "busy")
		got := tr.wantedSlots(d, w)
		workers := (got + tr.concurrency - 1) / tr.concurrency // the division of the HorizontalPodAutoscaler
		if workers < w.Busy {
			t.Errorf("%d workers for %d busy", workers, w.Busy)
		}
		if (got > 0) != (d.totalTasks() > 0 || w.Busy > 0) {
			t.Errorf("%d slots for %d tasks", got, d.totalTasks())
		}
		if got > max(d.totalTasks(), w.Busy*tr.concurrency) {
			t.Errorf("%d slots for %d tasks and %d busy", got, d.totalTasks(), w.Busy)
		}
		if got < d.Running {
			t.Errorf("%d slots for %d running tasks", got, d.Running)
		}
	})
}

func TestTrigger(t *testing.T) {
	t.Parallel()
	got, err := parseTrigger(map[string]string{"concurrency": "4", "targetLatency": "90s", "scalerAddress": "x:1"})
	if err != nil || got != (trigger{4, 90 * time.Second}) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := parseTrigger(map[string]string{"concurrency": "2"}); err != nil || got != (trigger{concurrency: 2}) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, metadata := range []map[string]string{
		{}, {"concurrency": "0"}, {"concurrency": "257"}, {"concurrency": "two"},
		{"concurrency": "2", "targetLatency": "30"}, {"concurrency": "2", "targetLatency": "2h"}, {"concurrency": "2", "targetLatency": "-1s"},
	} {
		if _, err := parseTrigger(metadata); err == nil || !strings.Contains(err.Error(), "give ") {
			t.Errorf("%v: %v", metadata, err)
		}
	}
}
