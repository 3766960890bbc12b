package liveness_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/liveness"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
	"github.com/trackmydegree/trackmydegree/internal/queuetest"
)

// acceptJob enqueues the job of an owner that was accepted some time ago.
func (f *fixture) acceptJob(owner string, ago time.Duration) {
	f.t.Helper()
	task := queuetest.NewTask(job.Normal)
	f.EnqueueTasks(f.t, task)
	f.Redis.HSet(f.t.Context(), queuemodel.RecordPrefix+string(task.ID), "owner", owner)
	f.Redis.RPush(f.t.Context(), queuemodel.LifeKey(task.ID), queuemodel.EncodeLifeEvent(
		job.LifeEvent{At: f.clock.Now().Add(-ago), What: job.MilestoneAccepted}))
}

// listStartups returns the waits that were recorded, in whole seconds.
func (f *fixture) listStartups() []int {
	f.t.Helper()
	stored, err := f.Redis.LRange(f.t.Context(), queuemodel.StartupsKey, 0, -1).Result()
	if err != nil {
		f.t.Fatal(err)
	}
	seconds := make([]int, len(stored))
	for i, one := range stored {
		ms, err := strconv.Atoi(one)
		if err != nil {
			f.t.Fatal(err)
		}
		seconds[i] = ms / 1000
	}
	return seconds
}

func TestStartupIsRecorded(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		owner   string
		ago     time.Duration
		others  func(f *fixture)
		records bool
	}{
		"the first worker":        {"ann", 20 * time.Second, func(*fixture) {}, true},
		"another worker is alive": {"ann", 20 * time.Second, func(f *fixture) { f.startMember("w0") }, false},
		"another worker drains": {"ann", 20 * time.Second, func(f *fixture) {
			m := f.newMember("w0")
			m.StartDraining()
			f.sendHeartbeat(m)
		}, true},
		"a job of a canary":              {job.CanaryOwner, 20 * time.Second, func(*fixture) {}, false},
		"a job accepted after the start": {"ann", -time.Second, func(*fixture) {}, false},
		"an outage":                      {"ann", 11 * time.Minute, func(*fixture) {}, false},
	} {
		t.Run(name, func(t *testing.T) {
			onEachRedis(t, func(t *testing.T, f *fixture) {
				tt.others(f)
				f.acceptJob(tt.owner, tt.ago)
				m := f.newMember("w1")
				f.claimNext(m, job.Normal, 0)
				got := f.listStartups()
				if (len(got) == 1) != tt.records || tt.records && (got[0] < 20 || got[0] > 50) {
					t.Errorf("recorded %v, want one of 20 s: %t", got, tt.records)
				}
				// A worker starts once.
				f.acceptJob("ann", 40*time.Second)
				f.claimNext(m, job.Normal, 0)
				if again := f.listStartups(); len(again) != len(got) {
					t.Errorf("recorded %v after the second job, want no more", again)
				}
			})
		})
	}
}

// startMember returns a member that the others see.
func (f *fixture) startMember(host string) *liveness.Member {
	f.t.Helper()
	m := f.newMember(host)
	f.sendHeartbeat(m)
	return m
}

func TestStartupEstimate(t *testing.T) {
	onEachRedis(t, func(t *testing.T, f *fixture) {
		e := liveness.NewStartupEstimate(liveness.NewRegistry(f.Redis), 30*time.Second, f.clock.Now)
		require := func(what string, want time.Duration) {
			t.Helper()
			f.clock.Advance(time.Second)
			if got, waits := e.EstimateStart(t.Context()); got != want || waits != (want > 0) {
				t.Errorf("%s: got %s, %t, want %s", what, got, waits, want)
			}
		}
		require("nothing measured", 30*time.Second)
		for _, ms := range []int{21000, 600000, 23000} {
			f.Redis.LPush(t.Context(), queuemodel.StartupsKey, ms)
		}
		require("the median", 23*time.Second)
		m := f.startMember("w1")
		require("a worker", 0)
		m.StartDraining()
		f.sendHeartbeat(m)
		require("a worker that drains", 23*time.Second)
		m.Deregister(t.Context())
		require("no worker", 23*time.Second)
		f.startMember("w2")
		if _, waits := e.EstimateStart(t.Context()); !waits {
			t.Error("Redis was read again within a second")
		}
	})
}

func TestStartupEstimateWithoutRedis(t *testing.T) {
	t.Parallel()
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1})
	t.Cleanup(func() { client.Close() })
	e := liveness.NewStartupEstimate(liveness.NewRegistry(client), time.Minute, time.Now)
	if got, waits := e.EstimateStart(t.Context()); waits {
		t.Errorf("got %s, want nothing", got)
	}
}

// Only the last waits are kept.
func TestStartupsAreBounded(t *testing.T) {
	onEachRedis(t, func(t *testing.T, f *fixture) {
		for range 12 {
			f.acceptJob("ann", 20*time.Second)
			m := f.newMember("w1")
			f.claimNext(m, job.Normal, 0).end()
			m.Deregister(t.Context())
		}
		if got := f.listStartups(); len(got) != 9 {
			t.Errorf("kept %v, want 9", got)
		}
	})
}
