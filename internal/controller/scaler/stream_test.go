package scaler

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"

	"github.com/trackmydegree/trackmydegree/internal/controller/scaler/externalscaler"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// line is a queue whose length the test sets.
type line struct {
	mu    sync.Mutex
	tasks int64
	err   error
	looks int
}

func (l *line) Depth(context.Context) (Depth, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.looks++
	return Depth{Pending: l.tasks}, l.err
}

func (l *line) Workers(context.Context) (Workers, error) { return Workers{}, l.err }

func (l *line) set(tasks int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tasks, l.err = tasks, err
}

// ear is the other end of a stream: it records the messages and their times.
type ear struct {
	grpc.ServerStream
	ctx   context.Context
	began time.Time
	mu    sync.Mutex
	heard []word
}

type word struct {
	At     time.Duration
	Active bool
}

func (e *ear) Context() context.Context { return e.ctx }

func (e *ear) Send(r *externalscaler.IsActiveResponse) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heard = append(e.heard, word{time.Since(e.began), r.GetResult()})
	return nil
}

func newScaler(q Queue) *Scaler {
	return testenv.Must(New(Deps{Queue: q, Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry()}))
}

// The times are exact: the bubble's clock moves only when all goroutines wait.
func TestAStreamSaysAtOnceThatThereIsWork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := &line{}
		s := newScaler(q)
		ctx, hangUp := context.WithCancel(t.Context())
		e := &ear{ctx: ctx, began: time.Now()}
		ended := make(chan error, 1)
		go func() { ended <- s.StreamIsActive(&externalscaler.ScaledObjectRef{}, e) }()

		time.Sleep(950 * time.Millisecond) //nolint:forbidigo // the bubble's clock
		q.set(1, nil)
		time.Sleep(11 * time.Second) //nolint:forbidigo // the bubble's clock
		q.set(0, errors.New("down"))
		time.Sleep(10 * time.Second) //nolint:forbidigo // the bubble's clock
		q.set(0, nil)
		time.Sleep(2 * time.Second) //nolint:forbidigo // the bubble's clock
		q.set(3, nil)
		time.Sleep(time.Second) //nolint:forbidigo // the bubble's clock
		hangUp()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		want := []word{
			{0, false}, {time.Second, true}, // 50 ms after it came
			{6 * time.Second, true}, {11 * time.Second, true}, // repeated
			// Ten seconds without an answer of the queue, and no message.
			{22 * time.Second, false}, {24 * time.Second, true},
		}
		if diff := cmp.Diff(want, e.heard); diff != "" {
			t.Errorf("heard (-want +got):\n%s", diff)
		}
	})
}

// A stream that the server ends has no error: KEDA reopens it at once.
func TestAStreamEndsWell(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScaler(&line{})
		e := &ear{ctx: t.Context(), began: time.Now()}
		ended := make(chan error, 1)
		go func() { ended <- s.StreamIsActive(&externalscaler.ScaledObjectRef{}, e) }()
		synctest.Wait()
		close(s.ending)
		if err := <-ended; err != nil || len(e.heard) != 1 {
			t.Errorf("%v, heard %v", err, e.heard)
		}
	})
}

// An idle stream polls ten times a second, a busy one once.
func TestWhatAStreamCosts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for tasks, want := range map[int64]int{0: 100, 1: 10} {
			q := &line{tasks: tasks}
			s := newScaler(q)
			ctx, hangUp := context.WithTimeout(t.Context(), 10*time.Second-time.Millisecond)
			if err := s.StreamIsActive(&externalscaler.ScaledObjectRef{}, &ear{ctx: ctx, began: time.Now()}); err != nil {
				t.Error(err)
			}
			hangUp()
			if q.looks != want {
				t.Errorf("with %d tasks: %d looks in ten seconds, want %d", tasks, q.looks, want)
			}
		}
	})
}
