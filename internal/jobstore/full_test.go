package jobstore_test

import (
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// A Redis that is out of memory takes nothing new; what it holds can be read, and deleted.
func TestAFullRedisIsReadOn(t *testing.T) {
	t.Parallel()
	e, ctx := open(t, testenv.Redis(t).URL(1)), t.Context()
	done := e.create(t)
	if err := e.CompleteJob(ctx, done.ID, e.begin(t, done.ID, 1), stored); err != nil {
		t.Fatal(err)
	}
	waiting := e.create(t)
	if err := e.redis.ConfigSet(ctx, "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	for slim, want := range map[bool][]byte{false: stored.Full, true: stored.Slim} {
		r, b, err := e.LoadWithResult(ctx, done.ID, slim)
		if err != nil || r.State != job.Done || string(b) != string(want) {
			t.Errorf("slim %v: %q of a job that is %s, %v", slim, b, r.State, err)
		}
	}
	if r, b, err := e.LoadWithResult(ctx, waiting.ID, false); err != nil || r.State != job.Queued || b != nil {
		t.Errorf("%q of a job that is %s, %v", b, r.State, err)
	}
	if _, _, err := e.LoadWithResult(ctx, "unknown", false); fault.CodeOf(err) != fault.JobNotFound {
		t.Errorf("an unknown job: %v", err)
	}
	if _, _, err := e.BeginAttempt(ctx, waiting.ID, 1); fault.CodeOf(err) != fault.QueueUnavailable {
		t.Errorf("a change: %v, want queue_unavailable", err)
	}
	if err := e.Delete(ctx, done.ID); err != nil {
		t.Error(err)
	}
}
