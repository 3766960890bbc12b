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

// followRollout goes on with a rollout. A wait says that the other components have to wait, too.
func (u *Updater) followRollout(ctx context.Context, d *appsv1.Deployment, r *rollout, all []*appsv1.Deployment) (time.Duration, error) {
	if template := &d.Spec.Template.Spec; !hasImages(template, r.targetImages()) {
		// Written down and not begun, or turned back and not on its way; or set back meanwhile, by an upgrade of the
		// release.
		before := r.Was
		if r.Back != "" {
			before = r.To
		}
		if !hasImages(template, before) || u.Clock().Sub(r.Began) > u.Deadline {
			return 0, u.endRollout(ctx, d, r, superseded)
		}
		return again, u.applyImages(ctx, d, r)
	}
	if err := u.handOver(ctx, d, r); err != nil {
		return 0, err
	}
	pods, err := u.listPods(ctx, d)
	if err != nil {
		return 0, err
	}
	now := u.Clock()
	v, reason := assessRollout(d, pods, r.targetImages(), r.Began, now, u.Deadline)
	if (v == idle) != r.Idle {
		// The time counts from the first pod on.
		r.Idle, r.Began = v == idle, now
		return again, u.patchDeployment(ctx, d, stateOwner, func() { writeAnnotation(d, RolloutAnnotation, r) })
	}
	switch {
	case v == idle:
		return 0, nil // a fleet at zero keeps nobody waiting; its first pod will tell
	case v == underWay:
		return again, nil
	case v == complete && r.Back == "":
		u.recordEvent(d, corev1.EventTypeNormal, "ImageUpdated", "Rollout", "Runs %s", formatImages(r.To))
		return again, u.endRollout(ctx, d, r, done)
	case v == complete:
		u.recordEvent(d, corev1.EventTypeNormal, "ImageRestored", "Rollback", "Runs %s again", formatImages(r.From))
		return again, u.endRollout(ctx, d, r, rolledBack)
	case r.Back != "":
		u.recordEvent(d, corev1.EventTypeWarning, "ImageRollbackStuck", "Rollback", "The way back to %s failed: %s. It needs a look", formatImages(r.From), reason)
		return again, u.endRollout(ctx, d, r, stuck)
	}
	return again, u.rollBack(ctx, d, r, v, reason, all)
}

// applyImages sets the images that the rollout is on the way to.
func (u *Updater) applyImages(ctx context.Context, d *appsv1.Deployment, r *rollout) error {
	if err := u.patchDeployment(ctx, d, imageOwner, func() { setImages(&d.Spec.Template.Spec, r.targetImages()) }); err != nil {
		return err
	}
	return u.handOver(ctx, d, r)
}

// rollBack sends a component back to what it ran, writes down what failed, and ends the run: the components that have
// the same images from it go back as well, and those that are still to come are left as they are.
func (u *Updater) rollBack(ctx context.Context, d *appsv1.Deployment, r *rollout, v verdict, reason string, all []*appsv1.Deployment) error {
	u.recordEvent(d, corev1.EventTypeWarning, "ImageRolledBack", "Rollback", "%s failed: %s. Going back to %s", formatImages(r.To), reason, formatImages(r.From))
	for _, other := range all {
		if other.Name == d.Name {
			continue
		}
		if err := u.skipComponent(ctx, other, r, reason); err != nil {
			return err
		}
	}
	// Its own turn last: until this is written, what went before is done again.
	return u.patchDeployment(ctx, d, stateOwner, func() {
		if v == failed {
			markBad(d, r)
		}
		r.Back, r.Began = reason, u.Clock()
		writeAnnotation(d, RolloutAnnotation, r)
	})
}

// skipComponent ends the run for a component because of another's failure.
func (u *Updater) skipComponent(ctx context.Context, d *appsv1.Deployment, failed *rollout, reason string) error {
	before := readAnnotation[past](d, PreviousAnnotation)
	switch {
	case readAnnotation[rollout](d, RolloutAnnotation) != nil:
		return nil // on its way: it will see for itself
	case lastCheck(d).Before(failed.Run):
		return u.recordCheck(ctx, d, failed.Run, skipped)
	case before == nil || !before.Run.Equal(failed.Run) || !runsAnyOf(&d.Spec.Template.Spec, failed.To):
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
	u.recordEvent(d, corev1.EventTypeWarning, "ImageRolledBack", "Rollback", "Another component failed with %s. Going back to %s", formatImages(r.To), formatImages(r.From))
	return u.patchDeployment(ctx, d, stateOwner, func() { writeAnnotation(d, RolloutAnnotation, r) })
}

// runsAnyOf reports whether a pod runs one of the images.
func runsAnyOf(spec *corev1.PodSpec, images containers) bool {
	for _, have := range imagesOf(spec) {
		for _, image := range images {
			if have == image {
				return true
			}
		}
	}
	return false
}

// endRollout takes a rollout off a Deployment.
func (u *Updater) endRollout(ctx context.Context, d *appsv1.Deployment, r *rollout, o outcome) error {
	if o == superseded {
		u.recordEvent(d, corev1.EventTypeNormal, "ImageUpdateSuperseded", "Rollout", "Somebody else has set the images; the rollout of %s ends", formatImages(r.To))
	}
	u.metrics.rollouts.WithLabelValues(d.Labels[ComponentLabel], string(o)).Inc()
	return u.patchDeployment(ctx, d, stateOwner, func() {
		writeAnnotation[rollout](d, RolloutAnnotation, nil)
		setChecked(d, r.Run)
		if o == done {
			writeAnnotation(d, PreviousAnnotation, &past{Run: r.Run, Images: r.From})
		} else {
			writeAnnotation[past](d, PreviousAnnotation, nil)
		}
	})
}

// ownerOf returns who owns the images by server-side apply; empty when nobody does.
func ownerOf(d *appsv1.Deployment, images containers) string {
	fields := fieldpath.NewSet()
	forEachContainer(&d.Spec.Template.Spec, func(c *corev1.Container) {
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

// handOver gives the images back to who had them before, Helm as a rule: it would meet a conflict at the next upgrade
// else, and stop.
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
