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

// A worker that runs a suspect holds another one only to postpone it. Only one that ran may be the cause of a crash.
func TestACrashIsNotCountedAgainstATaskThatWaits(t *testing.T) {
	for name, test := range map[string]struct{ crashes, waitFrom, want int }{
		"it runs":          {crashes: 2, waitFrom: 0, want: 3},
		"it waits":         {crashes: 2, waitFrom: 2, want: 2},
		"it is no suspect": {crashes: 1, waitFrom: 2, want: 2},
	} {
		t.Run(name, func(t *testing.T) {
			onEachRedis(t, func(t *testing.T, f *fixture) {
				task := queuetest.NewTask(job.Normal)
				f.EnqueueTasks(t, task)
				f.Redis.HSet(t.Context(), queuemodel.TaskKey(queuemodel.Normal, task.ID), queuemodel.CrashesField, test.crashes)
				m, other := f.newMember("a"), f.newMember("b")
				c := f.claimNext(m, job.Normal, test.waitFrom)
				f.Redis.Del(t.Context(), queuemodel.WorkerPrefix+m.WorkerID()) // its hash expires
				f.rescueNow(other)
				f.wantTask(c, "pending", test.want)

				f.claimNext(other, job.Normal, 0)
				f.Redis.Del(t.Context(), queuemodel.WorkerPrefix+other.WorkerID())
				f.rescueNow(m)
				f.wantTask(c, "pending", test.want+1)
			})
		})
	}
}
