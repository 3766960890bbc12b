package liveness_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
	"github.com/trackmydegree/trackmydegree/internal/queuetest"
)

// asynq remembers in the process that its list of queues is written. After Redis lost its data the rescuer writes the
// list again, or no tool sees the queues.
func TestTheRescuerRestoresTheListOfQueues(t *testing.T) {
	onEachRedis(t, func(t *testing.T, f *fixture) {
		f.EnqueueTasks(t, queuetest.NewTask(job.Normal))
		if err := f.Redis.FlushDB(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		f.rescueNow(f.newMember("a"))
		got, err := f.Asynq.Queues()
		slices.Sort(got)
		if diff := cmp.Diff([]string{queuemodel.Normal, queuemodel.High, queuemodel.Low, queuemodel.Plans}, got); diff != "" || err != nil {
			t.Errorf("queues: %v (-want +got):\n%s", err, diff)
		}
	})
}

func TestTheRescuerIgnoresATaskThatIsHeld(t *testing.T) {
	onEachRedis(t, func(t *testing.T, f *fixture) {
		m, other := f.newMember("a"), f.newMember("b")
		c := f.claimNew(m, job.Normal)
		f.rescueNow(other)
		f.wantTask(c, "active", 0)
		f.Redis.Del(t.Context(), queuemodel.WorkerPrefix+m.WorkerID()) // its hash expires
		f.rescueNow(other)
		f.wantTask(c, "pending", 1)
	})
}
