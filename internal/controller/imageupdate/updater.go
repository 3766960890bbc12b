// Package imageupdate rolls out new images of a release. At the times of a schedule it resolves the tags of the
// images at their registries, pins a new digest in the Deployment (repository:tag@sha256:…), waits until its pods are
// proven, and rolls back when they are not. It updates one component after the other. After a failure it updates no
// further one, and rolls back those that received the same image.
//
// The state of a run is in the annotations of the Deployments, so that a restarted controller continues it.
package imageupdate

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/robfig/cron/v3"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/trackmydegree/trackmydegree/internal/dependency"
)

const (
	// componentLabel names the component of a Deployment of the chart.
	componentLabel = "app.kubernetes.io/component"

	// again is when a rollout is checked again, when no event of its Deployment comes first.
	again = 5 * time.Second
	// retry is when a registry that gave no answer is called again, and askPatience how long the retries continue.
	retry       = time.Minute
	askPatience = 15 * time.Minute
)

// updateOrder is the order in which components are updated: a component comes before its callers, because each must
// work with both versions.
func updateOrder() []string { return []string{"parser", "worker", "api", "frontend"} }

// Deps are the dependencies of an Updater.
type Deps struct {
	Client   client.Client
	Reader   client.Reader // without a cache: decisions need the current state
	Registry Registry
	Events   events.EventRecorder
	Schedule cron.Schedule
	// Namespace and Selector select the Deployments of the release.
	Namespace string
	Selector  labels.Selector
	// Deadline is how long a component's rollout may take before it is rolled back.
	Deadline   time.Duration
	DryRun     bool // log the rollout that would start, and start none
	Clock      func() time.Time
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

// Updater is a reconciler with a single request: the release.
type Updater struct {
	deps    Deps
	metrics *metrics
	// dry records what a dry run has handled, because a dry run writes no annotations: component → time of the run.
	dry map[string]time.Time
	// known are the digests that this run has resolved, so that a tag that changes during the run does not give the
	// components different images.
	known map[string]string
	run   time.Time
}

// New returns an updater. A missing dependency is an error.
func New(d Deps) (*Updater, error) {
	if err := dependency.Require("imageupdate", d, "Client", "Reader", "Registry", "Events", "Schedule", "Namespace", "Selector", "Clock", "Logger", "Registerer"); err != nil {
		return nil, err
	}
	return &Updater{deps: d, metrics: newMetrics(d.Registerer), dry: map[string]time.Time{}}, nil
}

// SetupWithManager registers the updater with a manager. It runs on the leader only.
func (u *Updater) SetupWithManager(mgr ctrl.Manager) error {
	release := func(context.Context, client.Object) []reconcile.Request { return []reconcile.Request{{}} }
	mine := predicate.NewPredicateFuncs(func(o client.Object) bool {
		return o.GetNamespace() == u.deps.Namespace && u.deps.Selector.Matches(labels.Set(o.GetLabels()))
	})
	return ctrl.NewControllerManagedBy(mgr).Named("images").
		Watches(&appsv1.Deployment{}, handler.EnqueueRequestsFromMapFunc(release), builder.WithPredicates(mine), builder.OnlyMetadata).
		Complete(u)
}

// Reconcile continues a rollout, or starts one that is due.
func (u *Updater) Reconcile(ctx context.Context, _ reconcile.Request) (reconcile.Result, error) {
	all, err := u.listComponents(ctx)
	if err != nil {
		return reconcile.Result{}, err
	}
	now := u.deps.Clock()
	for _, d := range all {
		if r := readAnnotation[rollout](d, RolloutAnnotation); r != nil {
			wait, err := u.followRollout(ctx, d, r, all)
			if err != nil || wait > 0 {
				return requeueLater(wait, err)
			}
		}
	}
	for _, d := range all {
		run, ok := dueRun(u.deps.Schedule, u.checkedAt(d), now)
		if !ok {
			continue
		}
		wait, err := u.checkComponent(ctx, d, run, all)
		if err != nil || wait > 0 {
			return requeueLater(wait, err)
		}
	}
	return reconcile.Result{RequeueAfter: u.deps.Schedule.Next(now).Sub(now)}, nil
}

// requeueLater requests another call. A conflict is no error: the objects of the decision have changed.
func requeueLater(wait time.Duration, err error) (reconcile.Result, error) {
	if apierrors.IsConflict(err) {
		return reconcile.Result{RequeueAfter: time.Second}, nil
	}
	return reconcile.Result{RequeueAfter: wait}, err
}

// listComponents returns the current Deployments of the release in the order of updates.
func (u *Updater) listComponents(ctx context.Context) ([]*appsv1.Deployment, error) {
	var list appsv1.DeploymentList
	if err := u.deps.Reader.List(ctx, &list, client.InNamespace(u.deps.Namespace), client.MatchingLabelsSelector{Selector: u.deps.Selector}); err != nil {
		return nil, fmt.Errorf("images: list the Deployments: %w", err)
	}
	var found []*appsv1.Deployment
	for _, component := range updateOrder() {
		for i := range list.Items {
			if d := &list.Items[i]; d.Labels[componentLabel] == component && d.DeletionTimestamp == nil {
				found = append(found, d)
			}
		}
	}
	return found, nil
}

// listPods returns the pods of a Deployment.
func (u *Updater) listPods(ctx context.Context, d *appsv1.Deployment) ([]corev1.Pod, error) {
	selector, err := metav1.LabelSelectorAsSelector(d.Spec.Selector)
	if err != nil {
		return nil, fmt.Errorf("images: selector of %s: %w", d.Name, err)
	}
	var list corev1.PodList
	if err := u.deps.Reader.List(ctx, &list, client.InNamespace(d.Namespace), client.MatchingLabelsSelector{Selector: selector}); err != nil {
		return nil, fmt.Errorf("images: list the pods of %s: %w", d.Name, err)
	}
	return list.Items, nil
}

func (u *Updater) checkedAt(d *appsv1.Deployment) time.Time {
	if at := u.dry[d.Name]; at.After(lastCheck(d)) {
		return at
	}
	return lastCheck(d)
}

// listSecrets reads the pull secrets of a Deployment's pods: those of the template, and those that a service account
// has added to running pods. It skips one that cannot be read, as a node does.
func (u *Updater) listSecrets(ctx context.Context, d *appsv1.Deployment, pods []corev1.Pod) []corev1.Secret {
	names := d.Spec.Template.Spec.ImagePullSecrets
	if len(pods) > 0 {
		names = slices.Concat(names, pods[0].Spec.ImagePullSecrets)
	}
	var found []corev1.Secret
	for i, ref := range names {
		if slices.Index(names, ref) < i {
			continue
		}
		var s corev1.Secret
		if err := u.deps.Reader.Get(ctx, client.ObjectKey{Namespace: d.Namespace, Name: ref.Name}, &s); err != nil {
			u.deps.Logger.Warn("a pull secret cannot be read", "secret", ref.Name, "error", err)
			continue
		}
		found = append(found, s)
	}
	return found
}

// patchDeployment writes a change to a Deployment, unless it has changed since it was read.
func (u *Updater) patchDeployment(ctx context.Context, d *appsv1.Deployment, owner client.FieldOwner, change func()) error {
	before := d.DeepCopy()
	change()
	// A strategic patch merges containers by name, so that only the image of a container is sent.
	how := client.StrategicMergeFrom(before, client.MergeFromWithOptimisticLock{})
	if err := u.deps.Client.Patch(ctx, d, how, owner); err != nil {
		return fmt.Errorf("images: patch %s: %w", d.Name, err)
	}
	return nil
}

func (u *Updater) recordEvent(d *appsv1.Deployment, kind, reason, action, note string, args ...any) {
	u.deps.Events.Eventf(d, nil, kind, reason, action, note, args...)
	u.deps.Logger.Info(fmt.Sprintf(note, args...), "deployment", d.Name, "reason", reason)
}
