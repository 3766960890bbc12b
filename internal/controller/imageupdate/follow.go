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
	// stateOwner owns the annotations, imageOwner temporarily the images.
	stateOwner client.FieldOwner = "tmd-controller"
	imageOwner client.FieldOwner = "tmd-controller-images"
)

// followRollout continues a rollout. A positive wait means that the other components have to wait as well.
func (u *Updater) followRollout(ctx context.Context, d *appsv1.Deployment, r *rollout, all []*appsv1.Deployment) (time.Duration, error) {
	if template := &d.Spec.Template.Spec; !hasImages(template, r.targetImages()) {
		// The rollout is stored and not started, or its rollback is; or an upgrade of the release has reset the
		// images.
		before := r.Was
		if r.Back != "" {
			before = r.To
		}
		if !hasImages(template, before) || u.deps.Clock().Sub(r.Began) > u.deps.Deadline {
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
	now := u.deps.Clock()
	v, reason := assessRollout(d, pods, r.targetImages(), r.Began, now, u.deps.Deadline)
	if (v == idle) != r.Idle {
		// The deadline counts from the first pod.
		r.Idle, r.Began = v == idle, now
		return again, u.patchDeployment(ctx, d, stateOwner, func() { writeAnnotation(d, RolloutAnnotation, r) })
	}
	switch {
	case v == idle:
		return 0, nil // a fleet at zero does not block the others; its first pod decides
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

// applyImages sets the target images of the rollout.
func (u *Updater) applyImages(ctx context.Context, d *appsv1.Deployment, r *rollout) error {
	if err := u.patchDeployment(ctx, d, imageOwner, func() { setImages(&d.Spec.Template.Spec, r.targetImages()) }); err != nil {
		return err
	}
	return u.handOver(ctx, d, r)
}

// rollBack returns a component to its earlier images, stores the failed ones, and ends the run. The components that
// received the same images in this run go back as well, and the remaining ones are not updated.
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
	// This component is written last: until then, a new controller repeats the steps before.
	return u.patchDeployment(ctx, d, stateOwner, func() {
		if v == failed {
			markBad(d, r)
		}
		r.Back, r.Began = reason, u.deps.Clock()
		writeAnnotation(d, RolloutAnnotation, r)
	})
}

// skipComponent ends the run for a component because another one failed.
func (u *Updater) skipComponent(ctx context.Context, d *appsv1.Deployment, failed *rollout, reason string) error {
	before := readAnnotation[past](d, PreviousAnnotation)
	switch {
	case readAnnotation[rollout](d, RolloutAnnotation) != nil:
		return nil // its own rollout is under way and decides itself
	case lastCheck(d).Before(failed.Run):
		return u.recordCheck(ctx, d, failed.Run, skipped)
	case before == nil || !before.Run.Equal(failed.Run) || !runsAnyOf(&d.Spec.Template.Spec, failed.To):
		return nil
	}
	r := &rollout{
		Run: failed.Run, Began: u.deps.Clock(), From: before.Images, To: containers{}, Back: "another component failed with it: " + reason,
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

// endRollout removes a rollout from a Deployment.
func (u *Updater) endRollout(ctx context.Context, d *appsv1.Deployment, r *rollout, o outcome) error {
	if o == superseded {
		u.recordEvent(d, corev1.EventTypeNormal, "ImageUpdateSuperseded", "Rollout", "Another client has set the images; the rollout of %s ends", formatImages(r.To))
	}
	u.metrics.rollouts.WithLabelValues(d.Labels[componentLabel], string(o)).Inc()
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

// ownerOf returns the field manager of the images by server-side apply; empty when there is none.
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

// handOver returns the ownership of the images to their previous field manager, usually Helm. Otherwise the next
// upgrade would fail with a conflict.
func (u *Updater) handOver(ctx context.Context, d *appsv1.Deployment, r *rollout) error {
	ours := func(e metav1.ManagedFieldsEntry) bool { return e.Manager == string(imageOwner) }
	if r.Manager == "" || !slices.ContainsFunc(d.ManagedFields, ours) {
		return nil
	}
	patch, err := csaupgrade.UpgradeManagedFieldsPatch(d, sets.New(string(imageOwner)), r.Manager)
	if err != nil || patch == nil {
		return err
	}
	if err := u.deps.Client.Patch(ctx, d, client.RawPatch(types.JSONPatchType, patch)); err != nil {
		return fmt.Errorf("images: hand %s back to %s: %w", d.Name, r.Manager, err)
	}
	return nil
}
