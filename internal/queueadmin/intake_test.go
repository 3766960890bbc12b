package queueadmin_test

import (
	"sync"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/queuetest"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// Each process learns within a second that the intake is paused, and rarely asks Redis.
func TestPauseIntake(t *testing.T) {
	queuetest.OnEachRedis(t, func(t *testing.T, e *queuetest.Env) {
		ctx := t.Context()
		if e.IsIntakePaused(ctx) {
			t.Error("IsIntakePaused at the start: got true, want false")
		}
		for range 2 {
			if err := e.PauseIntake(ctx); err != nil {
				t.Fatal(err)
			}
		}
		load, err := e.CurrentLoad(ctx)
		if err != nil || time.Since(load.Draining).Abs() > time.Minute {
			t.Errorf("paused since: got %v, %v, want now", load.Draining, err)
		}
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				testenv.Eventually(t, "the intake is paused", func() bool { return e.IsIntakePaused(ctx) })
			})
		}
		all.Wait()
		for range 2 {
			if err := e.ResumeIntake(ctx); err != nil {
				t.Fatal(err)
			}
		}
		testenv.Eventually(t, "the intake is open", func() bool { return !e.IsIntakePaused(ctx) })
	})
}

// While Redis does not answer the intake counts as open: the enqueue that follows fails.
func TestTheIntakeIsOpenWithoutRedis(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	e := queuetest.OpenEnv(t, server.URL(1))
	if err := e.PauseIntake(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !e.IsIntakePaused(t.Context()) {
		t.Error("IsIntakePaused after PauseIntake: got false, want true")
	}
	server.Kill()
	testenv.Eventually(t, "the old answer is no longer used", func() bool { return !e.IsIntakePaused(t.Context()) })
}
