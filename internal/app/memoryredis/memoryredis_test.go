package memoryredis

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/redisurl"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

func TestKeysExpireAndStrangersNeedThePassword(t *testing.T) {
	t.Parallel()
	m, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close(t.Context())
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- m.RunClock(ctx) }()

	client, err := redisurl.Open(m.DatabaseURL(1))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.Set(ctx, "key", "value", 50*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, "the key expires", func() bool { return client.Exists(ctx, "key").Val() == 0 })

	stranger := redis.NewClient(&redis.Options{Addr: m.server.Addr()})
	defer stranger.Close()
	if err := stranger.Ping(ctx).Err(); err == nil {
		t.Error("a stranger needs no password")
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
