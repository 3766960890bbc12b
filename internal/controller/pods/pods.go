// Package pods holds what the reconcilers of worker pods share: the host name of a pod, the fields that the cache
// keeps, and the writing of labels and annotations.
package pods

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// hostLength is the maximum length of a kernel host name: a longer pod name is truncated (kubelet,
// truncatePodHostnameIfNeeded).
const hostLength = 63

// HostName returns the host name of a pod's processes. ok is false when other pods may have the same name: then the
// state of the host says nothing about the pod, and the reconcilers leave it alone.
func HostName(pod *corev1.Pod) (host string, ok bool) {
	return pod.Name, pod.Spec.Hostname == "" && len(pod.Name) <= hostLength
}

// HasEnded reports whether no process of the pod runs, or will run.
func HasEnded(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

// StripPod removes from a pod what the reconcilers do not read, for a cache of a thousand pods. A stripped pod must
// never be written back as a whole: Writer patches.
func StripPod(obj any) (any, error) {
	pod, ok := obj.(*corev1.Pod)
	if !ok {
		return obj, nil
	}
	kept := &corev1.Pod{
		TypeMeta: pod.TypeMeta,
		ObjectMeta: metav1.ObjectMeta{
			Name: pod.Name, Namespace: pod.Namespace, UID: pod.UID, ResourceVersion: pod.ResourceVersion,
			CreationTimestamp: pod.CreationTimestamp, DeletionTimestamp: pod.DeletionTimestamp,
			Labels: pod.Labels, Annotations: pod.Annotations,
		},
		Spec: corev1.PodSpec{NodeName: pod.Spec.NodeName, Hostname: pod.Spec.Hostname},
		Status: corev1.PodStatus{
			Phase: pod.Status.Phase, Reason: pod.Status.Reason, Conditions: pod.Status.Conditions,
			StartTime: pod.Status.StartTime,
		},
	}
	for _, c := range pod.Status.ContainerStatuses {
		kept.Status.ContainerStatuses = append(kept.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: c.Name, State: c.State, LastTerminationState: c.LastTerminationState, RestartCount: c.RestartCount, Ready: c.Ready,
		})
	}
	return kept, nil
}

// Change holds labels and annotations to set; nil removes one.
type Change struct {
	Labels, Annotations map[string]*string
}

// differenceFrom returns the part of the change that differs from the pod, and whether there is any.
func (c Change) differenceFrom(pod *corev1.Pod) (Change, bool) {
	rest := Change{differingKeys(c.Labels, pod.Labels), differingKeys(c.Annotations, pod.Annotations)}
	return rest, len(rest.Labels)+len(rest.Annotations) > 0
}

func differingKeys(want map[string]*string, have map[string]string) map[string]*string {
	rest := map[string]*string{}
	for key, value := range want {
		if now, ok := have[key]; ok != (value != nil) || ok && now != *value {
			rest[key] = value
		}
	}
	return rest
}

// Writer writes the metadata of pods, or logs the change in a dry run.
type Writer struct {
	Client client.Client
	DryRun bool
	Logger *slog.Logger
}

// PatchPod patches the differences, and reports whether there were any. A deleted pod is no error.
func (w Writer) PatchPod(ctx context.Context, pod *corev1.Pod, change Change) (changed bool, err error) {
	rest, differs := change.differenceFrom(pod)
	if !differs {
		return false, nil
	}
	if w.DryRun {
		w.Logger.Info("dry run: would change a pod", "pod", pod.Name, "labels", toText(rest.Labels), "annotations", toText(rest.Annotations))
		return true, nil
	}
	metadata := map[string]any{}
	if len(rest.Labels) > 0 {
		metadata["labels"] = rest.Labels
	}
	if len(rest.Annotations) > 0 {
		metadata["annotations"] = rest.Annotations
	}
	patch, err := json.Marshal(map[string]any{"metadata": metadata})
	if err != nil {
		return false, fmt.Errorf("pods: %w", err)
	}
	// The answer is not used: asked for metadata alone, the API server sends little.
	of := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name}}
	of.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Pod"))
	err = w.Client.Patch(ctx, of, client.RawPatch(types.MergePatchType, patch))
	if client.IgnoreNotFound(err) != nil {
		return false, fmt.Errorf("pods: patch %s: %w", pod.Name, err)
	}
	return err == nil, nil
}

func toText(values map[string]*string) map[string]string {
	shown := map[string]string{}
	for key, value := range values {
		if shown[key] = "(removed)"; value != nil {
			shown[key] = *value
		}
	}
	return shown
}
