package jobstore_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

var stored = job.Stored{Full: []byte("\x1f\x8bfull\x00\xff"), Slim: []byte("\x1f\x8bslim\x00\xfe")}

func wantCode(t *testing.T, err error, want fault.Code) {
	t.Helper()
	if got := fault.CodeOf(err); got != want {
		t.Errorf("got code %q of %v, want %q", got, err, want)
	}
}

func TestAnIDIsTakenOnce(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		r := e.createJob(t)
		stranger := r
		stranger.Owner = "another owner"
		wantCode(t, e.createRecord(t.Context(), stranger, nil), fault.Conflict)
		if got := e.mustLoad(t, r.ID); got.Owner != r.Owner {
			t.Errorf("owner of the record: got %q, want %q", got.Owner, r.Owner)
		}
	})
}

func TestAllKeysOfAJobEndTogether(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		r := job.Record{ID: newID(), Kind: job.File, Owner: "o", State: job.Queued, CreatedAt: start, UpdatedAt: start}
		if _, _, err := e.ClaimKey(ctx, "k", r.ID); err != nil {
			t.Fatal(err)
		}
		if err := e.createRecord(ctx, r, nil); err != nil {
			t.Fatal(err)
		}
		fence := e.mustBegin(t, r.ID, 1)
		if err := e.CompleteJob(ctx, r.ID, fence, stored); err != nil {
			t.Fatal(err)
		}
		all := e.redis.Keys(ctx, "*").Val()
		// The list of the owner's jobs is for all of them, and lasts as long as the copy of a failed one. That of
		// results is for all jobs.
		all = slices.DeleteFunc(all, func(key string) bool { return strings.HasPrefix(key, "job:owned:") || key == "job:results" })
		if len(all) != 6 {
			t.Errorf("keys: got %v, want 6", all)
		}
		for _, key := range all {
			if ttl := e.redis.TTL(ctx, key).Val(); ttl < 24*time.Hour-10*time.Second || ttl > 24*time.Hour {
				t.Errorf("time to live of %s: got %s, want 24h", key, ttl)
			}
			// As if 23 hours had passed.
			e.redis.Expire(ctx, key, time.Hour)
		}
		if _, err := e.ReplaceResult(ctx, r.ID, 3, stored); err != nil {
			t.Fatal(err)
		}
		for _, key := range all {
			ttl := e.redis.TTL(ctx, key).Val()
			if strings.HasPrefix(key, "job:timeline:") && ttl < 24*time.Hour-10*time.Second {
				t.Errorf("time to live of %s after a write: got %s, want 24h", key, ttl)
			}
		}
		if err := e.DeleteJob(ctx, r.ID); err != nil {
			t.Fatal(err)
		}
		if left := e.redis.Keys(ctx, "*").Val(); len(left) != 0 {
			t.Errorf("keys after Delete: got %v, want none", left)
		}
	})
}

func TestADeadRedis(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	e := openStore(t, server.URL(1))
	r := e.createJob(t)
	server.Kill()
	ctx := t.Context()
	_, err := e.LoadRecord(ctx, r.ID)
	wantCode(t, err, fault.QueueUnavailable)
	_, _, err = e.LoadWithResult(ctx, r.ID, true)
	wantCode(t, err, fault.QueueUnavailable)
	wantCode(t, e.CompleteJob(ctx, r.ID, 1, stored), fault.QueueUnavailable)
	wantCode(t, e.Ping(ctx), fault.QueueUnavailable)
	_, err = e.WatchRecord(ctx, r.ID)
	wantCode(t, err, fault.QueueUnavailable)

	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := e.LoadRecord(gone, r.ID); !errors.Is(err, context.Canceled) || fault.CodeOf(err) == fault.QueueUnavailable {
		t.Errorf("a caller that gave up: got %v, want %v", err, context.Canceled)
	}

	server.Restart(t)
	testenv.Eventually(t, "the record is back", func() bool {
		got, err := e.LoadRecord(ctx, r.ID)
		return err == nil && got.State == job.Queued
	})
}
