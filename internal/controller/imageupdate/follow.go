package imageupdate

import (
	"context"
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/util/csaupgrade"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

const (
	// stateOwner owns the annotations, imageOwner for a moment the images.
	stateOwner client.FieldOwner = "tmd-controller"
	imageOwner client.FieldOwner = "tmd-controller-images"
)

// follow goes on with a rollout. A wait says that the other components have to wait, too.
func (u *Updater) follow(ctx context.Context, d *appsv1.Deployment, r *rollout, all []*appsv1.Deployment) (time.Duration, error) {
	if template := &d.Spec.Template.Spec; !holds(template, r.target()) {
		// Written down and not begun, or turned back and not on its way; or set back meanwhile, by an upgrade of the release.
		before := r.Was
		if r.Back != "" {
			before = r.To
		}
		if !holds(template, before) || u.Clock().Sub(r.Began) > u.Deadline {
			return 0, u.end(ctx, d, r, superseded)
		}
		return again, u.apply(ctx, d, r)
	}
	if err := u.handOver(ctx, d, r); err != nil {
		return 0, err
	}
	pods, err := u.pods(ctx, d)
	if err != nil {
		return 0, err
	}
	now := u.Clock()
	v, reason := judge(d, pods, r.target(), r.Began, now, u.Deadline)
	if (v == idle) != r.Idle {
		// The time counts from the first pod on.
		r.Idle, r.Began = v == idle, now
		return again, u.patch(ctx, d, stateOwner, func() { write(d, RolloutAnnotation, r) })
	}
	switch {
	case v == idle:
		return 0, nil // a fleet at zero keeps nobody waiting; its first pod will tell
	case v == underWay:
		return again, nil
	case v == complete && r.Back == "":
		u.tell(d, corev1.EventTypeNormal, "ImageUpdated", "Rollout", "Runs %s", list(r.To))
		return again, u.end(ctx, d, r, done)
	case v == complete:
		u.tell(d, corev1.EventTypeNormal, "ImageRestored", "Rollback", "Runs %s again", list(r.From))
		return again, u.end(ctx, d, r, rolledBack)
	case r.Back != "":
		u.tell(d, corev1.EventTypeWarning, "ImageRollbackStuck", "Rollback", "The way back to %s failed: %s. It needs a look", list(r.From), reason)
		return again, u.end(ctx, d, r, stuck)
	}
	return again, u.turnBack(ctx, d, r, v, reason, all)
}

// apply sets the images that the rollout is on the way to.
func (u *Updater) apply(ctx context.Context, d *appsv1.Deployment, r *rollout) error {
	if err := u.patch(ctx, d, imageOwner, func() { setImages(&d.Spec.Template.Spec, r.target()) }); err != nil {
		return err
	}
	return u.handOver(ctx, d, r)
}

// turnBack sends a component back to what it ran, writes down what failed, and ends the run: the components that have the
// same images from it go back as well, and those that are still to come are left as they are.
func (u *Updater) turnBack(ctx context.Context, d *appsv1.Deployment, r *rollout, v verdict, reason string, all []*appsv1.Deployment) error {
	u.tell(d, corev1.EventTypeWarning, "ImageRolledBack", "Rollback", "%s failed: %s. Going back to %s", list(r.To), reason, list(r.From))
	for _, other := range all {
		if other.Name == d.Name {
			continue
		}
		if err := u.leave(ctx, other, r, reason); err != nil {
			return err
		}
	}
	// Its own turn last: until this is written, what went before is done again.
	return u.patch(ctx, d, stateOwner, func() {
		if v == failed {
			markBad(d, r)
		}
		r.Back, r.Began = reason, u.Clock()
		write(d, RolloutAnnotation, r)
	})
}

// leave ends the run for a component because of another's failure.
func (u *Updater) leave(ctx context.Context, d *appsv1.Deployment, failed *rollout, reason string) error {
	before := read[past](d, PreviousAnnotation)
	switch {
	case read[rollout](d, RolloutAnnotation) != nil:
		return nil // on its way: it will see for itself
	case checked(d).Before(failed.Run):
		return u.checked(ctx, d, failed.Run, skipped)
	case before == nil || !before.Run.Equal(failed.Run) || !shares(&d.Spec.Template.Spec, failed.To):
		return nil
	}
	r := &rollout{
		Run: failed.Run, Began: u.Clock(), From: before.Images, To: containers{}, Back: "another component failed with it: " + reason,
	}
	for name, image := range imagesOf(&d.Spec.Template.Spec) {
		if _, ok := before.Images[name]; ok {
			r.To[name] = image
		}
	}
	r.Manager = ownerOf(d, r.To)
	u.tell(d, corev1.EventTypeWarning, "ImageRolledBack", "Rollback", "Another component failed with %s. Going back to %s", list(r.To), list(r.From))
	return u.patch(ctx, d, stateOwner, func() { write(d, RolloutAnnotation, r) })
}

// shares reports whether a pod runs one of the images.
func shares(spec *corev1.PodSpec, images containers) bool {
	for _, have := range imagesOf(spec) {
		for _, image := range images {
			if have == image {
				return true
			}
		}
	}
	return false
}

// end takes a rollout off a Deployment.
func (u *Updater) end(ctx context.Context, d *appsv1.Deployment, r *rollout, o outcome) error {
	if o == superseded {
		u.tell(d, corev1.EventTypeNormal, "ImageUpdateSuperseded", "Rollout", "Somebody else has set the images; the rollout of %s ends", list(r.To))
	}
	u.metrics.rollouts.WithLabelValues(d.Labels[ComponentLabel], string(o)).Inc()
	return u.patch(ctx, d, stateOwner, func() {
		write[rollout](d, RolloutAnnotation, nil)
		setChecked(d, r.Run)
		if o == done {
			write(d, PreviousAnnotation, &past{Run: r.Run, Images: r.From})
		} else {
			write[past](d, PreviousAnnotation, nil)
		}
	})
}

// ownerOf returns who owns the images by server-side apply; empty when nobody does.
func ownerOf(d *appsv1.Deployment, images containers) string {
	fields := fieldpath.NewSet()
	each(&d.Spec.Template.Spec, func(c *corev1.Container) {
		if _, ok := images[c.Name]; ok {
			fields.Insert(imagePath(d, c.Name))
		}
	})
	for _, entry := range csaupgrade.FindFieldsOwners(d.ManagedFields, metav1.ManagedFieldsOperationApply, fields) {
		return entry.Manager
	}
	return ""
}

func imagePath(d *appsv1.Deployment, container string) fieldpath.Path {
	list := "containers"
	for _, c := range d.Spec.Template.Spec.InitContainers {
		if c.Name == container {
			list = "initContainers"
		}
	}
	return fieldpath.MakePathOrDie("spec", "template", "spec", list, fieldpath.KeyByFields("name", container), "image")
}

// handOver gives the images back to who had them before, Helm as a rule: it would meet a conflict at the next upgrade else,
// and stop.
func (u *Updater) handOver(ctx context.Context, d *appsv1.Deployment, r *rollout) error {
	ours := func(e metav1.ManagedFieldsEntry) bool { return e.Manager == string(imageOwner) }
	if r.Manager == "" || !slices.ContainsFunc(d.ManagedFields, ours) {
		return nil
	}
	patch, err := csaupgrade.UpgradeManagedFieldsPatch(d, sets.New(string(imageOwner)), r.Manager)
	if err != nil || patch == nil {
		return err
	}
	if err := u.Client.Patch(ctx, d, client.RawPatch(types.JSONPatchType, patch)); err != nil {
		return fmt.Errorf("images: hand %s back to %s: %w", d.Name, r.Manager, err)
	}
	return nil
}
