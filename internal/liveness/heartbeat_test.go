package liveness_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/liveness"
)

func TestNewRefusesMissingDependencies(t *testing.T) {
	t.Parallel()
	if _, err := liveness.New(liveness.Deps{Clock: time.Now, Logger: slog.Default(), Registerer: prometheus.NewRegistry()}); err == nil {
		t.Error("New without Redis: got no error, want one")
	}
}

// A delayed heartbeat does not undo a later one.
func TestADelayedHeartbeatChangesNothing(t *testing.T) {
	onEachRedis(t, func(t *testing.T, f *fixture) {
		m := f.newMember("a")
		f.sendHeartbeat(m)
		send := liveness.DelayHeartbeat(m)
		c := f.claimNew(m, job.Normal)
		if err := send(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !f.Redis.HExists(t.Context(), "queue:worker:"+m.WorkerID(), "task:"+string(c.task)).Val() {
			t.Error("the task is missing in the worker's hash, want it there")
		}
	})
}

// After an outage of Redis every key has expired and no worker is lost, so a member rescues only after steady
// heartbeats.
func TestAMemberTrustsItsViewAfterSteadyHeartbeats(t *testing.T) {
	onEachRedis(t, func(t *testing.T, f *fixture) {
		m := f.newMember("a")
		wantTrustAfter := func(what string) {
			t.Helper()
			since := time.Duration(0)
			for ; since <= time.Minute && !liveness.IsTrusted(m); since += liveness.HeartbeatInterval {
				f.sendHeartbeat(m)
				f.clock.Advance(liveness.HeartbeatInterval)
			}
			if want := liveness.HeartbeatTTL + liveness.HeartbeatInterval; since != want {
				t.Errorf("%s: got trust after %s, want %s", what, since, want)
			}
		}
		wantNoTrust := func(what string) {
			t.Helper()
			if liveness.IsTrusted(m) {
				t.Errorf("%s: got trust, want none", what)
			}
		}
		wantTrustAfter("from the start")

		f.clock.Advance(liveness.MaxGap)
		wantNoTrust("after a pause of the process")
		wantTrustAfter("after a pause of the process")

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := m.SendHeartbeat(ctx); err == nil {
			t.Error("a heartbeat with a cancelled context: got no error, want one")
		}
		wantNoTrust("after a heartbeat that failed")
		wantTrustAfter("after a heartbeat that failed")

		liveness.RecordRoundTrip(m, f.clock.Now(), liveness.MaxRoundTrip+time.Millisecond)
		wantNoTrust("after a slow heartbeat")
	})
}
