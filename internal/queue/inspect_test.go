package queue_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queue"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// retrying puts a task into retry.
func (e *env) retrying(t testing.TB, one job.Task) {
	t.Helper()
	e.enqueue(t, one)
	ran := make(chan struct{}, 1)
	w := e.work(t, time.Second, func(context.Context, job.Delivery) error {
		ran <- struct{}{}
		return &job.Postponement{After: time.Hour, Cause: fault.New(fault.ParserUnavailable)}
	})
	<-ran
	testenv.Eventually(t, "the task waits", func() bool { return e.find(t, one.ID).State == admin.Retry })
	if err := w.drain(); err != nil {
		t.Fatal(err)
	}
}

func (e *env) find(t testing.TB, id job.ID) admin.Task {
	t.Helper()
	found, _, err := e.FindTask(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func (e *env) tasks(t testing.TB, queue string, s admin.State) []job.ID {
	t.Helper()
	all, err := e.ListTasks(t.Context(), queue, s)
	if err != nil {
		t.Fatal(err)
	}
	var ids []job.ID
	for _, one := range all {
		if one.Queue != queue || one.State != s {
			t.Errorf("%+v", one)
		}
		ids = append(ids, one.ID)
	}
	return ids
}

func TestTasksAreFoundWhereTheyAre(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		waiting := task(job.Low)
		e.retrying(t, waiting)
		pending, running := task(job.High), task(job.Normal)
		e.enqueue(t, running)
		began, end := make(chan struct{}), make(chan struct{})
		defer close(end)
		e.work(t, time.Second, func(ctx context.Context, _ job.Delivery) error {
			began <- struct{}{}
			select {
			case <-end:
			case <-ctx.Done():
			}
			return nil
		})
		<-began
		if err := e.PauseQueues(t.Context(), []string{queue.High}); err != nil {
			t.Fatal(err)
		}
		e.enqueue(t, pending)

		for id, want := range map[job.ID]admin.Task{
			pending.ID: {ID: pending.ID, Queue: queue.High, State: admin.Pending},
			running.ID: {ID: running.ID, Queue: queue.Normal, State: admin.Active},
			waiting.ID: {ID: waiting.ID, Queue: queue.Low, State: admin.Retry},
		} {
			got := e.find(t, id)
			if want.State == admin.Retry {
				if until := time.Until(got.Due); until < 50*time.Minute || until > time.Hour+time.Second {
					t.Errorf("due in %v", until)
				}
				want.Due = got.Due
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
			if ids := e.tasks(t, want.Queue, want.State); len(ids) != 1 || ids[0] != id {
				t.Errorf("%s of %s: %v", want.State, want.Queue, ids)
			}
		}
		if _, ok, err := e.FindTask(t.Context(), "nobody"); ok || err != nil {
			t.Errorf("nobody is found: %v", err)
		}
		load, err := e.CurrentLoad(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(load.Workers) != 1 || !slices.Equal(load.Workers[0].Running, []job.ID{running.ID}) || !load.Draining.IsZero() {
			t.Errorf("%+v", load)
		}
		for i, q := range load.Queues {
			want := admin.QueueLoad{Name: queue.Names()[i], Oldest: q.Oldest}
			switch q.Name {
			case queue.High:
				want.Paused, want.Pending = true, 1
			case queue.Normal:
				want.Active = 1
			case queue.Low:
				want.Retry = 1
			}
			if d := cmp.Diff(want, q); d != "" {
				t.Error(d)
			}
		}
	})
}

// A task that waits for its time is run at once, as if its time had come: asynq's own books agree.
func TestHasten(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		one := task(job.Normal)
		e.retrying(t, one)
		waiting := e.find(t, one.ID)
		for i, want := range []bool{true, false} { // the second comes too late
			if moved, err := e.RunNow(t.Context(), waiting); err != nil || moved != want {
				t.Errorf("%d: %v, %v", i, moved, err)
			}
		}
		if d := e.stats(t, queue.Normal); d.Pending != 1 || d.Retry != 0 {
			t.Errorf("%+v", d)
		}
		if info := e.info(t, one.ID); info.State.String() != "pending" {
			t.Errorf("asynq has it in %s", info.State)
		}
		ran := make(chan job.Delivery, 1)
		e.work(t, time.Second, func(_ context.Context, d job.Delivery) error { ran <- d; return nil })
		if d := <-ran; d.ID != one.ID || d.Attempt != 1 {
			t.Errorf("%+v", d)
		}
	})
}

