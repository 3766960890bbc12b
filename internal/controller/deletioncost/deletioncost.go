// Package deletioncost sets the controller.kubernetes.io/pod-deletion-cost of worker pods. A ReplicaSet that scales
// down deletes the pods with the lowest cost first, whatever caused the scale-down: an autoscaler, `kubectl scale`, a
// rolling update. An idle worker has no cost; a busy one costs the seconds of work that would be repeated.
//
// The annotation must be there before a scale-down, because a scale-down calls no hook: it follows the workers'
// reports each second. It is computed from the last two looks only, so that a new leader needs no state. When the
// fleet has not been seen for a while the costs are removed, because an old cost points at the wrong pod; Kubernetes
// then chooses by its own rules.
package deletioncost

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/trackmydegree/trackmydegree/internal/controller/fleet"
	"github.com/trackmydegree/trackmydegree/internal/controller/pods"
	"github.com/trackmydegree/trackmydegree/internal/dependency"
)

// Annotation is the annotation that Kubernetes reads: a 32-bit integer, 0 when absent.
const Annotation = corev1.PodDeletionCost

// again is when a pod is reconciled again that came before the first look at the fleet.
const again = time.Second

// parallel reconciles wait for the API server, not for a processor.
const parallel = 4

// Fleet is the view of the workers, and a source of requests for the hosts that changed.
type Fleet interface {
	NewSource(namespace string, due func(fleet.View) []string) source.Source
}

// Deps are the dependencies of the reconciler.
type Deps struct {
	Client     client.Client
	Fleet      Fleet
	Namespace  string // of the workers
	DryRun     bool
	Clock      clock.PassiveClock
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

// Reconciler writes the annotation of worker pods.
type Reconciler struct {
	deps    Deps
	writer  pods.Writer
	ledger  *ledger
	metrics *metrics
}

// New returns a reconciler. A missing dependency is an error.
func New(d Deps) (*Reconciler, error) {
	if err := dependency.Require("deletioncost", d, "Client", "Fleet", "Namespace", "Clock", "Logger", "Registerer"); err != nil {
		return nil, err
	}
	l := newLedger()
	return &Reconciler{
		deps: d, writer: pods.Writer{Client: d.Client, DryRun: d.DryRun, Logger: d.Logger}, ledger: l, metrics: newMetrics(d.Registerer, l.countWaiting),
	}, nil
}

// SetupWithManager reconciles each pod of the manager's cache, and the pods whose cost changes.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).Named("deletioncost").
		For(&corev1.Pod{}, builder.WithPredicates(r.podPredicate())).
		WatchesRawSource(r.deps.Fleet.NewSource(r.deps.Namespace, r.changedHosts)).
		WithOptions(controller.Options{MaxConcurrentReconciles: parallel}).
		Complete(r)
}

func (r *Reconciler) changedHosts(v fleet.View) []string {
	return r.ledger.applyView(v, r.deps.Clock.Now())
}

// Reconcile writes one pod's annotation.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	var pod corev1.Pod
	if err := r.deps.Client.Get(ctx, req.NamespacedName, &pod); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	host, own := pods.HostName(&pod)
	// A pod that is ending is no candidate of a scale-down.
	if !own || pod.DeletionTimestamp != nil || pods.HasEnded(&pod) {
		return ctrl.Result{}, nil
	}
	if !r.ledger.isReady() {
		return ctrl.Result{RequeueAfter: again}, nil
	}
	changed, err := r.writer.PatchPod(ctx, &pod, pods.Change{Annotations: map[string]*string{Annotation: r.wantedAnnotation(host)}})
	r.metrics.observeWrite(changed, err)
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("deletioncost: %w", err)
	}
	return ctrl.Result{}, nil
}

// wantedAnnotation returns the annotation of a host's pod: nil for none.
func (r *Reconciler) wantedAnnotation(host string) *string {
	if cost := r.ledger.hostCost(host); cost > 0 {
		return new(strconv.Itoa(cost))
	}
	return nil
}

// podPredicate selects the events of pods that matter besides changes of the fleet: a pod that is new to the cache,
// and one whose annotation differs from the written one.
func (r *Reconciler) podPredicate() predicate.Predicate {
	return predicate.Funcs{
		UpdateFunc: func(e event.UpdateEvent) bool {
			now := e.ObjectNew.GetAnnotations()[Annotation]
			if e.ObjectOld.GetAnnotations()[Annotation] == now {
				return false
			}
			want := r.wantedAnnotation(e.ObjectNew.GetName())
			return want == nil && now != "" || want != nil && now != *want
		},
		DeleteFunc:  func(event.DeleteEvent) bool { return false },
		GenericFunc: func(event.GenericEvent) bool { return false },
	}
}
