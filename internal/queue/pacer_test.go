package queue

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
)

// pacedQueue is a pacer with a Redis that answers as the test says. Tests run it in a bubble of synctest, where time
// passes only while all goroutines wait.
type pacedQueue struct {
	*pacer
	stop    context.CancelFunc
	running int
	sent    int       // scripts that reached Redis
	asked   int       // times that it asked Redis whether keys exist
	absent  time.Time // until then none of the keys exists
	answer  func() *redis.Cmd
}

func newPacedQueue(t *testing.T) *pacedQueue {
	t.Helper()
	stopping, stop := context.WithCancel(context.Background())
	t.Cleanup(stop)
	q := &pacedQueue{stop: stop, answer: answerError(redis.Nil)}
	wakeUps := newWakeUps(noPublisher{})
	q.pacer = newPacer(pacerDeps{
		wakeUps: wakeUps, signal: wakeUps.subscribe(), stopping: stopping.Done(), running: func() int { return q.running },
		clock: time.Now, queues: queuemodel.QueueNames(),
		anyExists: func(context.Context, []string) bool { q.asked++; return !time.Now().Before(q.absent) },
	})
	return q
}

// noPublisher is a Redis that cannot publish.
type noPublisher struct{ redis.UniversalClient }

func (noPublisher) Publish(ctx context.Context, _ string, _ any) *redis.IntCmd {
	cmd := redis.NewIntCmd(ctx)
	cmd.SetErr(errors.New("unavailable"))
	return cmd
}

func answerError(err error) func() *redis.Cmd {
	return func() *redis.Cmd {
		cmd := redis.NewCmd(context.Background())
		cmd.SetErr(err)
		return cmd
	}
}

func answerValue(v any) func() *redis.Cmd {
	return func() *redis.Cmd {
		cmd := redis.NewCmd(context.Background())
		cmd.SetVal(v)
		return cmd
	}
}

func (q *pacedQueue) send() *redis.Cmd { q.sent++; return q.answer() }

// takeTask asks for a task as asynq does, and returns how long the answer took.
func (q *pacedQueue) takeTask(t *testing.T) (took time.Duration, err error) {
	t.Helper()
	key := func(part string) string { return queuemodel.QueueKey(queuemodel.Normal, part) }
	begin := time.Now()
	cmd := q.pace(t.Context(), []string{key("pending"), key("paused"), key("active"), key("lease")}, q.send)
	return time.Since(begin), cmd.Err()
}

// findEmpty asks every queue once and finds it empty.
func (q *pacedQueue) findEmpty(t *testing.T) {
	t.Helper()
	for range queuemodel.QueueNames() {
		if took, err := q.takeTask(t); took != 0 || !errors.Is(err, redis.Nil) {
			t.Fatalf("an empty queue: got %v after %s, want no task at once", err, took)
		}
	}
}

func (q *pacedQueue) forwardTasks(t *testing.T, part string) int64 {
	t.Helper()
	key := func(part string) string { return queuemodel.QueueKey(queuemodel.Normal, part) }
	n, err := q.pace(t.Context(), []string{key(part), key("pending")}, q.send).Int64()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// idleBounds are the shortest and the longest wait without a wake-up.
func idleBounds(poll time.Duration) (time.Duration, time.Duration) { return poll / 2, poll*3/2 + 1 }

func TestAnIdleWorkerWaits(t *testing.T) {
	t.Parallel()
	t.Run("for the next poll", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			q := newPacedQueue(t)
			q.findEmpty(t)
			least, most := idleBounds(idlePoll)
			if took, _ := q.takeTask(t); took < least || took > most {
				t.Errorf("the wait: got %s, want from %s to %s", took, least, most)
			}
			if took, _ := q.takeTask(t); took != 0 {
				t.Errorf("the next queue of the same round: got a wait of %s, want none", took)
			}
		})
	})
	t.Run("for a message", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			q := newPacedQueue(t)
			q.findEmpty(t)
			time.AfterFunc(10*time.Millisecond, q.wakeUps.notify)
			q.answer = answerValue("a task")
			if took, err := q.takeTask(t); took != 10*time.Millisecond || err != nil {
				t.Errorf("got %v after %s, want a task at the message", err, took)
			}
			// It takes tasks until the queues are empty.
			if took, _ := q.takeTask(t); took != 0 {
				t.Errorf("after a task: got a wait of %s, want none", took)
			}
		})
	})
	t.Run("not when the message came during the round", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			q := newPacedQueue(t)
			q.wakeUps.notify()
			q.wakeUps.notify()
			q.findEmpty(t)
			if took, _ := q.takeTask(t); took != 0 {
				t.Errorf("got a wait of %s, want none", took)
			}
		})
	})
	t.Run("a little longer for each of its jobs", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			q := newPacedQueue(t)
			q.running = 2
			q.findEmpty(t)
			q.wakeUps.notify()
			if took, _ := q.takeTask(t); took != 2*yieldTime {
				t.Errorf("got a wait of %s, want %s", took, 2*yieldTime)
			}
		})
	})
	t.Run("shorter after an error", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			q := newPacedQueue(t)
			q.answer = answerError(errors.New("connection refused"))
			if took, _ := q.takeTask(t); took != 0 {
				t.Fatalf("the first call: got a wait of %s, want none", took)
			}
			least, most := idleBounds(failurePoll)
			if took, _ := q.takeTask(t); took < least || took > most {
				t.Errorf("got a wait of %s, want from %s to %s", took, least, most)
			}
		})
	})
	t.Run("not between the digest of a script and its text", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			q := newPacedQueue(t)
			q.answer = answerError(noScript{})
			for range 2 * len(queuemodel.QueueNames()) {
				if took, _ := q.takeTask(t); took != 0 {
					t.Errorf("got a wait of %s, want none", took)
				}
			}
		})
	})
}

