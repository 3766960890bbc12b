package jobstore_test

import (
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/submit"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// openStoreAs returns a store whose user has the rights of rule.
func openStoreAs(t *testing.T, rule ...any) *env {
	t.Helper()
	server := testenv.StartRedis(t)
	args := append([]any{"ACL", "SETUSER", "tmd", "on", ">pw"}, rule...)
	if err := openStore(t, server.URL(1)).redis.Do(t.Context(), args...).Err(); err != nil {
		t.Fatal(err)
	}
	return openStore(t, "redis://tmd:pw@"+server.Addr()+"/1")
}

// A refused message does not end a script between two writes: a job of a user without channels is done.
func TestAUserWithoutChannels(t *testing.T) {
	t.Parallel()
	e := openStoreAs(t, "~*", "+@all")
	if err := e.redis.Publish(t.Context(), "job:timeline:events", "x").Err(); err == nil {
		t.Fatal("Publish: got no error, want a refusal")
	}
	id, _ := e.mustAdmit(t, "ann", submit.AdmissionPolicy{})
	r, _, err := e.BeginAttempt(t.Context(), id, 1)
	if err != nil || r.State != job.Processing {
		t.Fatalf("BeginAttempt: got %s, %v, want %s", r.State, err, job.Processing)
	}
	if err := e.CompleteJob(t.Context(), id, r.Fence, job.Stored{}); err != nil {
		t.Errorf("CompleteJob: got %v, want nil", err)
	}
	if r, err := e.LoadRecord(t.Context(), id); err != nil || r.State != job.Done {
		t.Errorf("record: got %s, %v, want %s", r.State, err, job.Done)
	}
	if err := e.DeleteJob(t.Context(), id); err != nil {
		t.Errorf("DeleteJob: got %v, want nil", err)
	}
}

// No key is empty: an access list with prefixes would refuse it.
func TestAUserWithPrefixes(t *testing.T) {
	t.Parallel()
	e := openStoreAs(t, "~job:*", "&job:*", "+@all")
	for name, policy := range map[string]submit.AdmissionPolicy{
		"a form": {}, "a document": {ContentDigest: []byte("digest")},
	} {
		if _, err := e.AdmitJob(t.Context(), e.newRecord("ann"), nil, policy); err != nil {
			t.Errorf("AdmitJob of %s: got %v, want nil", name, err)
		}
	}
	ticket := job.Ticket{ID: newID(), Kind: job.File, Owner: "ann", CreatedAt: e.clock.Now()}
	if restored, err := e.RestoreRecord(t.Context(), ticket); err != nil || !restored {
		t.Errorf("RestoreRecord: got %v, %v, want true", restored, err)
	}
}
