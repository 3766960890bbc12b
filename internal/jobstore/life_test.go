package jobstore_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
)

// life returns the events of a job as text, without their times.
func (e *env) life(t *testing.T, id job.ID) string {
	t.Helper()
	events, err := e.LoadLife(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, event := range events {
		_, line, _ := strings.Cut(queuemodel.EncodeLifeEvent(event), " ")
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestLifeOfAJobThatIsDone(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx, id := t.Context(), e.createJob(t).ID
		why := job.Failure{Code: fault.ParserUnavailable}
		steps := []func(fence int64) error{
			func(fence int64) error { return e.PostponeJob(ctx, id, fence, why, e.clock.Now()) },
			func(fence int64) error {
				return e.ScheduleRetry(ctx, id, fence, job.Failure{Code: fault.Timeout}, e.clock.Now())
			},
			func(fence int64) error { return e.RequeueJob(ctx, id, fence) },
			func(fence int64) error { return e.CompleteJob(ctx, id, fence, stored) },
		}
		for n, end := range steps {
			e.clock.Advance(time.Second)
			fence := e.mustBegin(t, id, min(n+1, 2))
			for range 2 { // the second is the repetition of a call whose answer was lost
				if err := end(fence); err != nil {
					t.Fatalf("step %d: %v", n, err)
				}
			}
		}
		if err := e.RecordDocumentsDeleted(ctx, []job.ID{id, newID()}); err != nil {
			t.Fatal(err)
		}
		want := `accepted 0 - -
started 1 worker-1 -
postponed 1 worker-1 parser_unavailable
started 2 worker-1 -
retrying 2 worker-1 timeout
started 2 worker-1 -
interrupted 2 worker-1 -
started 2 worker-1 -
done 2 worker-1 -
document_deleted 0 worker-1 -`
		if diff := cmp.Diff(want, e.life(t, id)); diff != "" {
			t.Errorf("life (-want +got):\n%s", diff)
		}
		events, err := e.LoadLife(ctx, id)
		if err != nil || !events[0].At.Equal(start) || !events[1].At.Equal(start.Add(time.Second)) {
			t.Errorf("times: got %v, %v, want those of the clock", events[:2], err)
		}
		if keys := e.redis.Keys(ctx, "*:life").Val(); len(keys) != 1 {
			t.Errorf("lives: got %v, want one, of the job that has a record", keys)
		}
	})
}

// The life of a failed job is kept as long as its copy for operators, continues when they retry it, and is deleted with
// the job.
func TestLifeOfAFailedJob(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx, id := t.Context(), e.createJob(t).ID
		if err := e.FailJob(ctx, id, e.mustBegin(t, id, 1), job.Failure{Code: fault.Internal}); err != nil {
			t.Fatal(err)
		}
		if ttl := e.redis.TTL(ctx, queuemodel.LifeKey(id)).Val(); ttl <= 6*24*time.Hour {
			t.Errorf("time to live of the life: got %s, want that of a dead job", ttl)
		}
		dead, err := e.LoadDead(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.RetryDead(ctx, dead); err != nil {
			t.Fatal(err)
		}
		want := "accepted 0 - -\nstarted 1 worker-1 -\nfailed 1 worker-1 internal\nretried 0 - -"
		if diff := cmp.Diff(want, e.life(t, id)); diff != "" {
			t.Errorf("life (-want +got):\n%s", diff)
		}
		if err := e.DeleteJob(ctx, id); err != nil {
			t.Fatal(err)
		}
		if got := e.life(t, id); got != "" {
			t.Errorf("life of a deleted job: got %q, want none", got)
		}
	})
}

// A long life keeps its beginning and its end, and counts what is between.
func TestLongLivesAreBounded(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx, id := t.Context(), e.createJob(t).ID
		const rounds = 100
		for range rounds {
			e.clock.Advance(time.Second)
			if err := e.RequeueJob(ctx, id, e.mustBegin(t, id, 1)); err != nil {
				t.Fatal(err)
			}
		}
		events, err := e.LoadLife(ctx, id)
		if err != nil || len(events) != job.MaxLifeEvents {
			t.Fatalf("events: got %d, %v, want %d", len(events), err, job.MaxLifeEvents)
		}
		if want := 1 + 2*rounds - (job.MaxLifeEvents - 1); events[8].What != job.MilestoneOmitted || events[8].Omitted != want {
			t.Errorf("event 8: got %+v, want %d omitted", events[8], want)
		}
		kinds := fmt.Sprint(events[0].What, events[1].What, events[7].What, events[9].What, events[62].What, events[63].What)
		if want := "accepted started started interrupted started interrupted"; kinds != want && kinds != strings.ReplaceAll(want, " ", "") {
			t.Errorf("kinds: got %s, want %s", kinds, want)
		}
		for i := range events[1:] {
			if events[i+1].At.Before(events[i].At) {
				t.Errorf("event %d is before the one before it", i+1)
			}
		}
	})
}

// A job of an earlier version has no life, and gets none.
func TestAJobWithoutALife(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx, id := t.Context(), e.createJob(t).ID
		e.redis.Del(ctx, queuemodel.LifeKey(id))
		if err := e.CompleteJob(ctx, id, e.mustBegin(t, id, 1), stored); err != nil {
			t.Fatal(err)
		}
		if got := e.life(t, id); got != "" {
			t.Errorf("life: got %q, want none", got)
		}
	})
}

// The API records that a task is queued after it is: a worker may have claimed it by then.
func TestQueuedPrecedesClaimed(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx, id := t.Context(), e.createJob(t).ID
		for i, what := range []job.Milestone{job.MilestoneClaimed, job.MilestoneStarted, job.MilestoneQueued} {
			at := start.Add(time.Duration(3-i) * time.Millisecond)
			e.redis.RPush(ctx, queuemodel.LifeKey(id), queuemodel.EncodeLifeEvent(job.LifeEvent{At: at, What: what}))
		}
		if got, want := e.life(t, id), "accepted 0 - -\nqueued 0 - -\nclaimed 0 - -\nstarted 0 - -"; got != want {
			t.Errorf("life: got %q, want %q", got, want)
		}
	})
}
