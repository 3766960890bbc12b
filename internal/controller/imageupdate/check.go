package imageupdate

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// checkComponent handles a component that is due: it starts a rollout, or returns the reason why not. A positive wait
// means that it has to be called again.
func (u *Updater) checkComponent(ctx context.Context, d *appsv1.Deployment, run time.Time, all []*appsv1.Deployment) (wait time.Duration, err error) {
	if !run.Equal(u.run) {
		u.run, u.known = run, map[string]string{}
	}
	now := u.deps.Clock()
	switch {
	case d.Spec.Paused:
		return 0, u.recordCheck(ctx, d, run, paused)
	case !isSettled(d):
		// Another client's rollout goes first.
		if now.Sub(run) < u.deps.Deadline {
			return again, nil
		}
		return 0, u.recordCheck(ctx, d, run, busy)
	}
	pods, err := u.listPods(ctx, d)
	if err != nil {
		return 0, err
	}
	r, known, err := u.compareImages(ctx, d, pods, all)
	if err != nil {
		if now.Sub(run) < askPatience {
			u.deps.Logger.Warn("an image cannot be resolved; it will be tried again", "deployment", d.Name, "error", err)
			return retry, nil
		}
		u.recordEvent(d, corev1.EventTypeWarning, "ImageCheckFailed", "Check", "The registry gave no answer for %s: %v", askPatience, err)
		return 0, u.recordCheck(ctx, d, run, unreachable)
	}
	if len(r.To) == 0 {
		return 0, u.recordCheck(ctx, d, run, known)
	}
	if unproven := readAnnotation[rollout](d, RolloutAnnotation); unproven != nil && unproven.Back == "" {
		// No pod has run the images of the template: a rollback still goes to the images from before.
		for name := range r.From {
			if image, ok := unproven.From[name]; ok {
				r.From[name] = image
			}
		}
	}
	r.Run = run
	return u.beginRollout(ctx, d, r)
}

// compareImages finds the containers whose tag names another image than they run. Without any, the outcome is the
// reason.
func (u *Updater) compareImages(ctx context.Context, d *appsv1.Deployment, pods []corev1.Pod, all []*appsv1.Deployment) (*rollout, outcome, error) {
	r := &rollout{Was: containers{}, From: containers{}, To: containers{}}
	result, bad := current, badOf(all)
	secrets := u.listSecrets(ctx, d, pods)
	images := imagesOf(&d.Spec.Template.Spec)
	for _, name := range slices.Sorted(maps.Keys(images)) {
		image := images[name]
		if !hasTag(image) {
			continue // a digest in the chart's values
		}
		tagged, pinned := splitDigest(image)
		newest, err := u.resolveTag(ctx, tagged, secrets)
		if err != nil {
			return nil, "", err
		}
		if slices.Contains(bad[tagged], newest) {
			result = knownBad
			continue
		}
		before := image
		if pinned == "" {
			running := runningDigests(pods, name)
			if len(running) == 1 && running[0] == newest {
				continue
			}
			// A rollback goes to the digest that runs: the tag names the new image by now.
			others, err := u.findDigests(ctx, d, tagged, all)
			if err != nil {
				return nil, "", err
			}
			for _, digest := range slices.Concat(running, others) {
				if digest != newest {
					before = pinDigest(image, digest)
					break
				}
			}
		} else if pinned == newest {
			continue
		}
		r.Was[name], r.From[name], r.To[name] = image, before, pinDigest(image, newest)
	}
	return r, result, nil
}

// findDigests returns the digests of a tag that the other components run, or ran before this run reached them: for a
// fleet at zero they are the images of a rollback.
func (u *Updater) findDigests(ctx context.Context, d *appsv1.Deployment, tagged string, all []*appsv1.Deployment) ([]string, error) {
	var found []string
	for _, other := range all {
		for container, image := range imagesOf(&other.Spec.Template.Spec) {
			if name, _ := splitDigest(image); other.Name == d.Name || name != tagged {
				continue
			}
			pods, err := u.listPods(ctx, other)
			if err != nil {
				return nil, err
			}
			found = append(found, runningDigests(pods, container)...)
			if before := readAnnotation[past](other, PreviousAnnotation); before != nil {
				_, digest := splitDigest(before.Images[container])
				found = append(found, digest)
			}
		}
	}
	return slices.DeleteFunc(found, func(digest string) bool { return digest == "" }), nil
}

// resolveTag resolves each tag once in a run.
func (u *Updater) resolveTag(ctx context.Context, tagged string, secrets []corev1.Secret) (string, error) {
	if digest, ok := u.known[tagged]; ok {
		return digest, nil
	}
	digest, err := u.deps.Registry.ResolveDigest(ctx, tagged, secrets)
	if err != nil {
		return "", err
	}
	u.known[tagged] = digest
	return digest, nil
}

// runningDigests returns the digests that a container runs in the pods, sorted.
func runningDigests(pods []corev1.Pod, container string) []string {
	var found []string
	for _, p := range pods {
		for _, c := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
			if digest := digestOf(c.ImageID); c.Name == container && digest != "" && p.DeletionTimestamp == nil {
				found = append(found, digest)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// recordCheck stores that this run has handled a component.
func (u *Updater) recordCheck(ctx context.Context, d *appsv1.Deployment, run time.Time, o outcome) error {
	u.metrics.checks.WithLabelValues(d.Labels[componentLabel], string(o)).Inc()
	u.metrics.last.Set(float64(u.deps.Clock().Unix()))
	u.deps.Logger.Info("an image was checked", "deployment", d.Name, "outcome", string(o))
	if u.deps.DryRun {
		u.dry[d.Name] = run
		return nil
	}
	return u.patchDeployment(ctx, d, stateOwner, func() { setChecked(d, run) })
}

// beginRollout stores the rollout, and then starts it.
func (u *Updater) beginRollout(ctx context.Context, d *appsv1.Deployment, r *rollout) (time.Duration, error) {
	r.Began = u.deps.Clock()
	r.Manager = ownerOf(d, r.To)
	if u.deps.DryRun {
		u.deps.Logger.Info("dry run: would roll out", "deployment", d.Name, "images", formatImages(r.To))
		return 0, u.recordCheck(ctx, d, r.Run, updating)
	}
	if err := u.patchDeployment(ctx, d, stateOwner, func() { writeAnnotation(d, RolloutAnnotation, r) }); err != nil {
		return 0, err
	}
	u.metrics.checks.WithLabelValues(d.Labels[componentLabel], string(updating)).Inc()
	u.metrics.last.Set(float64(u.deps.Clock().Unix()))
	u.recordEvent(d, corev1.EventTypeNormal, "ImageUpdate", "Rollout", "Rolling out %s", formatImages(r.To))
	return again, u.applyImages(ctx, d, r)
}

// formatImages formats images for people.
func formatImages(images containers) string {
	return strings.Join(slices.Compact(slices.Sorted(maps.Values(images))), ", ")
}
