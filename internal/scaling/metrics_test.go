package scaling_test

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
	"github.com/trackmydegree/trackmydegree/internal/queuetest"
)

func TestDepthsAreMetrics(t *testing.T) {
	queuetest.OnEachRedis(t, func(t *testing.T, e *queuetest.Env) {
		e.EnqueueTasks(t, queuetest.NewTask(job.High), queuetest.NewTask(job.Low), queuetest.NewTask(job.Low))
		registry := prometheus.NewPedanticRegistry()
		registry.MustRegister(e.Reader)
		got := queuetest.GatherMetrics(t, registry)
		if got["tmd_queue_tasks "+queuemodel.Low+" pending"] != 2 || got["tmd_queue_tasks "+queuemodel.High+" pending"] != 1 || len(got) != 24 {
			t.Errorf("got %v, want 24 series with 2 pending tasks in the low queue and 1 in the high one", got)
		}
	})
}
