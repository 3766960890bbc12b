package queue

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
)

// wakeUps is a worker's subscription to the messages that a task may have become pending.
type wakeUps struct {
	redis redis.UniversalClient
	// signal holds a value when there was a message since the last receive. One value stands for any number of
	// messages, because a worker that wakes takes tasks until the queues are empty.
	signal chan struct{}
}

func newWakeUps(client redis.UniversalClient) *wakeUps {
	return &wakeUps{redis: client, signal: make(chan struct{}, 1)}
}

// run receives messages until ctx ends. It reconnects on its own, and a new subscription counts as a message: Redis
// drops what it cannot deliver.
func (w *wakeUps) run(ctx context.Context) {
	sub := w.redis.Subscribe(ctx, queuemodel.WakeChannel)
	defer func() { _ = sub.Close() }()
	messages := sub.ChannelWithSubscriptions()
	for {
		select {
		case <-ctx.Done():
			return
		case _, ok := <-messages:
			if !ok {
				return
			}
			w.notify()
		}
	}
}

// notify wakes this worker.
func (w *wakeUps) notify() {
	select {
	case w.signal <- struct{}{}:
	default:
	}
}

// broadcast wakes every idle worker. Without the message they look at the queues a little later.
func (w *wakeUps) broadcast(ctx context.Context) {
	w.notify()
	_ = w.redis.Publish(ctx, queuemodel.WakeChannel, "").Err()
}
