package jobstore_test

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// Dead jobs are counted for as long as they are kept.
func TestDeadJobsAreCounted(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		registry := prometheus.NewRegistry()
		registry.MustRegister(e)
		count := func() float64 {
			families, err := registry.Gather()
			if err != nil || len(families) != 1 || families[0].GetName() != "tmd_jobs_dead" {
				t.Fatalf("%v, %v", families, err)
			}
			return families[0].GetMetric()[0].GetGauge().GetValue()
		}
		if n := count(); n != 0 {
			t.Errorf("before a failure: got %v, want 0", n)
		}
		for range 2 {
			e.failJob(t, e.createForm(t).ID, fault.Internal)
		}
		if n := count(); n != 2 {
			t.Errorf("after two failures: got %v, want 2", n)
		}
		e.clock.Advance(job.DeadTTL)
		if n := count(); n != 0 {
			t.Errorf("after their time: got %v, want 0", n)
		}
	})
}
