// Package evictionguard protects a worker pod with a long job from voluntary disruptions, such as the drain of a
// node. It sets a label on the pod that a PodDisruptionBudget of the chart selects, which allows no eviction.
//
// A worker that is terminated first ends its jobs, within the grace period of its pod. The label is for jobs that are
// longer than that, and for platforms that grant pods less grace than they request. It is bounded: after Max the
// label is removed, even if a job still runs, and is not set again before the pod has been without a long job.
// Otherwise a worker that always has one would block its node for ever. Pods without the label may be evicted; they
// run short jobs or none.
//
// A rolling update does not use disruption budgets. It deletes idle pods first, because of their deletion cost, and
// waits for the grace period of the others.
package evictionguard

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/trackmydegree/trackmydegree/internal/controller/fleet"
	"github.com/trackmydegree/trackmydegree/internal/controller/pods"
	"github.com/trackmydegree/trackmydegree/internal/dependency"
)

const (
	// Label marks a pod that must not be evicted; its value is "true".
	Label = "trackmydegree.io/busy"
	// Since is the annotation with the time at which the label was set (RFC 3339). It stays for as long as a long job
	// runs, also after the label is removed and after a change of leaders, so that the time does not start again.
	Since = "trackmydegree.io/busy-since"

	marked = "true"
)

// again is when a pod is reconciled again that came before the first look at the fleet.
const again = time.Second

// Fleet is the view of the workers, and a source of requests for the hosts that changed.
type Fleet interface {
	LatestView() fleet.View
	NewSource(namespace string, due func(fleet.View) []string) source.Source
}

// Deps are the dependencies of the reconciler.
type Deps struct {
	Client    client.Client
	Fleet     Fleet
	Namespace string // of the workers
	// After is how long a job must have been running; Max is how long a pod may be marked.
	After, Max time.Duration
	DryRun     bool
	Clock      clock.PassiveClock
	Events     events.EventRecorder
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

// Reconciler sets the label of worker pods.
type Reconciler struct {
	deps    Deps
	writer  pods.Writer
	metrics *metrics

	mu sync.Mutex
	// long are the hosts that had a long job at the last look.
	long map[string]bool
}

// New returns a reconciler. A missing dependency is an error.
func New(d Deps) (*Reconciler, error) {
	if err := dependency.Require("evictionguard", d, "Client", "Fleet", "Namespace", "Events", "Clock", "Logger", "Registerer"); err != nil {
		return nil, err
	}
	return &Reconciler{
		deps: d, writer: pods.Writer{Client: d.Client, DryRun: d.DryRun, Logger: d.Logger},
		metrics: newMetrics(d.Registerer), long: map[string]bool{},
	}, nil
}

// SetupWithManager reconciles each pod of the manager's cache, and the pods whose long jobs begin or end.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).Named("drain").
		For(&corev1.Pod{}, builder.WithPredicates(podPredicate())).
		WatchesRawSource(r.deps.Fleet.NewSource(r.deps.Namespace, r.changedHosts)).
		Complete(r)
}

// changedHosts returns the hosts whose first long job began, or whose last one ended, since the last look.
func (r *Reconciler) changedHosts(v fleet.View) (hosts []string) {
	if v.Knowledge != fleet.Known {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	long := map[string]bool{}
	for host, began := range v.BusyHosts {
		if r.isLong(began) {
			long[host] = true
			if !r.long[host] {
				hosts = append(hosts, host)
			}
		}
	}
	for host := range r.long {
		if !long[host] {
			hosts = append(hosts, host)
		}
	}
	r.long = long
	r.metrics.long.Set(float64(len(long)))
	return hosts
}

func (r *Reconciler) isLong(began []time.Time) bool {
	return len(began) > 0 && r.deps.Clock.Since(began[0]) >= r.deps.After
}

// Reconcile sets or removes the label of one pod.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	var pod corev1.Pod
	if err := r.deps.Client.Get(ctx, req.NamespacedName, &pod); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	host, own := pods.HostName(&pod)
	// A pod that is terminating has been evicted already, or will not be.
	if !own || pod.DeletionTimestamp != nil || pods.HasEnded(&pod) {
		return ctrl.Result{}, nil
	}
	view := r.deps.Fleet.LatestView()
	if view.Knowledge == fleet.Pending {
		return ctrl.Result{RequeueAfter: again}, nil
	}
	since, timed := sinceOf(&pod)
	// When the fleet is not known, a label stays for the rest of its time, because the job may still run. No label is
	// set.
	busy := timed
	if view.Knowledge == fleet.Known {
		busy = r.isLong(view.JobsOf(host))
	}
	left := r.deps.Max - r.deps.Clock.Since(since)
	switch {
	case !busy:
		return ctrl.Result{}, r.writeMark(ctx, &pod, nil, nil)
	case !timed:
		return requeueAfter(r.deps.Max, r.writeMark(ctx, &pod, new(marked), new(r.deps.Clock.Now().UTC().Format(time.RFC3339))))
	case left > 0:
		return requeueAfter(left, r.writeMark(ctx, &pod, new(marked), new(pod.Annotations[Since])))
	default:
		return ctrl.Result{}, r.expireMark(ctx, &pod)
	}
}

// requeueAfter requests a reconciliation when the pod's time is over. An error is retried before that.
func requeueAfter(left time.Duration, err error) (ctrl.Result, error) {
	if err != nil {
		return ctrl.Result{}, err
	}
	return ctrl.Result{RequeueAfter: left}, nil
}

func (r *Reconciler) writeMark(ctx context.Context, pod *corev1.Pod, label, since *string) error {
	_, err := r.writer.PatchPod(ctx, pod, pods.Change{
		Labels:      map[string]*string{Label: label},
		Annotations: map[string]*string{Since: since},
	})
	if err != nil {
		return fmt.Errorf("drain: %w", err)
	}
	return nil
}

// expireMark removes a label whose time is over. The annotation stays: the pod is not marked again for the job that
// it runs.
func (r *Reconciler) expireMark(ctx context.Context, pod *corev1.Pod) error {
	changed, err := r.writer.PatchPod(ctx, pod, pods.Change{Labels: map[string]*string{Label: nil}})
	if err != nil {
		return fmt.Errorf("drain: %w", err)
	}
	if !changed {
		return nil
	}
	r.metrics.expired.Inc()
	r.deps.Logger.Warn("a worker has been busy for longer than its pod is guarded", "pod", pod.Name, "guard", r.deps.Max.String())
	if !r.deps.DryRun {
		r.deps.Events.Eventf(pod, nil, corev1.EventTypeWarning, "GuardExpired", "Guard", "The worker has been busy for %s: its pod may be evicted from now on.", r.deps.Max)
	}
	return nil
}

// sinceOf returns when the pod was marked. An invalid time counts as long ago, because a mark must end.
func sinceOf(pod *corev1.Pod) (time.Time, bool) {
	text, ok := pod.Annotations[Since]
	if !ok {
		return time.Time{}, false
	}
	since, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, true
	}
	return since, true
}

// podPredicate selects the events of pods that matter besides changes of the fleet: a pod that is new to the cache,
// and one whose label another client changed.
func podPredicate() predicate.Predicate {
	return predicate.Funcs{
		UpdateFunc: func(e event.UpdateEvent) bool {
			return e.ObjectOld.GetLabels()[Label] != e.ObjectNew.GetLabels()[Label] ||
				e.ObjectOld.GetAnnotations()[Since] != e.ObjectNew.GetAnnotations()[Since]
		},
		DeleteFunc:  func(event.DeleteEvent) bool { return false },
		GenericFunc: func(event.GenericEvent) bool { return false },
	}
}
