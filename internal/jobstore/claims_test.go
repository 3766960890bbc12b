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
				t.Errorf("claim of %s: %s, %v, %v; want %s, %v", id, got, ok, err, holder, claimed)
			}
		}
		claim("k", first, first, true)
		// No record yet: the first request is under way.
		_, _, err := e.ClaimKey(ctx, "k", second)
		wantCode(t, err, fault.Conflict)
		if ttl := e.redis.TTL(ctx, "job:timeline:"+string(first)+":claim").Val(); ttl <= 0 || ttl > 10*time.Minute {
			t.Errorf("the claim of a submission that may have died lasts %s", ttl)
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
		if err := e.Delete(ctx, first); err != nil {
			t.Fatal(err)
		}
		claim("k", "fourth", "fourth", true)
		if err := e.ReleaseKey(ctx, "k", "fourth"); err != nil {
			t.Fatal(err)
		}
		claim("k", "fifth", "fifth", true)
	})
}