// A worker that stops answers asynq at once, and takes no task.
func TestAStoppingWorkerTakesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newPacedQueue(t)
		q.findEmpty(t)
		time.AfterFunc(time.Millisecond, q.stop)
		q.answer = answerValue("a task")
		sent := q.sent
		for _, want := range []time.Duration{time.Millisecond, 0} {
			if took, err := q.takeTask(t); took != want || !errors.Is(err, redis.Nil) {
				t.Errorf("got %v after %s, want no task after %s", err, took, want)
			}
		}
		if q.sent != sent {
			t.Errorf("scripts sent while it stops: got %d, want none", q.sent-sent)
		}
	})
}

func TestWaitingTasks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newPacedQueue(t)
		q.answer = answerValue(int64(0))
		looks := func(part string) bool {
			t.Helper()
			before := q.sent
			q.forwardTasks(t, part)
			return q.sent > before
		}
		if !looks("retry") || !looks("scheduled") {
			t.Error("at the start a worker does not look")
		}
		if looks("retry") || looks("scheduled") {
			t.Error("a worker looks again at once")
		}
		<-time.After(forwardPoll)
		if first, second := looks("retry"), looks("retry"); !first || second {
			t.Error("a worker does not look again after forwardPoll")
		}
		// A retry of its own, in two seconds: it looks each time until the task is due.
		retry := []string{"t", "active", "lease", queuemodel.QueueKey(queuemodel.Normal, "retry")}
		q.observeOutcome(t.Context(), retry, []any{"id", []byte("m"), time.Now().Add(2 * time.Second).Unix()})
		if first, second := looks("retry"), looks("retry"); !first || !second {
			t.Error("a worker does not look for its own retry")
		}
		if first, second := looks("scheduled"), looks("scheduled"); first && second {
			t.Error("a retry makes a worker look at the scheduled tasks")
		}
		<-time.After(2*time.Second + forwardSlack)
		if first, second := looks("retry"), looks("retry"); !first || second {
			t.Error("a worker still looks each time after its retry is due")
		}
		// Tasks that have become pending wake this worker, also when the message to the others fails.
		<-time.After(forwardPoll)
		q.answer = answerValue(int64(3))
		if n := q.forwardTasks(t, "retry"); n != 3 {
			t.Errorf("tasks that became pending: got %d, want 3", n)
		}
		select {
		case <-q.signal:
		default:
			t.Error("nothing wakes the worker")
		}
		if !looks("retry") {
			t.Error("a worker does not look for more than one script moves")
		}
	})
}

// While no task is pending or waits, an idle worker asks one question for all queues in each period, and sends none of
// asynq's scripts.
func TestAnIdleWorkerSendsOneQuestion(t *testing.T) {
	t.Parallel()
	t.Run("for pending tasks", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			q := newPacedQueue(t)
			q.findEmpty(t)
			sent := q.sent
			q.absent = time.Now().Add(10 * idlePoll)
			if took, _ := q.takeTask(t); took < 10*idlePoll || took > 10*idlePoll+3*idlePoll/2 {
				t.Errorf("a task is looked for after %s, want the first poll after %s", took, 10*idlePoll)
			}
			if q.sent != sent+1 || q.asked < 6 || q.asked > 21 {
				t.Errorf("got %d scripts and %d questions, want 1 and about 10", q.sent-sent, q.asked)
			}
		})
	})
	t.Run("for waiting tasks", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			q := newPacedQueue(t)
			q.answer, q.absent = answerValue(int64(0)), time.Now().Add(time.Hour)
			for range 4 {
				q.forwardTasks(t, "retry")
				q.forwardTasks(t, "scheduled")
				<-time.After(forwardPoll / 2)
			}
			if q.sent != 0 || q.asked != 2 {
				t.Errorf("in two periods: got %d scripts and %d questions, want none and 2", q.sent, q.asked)
			}
			// A task waits in one of the sets: each is looked at.
			q.absent = time.Time{}
			q.forwardTasks(t, "retry")
			q.forwardTasks(t, "scheduled")
			if q.sent != 2 || q.asked != 3 {
				t.Errorf("with a waiting task: got %d scripts and %d questions, want 2 and 3", q.sent, q.asked)
			}
		})
	})
	t.Run("and looks for its own retry all the same", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			q := newPacedQueue(t)
			q.answer, q.absent = answerValue(int64(0)), time.Now().Add(time.Hour)
			q.forwardTasks(t, "retry")
			retry := []string{"t", "active", "lease", queuemodel.QueueKey(queuemodel.Normal, "retry")}
			q.observeOutcome(t.Context(), retry, []any{"id", []byte("m"), time.Now().Add(time.Second).Unix()})
			q.forwardTasks(t, "retry")
			if q.sent != 1 || q.asked != 1 {
				t.Errorf("got %d scripts and %d questions, want 1 and 1", q.sent, q.asked)
			}
		})
	})
}

// A task that asynq puts back into its queue wakes the workers.
func TestARequeueWakes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newPacedQueue(t)
		q.observeOutcome(t.Context(), []string{"active", "lease", queuemodel.QueueKey(queuemodel.Normal, "pending"), "t"}, []any{"id"})
		select {
		case <-q.signal:
		default:
			t.Error("nothing wakes the worker")
		}
	})
}
