package pods_test

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/trackmydegree/trackmydegree/internal/controller/pods"
)

func TestHost(t *testing.T) {
	t.Parallel()
	short, cut := strings.Repeat("a", 63), strings.Repeat("a", 64)
	for name, tt := range map[string]struct {
		pod corev1.Pod
		ok  bool
	}{
		"a name":                   {corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: short}}, true},
		"a name that is cut":       {corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: cut}}, false},
		"a host name of its maker": {corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: short}, Spec: corev1.PodSpec{Hostname: "w"}}, false},
	} {
		if host, ok := pods.HostName(&tt.pod); ok != tt.ok || host != tt.pod.Name {
			t.Errorf("%s: %s, %v", name, host, ok)
		}
	}
}

func TestWriterPatchesWhatDiffers(t *testing.T) {
	t.Parallel()
	c := server.NewClient(t)
	made := server.CreatePod(t, server.CreateNamespace(t), "w", nil)
	made.Annotations = map[string]string{"theirs": "1", "gone": "1"}
	if err := c.Update(t.Context(), made); err != nil {
		t.Fatal(err)
	}
	key := client.ObjectKeyFromObject(made)
	change := pods.Change{
		Labels:      map[string]*string{"mine": new("true")},
		Annotations: map[string]*string{"gone": nil, "never": nil, "set": new("2")},
	}
	dry := pods.Writer{Client: c, DryRun: true, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))}
	if changed, err := dry.PatchPod(t.Context(), made, change); !changed || err != nil {
		t.Errorf("%v %v", changed, err)
	}
	var pod corev1.Pod
	if err := c.Get(t.Context(), key, &pod); err != nil || pod.ResourceVersion != made.ResourceVersion {
		t.Errorf("a dry run wrote (%v)", err)
	}
	w := pods.Writer{Client: c, Logger: dry.Logger}
	for n, want := range []bool{true, false} {
		if err := c.Get(t.Context(), key, &pod); err != nil {
			t.Fatal(err)
		}
		if changed, err := w.PatchPod(t.Context(), &pod, change); changed != want || err != nil {
			t.Errorf("write %d: %v %v", n, changed, err)
		}
	}
	if err := c.Get(t.Context(), key, &pod); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"theirs": "1", "set": "2"}, pod.Annotations); diff != "" || pod.Labels["mine"] != "true" {
		t.Errorf("%s, labels %v", diff, pod.Labels)
	}
	if err := c.Delete(t.Context(), &pod, client.GracePeriodSeconds(0)); err != nil {
		t.Fatal(err)
	}
	if changed, err := w.PatchPod(t.Context(), &pod, pods.Change{Labels: map[string]*string{"mine": nil}}); changed || err != nil {
		t.Errorf("a pod that is gone: %v %v", changed, err)
	}
}

func TestStripKeepsWhatIsRead(t *testing.T) {
	t.Parallel()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "w", UID: "1", ManagedFields: make([]metav1.ManagedFieldsEntry, 3), Labels: map[string]string{"a": "b"}},
		Spec:       corev1.PodSpec{NodeName: "n", Containers: make([]corev1.Container, 2)},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, PodIP: "10.0.0.1", ContainerStatuses: []corev1.ContainerStatus{
			{Name: "worker", Image: "x", RestartCount: 3, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}},
		}},
	}
	got, err := pods.StripPod(pod)
	want := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "w", UID: "1", Labels: map[string]string{"a": "b"}},
		Spec:       corev1.PodSpec{NodeName: "n"},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, ContainerStatuses: []corev1.ContainerStatus{
			{Name: "worker", RestartCount: 3, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}},
		}},
	}
	if diff := cmp.Diff(any(want), got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if other, err := pods.StripPod(&corev1.Node{}); err != nil || other == nil {
		t.Error("another object is lost")
	}
}
