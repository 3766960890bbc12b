package imageupdate

import (
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

const (
	// settle is how long new pods must have been ready: one that crashes after its first requests is no success.
	settle = 10 * time.Second
	// pullPatience is how long a node may fail to pull an image or to start a container: registries have short
	// failures.
	pullPatience = time.Minute
	// crashes is how often a container may crash: its dependencies have short failures as well.
	crashes = 2
)

// verdict is the state of a rollout.
type verdict int

const (
	underWay verdict = iota
	complete
	idle         // no pod is wanted, so nothing can be proven
	failed       // the image is the likely cause
	unobtainable // nodes cannot pull it; a later attempt may succeed
)

// assessRollout judges the rollout of images to a Deployment by its pods. The reason of a failure is a sentence for
// operators without its full stop.
func assessRollout(d *appsv1.Deployment, pods []corev1.Pod, images containers, began, now time.Time, deadline time.Duration) (v verdict, reason string) {
	wanted := int32(1)
	if d.Spec.Replicas != nil {
		wanted = *d.Spec.Replicas
	}
	if wanted == 0 {
		return idle, ""
	}
	ready := 0
	for i := range pods {
		p := &pods[i]
		if p.DeletionTimestamp != nil || !hasImages(&p.Spec, images) {
			continue
		}
		if v, reason := findTrouble(p, now); v != underWay {
			return v, reason
		}
		if readyFor(p, now) >= settle {
			ready++
		}
	}
	if d.Status.ObservedGeneration < d.Generation {
		return checkDeadline(began, now, deadline)
	}
	for _, c := range d.Status.Conditions {
		if c.Type == appsv1.DeploymentProgressing && c.Status == corev1.ConditionFalse && c.Reason == "ProgressDeadlineExceeded" {
			return failed, "the Deployment's progress deadline was exceeded"
		}
	}
	// No old pod is left, and most of the new ones are proven: an autoscaler adds new pods all the time.
	if s := d.Status; s.Replicas == s.UpdatedReplicas && ready > 0 && 2*ready >= int(wanted) {
		return complete, ""
	}
	return checkDeadline(began, now, deadline)
}

// checkDeadline returns underWay until the deadline has passed.
func checkDeadline(began, now time.Time, deadline time.Duration) (verdict, string) {
	if now.Sub(began) > deadline {
		return failed, fmt.Sprintf("it was not complete after %s", deadline)
	}
	return underWay, ""
}

// isSettled reports whether no rollout is under way, by any client.
func isSettled(d *appsv1.Deployment) bool {
	s := d.Status
	return s.ObservedGeneration >= d.Generation && s.Replicas == s.UpdatedReplicas && s.UnavailableReplicas == 0
}

// findTrouble finds our containers that do not start or do not stay.
func findTrouble(p *corev1.Pod, now time.Time) (verdict, string) {
	for _, c := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
		if c.State.Waiting == nil || !slices.Contains(ownContainers(), c.Name) {
			continue
		}
		switch reason := c.State.Waiting.Reason; reason {
		case "InvalidImageName":
			return failed, "the image's name is not valid"
		case "ErrImagePull", "ImagePullBackOff":
			if podAge(p, now) > pullPatience {
				return unobtainable, fmt.Sprintf("the image of %s cannot be pulled (%s)", c.Name, reason)
			}
		case "CreateContainerError", "RunContainerError":
			if podAge(p, now) > pullPatience {
				return failed, fmt.Sprintf("the container %s cannot be started (%s)", c.Name, reason)
			}
		case "CrashLoopBackOff":
			if c.RestartCount >= crashes {
				return failed, fmt.Sprintf("the container %s ended %d times", c.Name, c.RestartCount+1)
			}
		}
	}
	return underWay, ""
}

// podAge is how long a node has had a pod.
func podAge(p *corev1.Pod, now time.Time) time.Duration {
	if p.Status.StartTime == nil {
		return 0
	}
	return now.Sub(p.Status.StartTime.Time)
}

// readyFor is how long a pod has been ready.
func readyFor(p *corev1.Pod, now time.Time) time.Duration {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
			return now.Sub(c.LastTransitionTime.Time)
		}
	}
	return 0
}
