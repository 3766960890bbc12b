// Package evictionguard keeps voluntary disruptions, such as the drain of a node, from a worker pod that has been
// running a job for a while. It marks the pod with a label that a PodDisruptionBudget of the chart selects and lets
// nobody evict.
//
// A worker that is told to end ends its jobs first, within the grace of its pod. The mark is for what is longer than
// that, and for whoever grants pods less grace than they ask for. It is bounded: when a pod has been marked for as
// long as Max the mark goes, jobs or not, and does not come back before the pod has been without a long job.
// Otherwise a worker that always has one would keep its node for ever. The pods without the mark may be evicted; they
// run little or nothing.
//
// A rolling update asks no budget. It takes idle pods first, as deletioncost tells it, and waits for the others' grace.
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
)

const (
	// Label marks a pod that nobody should evict; its value is "true".
	Label = "trackmydegree.io/busy"
	// Since is the annotation that tells when the mark was set (RFC 3339). It outlives the mark for as long as a long
	// job runs, and the leader, so that neither makes the time begin anew.
	Since = "trackmydegree.io/busy-since"

	marked = "true"
)

// again is when a pod is looked at once more that came before the first look at the fleet.
const again = time.Second

// Fleet is what the workers run, and a source that wakes for the hosts that are due.
type Fleet interface {
	LatestView() fleet.View
	NewSource(namespace string, due func(fleet.View) []string) source.Source
}

// Deps is what the reconciler needs.
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

// Reconciler marks worker pods.
type Reconciler struct {
	Deps
	writer  pods.Writer
	metrics *metrics

	mu sync.Mutex
	// long is the hosts that had a long job at the last look.
	long map[string]bool
}

// New returns a reconciler.
func New(d Deps) *Reconciler {
	return &Reconciler{
		Deps: d, writer: pods.Writer{Client: d.Client, DryRun: d.DryRun, Logger: d.Logger},
		metrics: newMetrics(d.Registerer), long: map[string]bool{},
	}
}

// SetupWithManager makes it reconcile each pod of the manager's cache, and those whose long jobs begin or end.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).Named("drain").
		For(&corev1.Pod{}, builder.WithPredicates(podPredicate())).
		WatchesRawSource(r.Fleet.NewSource(r.Namespace, r.changedHosts)).
		Complete(r)
}

// changedHosts returns the hosts that have a long job since this look, or none any more.
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
	return len(began) > 0 && r.Clock.Since(began[0]) >= r.After
}

// Reconcile marks one pod, or takes its mark away.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	var pod corev1.Pod
	if err := r.Client.Get(ctx, req.NamespacedName, &pod); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	host, own := pods.HostName(&pod)
	// A pod that is told to end already has been evicted, or will not be.
	if !own || pod.DeletionTimestamp != nil || pods.HasEnded(&pod) {
		return ctrl.Result{}, nil
	}
	view := r.Fleet.LatestView()
	if view.Knowledge == fleet.Pending {
		return ctrl.Result{RequeueAfter: again}, nil
	}
	since, timed := sinceOf(&pod)
	// Without knowledge a mark stays for the rest of its time: the job may run on. None is made.
	busy := timed
	if view.Knowledge == fleet.Known {
		busy = r.isLong(view.JobsOf(host))
	}
	left := r.Max - r.Clock.Since(since)
	switch {
	case !busy:
		return ctrl.Result{}, r.writeMark(ctx, &pod, nil, nil)
	case !timed:
		return requeueAfter(r.Max, r.writeMark(ctx, &pod, new(marked), new(r.Clock.Now().UTC().Format(time.RFC3339))))
	case left > 0:
		return requeueAfter(left, r.writeMark(ctx, &pod, new(marked), new(pod.Annotations[Since])))
	default:
		return ctrl.Result{}, r.expireMark(ctx, &pod)
	}
}

// requeueAfter is when the pod's time is over. An error is tried again before.
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

// expireMark takes a mark away whose time is over. The annotation stays: the pod is not marked again for the job that
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
	r.Logger.Warn("a worker has been busy for longer than its pod is guarded", "pod", pod.Name, "guard", r.Max.String())
	if !r.DryRun {
		r.Events.Eventf(pod, nil, corev1.EventTypeWarning, "GuardExpired", "Guard", "The worker has been busy for %s: its pod may be evicted from now on.", r.Max)
	}
	return nil
}

// sinceOf returns when the pod was marked. What cannot be read counts as long ago: a mark must end.
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

// podPredicate lets through what this reconciler has to look at besides changes of the fleet: a pod that is new to
// the cache, and one whose mark somebody else changed.
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
