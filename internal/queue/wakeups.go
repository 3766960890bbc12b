package queue

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
)

// wakeUps is a worker's subscription to the messages that a task may have become pending.
type wakeUps struct {
	redis   redis.UniversalClient
	signals []chan struct{}
}

func newWakeUps(client redis.UniversalClient) *wakeUps { return &wakeUps{redis: client} }

// subscribe returns a channel that holds a value when there was a message since the last receive. One value stands for
// any number of messages, because who wakes takes tasks until the queues are empty. It is called before run.
func (w *wakeUps) subscribe() <-chan struct{} {
	signal := make(chan struct{}, 1)
	w.signals = append(w.signals, signal)
	return signal
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
	for _, signal := range w.signals {
		select {
		case signal <- struct{}{}:
		default:
		}
	}
}

// broadcast wakes every idle worker. Without the message they look at the queues a little later.
func (w *wakeUps) broadcast(ctx context.Context) {
	w.notify()
	_ = w.redis.Publish(ctx, queuemodel.WakeChannel, "").Err()
}
