// Package imageupdate rolls out what the tags of a release's images name by now: at a time of the schedule it asks
// their registries, pins a new digest in the Deployment (repository:tag@sha256:…), waits until its pods are proven,
// and goes back when they are not. One component after the other; after a failure no other, and back those that had
// the same image.
//
// Where a run stands is kept in the Deployments' annotations: a controller that starts again goes on with it.
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
)

const (
	// ComponentLabel says what a Deployment of the chart runs.
	ComponentLabel = "app.kubernetes.io/component"

	// again is how soon a rollout is looked at again, when no event of its Deployment comes first.
	again = 5 * time.Second
	// retry is how soon a registry that gave no answer is asked again, and askPatience for how long.
	retry       = time.Minute
	askPatience = 15 * time.Minute
)

// updateOrder is the components as they are updated: what others call comes before them, as each must work with both
// versions.
func updateOrder() []string { return []string{"parser", "worker", "api", "frontend"} }

// Deps is what an Updater needs.
type Deps struct {
	Client   client.Client
	Reader   client.Reader // without a cache: what is decided on is the truth
	Registry Registry
	Events   events.EventRecorder
	Schedule cron.Schedule
	// Namespace and Selector tell which Deployments are the release's.
	Namespace string
	Selector  labels.Selector
	// Deadline is how long a component's rollout may take before it goes back.
	Deadline   time.Duration
	DryRun     bool // tell what would be rolled out, and do nothing
	Clock      func() time.Time
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

// Updater is a reconciler with one request: the release.
type Updater struct {
	Deps
	metrics *metrics
	// dry remembers what a dry run has dealt with, which writes nothing down: component → time of the run.
	dry map[string]time.Time
	// known are the digests that were resolved in the run of the time, so that a tag that moves meanwhile does not
	// leave one component with another image than the rest.
	known map[string]string
	run   time.Time
}

// New returns an updater.
func New(d Deps) *Updater {
	return &Updater{Deps: d, metrics: newMetrics(d.Registerer), dry: map[string]time.Time{}}
}

// SetupWithManager makes a manager run the updater, on its leader alone.
func (u *Updater) SetupWithManager(mgr ctrl.Manager) error {
	release := func(context.Context, client.Object) []reconcile.Request { return []reconcile.Request{{}} }
	mine := predicate.NewPredicateFuncs(func(o client.Object) bool {
		return o.GetNamespace() == u.Namespace && u.Selector.Matches(labels.Set(o.GetLabels()))
	})
	return ctrl.NewControllerManagedBy(mgr).Named("images").
		Watches(&appsv1.Deployment{}, handler.EnqueueRequestsFromMapFunc(release), builder.WithPredicates(mine), builder.OnlyMetadata).
		Complete(u)
}

// Reconcile goes on with what is under way, or begins what is due.
func (u *Updater) Reconcile(ctx context.Context, _ reconcile.Request) (reconcile.Result, error) {
	all, err := u.listComponents(ctx)
	if err != nil {
		return reconcile.Result{}, err
	}
	now := u.Clock()
	for _, d := range all {
		if r := readAnnotation[rollout](d, RolloutAnnotation); r != nil {
			wait, err := u.followRollout(ctx, d, r, all)
			if err != nil || wait > 0 {
				return requeueLater(wait, err)
			}
		}
	}
	for _, d := range all {
		run, ok := dueRun(u.Schedule, u.checkedAt(d), now)
		if !ok {
			continue
		}
		wait, err := u.checkComponent(ctx, d, run, all)
		if err != nil || wait > 0 {
			return requeueLater(wait, err)
		}
	}
	return reconcile.Result{RequeueAfter: u.Schedule.Next(now).Sub(now)}, nil
}

// requeueLater asks to be called again. A write that came too late is no fault: what it was decided on has changed.
func requeueLater(wait time.Duration, err error) (reconcile.Result, error) {
	if apierrors.IsConflict(err) {
		return reconcile.Result{RequeueAfter: time.Second}, nil
	}
	return reconcile.Result{RequeueAfter: wait}, err
}

// listComponents returns the Deployments of the release in their order, as they are now.
func (u *Updater) listComponents(ctx context.Context) ([]*appsv1.Deployment, error) {
	var list appsv1.DeploymentList
	if err := u.Reader.List(ctx, &list, client.InNamespace(u.Namespace), client.MatchingLabelsSelector{Selector: u.Selector}); err != nil {
		return nil, fmt.Errorf("images: list the Deployments: %w", err)
	}
	var found []*appsv1.Deployment
	for _, component := range updateOrder() {
		for i := range list.Items {
			if d := &list.Items[i]; d.Labels[ComponentLabel] == component && d.DeletionTimestamp == nil {
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
	if err := u.Reader.List(ctx, &list, client.InNamespace(d.Namespace), client.MatchingLabelsSelector{Selector: selector}); err != nil {
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
// has given to pods that run. One that cannot be read is passed over, as a node does.
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
		if err := u.Reader.Get(ctx, client.ObjectKey{Namespace: d.Namespace, Name: ref.Name}, &s); err != nil {
			u.Logger.Warn("a pull secret cannot be read", "secret", ref.Name, "error", err)
			continue
		}
		found = append(found, s)
	}
	return found
}

// patchDeployment writes what change does to a Deployment, unless it is not as it was read any more.
func (u *Updater) patchDeployment(ctx context.Context, d *appsv1.Deployment, owner client.FieldOwner, change func()) error {
	before := d.DeepCopy()
	change()
	// Strategic: containers are merged by name, so that of a container nothing but the image is sent.
	how := client.StrategicMergeFrom(before, client.MergeFromWithOptimisticLock{})
	if err := u.Client.Patch(ctx, d, how, owner); err != nil {
		return fmt.Errorf("images: patch %s: %w", d.Name, err)
	}
	return nil
}

func (u *Updater) recordEvent(d *appsv1.Deployment, kind, reason, action, note string, args ...any) {
	u.Events.Eventf(d, nil, kind, reason, action, note, args...)
	u.Logger.Info(fmt.Sprintf(note, args...), "deployment", d.Name, "reason", reason)
}
