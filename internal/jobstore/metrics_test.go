package jobstore_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queuetest"
)

// wantFigures compares the metrics of the store.
func (e *env) wantFigures(t *testing.T, when string, dead, results float64, oldest time.Duration) {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(e)
	want := map[string]float64{"tmd_jobs_dead": dead, "tmd_results": results, "tmd_results_oldest_seconds": oldest.Seconds()}
	if diff := cmp.Diff(want, queuetest.GatherMetrics(t, registry)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", when, diff)
	}
}

// Dead jobs are counted for as long as they are kept.
func TestDeadJobsAreCounted(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		e.wantFigures(t, "before a failure", 0, 0, 0)
		for range 2 {
			e.failJob(t, e.createForm(t).ID, fault.Internal)
		}
		e.wantFigures(t, "after two failures", 2, 0, 0)
		e.clock.Advance(job.DeadTTL)
		e.wantFigures(t, "after their time", 0, 0, 0)
	})
}

// A result counts until it expires or is deleted, and is young again after an edit.
func TestResultsAreCounted(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		complete := func() job.ID {
			id := e.createJob(t).ID
			mustSucceed(t, e.CompleteJob(t.Context(), id, e.mustBegin(t, id, 1), stored))
			return id
		}
		first := complete()
		e.clock.Advance(time.Hour)
		second := complete()
		e.wantFigures(t, "two results", 0, 2, time.Hour)
		_, err := e.ReplaceResult(t.Context(), first, e.mustLoad(t, first).Version, stored)
		mustSucceed(t, err)
		e.clock.Advance(time.Minute)
		e.wantFigures(t, "after an edit", 0, 2, time.Minute)
		mustSucceed(t, e.DeleteJob(t.Context(), second))
		e.wantFigures(t, "after a deletion", 0, 1, time.Minute)
		e.clock.Advance(job.ResultTTL)
		e.wantFigures(t, "after its time", 0, 0, 0)
	})
}
