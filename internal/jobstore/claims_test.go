package jobstore_test

import (
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

func TestClaims(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		first, second := newID(), newID()
		claim := func(key string, id, holder job.ID, claimed bool) {
			t.Helper()
			got, ok, err := e.ClaimKey(ctx, key, id)
			if err != nil || got != holder || ok != claimed {
				t.Errorf("claim of %s: got %s, %v, %v, want %s, %v", id, got, ok, err, holder, claimed)
			}
		}
		claim("k", first, first, true)
		// Without a record the first submission is in progress.
		_, _, err := e.ClaimKey(ctx, "k", second)
		wantCode(t, err, fault.Conflict)
		if ttl := e.redis.TTL(ctx, "job:timeline:"+string(first)+":claim").Val(); ttl <= 0 || ttl > 10*time.Minute {
			t.Errorf("time to live of a claim without a record: got %s, want up to 10m", ttl)
		}
		r := job.Record{ID: first, Kind: job.File, Owner: "ann", State: job.Queued, CreatedAt: start, UpdatedAt: start}
		if err := e.createRecord(ctx, r, nil); err != nil {
			t.Fatal(err)
		}
		claim("k", second, first, false)
		claim("another", second, second, true)
		if err := e.ReleaseKey(ctx, "k", second); err != nil { // not its holder
			t.Fatal(err)
		}
		claim("k", second, first, false)
		if err := e.DeleteJob(ctx, first); err != nil {
			t.Fatal(err)
		}
		claim("k", "fourth", "fourth", true)
		if err := e.ReleaseKey(ctx, "k", "fourth"); err != nil {
			t.Fatal(err)
		}
		claim("k", "fifth", "fifth", true)
	})
}