func TestDrop(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		waiting := task(job.Normal)
		e.retrying(t, waiting)
		dead := task(job.Normal)
		e.enqueue(t, dead)
		w := e.work(t, time.Second, func(context.Context, job.Delivery) error { return fault.New(fault.Encrypted) })
		testenv.Eventually(t, "a task is put away", func() bool { return e.stats(t, queue.Normal).Archived == 1 })
		if err := w.drain(); err != nil {
			t.Fatal(err)
		}
		if _, ok, err := e.FindTask(t.Context(), dead.ID); ok || err != nil {
			t.Errorf("a task that was put away will be run: %v", err)
		}
		pending := task(job.High)
		e.enqueue(t, pending)
		for _, id := range []job.ID{waiting.ID, dead.ID, pending.ID, pending.ID, "nobody"} {
			if err := e.DeleteTask(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
		for _, key := range e.redis.Keys(t.Context(), "*").Val() {
			for _, id := range []job.ID{waiting.ID, dead.ID, pending.ID} {
				if strings.Contains(key, string(id)) {
					t.Errorf("%s is left", key)
				}
			}
		}
		for _, name := range queue.Names() {
			if d := e.stats(t, name); d.Waiting() != 0 || d.Archived != 0 {
				t.Errorf("%+v", d)
			}
		}
	})
}

// The task of a worker stays with it: taking it away would leave the worker without an end.
func TestDropLeavesWhatRuns(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		one := task(job.Normal)
		e.enqueue(t, one)
		began, end := make(chan struct{}), make(chan struct{})
		e.work(t, time.Second, func(context.Context, job.Delivery) error { close(began); <-end; return nil })
		<-began
		if err := e.DeleteTask(t.Context(), one.ID); err != nil {
			t.Fatal(err)
		}
		if got := e.find(t, one.ID); got.State != admin.Active {
			t.Errorf("%+v", got)
		}
		close(end)
		testenv.Eventually(t, "the task ends", func() bool { return e.stats(t, queue.Normal).Waiting() == 0 })
	})
}

func TestPauseHoldsAQueueBack(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		for range 2 { // again is no error
			if err := e.PauseQueues(ctx, []string{queue.Normal}); err != nil {
				t.Fatal(err)
			}
		}
		held, free := task(job.Normal), task(job.Low)
		e.enqueue(t, held, free)
		ran := make(chan job.ID, 2)
		e.work(t, time.Second, func(_ context.Context, d job.Delivery) error { ran <- d.ID; return nil })
		// The low queue is served although the other one would come first three times of four.
		if id := <-ran; id != free.ID {
			t.Error("a paused queue was served")
		}
		if got := e.find(t, held.ID); got.State != admin.Pending {
			t.Errorf("%+v", got)
		}
		for range 2 {
			if err := e.ResumeQueues(ctx, []string{queue.Normal}); err != nil {
				t.Fatal(err)
			}
		}
		if id := <-ran; id != held.ID {
			t.Errorf("%s ran", id)
		}
	})
}

// Each process hears of it within a second, and asks Redis hardly ever.
func TestDraining(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		if e.IsIntakePaused(ctx) {
			t.Error("draining from the start")
		}
		for range 2 {
			if err := e.PauseIntake(ctx); err != nil {
				t.Fatal(err)
			}
		}
		load, err := e.CurrentLoad(ctx)
		if err != nil || time.Since(load.Draining).Abs() > time.Minute {
			t.Errorf("draining since %v, %v", load.Draining, err)
		}
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				testenv.Eventually(t, "it is heard of", func() bool { return e.IsIntakePaused(ctx) })
			})
		}
		all.Wait()
		for range 2 {
			if err := e.ResumeIntake(ctx); err != nil {
				t.Fatal(err)
			}
		}
		testenv.Eventually(t, "it is over", func() bool { return !e.IsIntakePaused(ctx) })
	})
}

// Whether work can be accepted without Redis shows when it is handed over.
func TestARedisThatIsAwayIsNotDraining(t *testing.T) {
	t.Parallel()
	server := testenv.Redis(t)
	e := open(t, server.URL(1))
	if err := e.PauseIntake(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !e.IsIntakePaused(t.Context()) {
		t.Error("not draining")
	}
	server.Kill()
	testenv.Eventually(t, "the answer is not used for ever", func() bool { return !e.IsIntakePaused(t.Context()) })
}

func TestOperatorsWithoutRedis(t *testing.T) {
	t.Parallel()
	e := openWith(t, "redis://127.0.0.1:1/1", 100*time.Millisecond)
	ctx := t.Context()
	for name, err := range map[string]error{
		"tasks":   second(e.ListTasks(ctx, queue.Normal, admin.Retry)),
		"pending": second(e.ListTasks(ctx, queue.Normal, admin.Pending)),
		"hasten":  second(e.RunNow(ctx, admin.Task{Queue: queue.Normal})),
		"drop":    e.DeleteTask(ctx, "x"),
		"pause":   e.PauseQueues(ctx, queue.Names()),
		"resume":  e.ResumeQueues(ctx, queue.Names()),
		"drain":   e.PauseIntake(ctx),
		"undrain": e.ResumeIntake(ctx),
		"load":    second(e.CurrentLoad(ctx)),
	} {
		if fault.CodeOf(err) != fault.QueueUnavailable {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := e.FindTask(ctx, "x"); fault.CodeOf(err) != fault.QueueUnavailable {
		t.Errorf("find: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }
