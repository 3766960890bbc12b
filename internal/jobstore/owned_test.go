package jobstore_test

import (
	"slices"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/submit"
)

// ownedBy returns the ids of an owner's jobs, sorted.
func (e *env) ownedBy(t *testing.T, owner string) []job.ID {
	t.Helper()
	records, err := e.ListOwned(t.Context(), owner)
	if err != nil {
		t.Fatal(err)
	}
	ids := []job.ID{}
	for _, r := range records {
		ids = append(ids, r.ID)
	}
	slices.Sort(ids)
	return ids
}

func (e *env) wantOwned(t *testing.T, owner string, want ...job.ID) {
	t.Helper()
	slices.Sort(want)
	if got := e.ownedBy(t, owner); !slices.Equal(got, want) {
		t.Errorf("%s owns %v, want %v", owner, got, want)
	}
}

func TestListOwned(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		open, _ := e.mustAdmit(t, "ann", submit.AdmissionPolicy{})
		done, _ := e.mustAdmit(t, "ann", submit.AdmissionPolicy{})
		dead, _ := e.mustAdmit(t, "ann", submit.AdmissionPolicy{})
		gone, _ := e.mustAdmit(t, "ann", submit.AdmissionPolicy{})
		other, _ := e.mustAdmit(t, "bob", submit.AdmissionPolicy{})
		if err := e.CompleteJob(ctx, done, e.mustBegin(t, done, 1), stored); err != nil {
			t.Fatal(err)
		}
		if err := e.FailJob(ctx, dead, e.mustBegin(t, dead, 1), job.Failure{Code: fault.Corrupt}); err != nil {
			t.Fatal(err)
		}
		if err := e.DeleteJob(ctx, gone); err != nil {
			t.Fatal(err)
		}
		e.wantOwned(t, "ann", open, done, dead)
		e.wantOwned(t, "bob", other)

		// After a day the records have expired, and the copy of the failed job has not.
		for _, id := range []job.ID{open, done, dead} {
			e.redis.Del(ctx, "job:timeline:"+string(id))
		}
		e.wantOwned(t, "ann", dead)
		e.clock.Advance(job.DeadTTL + time.Hour)
		e.wantOwned(t, "ann")
	})
}

func TestTransferJob(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		terms := submit.AdmissionPolicy{ContentDigest: []byte("the same document"), MaxOpenJobs: 1}
		running, _ := e.mustAdmit(t, "guest:1:x", terms)
		fence := e.mustBegin(t, running, 1)
		dead, _ := e.mustAdmit(t, "guest:1:x", submit.AdmissionPolicy{})
		if err := e.FailJob(ctx, dead, e.mustBegin(t, dead, 1), job.Failure{Code: fault.Corrupt}); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time changes nothing
			for _, id := range []job.ID{running, dead} {
				if err := e.TransferJob(ctx, id, "guest:1:x", "ann"); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := e.TransferJob(ctx, running, "bob", "eve"); err != nil {
			t.Fatal(err)
		}
		e.wantOwned(t, "guest:1:x")
		e.wantOwned(t, "eve")
		e.wantOwned(t, "ann", running, dead)
		if d, err := e.LoadDead(ctx, dead); err != nil || d.Record.Owner != "ann" {
			t.Errorf("the copy for operators is of %q (%v), want ann", d.Record.Owner, err)
		}
		// The job counts for its new owner, and the guest may submit again.
		if err := e.CheckQuota(ctx, "ann", 1); fault.CodeOf(err) != fault.TooManyJobs {
			t.Errorf("quota of ann: got %v, want %s", err, fault.TooManyJobs)
		}
		if again, given := e.mustAdmit(t, "guest:1:x", terms); again != given {
			t.Errorf("the guest is given %s, want a new job", given)
		}
		// The worker that runs the job ends it.
		if err := e.CompleteJob(ctx, running, fence, stored); err != nil {
			t.Errorf("CompleteJob: got %v, want nil", err)
		}
		if r := e.mustLoad(t, running); r.State != job.Done || r.Owner != "ann" {
			t.Errorf("got %s of %q, want done of ann", r.State, r.Owner)
		}
		if err := e.CheckQuota(ctx, "ann", 1); err != nil {
			t.Errorf("quota of ann: got %v, want nil", err)
		}
	})
}
