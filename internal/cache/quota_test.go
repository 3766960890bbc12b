package cache_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/cache"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

func TestQuota(t *testing.T) {
	t.Parallel()
	client, err := redisurl.Open(testenv.StartRedis(t).URL(0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	q := cache.NewQuota(client)
	for i, want := range []bool{true, true, false, false} {
		if got, err := q.TakeOne(t.Context(), "guests", 2, time.Hour); err != nil || got != want {
			t.Errorf("number %d: got %v (%v), want %v", i+1, got, err, want)
		}
	}
	if got, err := q.TakeOne(t.Context(), "guests:another", 1, time.Hour); err != nil || !got {
		t.Errorf("another key: got %v (%v), want true", got, err)
	}
	if ttl := client.PTTL(t.Context(), "cache:quota:guests").Val(); ttl <= 59*time.Minute || ttl > time.Hour {
		t.Errorf("the window ends in %s, want an hour after its first", ttl)
	}
	unreachable := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1})
	t.Cleanup(func() { unreachable.Close() })
	if admitted, err := cache.NewQuota(unreachable).TakeOne(t.Context(), "guests", 1, time.Hour); admitted || err == nil {
		t.Errorf("without Redis: got %v (%v), want an error", admitted, err)
	}
}
