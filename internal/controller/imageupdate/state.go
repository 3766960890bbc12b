package imageupdate

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// The annotations of a Deployment that hold the state of a run, so that a restarted controller continues it.
const (
	// CheckedAnnotation holds the time, in RFC 3339, of the schedule's last run that has handled the Deployment.
	CheckedAnnotation = "trackmydegree.io/image-checked"
	// RolloutAnnotation holds a rollout that is under way, as JSON.
	RolloutAnnotation = "trackmydegree.io/image-rollout"
	// PreviousAnnotation holds the images that the last rollout replaced, as JSON.
	PreviousAnnotation = "trackmydegree.io/image-previous"
	// BadAnnotation holds the failed images, as a JSON object from repository:tag to digest. They are not rolled out
	// again until the tag names another digest, or the annotation is removed.
	BadAnnotation = "trackmydegree.io/image-bad"
)

// containers is the images of a Deployment's containers by the container's name.
type containers map[string]string

// rollout is a rollout that is under way.
type rollout struct {
	Run   time.Time  `json:"run"`   // the time of the schedule
	Began time.Time  `json:"began"` // the start in this direction
	Was   containers `json:"was"`   // the images of the template before
	From  containers `json:"from"`  // the images that ran, by digest: a tag names the new image by now
	To    containers `json:"to"`
	// Back is the reason of a rollback to From.
	Back string `json:"back,omitempty"`
	// Idle says that the last check found no pod that could prove anything.
	Idle bool `json:"idle,omitempty"`
	// Manager is the previous field manager of the images by server-side apply: the client that rendered the chart.
	Manager string `json:"manager,omitempty"`
}

// targetImages returns the images to which the rollout goes.
func (r *rollout) targetImages() containers {
	if r.Back != "" {
		return r.From
	}
	return r.To
}

// past holds the images that a rollout replaced.
type past struct {
	Run    time.Time  `json:"run"`
	Images containers `json:"images"`
}

// readAnnotation decodes an annotation; a missing or invalid one is nil.
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
		return // strings and times cannot fail
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

// badOf returns the failed images of all Deployments: an image that failed in one of them is rolled out in none.
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

// markBad records that the images of the rollout failed.
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

// ownContainers are the containers that the chart names after their component. Containers that an operator has added
// are not changed.
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

// setImages sets the images of the named containers.
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
