// Package handover requeues the jobs of a worker pod as soon as Kubernetes reports that the pod has ended: killed for
// its memory, evicted, deleted by force, crashed. The other workers would do the same when its lease expires, some
// seconds later and with the same fences: so a handover that is late, repeated or missing does no harm.
//
// About a node that does not respond, Kubernetes knows less than Redis: for most of a minute the pod counts as
// running, and then as terminating. If its worker still sends heartbeats, it still works; if not, the other workers
// have taken its jobs by then. The end of the pod, when the node is given up, is handled here like every other.
package handover

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/trackmydegree/trackmydegree/internal/controller/pods"
	"github.com/trackmydegree/trackmydegree/internal/dependency"
)

const (
	// firstRetry and lastRetry bound the pauses between attempts while Redis is unavailable.
	firstRetry = 100 * time.Millisecond
	lastRetry  = 2 * time.Second

	parallel = 4
)

// Queue requeues the jobs of a host's workers: those that began before the given time, all when it is zero. With
// crashed each job counts a crash. It returns the number of requeued jobs; a repeated call requeues none.
type Queue interface {
	RequeueJobsOf(ctx context.Context, host string, before time.Time, crashed bool) (jobs int, err error)
}

// Deps are the dependencies of the reconciler.
type Deps struct {
	Client     client.Client
	Reader     client.Reader // the API server itself
	Queue      Queue
	Container  string // name of the container that runs jobs
	DryRun     bool
	Clock      clock.PassiveClock
	Events     events.EventRecorder
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

// Reconciler hands over the jobs of pods that ended.
type Reconciler struct {
	deps    Deps
	metrics *metrics

	mu sync.Mutex
	// done is the last handled ending of each pod. A new leader starts without it, which costs one call for each pod
	// that has ever been restarted.
	done map[types.NamespacedName]dealt
}

type dealt struct {
	uid types.UID
	ending
}

// New returns a reconciler. A missing dependency is an error.
func New(d Deps) (*Reconciler, error) {
	if err := dependency.Require("handover", d, "Client", "Reader", "Queue", "Container", "Events", "Clock", "Logger", "Registerer"); err != nil {
		return nil, err
	}
	return &Reconciler{deps: d, metrics: newMetrics(d.Registerer), done: map[types.NamespacedName]dealt{}}, nil
}

// SetupWithManager reconciles each pod of the manager's cache whose containers change, or that is deleted.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).Named("handover").
		For(&corev1.Pod{}, builder.WithPredicates(r.podPredicate())).
		WithOptions(controller.Options{
			MaxConcurrentReconciles: parallel,
			RateLimiter:             workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](firstRetry, lastRetry),
		}).
		Complete(r)
}

// podPredicate selects the events of pods in which a process has ended.
func (r *Reconciler) podPredicate() predicate.Predicate {
	has := func(o client.Object) bool {
		pod, ok := o.(*corev1.Pod)
		if !ok {
			return false
		}
		_, ended := endingOf(pod, r.deps.Container)
		return ended
	}
	return predicate.Funcs{
		CreateFunc:  func(e event.CreateEvent) bool { return has(e.Object) },
		UpdateFunc:  func(e event.UpdateEvent) bool { return has(e.ObjectNew) },
		DeleteFunc:  func(event.DeleteEvent) bool { return true },
		GenericFunc: func(event.GenericEvent) bool { return false },
	}
}

// Reconcile requeues the jobs of one pod's ended processes.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	pod, e, err := r.findEnding(ctx, req.NamespacedName)
	if err != nil || e == nil {
		return ctrl.Result{}, err
	}
	host, own := pods.HostName(pod)
	if !own || r.isHandled(req.NamespacedName, pod.UID, *e) {
		return ctrl.Result{}, nil
	}
	log := r.deps.Logger.With("pod", pod.Name, "reason", string(e.reason), "crashed", e.isCrash())
	if r.deps.DryRun {
		log.Info("dry run: would put the pod's jobs back into the queue", "started_before", e.before)
	} else if err := r.requeueJobs(ctx, log, pod, host, *e); err != nil {
		return ctrl.Result{}, err
	}
	r.markHandled(req.NamespacedName, pod.UID, *e)
	return ctrl.Result{}, nil
}

// findEnding returns the pod and the ending of its processes: nil when there is none.
func (r *Reconciler) findEnding(ctx context.Context, name types.NamespacedName) (*corev1.Pod, *ending, error) {
	pod := &corev1.Pod{}
	err := r.deps.Client.Get(ctx, name, pod)
	if apierrors.IsNotFound(err) {
		// The cache holds the pods with the workers' labels. A pod that lost them, for example for debugging, still
		// exists.
		err = r.deps.Reader.Get(ctx, name, pod)
	}
	switch {
	case apierrors.IsNotFound(err):
		pod.ObjectMeta = metav1.ObjectMeta{Namespace: name.Namespace, Name: name.Name}
		return pod, &ending{reason: gone}, nil
	case err != nil:
		return nil, nil, fmt.Errorf("handover: %w", err)
	}
	e, ended := endingOf(pod, r.deps.Container)
	if !ended {
		return pod, nil, nil
	}
	return pod, &e, nil
}

func (r *Reconciler) requeueJobs(ctx context.Context, log *slog.Logger, pod *corev1.Pod, host string, e ending) error {
	jobs, err := r.deps.Queue.RequeueJobsOf(ctx, host, e.before, e.isCrash())
	if err != nil {
		r.metrics.failures.Inc()
		return fmt.Errorf("handover: %w", err)
	}
	r.metrics.observeHandover(e, jobs, r.deps.Clock.Now())
	if jobs == 0 {
		log.Debug("a pod ended that ran nothing")
		return nil
	}
	log.Info("the jobs of a pod that ended are back in the queue", "jobs", jobs)
	kind := corev1.EventTypeNormal
	if e.isCrash() {
		kind = corev1.EventTypeWarning
	}
	r.deps.Events.Eventf(pod, nil, kind, "JobsHandedOver", "HandOver", "%d jobs that the worker was running are back in the queue: %s.", jobs, e.reason)
	return nil
}

func (r *Reconciler) isHandled(name types.NamespacedName, uid types.UID, e ending) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	before, ok := r.done[name]
	return ok && before == dealt{uid, e}
}

func (r *Reconciler) markHandled(name types.NamespacedName, uid types.UID, e ending) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e.reason == gone {
		delete(r.done, name)
		return
	}
	r.done[name] = dealt{uid, e}
}
