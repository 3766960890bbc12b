package imageupdate

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestReferences(t *testing.T) {
	t.Parallel()
	const digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	for image, want := range map[string]struct {
		pinned string
		tagged bool
	}{
		"app:1":                               {"app:1@" + digest, true},
		"app":                                 {"app:latest@" + digest, true},
		"127.0.0.1:5001/app":                  {"127.0.0.1:5001/app:latest@" + digest, true},
		"127.0.0.1:5001/app:2":                {"127.0.0.1:5001/app:2@" + digest, true},
		"app:1@sha256:old":                    {"app:1@" + digest, true},
		"127.0.0.1:5001/app@sha256:of-values": {"", false},
	} {
		if hasTag(image) != want.tagged {
			t.Errorf("%s: has a tag: %v", image, !want.tagged)
		}
		if got := pinDigest(image, digest); want.tagged && got != want.pinned {
			t.Errorf("%s: pinned %s, want %s", image, got, want.pinned)
		}
	}
	for id, want := range map[string]string{
		"ghcr.io/x@" + digest: digest, "docker-pullable://x@" + digest: digest, digest: "", "": "",
	} {
		if got := digestOf(id); got != want {
			t.Errorf("%s: %s", id, got)
		}
	}
}

func TestDue(t *testing.T) {
	t.Parallel()
	at := func(text string) time.Time {
		when, err := time.Parse("Jan 2 15:04", text)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	for _, c := range []struct{ name, schedule, checked, now, want string }{
		{"before its time", "0 4 * * *", "Nov 23 04:00", "Nov 24 03:59", ""},
		{"at its time", "0 4 * * *", "Nov 23 04:00", "Nov 24 04:00", "Nov 24 04:00"},
		{"after it, checked", "0 4 * * *", "Nov 24 04:00", "Nov 24 04:01", ""},
		{"late, as the others came first", "0 4 * * *", "Nov 23 04:00", "Nov 24 07:00", "Nov 24 04:00"},
		{"installed in the afternoon", "0 4 * * *", "", "Nov 24 15:00", ""},
		{"away for a week", "0 4 * * *", "Nov 10 04:00", "Nov 24 04:10", "Nov 24 04:00"},
		{"away at night", "0 4 * * *", "Nov 23 04:00", "Nov 24 12:00", ""},
		{"each hour", "@hourly", "Nov 24 11:00", "Nov 24 12:30", "Nov 24 12:00"},
	} {
		s, err := ParseSchedule(c.schedule)
		if err != nil {
			t.Fatal(err)
		}
		var checked time.Time
		if c.checked != "" {
			checked = at(c.checked)
		}
		got, ok := dueRun(s, checked, at(c.now))
		if ok != (c.want != "") || ok && !got.Equal(at(c.want)) {
			t.Errorf("%s: %s, %v, want %s", c.name, got, ok, c.want)
		}
	}
	if _, err := ParseSchedule("at night"); err == nil {
		t.Error("that is no schedule")
	}
}

// The states of a rollout of three pods. The tests with an API server cover the rest.
func TestJudge(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 4, 5, 0, 0, time.UTC)
	target := containers{"api": "app:1@new"}
	replicas := int32(3)
	pod := func(image string, readySince time.Duration) corev1.Pod {
		p := corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "api", Image: image}, {Name: "proxy", Image: "envoy"}}}}
		status := corev1.ConditionFalse
		if readySince > 0 {
			status = corev1.ConditionTrue
		}
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: status, LastTransitionTime: metav1.NewTime(now.Add(-readySince))}}
		return p
	}
	with := func(p corev1.Pod, container, reason string, restarts int32, age time.Duration) corev1.Pod {
		p.Status.StartTime = &metav1.Time{Time: now.Add(-age)}
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{
			Name: container, RestartCount: restarts, State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}},
		}}
		return p
	}
	old, fresh, proven := pod("app:1@old", time.Hour), pod("app:1@new", 0), pod("app:1@new", time.Minute)
	status := func(all, updated int32) appsv1.DeploymentStatus {
		return appsv1.DeploymentStatus{ObservedGeneration: 7, Replicas: all, UpdatedReplicas: updated}
	}
	for _, c := range []struct {
		name   string
		pods   []corev1.Pod
		status appsv1.DeploymentStatus
		began  time.Duration
		want   verdict
	}{
		{"one new, three old", []corev1.Pod{old, old, old, fresh}, status(4, 1), time.Minute, underWay},
		{"all new, one proven", []corev1.Pod{proven, fresh, fresh}, status(3, 3), time.Minute, underWay},
		{"all new, two proven", []corev1.Pod{proven, proven, fresh}, status(3, 3), time.Minute, complete},
		{"the status is of before", []corev1.Pod{proven, proven, proven}, appsv1.DeploymentStatus{ObservedGeneration: 6, Replicas: 3, UpdatedReplicas: 3}, time.Minute, underWay},
		{"an old pod is left", []corev1.Pod{old, proven, proven, proven}, status(4, 3), time.Minute, underWay},
		{"an old pod has always crashed", []corev1.Pod{with(old, "api", "CrashLoopBackOff", 99, time.Hour), fresh}, status(4, 1), time.Minute, underWay},
		{"a container of the operator's crashes", []corev1.Pod{with(fresh, "proxy", "CrashLoopBackOff", 99, time.Hour)}, status(4, 1), time.Minute, underWay},
		{"one end is no failure", []corev1.Pod{with(fresh, "api", "CrashLoopBackOff", 1, time.Minute)}, status(4, 1), time.Minute, underWay},
		{"three are", []corev1.Pod{with(fresh, "api", "CrashLoopBackOff", 2, time.Minute)}, status(4, 1), time.Minute, failed},
		{"no such name", []corev1.Pod{with(fresh, "api", "InvalidImageName", 0, time.Second)}, status(4, 1), time.Minute, failed},
		{"no such command, at first", []corev1.Pod{with(fresh, "api", "RunContainerError", 0, time.Second)}, status(4, 1), time.Minute, underWay},
		{"no such command", []corev1.Pod{with(fresh, "api", "RunContainerError", 0, 2*time.Minute)}, status(4, 1), time.Minute, failed},
		{"not there to be pulled", []corev1.Pod{with(fresh, "api", "ErrImagePull", 0, 2*time.Minute)}, status(4, 1), time.Minute, unobtainable},
		{"too late", []corev1.Pod{old, old, fresh}, status(4, 1), 11 * time.Minute, failed},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Generation: 7}, Spec: appsv1.DeploymentSpec{Replicas: &replicas}, Status: c.status}
			got, reason := assessRollout(d, c.pods, target, now.Add(-c.began), now, 10*time.Minute)
			if got != c.want || (reason != "") != (got == failed || got == unobtainable) {
				t.Errorf("%d (%s), want %d", got, reason, c.want)
			}
		})
	}
}
