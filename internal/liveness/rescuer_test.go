package liveness_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/fault"
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

// The life of a job says which worker held its task, and which one was lost.
func TestLivesNameTheWorkersOfATask(t *testing.T) {
	onEachRedis(t, func(t *testing.T, f *fixture) {
		task := queuetest.NewTask(job.Normal)
		key := queuemodel.LifeKey(task.ID)
		f.Redis.RPush(t.Context(), key, queuemodel.EncodeLifeEvent(job.LifeEvent{At: f.clock.Now(), What: job.MilestoneAccepted}))
		f.EnqueueTasks(t, task, queuetest.NewTask(job.Normal))
		m, other := f.newMember("a"), f.newMember("b")
		f.claimNext(m, job.Normal, 0)
		f.Redis.Del(t.Context(), queuemodel.WorkerPrefix+m.WorkerID()) // its hash expires
		f.rescueNow(other)
		f.claimNext(other, job.Normal, 0)
		f.wantRequeued("b", time.Time{}, false, task.ID)

		var got []job.LifeEvent
		for _, entry := range f.Redis.LRange(t.Context(), key, 0, -1).Val() {
			e, ok := queuemodel.DecodeLifeEvent(entry)
			if since := time.Since(e.At); !ok || since < -time.Minute || since > time.Minute {
				t.Errorf("entry %q: decoded %v, of the time %s", entry, ok, e.At)
			}
			e.At = time.Time{}
			got = append(got, e)
		}
		want := []job.LifeEvent{
			{What: job.MilestoneAccepted}, {What: job.MilestoneQueued}, {What: job.MilestoneClaimed, Worker: "a"},
			{What: job.MilestoneRecovered, Worker: "a", Code: fault.WorkerLost}, {What: job.MilestoneClaimed, Worker: "b"},
			{What: job.MilestoneRecovered, Worker: "b"},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("life (-want +got):\n%s", diff)
		}
		if lives := f.Redis.Keys(t.Context(), "*"+queuemodel.LifeSuffix).Val(); len(lives) != 1 {
			t.Errorf("lives: got %v, want only that of the job that has one", lives)
		}
	})
}
