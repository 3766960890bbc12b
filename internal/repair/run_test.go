package repair_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/repair"
	"github.com/trackmydegree/trackmydegree/internal/submit"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// One process repairs at a time; another takes over when the lease is released, and when it expires.
func TestOneAtATime(t *testing.T) {
	onBoth(t, func(t *testing.T, e *env) {
		other := e.newSweeper("two", prometheus.NewRegistry())
		id := e.file(submit.Request{Owner: "ann"})
		e.loseTask(id)
		e.clock.Advance(time.Minute)
		e.round()
		for range 3 {
			e.must(other.RepairOnce(t.Context()))
		}
		if n := e.depths()[1].Pending; n != 0 {
			t.Fatal("two sweep at a time")
		}
		e.must(e.records.ReleaseLease(t.Context(), "two")) // it does not hold the lease
		e.must(other.RepairOnce(t.Context()))
		e.must(e.records.ReleaseLease(t.Context(), "one"))
		e.must(other.RepairOnce(t.Context()))
		e.must(other.RepairOnce(t.Context()))
		if n := e.depths()[1].Pending; n != 1 {
			t.Errorf("%d tasks after another took over", n)
		}
		if ttl := e.redis.PTTL(t.Context(), "job:sweeper").Val(); ttl <= 0 || ttl > time.Minute {
			t.Errorf("the lead lasts %s", ttl)
		}
		e.must(e.sweeper.RepairOnce(t.Context()))
		if leads, err := e.records.AcquireLease(t.Context(), "two", time.Minute); err != nil || !leads {
			t.Errorf("the lead was taken away: %v, %v", leads, err)
		}
	})
}

// blind is a store whose disk fails.
type blind struct{ repair.Uploads }

func (blind) ListFiles(context.Context) ([]job.StoredFiles, error) {
	return nil, fault.New(fault.StorageUnavailable)
}

// Without the files, tasks are still repaired, and no document counts as lost.
func TestWithoutTheDisk(t *testing.T) {
	onBoth(t, func(t *testing.T, e *env) {
		id := e.file(submit.Request{Owner: "ann"})
		e.loseTask(id)
		d := e.deps("one", prometheus.NewRegistry())
		d.Uploads = blind{e.files}
		s := testenv.Must(repair.New(d))
		e.clock.Advance(time.Minute)
		for range 2 {
			if err := s.RepairOnce(t.Context()); fault.CodeOf(err) != fault.StorageUnavailable {
				t.Errorf("%v", err)
			}
		}
		if e.depths()[1].Pending != 1 || e.state(id) != job.Queued {
			t.Errorf("%+v, %s", e.depths(), e.state(id))
		}
	})
}

// Run continues through an outage, ends with its context, and releases the lease.
func TestRun(t *testing.T) {
	onBoth(t, func(t *testing.T, e *env) {
		e.file(submit.Request{Owner: "ann"})
		e.wipe()
		e.clock.Advance(time.Minute)
		d := e.deps("one", prometheus.NewRegistry())
		d.Interval = time.Millisecond
		ctx, stop := context.WithCancel(t.Context())
		failures := 2
		d.Uploads = flaky{e.files, &failures}
		d.Queue = stopping{e.tasks, stop}
		e.must(testenv.Must(repair.New(d)).Run(ctx))
		if e.depths()[1].Pending != 1 || failures != 0 {
			t.Errorf("%+v, %d failures to come", e.depths(), failures)
		}
		if n := e.redis.Exists(t.Context(), "job:sweeper").Val(); n != 0 {
			t.Error("the lead was not given up")
		}
		if n := strings.Count(e.log.String(), "the sweep failed"); n != 1 {
			t.Errorf("%d lines of one outage", n)
		}
	})
}

type flaky struct {
	repair.Uploads
	failures *int
}

func (f flaky) ListFiles(ctx context.Context) ([]job.StoredFiles, error) {
	if *f.failures > 0 {
		*f.failures--
		return nil, fault.New(fault.StorageUnavailable)
	}
	return f.Uploads.ListFiles(ctx)
}

// stopping cancels the context when the first task is queued again.
type stopping struct {
	repair.Queue
	stop func()
}

func (s stopping) Enqueue(ctx context.Context, t job.Task) error {
	defer s.stop()
	return s.Queue.Enqueue(ctx, t)
}
