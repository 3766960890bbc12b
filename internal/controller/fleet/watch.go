package fleet

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/trackmydegree/trackmydegree/internal/dependency"
)

// Deps are the dependencies of a Watch.
type Deps struct {
	Workers Workers
	Clock   clock.WithTicker
	// Interval is the time between two polls. Expiry is how long a view stays valid when later polls fail.
	Interval, Expiry time.Duration
	Logger           *slog.Logger
	Registerer       prometheus.Registerer
}

// Watch polls the fleet. It runs on the leader only: each new leader starts without a view.
type Watch struct {
	deps    Deps
	metrics *metrics

	mu    sync.Mutex
	began time.Time // of the first poll
	last  View
	// listeners receive each view, in the goroutine that polls.
	listeners []func(View)
}

// New returns a watch without a view. A missing dependency is an error.
func New(d Deps) (*Watch, error) {
	if err := dependency.Require("fleet", d, "Workers", "Clock", "Logger", "Registerer"); err != nil {
		return nil, err
	}
	w := &Watch{deps: d}
	w.metrics = newMetrics(d.Registerer, w.viewAge)
	return w, nil
}

// Start polls until ctx ends.
func (w *Watch) Start(ctx context.Context) error {
	ticker := w.deps.Clock.NewTicker(w.deps.Interval)
	defer ticker.Stop()
	for {
		w.PollOnce(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C():
		}
	}
}

// PollOnce polls once and notifies the listeners.
func (w *Watch) PollOnce(ctx context.Context) {
	w.mu.Lock()
	if w.began.IsZero() {
		w.began = w.deps.Clock.Now()
	}
	w.mu.Unlock()
	workers, err := w.deps.Workers.Workers(ctx)
	if ctx.Err() != nil {
		return
	}
	before := w.LatestView().Knowledge
	w.metrics.observePoll(workers, err)
	w.mu.Lock()
	if err == nil {
		w.last = NewView(w.deps.Clock.Now(), workers)
	}
	listeners := w.listeners
	w.mu.Unlock()
	view := w.LatestView()
	switch {
	case view.Knowledge == Expired && before != Expired:
		w.deps.Logger.Warn("the fleet cannot be seen: the last view has expired", "error", err)
	case view.Knowledge == Known && before == Expired:
		w.deps.Logger.Info("the fleet is seen again", "workers", len(workers))
	}
	for _, tell := range listeners {
		tell(view)
	}
}

// LatestView returns the current view.
func (w *Watch) LatestView() View {
	w.mu.Lock()
	defer w.mu.Unlock()
	since := w.last.At
	if since.IsZero() {
		since = w.began
	}
	if !since.IsZero() && w.deps.Clock.Since(since) >= w.deps.Expiry {
		return View{Knowledge: Expired, At: since}
	}
	return w.last
}

// NewSource returns a source that wakes a controller for the hosts that due returns after each poll, as pods of the
// namespace.
func (w *Watch) NewSource(namespace string, due func(View) []string) source.Source {
	return source.Func(func(_ context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.listeners = append(w.listeners, func(v View) {
			for _, host := range due(v) {
				queue.Add(reconcile.Request{NamespacedName: types.NamespacedName{Namespace: namespace, Name: host}})
			}
		})
		return nil
	})
}

// viewAge returns the age of the view, in seconds; 0 before the first poll and on replicas that do not lead.
func (w *Watch) viewAge() float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.last.At.IsZero() {
		return 0
	}
	return w.deps.Clock.Since(w.last.At).Seconds()
}
