package scaling_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
	"github.com/trackmydegree/trackmydegree/internal/queuetest"
	"github.com/trackmydegree/trackmydegree/internal/scaling"
)

// The wait is measured by Redis' clock, since the task was enqueued or requeued.
func TestOldestPending(t *testing.T) {
	queuetest.OnEachRedis(t, func(t *testing.T, e *queuetest.Env) {
		ctx := t.Context()
		returned, old := queuetest.NewTask(job.Normal), queuetest.NewTask(job.Normal)
		e.EnqueueTasks(t, returned)
		pending := queuemodel.QueueKey(queuemodel.Normal, "pending")
		if err := e.Redis.LMove(ctx, pending, queuemodel.QueueKey(queuemodel.Normal, "active"), "RIGHT", "LEFT").Err(); err != nil {
			t.Fatal(err)
		}
		e.EnqueueTasks(t, old, queuetest.NewTask(job.Normal))
		long := time.Now().Add(-90 * time.Second).UnixNano()
		if err := e.Redis.HSet(ctx, queuemodel.TaskKey(queuemodel.Normal, old.ID), "pending_since", long).Err(); err != nil {
			t.Fatal(err)
		}
		// A requeued task is in front, and has not waited.
		e.Redis.HSet(ctx, queuemodel.HoldersKey, string(returned.ID), "a:1:X")
		if _, err := e.RequeueOrphans(ctx, "a", time.Time{}, false); err != nil {
			t.Fatal(err)
		}
		if next := e.Redis.LIndex(ctx, pending, -1).Val(); next != string(returned.ID) {
			t.Errorf("next task: got %s, want %s", next, returned.ID)
		}
		depths, err := e.ReadDepths(ctx)
		if err != nil {
			t.Fatal(err)
		}
		waits := map[string]time.Duration{}
		for _, d := range depths {
			waits[d.Queue] = d.OldestPending.Truncate(time.Minute)
		}
		want := map[string]time.Duration{queuemodel.High: 0, queuemodel.Normal: time.Minute, queuemodel.Low: 0, queuemodel.Plans: 0}
		if diff := cmp.Diff(want, waits); diff != "" {
			t.Errorf("waits of the oldest tasks (-want +got):\n%s", diff)
		}
	})
}

func TestBacklogKeysHoldTheBacklog(t *testing.T) {
	queuetest.OnEachRedis(t, func(t *testing.T, e *queuetest.Env) {
		for _, p := range []job.Priority{job.High, job.Normal, job.Low} {
			e.EnqueueTasks(t, queuetest.NewTask(p))
			if err := e.EnqueueAt(t.Context(), queuetest.NewTask(p), time.Now().Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		var sum int64
		for _, key := range scaling.BacklogKeys() {
			// A key holds a list or a sorted set; the length of the other type is 0.
			sum += e.Redis.LLen(t.Context(), key).Val() + e.Redis.ZCard(t.Context(), key).Val()
		}
		if sum != 6 {
			t.Errorf("tasks under the keys: got %d, want 6", sum)
		}
		if n := len(scaling.BacklogKeys()); n != 16 {
			t.Errorf("keys: got %d, want 16", n)
		}
	})
}

func TestReadDepthsWithoutRedis(t *testing.T) {
	t.Parallel()
	e := queuetest.OpenWithin(t, "redis://127.0.0.1:1/1", 100*time.Millisecond)
	if _, err := e.ReadDepths(t.Context()); fault.CodeOf(err) != fault.QueueUnavailable {
		t.Errorf("got %v, want %s", err, fault.QueueUnavailable)
	}
}
