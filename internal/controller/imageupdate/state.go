package imageupdate

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// The annotations of a Deployment in which a run is kept, so that a controller that starts again goes on with it.
const (
	// CheckedAnnotation holds the time, in RFC 3339, of the schedule's last run that has dealt with the Deployment.
	CheckedAnnotation = "trackmydegree.io/image-checked"
	// RolloutAnnotation holds a rollout that is under way, as JSON.
	RolloutAnnotation = "trackmydegree.io/image-rollout"
	// PreviousAnnotation holds what the last rollout replaced, as JSON.
	PreviousAnnotation = "trackmydegree.io/image-previous"
	// BadAnnotation holds what failed, as a JSON object from repository:tag to digest. It is left alone until the tag
	// names something else; without the annotation it is tried again.
	BadAnnotation = "trackmydegree.io/image-bad"
)

// containers is the images of a Deployment's containers by the container's name.
type containers map[string]string

// rollout is one under way.
type rollout struct {
	Run   time.Time  `json:"run"`   // the schedule's time
	Began time.Time  `json:"began"` // this direction of it
	Was   containers `json:"was"`   // in the template, before
	From  containers `json:"from"`  // what ran, by its digest: a tag names the new image by now
	To    containers `json:"to"`
	// Back is why it goes back to From.
	Back string `json:"back,omitempty"`
	// Idle says that there was no pod that could prove anything when it was last looked at.
	Idle bool `json:"idle,omitempty"`
	// Manager owned the images before, by server-side apply: who has rendered the chart.
	Manager string `json:"manager,omitempty"`
}

// targetImages is the images that the rollout is on the way to.
func (r *rollout) targetImages() containers {
	if r.Back != "" {
		return r.From
	}
	return r.To
}

// past is what a rollout replaced.
type past struct {
	Run    time.Time  `json:"run"`
	Images containers `json:"images"`
}

// readAnnotation decodes an annotation; one that is missing or that somebody spoilt is as if it were not there.
func readAnnotation[T any](d *appsv1.Deployment, annotation string) *T {
	v := new(T)
	if text, ok := d.Annotations[annotation]; !ok || json.Unmarshal([]byte(text), v) != nil {
		return nil
	}
	return v
}

// writeAnnotation sets an annotation; nil removes it.
func writeAnnotation[T any](d *appsv1.Deployment, annotation string, v *T) {
	if v == nil {
		delete(d.Annotations, annotation)
		return
	}
	text, err := json.Marshal(v)
	if err != nil {
		return // strings and times alone
	}
	if d.Annotations == nil {
		d.Annotations = map[string]string{}
	}
	d.Annotations[annotation] = string(text)
}

func lastCheck(d *appsv1.Deployment) time.Time {
	at, _ := time.Parse(time.RFC3339, d.Annotations[CheckedAnnotation])
	return at
}

func setChecked(d *appsv1.Deployment, run time.Time) {
	if d.Annotations == nil {
		d.Annotations = map[string]string{}
	}
	d.Annotations[CheckedAnnotation] = run.UTC().Format(time.RFC3339)
}

// badOf returns what failed in any of the Deployments: what one of them cannot run, none of them gets.
func badOf(all []*appsv1.Deployment) map[string][]string {
	bad := map[string][]string{}
	for _, d := range all {
		if known := readAnnotation[containers](d, BadAnnotation); known != nil {
			for tagged, digest := range *known {
				bad[tagged] = append(bad[tagged], digest)
			}
		}
	}
	return bad
}

// markBad writes down that what the rollout brought failed.
func markBad(d *appsv1.Deployment, r *rollout) {
	bad := containers{}
	if known := readAnnotation[containers](d, BadAnnotation); known != nil {
		maps.Copy(bad, *known)
	}
	for name, image := range r.To {
		if tagged, digest := splitDigest(image); image != r.From[name] {
			bad[tagged] = digest
		}
	}
	writeAnnotation(d, BadAnnotation, &bad)
}

// ownContainers are the containers that the chart names after what they run. Those that an operator has put beside
// them stay as they are.
func ownContainers() []string { return []string{"parser", "worker", "api", "frontend"} }

// forEachContainer calls f with each of our containers of a pod, sidecars included.
func forEachContainer(spec *corev1.PodSpec, f func(*corev1.Container)) {
	for _, list := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
		for i := range list {
			if slices.Contains(ownContainers(), list[i].Name) {
				f(&list[i])
			}
		}
	}
}

// imagesOf returns the images of our containers.
func imagesOf(spec *corev1.PodSpec) containers {
	images := containers{}
	forEachContainer(spec, func(c *corev1.Container) { images[c.Name] = c.Image })
	return images
}

// setImages sets those that are named.
func setImages(spec *corev1.PodSpec, images containers) {
	forEachContainer(spec, func(c *corev1.Container) {
		if image, ok := images[c.Name]; ok {
			c.Image = image
		}
	})
}

// hasImages reports whether a pod's containers have these images.
func hasImages(spec *corev1.PodSpec, images containers) bool {
	have := imagesOf(spec)
	for name, image := range images {
		if have[name] != image {
			return false
		}
	}
	return true
}
